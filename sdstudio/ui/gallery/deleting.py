"""Deleting one picture file so that it can come back; all of it touches the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sdstudio import paths
from sdstudio.errors import PictureFileError, StorageError


def delete_picture(path: Path, gallery_folder: Path | None) -> Callable[[], object]:
    """Move a picture to its gallery's trash, or one from elsewhere to the system's.

    Returns:
        what brings it back; from the gallery's trash with its stars, notes and boards.

    Raises:
        PictureFileError: it is gone.
        StorageError: it cannot be moved.
    """
    if not path.is_file():
        raise missing_file(path)
    absolute = Path(os.path.abspath(path))
    if gallery_folder is None or not absolute.is_relative_to(os.path.abspath(gallery_folder)):
        in_trash = move_to_system_trash(path)
        return lambda: _untrash(in_trash, path)
    from sdstudio.gallery.gallery import Gallery

    return Gallery([gallery_folder], cache_folder=paths.cache_folder()).delete([absolute])


def missing_file(path: Path) -> PictureFileError:
    """What to say about a picture that has left the disk."""
    return PictureFileError(f"{path.name} is not there any more.", "It was moved or deleted.")


def move_to_system_trash(path: Path) -> Path:
    """Move to the trash and return where the file lies now."""
    from PySide6.QtCore import QFile, QStandardPaths

    file = QFile(str(path))
    if not file.exists():
        raise missing_file(path)
    # on Linux the trash lies in the user's data folder, which Qt does not make
    data_folder = QStandardPaths.StandardLocation.GenericDataLocation
    Path(QStandardPaths.writableLocation(data_folder)).mkdir(parents=True, exist_ok=True)
    if not file.moveToTrash():
        raise StorageError(
            f"{path.name} could not be moved to the trash.",
            "The disk it lies on may have none. Delete it in the file browser.",
        )
    return Path(file.fileName())


def _untrash(in_trash: Path, path: Path) -> None:
    """Move back, never over another file; on Linux the trash's own note goes as well."""
    from PySide6.QtCore import QFile

    if path.exists() or not QFile(str(in_trash)).rename(str(path)):
        raise StorageError(
            f"{path.name} could not be brought back.", "It is still in the system's trash."
        )
    note = in_trash.parent.parent / "info" / f"{in_trash.name}.trashinfo"
    if in_trash.parent.name == "files" and note.is_file():
        note.unlink()
