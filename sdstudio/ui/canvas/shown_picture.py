"""What the canvas shows: a picture, its file and the request that made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownPicture:
    """One picture on the canvas.

    Attributes:
        path: its file, None while it has none.
        request: what made it, None if the studio did not.
    """

    picture: Raster
    path: Path | None = None
    request: GenerationRequest | None = None

    @property
    def prompt(self) -> str:
        """The prompt that made it, or ""."""
        return "" if self.request is None else self.request.prompt


def of_result(result: PictureResult, path: Path | None) -> ShownPicture:
    """A finished picture."""
    return ShownPicture(picture=result.picture, path=path, request=result.request)


def read_shown(path: Path) -> ShownPicture:
    """A picture file with its request; reads the disk.

    Raises:
        PictureFileError: the file is missing or broken.
    """
    from sdstudio.gallery.picture_file import read_request
    from sdstudio.gallery.picture_import import import_picture

    return ShownPicture(picture=import_picture(path), path=path, request=read_request(path))
