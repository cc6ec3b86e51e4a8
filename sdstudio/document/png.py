"""Pixels as PNG bytes and back; what comes from a file is not trusted."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from sdstudio.errors import PictureFileError
from sdstudio.messages.generation import MAX_SIDE_PX

MAX_PIXELS = MAX_SIDE_PX**2
HEADER_BYTES = 24
"""Up to and with width and height."""

_COMPRESS_LEVEL = 1  # twice the speed of level 4 for a tenth of the size
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, zlib.error)


def encode_png(pixels: np.ndarray) -> bytes:
    """(height, width), (height, width, 3) or (height, width, 4) uint8 as a PNG."""
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(buffer, "PNG", compress_level=_COMPRESS_LEVEL)
    return buffer.getvalue()


def max_png_bytes(raw_bytes: int) -> int:
    """The most a PNG of that many bytes of pixels takes, were none of them packed."""
    return raw_bytes + raw_bytes // 50 + (1 << 20)


def png_size(data: bytes, what: str) -> tuple[int, int]:
    """(width, height) by the header alone, before any memory is spent.

    Raises:
        PictureFileError: it is no PNG, or larger than any layer can be.
    """
    if len(data) < HEADER_BYTES or not data.startswith(_SIGNATURE):
        raise PictureFileError(f"{what} is not a PNG picture.")
    width, height = struct.unpack(">II", data[16:24])
    if not (width and height) or width * height > MAX_PIXELS:
        raise PictureFileError(
            f"{what} is too large: {width} x {height} pixels.",
            f"Up to {MAX_SIDE_PX} x {MAX_SIDE_PX} pixels can be opened.",
        )
    return width, height


def decode_png(data: bytes, what: str, *, channels: int, is_strict: bool = True) -> np.ndarray:
    """Decode to (height, width) if `channels` is 1, to (height, width, 4) if it is 4.

    Args:
        what: names the picture in an error, e.g. "Layer 3 of painting.sdstudio".
        is_strict: refuse other modes instead of converting them.

    Raises:
        PictureFileError: it is damaged, cut off, too large, or of another mode.
    """
    png_size(data, what)
    mode = "L" if channels == 1 else "RGBA"
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if is_strict and image.mode != mode:
                raise PictureFileError(f"{what} is damaged: it is {image.mode}, not {mode}.")
            image.load()
            picture = image if image.mode == mode else _eight_bits(image).convert(mode)
            return np.asarray(picture)
    except _DAMAGE as error:
        raise PictureFileError(
            f"{what} is damaged: it ends early or its data is broken."
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode not in ("I;16", "I;16B", "I"):
        return image
    wide = np.asarray(image).astype(np.float32)
    return Image.fromarray(np.rint(wide * (255 / 65535)).clip(0, 255).astype(np.uint8))
