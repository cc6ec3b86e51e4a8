"""Pictures from anywhere, made upright, 8-bit and sRGB.

Pillow is the gate: Qt accepts truncated files silently (measured).
"""

from __future__ import annotations

import contextlib
import io
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from sdstudio.errors import PictureFileError
from sdstudio.gallery.picture_file import open_picture
from sdstudio.messages.raster import Raster

_SRGB = ImageCms.createProfile("sRGB")
_SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L", "I", "F")


def import_picture(path: Path) -> Raster:
    """Read the first frame of a PNG, JPEG or WebP as "L", "RGB" or "RGBA".

    EXIF orientation and embedded colour profiles are applied; 16-bit values keep their upper byte.

    Raises:
        PictureFileError: the file is missing, broken, cut off or too large.
    """
    with open_picture(path) as image:
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
        except (OSError, ValueError, SyntaxError, MemoryError, zlib.error) as error:
            raise PictureFileError(
                f"{path.name} is damaged: it ends too early or its data is broken.",
                "Export the picture again from where it came.",
            ) from error
    return _to_raster(to_srgb(to_eight_bits(upright)))


def to_eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 or 32 bits as "L"; others as they are."""
    if image.mode not in _SIXTEEN_BIT_MODES:
        return image
    wide = image.convert("I")
    high = float(wide.getextrema()[1])  # pyright: ignore[reportArgumentType]
    scale = 1 / 257 if high > 255 else 1.0  # 65535 / 255
    return wide.point(lambda value: value * scale).convert("L")


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture in sRGB, if its own profile can be read."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        target = {"CMYK": "RGB"}.get(image.mode, image.mode)
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = ImageCms.profileToProfile(
                image, io.BytesIO(profile), _SRGB, outputMode=target
            )
            image = converted if converted is not None else image
    return image


def _to_raster(image: Image.Image) -> Raster:
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return Raster(
        width=image.width,
        height=image.height,
        mode=image.mode,  # pyright: ignore[reportArgumentType]
        pixels=image.tobytes(),
    )
