"""How files and marks get into the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sdstudio.gallery.index import GalleryIndex
from sdstudio.gallery.picture_row import FILE_COLUMNS, ScannedFile
from sdstudio.gallery.side_file import Marks

_SET = ", ".join(f"{name} = excluded.{name}" for name in FILE_COLUMNS if name != "path")
_INSERT = (
    f"INSERT INTO pictures (id, {', '.join(FILE_COLUMNS)})"
    f" VALUES (?{', ?' * len(FILE_COLUMNS)})"
    f" ON CONFLICT (path) DO UPDATE SET {_SET}"
)
_LAST_ID = 2**62


class IndexWriter:
    """Writes rows; remembers where free ids are found, for many files of one moment."""

    def __init__(self, index: GalleryIndex) -> None:
        self._index = index
        self._next_free: dict[int, int] = {}

    def write(
        self,
        files: Sequence[ScannedFile],
        *,
        renames: Mapping[str, str] | None = None,
        is_new: bool = False,
    ) -> None:
        """Add or replace the rows of these files, all in one transaction.

        Args:
            renames: old path by new path, for files that keep their row and its marks.
            is_new: the files were just made: they come first, even if the clock was set back.
        """
        if not files:
            return
        with self._index.file.writing() as connection:
            for new, old in (renames or {}).items():
                connection.execute("DELETE FROM pictures WHERE path = ?", (new,))
                connection.execute("UPDATE pictures SET path = ? WHERE path = ?", (new, old))
            newest = self._newest(connection) if is_new else 0
            taken: set[int] = set()
            rows = []
            for file in files:
                wanted = max(newest + 1 if is_new else 1, file.mtime_ns // 1000)
                picture_id = self._free_id(connection, min(wanted, _LAST_ID), taken)
                newest = max(newest, picture_id)
                rows.append((picture_id, *file.columns()))
            connection.executemany(_INSERT, rows)

    def _newest(self, connection: sqlite3.Connection) -> int:
        return connection.execute("SELECT coalesce(max(id), 0) FROM pictures").fetchone()[0]

    def _free_id(self, connection: sqlite3.Connection, wanted: int, taken: set[int]) -> int:
        candidate = self._next_free.get(wanted, wanted)
        stands = "SELECT 1 FROM pictures WHERE id = ?"
        while candidate in taken or connection.execute(stands, (candidate,)).fetchone():
            candidate += 1
        self._next_free[wanted] = candidate + 1
        taken.add(candidate)
        return candidate


def write_marks(
    index: GalleryIndex, folder: Path, pictures: Mapping[str, Marks], *, stamp: str
) -> None:
    """Set the marks of these files of one watched folder, by their path below it."""
    with index.file.writing() as connection:
        _put_marks(connection, folder, pictures.items())
        _keep_stamp(connection, folder, stamp)


def replace_all_marks(
    index: GalleryIndex, folder: Path, pictures: Mapping[str, Marks], *, stamp: str
) -> None:
    """Make the marks of a whole folder what its side file says.

    Args:
        stamp: of the side file, kept so that the next scan knows whether it changed.
    """
    of_folder = (str(folder),)
    with index.file.writing() as connection:
        connection.execute(
            "UPDATE pictures SET rating = 0, label = '', note = ''"
            " WHERE folder = ? AND (rating <> 0 OR label <> '' OR note <> '')",
            of_folder,
        )
        connection.execute(
            "DELETE FROM boards WHERE picture_id IN (SELECT id FROM pictures WHERE folder = ?)",
            of_folder,
        )
        _put_marks(connection, folder, pictures.items())
        _keep_stamp(connection, folder, stamp)


def _keep_stamp(connection: sqlite3.Connection, folder: Path, stamp: str) -> None:
    connection.execute(
        "INSERT INTO folders (path, marks_stamp) VALUES (?, ?)"
        " ON CONFLICT (path) DO UPDATE SET marks_stamp = excluded.marks_stamp",
        (str(folder), stamp),
    )


def _put_marks(
    connection: sqlite3.Connection, folder: Path, pictures: Iterable[tuple[str, Marks]]
) -> None:
    for name, marks in pictures:
        path = str(folder / name)
        found = connection.execute("SELECT id FROM pictures WHERE path = ?", (path,)).fetchone()
        if found is None:
            continue
        connection.execute(
            "UPDATE pictures SET rating = ?, label = ?, note = ? WHERE id = ?",
            (marks.rating, marks.label, marks.note, found[0]),
        )
        connection.execute("DELETE FROM boards WHERE picture_id = ?", found)
        connection.executemany(
            "INSERT OR IGNORE INTO boards (board, picture_id) VALUES (?, ?)",
            [(board, found[0]) for board in marks.boards],
        )
