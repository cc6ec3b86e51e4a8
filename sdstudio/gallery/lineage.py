"""Which pictures were made from which: the family of one picture, by what their files say."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sdstudio.gallery.index import GalleryIndex
from sdstudio.gallery.picture_row import PictureRow

MAX_MEMBERS = 120
"""Of a larger family only the nearest are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One picture of a family.

    Attributes:
        key: unique in its family.
        row: None for a parent that is not in the gallery (any more).
        name: of its file, or whatever its children call it.
        parents: keys, in the order that its file names them.
        generation: a child comes after all of its parents, and they as near as can be.
    """

    key: str
    row: PictureRow | None
    name: str
    parents: tuple[str, ...]
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A picture with everyone it is related to.

    Attributes:
        members: by generation, the oldest picture first.
        is_cut: there are more.
    """

    members: tuple[Member, ...] = ()
    is_cut: bool = False


class _Relations:
    """Who names whom as a parent, in the whole gallery."""

    def __init__(self, index: GalleryIndex, renamed: Mapping[str, str]) -> None:
        self._index = index
        self._renamed = renamed
        self._old_names: dict[str, list[str]] = {}
        for old, new in renamed.items():
            self._old_names.setdefault(new, []).append(old)
        self._children: dict[str, list[str]] = {}
        sql = "SELECT path, parents FROM pictures WHERE parents <> '' ORDER BY id"
        for path, parents in index.file.read(sql):
            for name in json.loads(parents):
                self._children.setdefault(name, []).append(path)
        self._found: dict[tuple[str, str], str | None] = {}

    def children(self, path: str) -> list[str]:
        """Paths of the pictures made from this one."""
        name = Path(path).name
        return [
            child
            for called in (name, *self._old_names.get(name, ()))
            for child in self._children.get(called, ())
            if self.parent(child, called) == path
        ]

    def parent(self, child: str, name: str) -> str | None:
        """The path of the picture that a child means by a name; the nearest of several."""
        folder = str(Path(child).parent)
        if (folder, name) not in self._found:
            self._found[folder, name] = self._find(Path(folder), name) or (
                self._find(Path(folder), self._renamed.get(name, ""))
            )
        found = self._found[folder, name]
        return None if found == child else found

    def _find(self, folder: Path, name: str) -> str | None:
        if not name or name != Path(name).name:
            return None
        beside = self._index.row_of(folder / name)
        if beside is not None:
            return str(beside.path)
        sql = "SELECT path FROM pictures WHERE substr(path, ?) IN (?, ?) ORDER BY id DESC LIMIT 1"
        ends = (-len(name) - 1, f"/{name}", f"\\{name}")
        found = self._index.file.read(sql, ends)
        return found[0][0] if found else None


def family_of(
    index: GalleryIndex, picture_id: int, *, renamed: Mapping[str, str] | None = None
) -> Family:
    """The family of a picture: parents, children, theirs, and those who share them.

    Args:
        renamed: new file name by old; see `PictureMarks.renamed`.
    """
    rows = index.rows([picture_id])
    if not rows:
        return Family()
    relations = _Relations(index, renamed or {})
    first = str(rows[0].path)
    found: dict[str, PictureRow | None] = {first: rows[0]}
    parents: dict[str, tuple[str, ...]] = {}
    waiting = deque([first])
    is_cut = False
    while waiting:
        key = waiting.popleft()
        row = found[key]
        named = [] if row is None else _parents(relations, row)
        parents[key] = tuple(dict.fromkeys(named))
        related = [*parents[key], *(relations.children(key) if row is not None else ())]
        for each in related:
            if each in found:
                continue
            if len(found) >= MAX_MEMBERS:
                is_cut = True
                continue
            found[each] = index.row_of(Path(each))
            waiting.append(each)
    return Family(members=_ordered(found, parents), is_cut=is_cut)


def _parents(relations: _Relations, row: PictureRow) -> list[str]:
    """Paths of a picture's parents; one that is not found goes by its name."""
    path = str(row.path)
    own = row.path.name
    return [relations.parent(path, name) or name for name in row.parents if name and name != own]


def _ordered(
    found: dict[str, PictureRow | None], parents: dict[str, tuple[str, ...]]
) -> tuple[Member, ...]:
    present = {
        key: tuple(each for each in names if each in found) for key, names in parents.items()
    }
    generations = _generations(present)
    members = [
        Member(
            key=key,
            row=row,
            name=row.path.name if row else key,
            parents=present[key],
            generation=generations[key],
        )
        for key, row in found.items()
    ]
    return tuple(
        sorted(members, key=lambda each: (each.generation, each.row.id if each.row else 0))
    )


def _generations(parents: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """The longest way from one without parents; pictures that name each other in a circle end."""
    known: dict[str, int] = {}
    order: Iterable[str] = parents
    for _ in range(len(parents)):
        before = dict(known)
        for key in order:
            known[key] = 1 + max((known.get(each, 0) for each in parents[key]), default=-1)
        if known == before:
            break
    return _near_children(parents, {k: min(v, len(parents) - 1) for k, v in known.items()})


def _near_children(
    parents: dict[str, tuple[str, ...]], generations: dict[str, int]
) -> dict[str, int]:
    """Those without parents stand just above their first child, not all at the top."""
    first_child: dict[str, int] = {}
    for key, names in parents.items():
        for name in names:
            first_child[name] = min(first_child.get(name, len(parents)), generations[key])
    return {
        key: max(0, first_child[key] - 1) if not parents[key] and key in first_child else level
        for key, level in generations.items()
    }
