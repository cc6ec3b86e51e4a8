"""Small real picture files for the gallery's tests."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from sdstudio.gallery.metadata.user_comment import encode_user_comment
from sdstudio.gallery.picture_file import save_picture
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

NOON_NS = 1_767_268_800 * 10**9
"""2026-01-01 12:00 UTC."""


def result_of(prompt: str = "a red house", *, shade: int = 0, **values: Any) -> PictureResult:
    """A picture of 16 x 8 pixels and its request."""
    request = GenerationRequest(**{"prompt": prompt, "width": 16, "height": 8, **values})
    picture = Raster(width=16, height=8, mode="RGB", pixels=bytes([shade % 256]) * 384)
    return PictureResult(picture=picture, request=request, model_hash="0123abcd")


def write_own(path: Path, prompt: str = "a red house", *, second: int = 0, **values: Any) -> Path:
    """A picture as we save it, made `second` seconds after noon."""
    save_picture(result_of(prompt, **values), path)
    moment = NOON_NS + second * 10**9
    os.utime(path, ns=(moment, moment))
    return path


def png_with(path: Path, texts: dict[str, str], *, zip: bool = False) -> Path:
    """A PNG with these texts, as Pillow writes them for other programs."""
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text, zip=zip)
    Image.new("RGB", (16, 8), "teal").save(path, pnginfo=chunks)
    return path


def with_user_comment(path: Path, comment: bytes, *, big_endian_file: bool = True) -> Path:
    """A JPEG or WebP whose EXIF says `comment`."""
    exif = Image.Exif()
    exif.endian = ">" if big_endian_file else "<"
    exif.get_ifd(0x8769)[0x9286] = comment
    Image.new("RGB", (16, 8), "teal").save(path, exif=exif.tobytes())
    return path


def a1111_comment(text: str) -> bytes:
    """As A1111 writes it by piexif: big-endian."""
    return encode_user_comment(text)


def encoded(kind: str) -> bytes:
    """A whole small file of a format."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 8), "teal").save(buffer, kind)
    return buffer.getvalue()
