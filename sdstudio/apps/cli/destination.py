"""Where the pictures of a command go."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sdstudio import paths
from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.gallery.picture_file import save_picture
from sdstudio.gallery.store import GalleryStore
from sdstudio.messages.result import PictureResult
from sdstudio.settings.store import FILE_NAME, SettingsStore

Save = Callable[[PictureResult], Path]
_ENDING = ".png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Saves pictures in one place; a picture that cannot go there is not lost."""

    folder: Path
    save_there: Save

    @classmethod
    def choose(cls, output: str | None, *, count: int) -> Destination:
        """Return the destination that `--output` names.

        Args:
            output: a .png file, a folder, or None for the gallery.
            count: several pictures for one file name get numbers.

        Raises:
            InvalidRequestError: the name has the ending of another format.
            StorageError: the folder cannot be written.
        """
        file = None if output is None else Path(output).expanduser()
        if file is None:
            folder = _gallery_folder()
        elif _is_folder(output or "", file):
            folder, file = file, None
        else:
            folder = file.parent
        _check_writable(folder)
        save = GalleryStore(folder).add if file is None else _numbered(file, count)
        return cls(folder=folder, save_there=save)

    def save(self, result: PictureResult) -> Path:
        """Save one picture and return its file.

        Raises:
            StorageError: it could not be saved there; the hint says where it was kept instead.
        """
        try:
            return self.save_there(result)
        except StorageError as error:
            kept = _keep_elsewhere(result)
            hint = f"The picture is kept as {kept}." if kept else error.hint
            raise StorageError(error.message, hint, error.remedies) from error


def _gallery_folder() -> Path:
    settings = SettingsStore(paths.config_folder() / FILE_NAME).settings
    chosen = settings.gallery_folder
    return Path(chosen) if chosen else paths.default_gallery_folder()


def _is_folder(output: str, path: Path) -> bool:
    if path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix:
        return True
    if path.suffix.lower() != _ENDING:
        raise InvalidRequestError(
            f"Pictures are saved as {_ENDING} files, not {path.suffix}.",
            f"Write --output {path.with_suffix(_ENDING)}, or name a folder.",
        )
    return False


def _numbered(file: Path, count: int) -> Save:
    """Save to `file`, or to file-1.png, file-2.png ... where there are several."""
    digits = len(str(count))

    def save(result: PictureResult) -> Path:
        number = f"-{result.picture_index + 1:0{digits}}" if count > 1 else ""
        path = file.with_name(f"{file.stem}{number}{file.suffix}")
        save_picture(result, path)
        return path

    return save


def _check_writable(folder: Path) -> None:
    """Find out before a long run, not after it."""
    existing = next((each for each in (folder, *folder.absolute().parents) if each.exists()), None)
    if existing is None or not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise StorageError(
            f"The folder {folder} cannot be written.", "Choose another place with --output."
        )


def _keep_elsewhere(result: PictureResult) -> Path | None:
    try:
        return GalleryStore(Path(tempfile.gettempdir())).add(result)
    except (StorageError, OSError):
        return None
