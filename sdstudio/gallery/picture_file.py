"""Picture files that carry the request that made them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

import sdstudio
from sdstudio.atomic_file import write_atomically
from sdstudio.errors import InvalidRequestError, PictureFileError
from sdstudio.gallery.infotext import write_infotext
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.messages.typed_values import parse_json

READABLE_FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 100_000_000
OWN_KEY = "sdstudio"
"""PNG text chunk that holds our own JSON; A1111's text stands in `parameters`."""

_PNG_COMPRESS_LEVEL = 4  # level 6 costs twice the time for 2 % of the size


def encode_png(result: PictureResult) -> bytes:
    """The picture as a PNG with its request inside, in both languages."""
    raster = result.picture
    image = Image.frombytes(raster.mode, raster.size, raster.pixels)
    chunks = PngImagePlugin.PngInfo()
    infotext = write_infotext(result, version=sdstudio.__version__)
    chunks.add_itxt("parameters", _clean(infotext))
    chunks.add_itxt(OWN_KEY, json.dumps(_facts(result)))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=chunks, compress_level=_PNG_COMPRESS_LEVEL)
    return buffer.getvalue()


def save_picture(result: PictureResult, path: Path, *, replace: bool = True) -> None:
    """Write the picture and its request to `path`, whole or not at all.

    Raises:
        FileExistsError: the name is taken and `replace` is false.
        StorageError: the disk is full or the folder cannot be written.
    """
    write_atomically(path, encode_png(result), replace=replace)


def read_request(path: Path) -> GenerationRequest | None:
    """The request inside a picture made by the studio, or None.

    Pictures the run started from are named by their digest only, so `start` comes back as None.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    facts = read_facts(path)
    if facts is None or "request" not in facts:
        return None
    try:
        request = wire.from_dict(facts["request"])
    except InvalidRequestError:
        return None
    return request if isinstance(request, GenerationRequest) else None


def read_facts(path: Path) -> dict[str, Any] | None:
    """Our own JSON inside a picture, or None if it has none."""
    with open_picture(path) as image:
        text = image.info.get(OWN_KEY)
    if not isinstance(text, str):
        return None
    try:
        facts = parse_json(text, "The picture's own text")
    except InvalidRequestError:
        return None
    return facts if isinstance(facts, dict) else None


def open_picture(path: Path) -> Image.Image:
    """Open a PNG, JPEG or WebP lazily, refusing what is too large or broken.

    Raises:
        PictureFileError: with the reason in words.
    """
    try:
        image = Image.open(path, formats=READABLE_FORMATS)
    except FileNotFoundError as error:
        raise PictureFileError(f"{path} is not there.", "Check the name.") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureFileError(
            f"{path.name} is not a picture that can be read.",
            "PNG, JPEG and WebP pictures can be opened.",
        ) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise PictureFileError(
            f"{path.name} is too large: {image.width} x {image.height} pixels.",
            "Pictures of up to 100 million pixels can be opened.",
        )
    return image


def _facts(result: PictureResult) -> dict[str, Any]:
    return {
        "version": 1,
        "software": f"sdstudio {sdstudio.__version__}",
        "request": wire.to_dict(result.request, rasters="digest"),
        "result": {
            "seconds": round(result.seconds, 3),
            "model_hash": result.model_hash,
            "device": result.device,
            "dtype": result.dtype,
            "versions": result.versions,
            "notes": list(result.notes),
        },
    }


def _clean(text: str) -> str:
    """Text as a PNG can hold it: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
