"""How files and marks get into the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sdstudio.gallery.index import GalleryIndex
from sdstudio.gallery.picture_row import FILE_COLUMNS, ScannedFile
from sdstudio.gallery.schema import WORD_COLUMNS
from sdstudio.gallery.side_file import Marks
from sdstudio.gallery.steps import Steps

_SET = ", ".join(f"{name} = excluded.{name}" for name in FILE_COLUMNS if name != "path")
_ROW = f"(?{', ?' * len(FILE_COLUMNS)})"
_ROWS_AT_ONCE = 1000
"""Written by one statement, all of it without Python's lock: files are read meanwhile."""
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
            for folder in {file.folder for file in files}:
                connection.execute("INSERT OR IGNORE INTO folders (path) VALUES (?)", (folder,))
            first = _newest(connection) + 1 if is_new else 1
            for begin in range(0, len(files), _ROWS_AT_ONCE):
                some = files[begin : begin + _ROWS_AT_ONCE]
                wanted = [min(max(first, file.mtime_ns // 1000), _LAST_ID) for file in some]
                ids = self._free_ids(connection, wanted)
                _insert(connection, ids, some)
                _add_words(connection, ids)

    def _free_ids(self, connection: sqlite3.Connection, wanted: Sequence[int]) -> list[int]:
        """An id for each: the wanted one, or where that is taken the next free one."""
        marks = ",".join("?" * len(wanted))
        found = connection.execute(f"SELECT id FROM pictures WHERE id IN ({marks})", wanted)
        taken = {row[0] for row in found}
        stands = "SELECT 1 FROM pictures WHERE id = ?"
        ids = []
        for each in wanted:
            candidate = each
            if each in taken:
                candidate = self._next_free.get(each, each + 1)
                while candidate in taken or connection.execute(stands, (candidate,)).fetchone():
                    candidate += 1
                self._next_free[each] = candidate + 1
            taken.add(candidate)
            ids.append(candidate)
        return ids


def _newest(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT coalesce(max(id), 0) FROM pictures").fetchone()[0]


def _insert(
    connection: sqlite3.Connection, ids: Sequence[int], files: Sequence[ScannedFile]
) -> None:
    """A file that is in the index already keeps its row's id; the one given here stays free."""
    rows = ", ".join([_ROW] * len(files))
    values: list[object] = []
    for picture_id, file in zip(ids, files, strict=True):
        values.append(picture_id)
        values += file
    connection.execute(
        f"INSERT INTO pictures (id, {', '.join(FILE_COLUMNS)}) VALUES {rows}"
        f" ON CONFLICT (path) DO UPDATE SET {_SET}",
        values,
    )


def _add_words(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Let the rows of those ids be found that were just inserted, not replaced."""
    marks = ",".join("?" * len(ids))
    connection.execute(
        f"INSERT INTO words (rowid, {WORD_COLUMNS})"
        f" SELECT id, {WORD_COLUMNS} FROM pictures WHERE id IN ({marks})",
        ids,
    )


def write_marks(
    index: GalleryIndex,
    folder: Path,
    pictures: Mapping[str, Marks],
    *,
    stamp: str,
    steps: Steps,
) -> None:
    """Set the marks of these files of one watched folder, by their path below it.

    Args:
        steps: one for each.
    """
    with index.file.writing() as connection:
        _put_marks(connection, folder, pictures.items(), steps)
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
            "DELETE FROM boards WHERE ? = (SELECT folder FROM pictures WHERE id = picture_id)",
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
    connection: sqlite3.Connection,
    folder: Path,
    pictures: Iterable[tuple[str, Marks]],
    steps: Steps | None = None,
) -> None:
    for name, marks in pictures:
        if steps is not None:
            steps.step()
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
