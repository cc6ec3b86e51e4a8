"""Nothing is lost when the program dies: a recovery file beside a lock that dies with it.

The lock is the system's own (flock, or msvcrt on Windows), so it is gone the moment its process
is, however that ended, and no other process that gets the same number can be mistaken for it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sdstudio.atomic_file import PART_SUFFIX, storage_error
from sdstudio.document.archive import Archive
from sdstudio.document.document_file import SUFFIX, PlaneCache, read_manifest, save_document
from sdstudio.document.state import DocumentSnapshot
from sdstudio.errors import PictureFileError

_LOCK_SUFFIX = ".lock"
_REMAINS_SECONDS = 3600


class RecoverySession:
    """The recovery file of one open document.

    Raises:
        StorageError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        token = f"{os.getpid()}-{secrets.token_hex(6)}"
        self.path = folder / f"{token}{SUFFIX}"
        self._lock_path = folder / f"{token}{_LOCK_SUFFIX}"
        self._cache = PlaneCache()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._lock_path.open("a+b")
            self._lock.write(str(os.getpid()).encode())
            self._lock.flush()
        except OSError as error:
            raise storage_error(self._lock_path, error) from error
        _try_lock(self._lock)

    def save(self, snapshot: DocumentSnapshot, *, origin: str = "") -> None:
        """Keep this state of the document; from one thread at a time.

        Args:
            origin: the document's own file, "" if it has none yet.

        Raises:
            StorageError: it could not be written; the one before is still there.
        """
        save_document(snapshot, self.path, cache=self._cache, origin=origin)

    def leave(self) -> None:
        """The program ends without asking: the file is offered at the next start."""
        self._lock.close()

    def close(self) -> None:
        """The document was saved or given up: nothing is to be recovered."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._lock.close()
        with contextlib.suppress(OSError):
            self._lock_path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A document whose program ended without closing it.

    Attributes:
        path: its recovery file; `open_document` reads it.
        origin: the document's own file, or "".
        saved_at: seconds since 1970.
    """

    path: Path
    origin: str
    saved_at: float

    def discard(self) -> None:
        """Delete it for good."""
        for path in (self.path, self.path.with_suffix(_LOCK_SUFFIX)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def find_leftovers(folder: Path) -> list[Leftover]:
    """Documents to recover, newest first; those of running programs are left alone."""
    if not folder.is_dir():
        return []
    _remove_remains(folder)
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        if _is_held(path.with_suffix(_LOCK_SUFFIX)):
            continue
        try:
            with Archive(path) as archive:
                origin = read_manifest(archive).get("origin")
            saved_at = path.stat().st_mtime
        except (PictureFileError, OSError):
            continue
        origin = origin if isinstance(origin, str) else ""
        found.append(Leftover(path=path, origin=origin, saved_at=saved_at))
    return sorted(found, key=lambda each: each.saved_at, reverse=True)


def _remove_remains(folder: Path) -> None:
    """What a program was writing when it died, and its lock; a running one's may be younger."""
    locks = [
        lock
        for lock in folder.glob(f"*{_LOCK_SUFFIX}")
        if not lock.with_suffix(SUFFIX).exists() and not _is_held(lock)
    ]
    for path in [*locks, *folder.glob(f".*{PART_SUFFIX}")]:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _REMAINS_SECONDS:
                path.unlink()


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("r+b") as file:
            return not _try_lock(file)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # better offered twice than taken from a running program


def _try_lock(file: IO[bytes]) -> bool:
    """Lock the file until it is closed; False if another process has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
