"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from sdstudio.errors import StorageError

PART_SUFFIX = ".part"
"""Ending of a file that is still being written; hidden, and safe to delete when found."""


def write_atomically(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write `data` under a temporary name beside `path`, flush it to the disk, then rename.

    Args:
        replace: whether a file that already goes by this name may be replaced.

    Raises:
        FileExistsError: `replace` is false and the name is taken.
        StorageError: the disk is full, the folder is read-only or cannot be reached.
    """
    try:
        part = _write_part(path, data)
        try:
            _publish(part, path, replace)
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """Say in words why `path` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"There is no space left in {path.parent}.",
            "Free some space, or choose another folder.",
            ("save-again", "choose-folder"),
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"The folder {path.parent} does not allow writing.",
            "Choose another folder, or change its permissions.",
            ("choose-folder", "save-again"),
        )
    return StorageError(
        f"{path.name} could not be written: {error.strerror or error}.",
        f"Check that the folder {path.parent} can be reached.",
        ("save-again", "choose-folder"),
    )


def _write_part(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(
            errno.ENOTDIR, "a file stands where the folder should be"
        ) from error
    part = path.parent / f".{secrets.token_hex(8)}{PART_SUFFIX}"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return part


def _publish(part: Path, path: Path, replace: bool) -> None:
    if replace:
        part.replace(path)
        return
    try:
        os.link(part, path)  # unlike rename, never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("xb"):
            pass
        part.replace(path)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network folders
            raise
    finally:
        os.close(handle)
