"""Stars, notes, labels and boards: kept in the side files, shown from the index."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.index import GalleryIndex
from sdstudio.gallery.index_writing import replace_all_marks, write_marks
from sdstudio.gallery.side_file import LABELS, Marks, SideContent, SideFile, board_name, note_text
from sdstudio.gallery.steps import Steps


class PictureMarks:
    """What a person says about the pictures of the watched folders.

    Args:
        folders: absolute; saved searches and empty boards live in the first.
    """

    def __init__(self, folders: Sequence[Path], index: GalleryIndex) -> None:
        self._folders = tuple(folders)
        self._index = index

    def rate(self, paths: Iterable[Path], stars: int, steps: Steps | None = None) -> None:
        """Give 0 to 5 stars."""
        if not 0 <= stars <= 5:
            raise InvalidRequestError(f"{stars} stars cannot be given.", "Choose from 0 to 5.")
        self.mark(paths, lambda marks: replace(marks, rating=stars), steps)

    def set_label(self, paths: Iterable[Path], label: str, steps: Steps | None = None) -> None:
        """Give a colour of `LABELS`, or "" for none."""
        if label not in LABELS:
            raise InvalidRequestError(f"There is no label {label}.", f"Choose of {LABELS[1:]}.")
        self.mark(paths, lambda marks: replace(marks, label=label), steps)

    def set_note(self, paths: Iterable[Path], note: str, steps: Steps | None = None) -> None:
        """Write a note."""
        self.mark(paths, lambda marks: replace(marks, note=note_text(note)), steps)

    def put_on_board(self, paths: Iterable[Path], board: str, steps: Steps | None = None) -> None:
        """Put pictures on a board, which comes into being if it is new."""
        self.mark(paths, lambda marks: marks.with_board(board), steps)

    def take_off_board(self, paths: Iterable[Path], board: str, steps: Steps | None = None) -> None:
        """Take pictures off a board; the pictures stay."""
        self.mark(paths, lambda marks: marks.without_board(board), steps)

    def mark(
        self, paths: Iterable[Path], change: Callable[[Marks], Marks], steps: Steps | None = None
    ) -> None:
        """Change marks, first where they are kept for good, then in the index.

        Args:
            steps: one for each; can be stopped until the first folder is written.

        Raises:
            StorageError: a folder cannot be written; then nothing of it changed.
            ChangeStoppedError: it was stopped, and nothing changed.
        """
        steps = steps or Steps()
        folders = list(by_folder(self._folders, paths))
        steps.raise_if_stopped()
        for folder, names in folders:
            identities = self._identities(folder, names)
            side = SideFile(folder)
            before = side.stamp()

            def edit(content: SideContent, identities: dict[str, str] = identities) -> None:
                for name, identity in identities.items():
                    marks = change(content.pictures.get(name, Marks()))
                    content.pictures[name] = replace(marks, identity=identity)

            content = side.change(edit)
            if before == self._index.marks_stamp(folder):
                # Nobody else wrote since: the index needs to learn of these pictures alone.
                written = {name: content.pictures[name] for name in names}
                write_marks(self._index, folder, written, stamp=side.stamp(), steps=steps)
            else:
                replace_all_marks(self._index, folder, content.pictures, stamp=side.stamp())
                steps.step(len(names))

    def boards(self) -> list[tuple[str, int]]:
        """All boards in the person's order, with the number of their pictures."""
        counts = dict(self._index.boards())
        named: dict[str, int] = {}
        for folder in self._folders:
            named |= {board: counts.get(board, 0) for board in SideFile(folder).read().boards}
        return list((named | counts).items())

    def add_board(self, name: str) -> None:
        """Make an empty board."""
        board = board_name(name)
        SideFile(self._folders[0]).change(lambda content: content.boards.append(board))

    def rename_board(self, old: str, new: str) -> None:
        """Give a board another name, in its place among the others.

        Raises:
            InvalidRequestError: there is a board of that name, or nothing is left of it.
        """
        name = board_name(new)
        if name == old:
            return
        if name in dict(self.boards()):
            raise InvalidRequestError(f"There is a board called {name}.", "Choose another name.")
        for folder in self._folders:
            side = SideFile(folder)
            if not side.stamp():
                continue

            def edit(content: SideContent) -> None:
                content.boards = [name if board == old else board for board in content.boards]
                for key, marks in content.pictures.items():
                    boards = tuple(name if board == old else board for board in marks.boards)
                    content.pictures[key] = replace(marks, boards=boards)

            content = side.change(edit)
            replace_all_marks(self._index, folder, content.pictures, stamp=side.stamp())

    def order_boards(self, names: Sequence[str]) -> None:
        """Put boards into this order; the first watched folder keeps it for all.

        Args:
            names: boards that are not among them follow behind.
        """
        before = [board for board, _ in self.boards()]

        def edit(content: SideContent) -> None:
            known = dict.fromkeys((*before, *content.boards))
            content.boards = list(dict.fromkeys(n for n in (*names, *known) if n in known))

        SideFile(self._folders[0]).change(edit)

    def remove_board(self, name: str) -> None:
        """Remove a board; its pictures stay."""
        for folder in self._folders:
            side = SideFile(folder)
            if not side.stamp():
                continue

            def edit(content: SideContent) -> None:
                content.boards = [board for board in content.boards if board != name]
                for key, marks in content.pictures.items():
                    content.pictures[key] = marks.without_board(name)

            content = side.change(edit)
            replace_all_marks(self._index, folder, content.pictures, stamp=side.stamp())

    def searches(self) -> dict[str, str]:
        """Saved searches: what was typed, by name."""
        return SideFile(self._folders[0]).read().searches

    def renamed(self) -> dict[str, str]:
        """New file name by old, of pictures that others name as their parents."""
        found: dict[str, str] = {}
        for folder in self._folders:
            found |= SideFile(folder).read().renamed
        return found

    def save_search(self, name: str, text: str) -> None:
        """Keep a search under a name; an empty text removes it."""

        def edit(content: SideContent) -> None:
            content.searches.pop(name, None)
            if text:
                content.searches[name] = text

        SideFile(self._folders[0]).change(edit)

    # -- following the disk ----------------------------------------------------------------------

    def follow_renames(self, folder: Path, renamed: Sequence[tuple[str, str]]) -> None:
        """Let marks go with files that were renamed inside their watched folder."""
        names = {
            Path(old).relative_to(folder).as_posix(): Path(new).relative_to(folder).as_posix()
            for old, new in renamed
            if Path(old).is_relative_to(folder) and Path(new).is_relative_to(folder)
        }
        if not names:
            return
        side = SideFile(folder)
        content = side.read()
        named = self._index.named_parents() | set(content.renamed.values())
        parents = {
            Path(old).name: Path(new).name
            for old, new in names.items()
            if Path(old).name in named and Path(old).name != Path(new).name
        }
        if not parents and not names.keys() & content.pictures.keys():
            return

        def edit(content: SideContent) -> None:
            _rename(content.pictures, names)
            for old, new in parents.items():
                content.note_rename(old, new)

        side.change(edit)

    def read_side_file(self, folder: Path, *, is_due: bool) -> None:
        """Bring the index in line with a folder's side file, if that changed or `is_due`."""
        side = SideFile(folder)
        stamp = side.stamp()
        if not is_due and stamp == self._index.marks_stamp(folder):
            return
        content = side.read()
        moved = self._moved(folder, content.pictures)
        if moved:
            content = side.change(lambda content: _rename(content.pictures, moved))
            stamp = side.stamp()
        replace_all_marks(self._index, folder, content.pictures, stamp=stamp)

    def take_back(self, folder: Path, pictures: Mapping[str, Marks]) -> None:
        """Give restored files the marks they had."""
        marked = {name: marks for name, marks in pictures.items() if not marks.is_empty}
        if marked:
            side = SideFile(folder)
            content = side.change(lambda content: content.pictures.update(marked))
            replace_all_marks(self._index, folder, content.pictures, stamp=side.stamp())

    def forget(self, folder: Path, names: Sequence[str]) -> None:
        """Drop the marks of deleted files; the trash keeps them."""
        side = SideFile(folder)
        if side.stamp() and not side.read().pictures.keys().isdisjoint(names):
            side.change(lambda content: _drop(content.pictures, names))

    def _identities(self, folder: Path, names: Sequence[str]) -> dict[str, str]:
        known = self._index.identities(str(folder / name) for name in names)
        return {name: known.get(str(folder / name), "") for name in names}

    def _moved(self, folder: Path, pictures: Mapping[str, Marks]) -> dict[str, str]:
        """New name by old, of marked files that were renamed while nobody looked."""
        lost = {name: m for name, m in pictures.items() if m.identity}
        lost = {name: m for name, m in lost.items() if not (folder / name).exists()}
        if not lost:
            return {}
        paths = self._index.names_by_identity(folder)
        found = {name: paths.get(marks.identity) for name, marks in lost.items()}
        names = {
            old: Path(path).relative_to(folder).as_posix() for old, path in found.items() if path
        }
        return {old: new for old, new in names.items() if new not in pictures}


def by_folder(folders: Sequence[Path], paths: Iterable[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Each watched folder with the names of those of its pictures that are among `paths`.

    Raises:
        InvalidRequestError: a path lies in none.
    """
    names: dict[Path, list[str]] = {}
    for path in paths:
        absolute = Path(os.path.abspath(path))
        folder = folder_of(folders, absolute)
        names.setdefault(folder, []).append(absolute.relative_to(folder).as_posix())
    yield from names.items()


def folder_of(folders: Sequence[Path], path: Path) -> Path:
    """The watched folder that a file lies in, the innermost where they nest.

    Raises:
        InvalidRequestError: it lies in none.
    """
    containing = [folder for folder in folders if path.is_relative_to(folder)]
    if not containing:
        raise InvalidRequestError(f"{path} does not lie in the gallery.")
    return max(containing, key=lambda folder: len(folder.parts))


def _rename(pictures: dict[str, Marks], names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in pictures:
            pictures[new] = pictures.pop(old)


def _drop(pictures: dict[str, Marks], names: Iterable[str]) -> None:
    for name in names:
        pictures.pop(name, None)
