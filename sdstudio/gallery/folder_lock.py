"""A lock between processes that the system takes back when its owner dies."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

from sdstudio.errors import StorageError

if os.name == "nt":
    import msvcrt
else:
    import fcntl


class FolderLock:
    """Holds a lock file for the length of a `with` block; also between threads.

    Args:
        path: the lock file; it is left behind, empty.
        patience_s: how long to wait for another owner.

    Raises:
        StorageError: another program kept the lock too long.
        OSError: the lock file cannot be made.
    """

    def __init__(self, path: Path, *, patience_s: float = 30.0) -> None:
        self._path = path
        self._patience_s = patience_s
        self._file: BinaryIO | None = None

    def __enter__(self) -> FolderLock:
        file = self._path.open("ab")
        give_up_at = time.monotonic() + self._patience_s
        while not _try_lock(file):
            if time.monotonic() > give_up_at:
                file.close()
                raise StorageError(
                    f"Another program is writing in {self._path.parent}.",
                    "Try again in a moment.",
                    ("try-again",),
                )
            time.sleep(0.01)
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            if os.name == "nt":
                self._file.seek(0)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_UNLCK, 1)  # pyright: ignore
            self._file.close()  # elsewhere closing unlocks
            self._file = None


def _try_lock(file: BinaryIO) -> bool:
    try:
        if os.name == "nt":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
