"""Boards, stars, notes and labels: one JSON file in each watched folder.

It is the truth about what no picture file can hold; the index is rebuilt from it. A change
takes the folder's lock, reads the file again, and replaces it whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.gallery.folder_lock import FolderLock
from sdstudio.messages.typed_values import parse_json

SIDE_FILE_NAME = ".sdstudio-gallery.json"
LOCK_NAME = ".sdstudio-gallery.lock"
VERSION = 1
MAX_RATING = 5
LABELS = ("", "red", "orange", "yellow", "green", "blue", "purple")
_MAX_NAME_CHARS = 200
_MAX_NOTE_CHARS = 20_000


class SideFileError(StorageError):
    """A side file cannot be read; the pictures of its folder can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a person said about one picture.

    Attributes:
        rating: stars, 0 to 5.
        label: one of `LABELS`.
        boards: names, each once.
        identity: of the file, so that marks follow it when another program renames it.
    """

    rating: int = 0
    label: str = ""
    note: str = ""
    boards: tuple[str, ...] = ()
    identity: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.rating or self.label or self.note or self.boards)

    def with_board(self, board: str) -> Marks:
        """The same, on one more board."""
        return replace(self, boards=tuple(dict.fromkeys((*self.boards, board_name(board)))))

    def without_board(self, board: str) -> Marks:
        """The same, off one board."""
        return replace(self, boards=tuple(each for each in self.boards if each != board))


@dataclass(slots=True, kw_only=True)
class SideContent:
    """What a side file says; changed in place by the function given to `SideFile.change`.

    Attributes:
        pictures: marks by the file's path below the folder, with "/".
        boards: all boards in the person's order, those without pictures too.
        searches: saved searches, what was typed by name.
        renamed: new file name by old, of pictures that others name as their parents.
    """

    pictures: dict[str, Marks] = field(default_factory=dict)
    boards: list[str] = field(default_factory=list)
    searches: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def note_rename(self, old: str, new: str) -> None:
        """Remember that a file goes by another name now."""
        self.renamed = {
            before: new if after == old else after for before, after in self.renamed.items()
        }
        self.renamed[old] = new
        self.renamed.pop(new, None)


class SideFile:
    """The side file of one watched folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / SIDE_FILE_NAME

    def stamp(self) -> str:
        """Changes whenever the file does; "" while there is none."""
        try:
            facts = self.path.stat()
        except OSError:
            return ""
        return f"{facts.st_mtime_ns}:{facts.st_size}:{facts.st_ino}"

    def read(self) -> SideContent:
        """What the file says; nothing where there is none or it is damaged.

        Raises:
            SideFileError: a newer SD Studio wrote it, or it cannot be read.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return SideContent()
        except OSError as error:
            raise SideFileError(
                f"{self.path} cannot be read: {error.strerror or error}.",
                "Boards and stars of this folder are not shown.",
            ) from error
        try:
            return _content(parse_json(data, "The folder's side file"))
        except InvalidRequestError:
            return SideContent()

    def change(self, edit: Callable[[SideContent], None]) -> SideContent:
        """Read, let `edit` change, and replace the file; no other writer comes between.

        A damaged file is kept beside the new one.

        Raises:
            StorageError: the folder cannot be written, or a newer SD Studio wrote the file.
        """
        try:
            with FolderLock(self.folder / LOCK_NAME):
                content = self.read()
                self._keep_if_damaged()
                edit(content)
                write_atomically(self.path, _to_json(content))
        except OSError as error:
            raise storage_error(self.path, error) from error
        return content

    def _keep_if_damaged(self) -> None:
        try:
            parse_json(self.path.read_bytes(), "The folder's side file")
        except FileNotFoundError:
            return
        except InvalidRequestError:
            number = 1
            while (aside := self.path.with_suffix(f".damaged-{number}")).exists():
                number += 1
            self.path.replace(aside)


def board_name(text: str) -> str:
    """A board's name as it is kept.

    Raises:
        InvalidRequestError: nothing is left of it.
    """
    name = " ".join(text.replace("\0", "").encode("utf-8", "ignore").decode().split())
    if not name:
        raise InvalidRequestError("A board needs a name.")
    return name[:_MAX_NAME_CHARS]


def note_text(text: str) -> str:
    """A note as it is kept."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:_MAX_NOTE_CHARS]


def marks_to_plain(marks: Marks) -> dict[str, Any]:
    """Marks as JSON values; what is not said is left out."""
    plain = {name: getattr(marks, name) for name in Marks.__slots__}
    return {name: value for name, value in plain.items() if value}


def marks_from_plain(plain: object) -> Marks:
    """Marks from JSON values; what makes no sense is left out."""
    if not isinstance(plain, dict):
        return Marks()
    rating, label, boards = plain.get("rating"), plain.get("label"), plain.get("boards")
    named = [b for b in boards if isinstance(b, str)] if isinstance(boards, list) else []
    return Marks(
        rating=min(max(rating, 0), MAX_RATING) if type(rating) is int else 0,
        label=label if isinstance(label, str) and label in LABELS else "",
        note=note_text(str(plain.get("note", ""))),
        boards=tuple(dict.fromkeys(board_name(board) for board in named if board.strip("\0 "))),
        identity=str(plain.get("identity", ""))[:64],
    )


def _content(plain: dict[str, Any]) -> SideContent:
    version = plain.get("version")
    if isinstance(version, int) and version > VERSION:
        raise SideFileError(
            f"Boards and stars of this folder were written by a newer SD Studio ({version}).",
            "Update this one to change them.",
        )
    pictures, boards = plain.get("pictures"), plain.get("boards")
    return SideContent(
        pictures={
            name: marks_from_plain(marks)
            for name, marks in (pictures if isinstance(pictures, dict) else {}).items()
        },
        boards=[b for b in (boards if isinstance(boards, list) else []) if isinstance(b, str)],
        searches=_texts(plain.get("searches")),
        renamed=_texts(plain.get("renamed")),
    )


def _texts(plain: object) -> dict[str, str]:
    items = plain.items() if isinstance(plain, dict) else ()
    return {name: text for name, text in items if isinstance(text, str)}


def _to_json(content: SideContent) -> bytes:
    pictures = {
        name: marks_to_plain(marks)
        for name, marks in sorted(content.pictures.items())
        if not marks.is_empty
    }
    known = dict.fromkeys(content.boards)
    for marks in content.pictures.values():
        known |= dict.fromkeys(marks.boards)
    plain = {
        "version": VERSION,
        "boards": list(known),
        "searches": content.searches,
        "renamed": content.renamed,
    }
    # A line for each picture: Python's own indentation takes ten times as long.
    head = json.dumps(plain, indent=1).removesuffix("\n}")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(m)}" for name, m in pictures.items())
    return f'{head},\n "pictures": {{\n{lines}\n }}\n}}\n'.encode()
