"""The index's file: opened, brought up to date, or set aside and begun anew."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

from sdstudio.errors import StorageError
from sdstudio.gallery import schema
from sdstudio.gallery.folder_lock import FolderLock

FILE_NAME = "gallery.sqlite3"
_CACHE_KIB = 8192


class IndexDamagedError(StorageError):
    """The index file cannot be used; it is only a cache, so it can be built again."""


class _Connection:
    """One thread's connection, closed when its thread ends."""

    def __init__(self, path: Path, busy_timeout_ms: int) -> None:
        self.sqlite = sqlite3.connect(
            path,
            timeout=busy_timeout_ms / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        self.inode = 0

    def __del__(self) -> None:
        self.sqlite.close()


class IndexFile:
    """SQLite under the index; every thread has a connection of its own.

    Args:
        path: its folder is made.
        busy_timeout_ms: how long to wait for another process that writes.

    Attributes:
        read_only_reason: a sentence where nothing can be written, else "".
        was_rebuilt: whether the file was new or set aside, so that a scan is due.

    Raises:
        StorageError: the folder cannot be used.
    """

    def __init__(self, path: Path, *, busy_timeout_ms: int = 5000) -> None:
        self.path = path
        self.read_only_reason = ""
        self.was_rebuilt = False
        self._busy_timeout_ms = busy_timeout_ms
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._open_or_set_aside()

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:
        """All rows that answer.

        Raises:
            StorageError: the index is kept by another program, or damaged.
        """
        try:
            return self._connection().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing.

        Raises:
            StorageError: another program keeps the index, or it is read-only.
        """
        if self.read_only_reason:
            raise StorageError(self.read_only_reason, "The pictures themselves are safe.")
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    def close(self) -> None:
        """Close the connections of all threads."""
        for own in list(self._open):
            own.sqlite.close()
        self._open.clear()
        self._local = threading.local()

    def _open_or_set_aside(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FolderLock(self.path.with_suffix(".lock")):
                self._prepare()
        except OSError as error:
            raise StorageError(
                f"The gallery's index in {self.path.parent} cannot be used.",
                "Check that the folder can be written.",
            ) from error

    def _prepare(self) -> None:
        self.was_rebuilt = not self.path.exists() or self.path.stat().st_size == 0
        try:
            if _is_cut_off(self.path):
                raise sqlite3.DatabaseError("the file is shorter than its header says")
            connection = self._connection()
            version = schema.version_of(connection)
            if version > schema.VERSION:
                self.read_only_reason = (
                    f"The gallery's index was written by a newer SD Studio (version {version}"
                    f" of its tables, this one knows {schema.VERSION})."
                )
                return
            schema.migrate(connection)
            connection.execute("SELECT count(*) FROM (SELECT id FROM pictures LIMIT 1)").fetchone()
        except sqlite3.DatabaseError as error:
            fault = self._in_words(error)
            if not isinstance(fault, IndexDamagedError):
                self.read_only_reason = fault.message
                return
            self._set_aside()
            schema.migrate(self._connection())

    def begin_anew(self) -> None:
        """Set a damaged index aside and start an empty one, unless another process just did."""
        own: _Connection | None = getattr(self._local, "own", None)
        inode = own.inode if own is not None else 0
        with FolderLock(self.path.with_suffix(".lock")):
            self.close()
            self._prepare()
            if _inode(self.path) == inode:
                self._set_aside()
                schema.migrate(self._connection())

    def _set_aside(self) -> None:
        self.close()
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        self.path.replace(aside)
        for ending in ("-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
        self.was_rebuilt = True

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection, opened anew if the file was replaced under it."""
        own: _Connection | None = getattr(self._local, "own", None)
        if own is not None and own.inode != _inode(self.path):
            self._local.own = own = None
            self._open_or_set_aside()
            return self._connection()
        if own is None:
            own = self._local.own = _Connection(self.path, self._busy_timeout_ms)
            self._open.add(own)
            own.sqlite.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
            own.sqlite.execute("PRAGMA foreign_keys = ON")
            own.sqlite.execute("PRAGMA journal_mode = WAL")
            own.sqlite.execute("PRAGMA synchronous = NORMAL")  # a cache: the files are the truth
            own.sqlite.execute("PRAGMA secure_delete = OFF")  # Debian's default is on, and slow
            own.sqlite.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            own.inode = _inode(self.path)
        return own.sqlite

    def _in_words(self, error: sqlite3.Error) -> StorageError:
        text = str(error).lower()
        if self.read_only_reason:
            return StorageError(self.read_only_reason, "The pictures themselves are safe.")
        if "locked" in text or "busy" in text:
            return StorageError(
                "Another program is using the gallery's index.",
                "The pictures themselves are safe; try again in a moment.",
                ("try-again",),
            )
        if "readonly" in text or "unable to open" in text or "full" in text:
            return StorageError(
                f"The gallery's index in {self.path.parent} cannot be written.",
                "Check the folder's permissions and the space on its disk.",
            )
        return IndexDamagedError(
            "The gallery's index is damaged.", "Rebuild it: the pictures themselves are safe."
        )


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


def _is_cut_off(path: Path) -> bool:
    """Whether the file is shorter than its header says, which SQLite finds out only later."""
    if not path.exists() or os.path.exists(f"{path}-wal"):
        return False
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100:
        return bool(head)
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    return path.stat().st_size < page_bytes * int.from_bytes(head[28:32], "big")
