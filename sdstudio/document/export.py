"""The finished picture as one flat file."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image

from sdstudio.document.blend import Colour
from sdstudio.document.document import Document
from sdstudio.document.state import DocumentSnapshot
from sdstudio.errors import InvalidRequestError

PictureFormat = Literal["PNG", "WEBP", "JPEG"]
SUFFIXES: dict[str, PictureFormat] = {
    ".png": "PNG",
    ".webp": "WEBP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}


def encode_picture(
    snapshot: DocumentSnapshot,
    picture_format: PictureFormat,
    *,
    quality: int = 92,
    background: Colour = (255, 255, 255),
) -> bytes:
    """What is seen of a document as the bytes of a picture file; may run on any thread.

    PNG, and WebP of quality 100, keep every value; both keep transparency where there is some.

    Args:
        quality: 1 to 100, for WebP and JPEG.
        background: what shows through in a JPEG, which knows no transparency.
    """
    if not 1 <= quality <= 100:
        raise InvalidRequestError(f"Quality {quality} is out of range.", "Choose from 1 to 100.")
    document = Document.from_snapshot(snapshot)
    backdrop = background if picture_format == "JPEG" else None
    pixels = document.composite(document.bounds, background=backdrop)
    if pixels[..., 3].min() == 255:
        pixels = np.ascontiguousarray(pixels[..., :3])
    buffer = io.BytesIO()
    options: dict[str, dict[str, object]] = {
        "PNG": {"compress_level": 4},
        "WEBP": {"quality": quality, "lossless": quality == 100, "exact": True},
        "JPEG": {"quality": quality, "subsampling": 0},
    }
    Image.fromarray(pixels).save(buffer, picture_format, **options[picture_format])
    return buffer.getvalue()
