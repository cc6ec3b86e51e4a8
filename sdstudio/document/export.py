"""The finished picture as one flat file."""

from __future__ import annotations

import io
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How much of a picture its file may lose; a PNG loses nothing.

    Attributes:
        quality: 1 to 100, of JPEG and WebP.
        is_lossless: of WebP; the quality does not count then.

    Raises:
        InvalidRequestError: the quality is out of range.
    """

    quality: int = 92
    is_lossless: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise InvalidRequestError(
                f"Quality {self.quality} is out of range.", "Choose from 1 to 100."
            )


def encode_picture(
    snapshot: DocumentSnapshot,
    picture_format: PictureFormat,
    options: ExportOptions | None = None,
    *,
    background: Colour = (255, 255, 255),
) -> bytes:
    """What is seen of a document as the bytes of a picture file; may run on any thread.

    PNG and lossless WebP keep every value; PNG and WebP keep transparency where there is some.

    Args:
        background: what shows through in a JPEG, which knows no transparency.
    """
    options = options or ExportOptions()
    document = Document.from_snapshot(snapshot)
    backdrop = background if picture_format == "JPEG" else None
    pixels = document.composite(document.bounds, background=backdrop)
    if pixels[..., 3].min() == 255:
        pixels = np.ascontiguousarray(pixels[..., :3])
    buffer = io.BytesIO()
    quality = {"quality": options.quality}
    known: dict[str, dict[str, object]] = {
        "PNG": {"compress_level": 4},
        "WEBP": {**quality, "lossless": options.is_lossless, "exact": True},
        "JPEG": {**quality, "subsampling": 0},
    }
    Image.fromarray(pixels).save(buffer, picture_format, **known[picture_format])
    return buffer.getvalue()
