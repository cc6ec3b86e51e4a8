"""Small copies of picture files."""

from __future__ import annotations

import zlib
from pathlib import Path

from PIL import ImageOps

from sdstudio.errors import PictureFileError
from sdstudio.gallery.picture_file import open_picture
from sdstudio.messages.raster import Raster


def read_thumbnail(path: Path, *, side_px: int) -> Raster:
    """Read a picture upright, with its longer side at most `side_px`, as "RGB" or "RGBA".

    A JPEG is decoded at a reduced size.

    Raises:
        PictureFileError: the file is missing or broken.
    """
    with open_picture(path) as image:
        try:
            image.thumbnail((side_px, side_px))
            upright = ImageOps.exif_transpose(image)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            small = upright.convert(mode)
        except (OSError, ValueError, SyntaxError, MemoryError, zlib.error) as error:
            raise PictureFileError(f"{path.name} is damaged.") from error
    return Raster(width=small.width, height=small.height, mode=mode, pixels=small.tobytes())
