"""Picture files that carry the request that made them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from sdstudio.atomic_file import write_atomically
from sdstudio.errors import InvalidRequestError, PictureFileError
from sdstudio.gallery.metadata.file_texts import OWN_KEY, read_file_texts
from sdstudio.gallery.metadata.png_texts import PNG_SIGNATURE, png_without_texts
from sdstudio.gallery.picture_encoding import FileFormat, encode_picture
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.messages.typed_values import parse_json

READABLE_FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 1 << 30

_LARGEST = "Pictures of up to 100 million pixels can be opened."
_OPENING_FAULTS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def encode_png(result: PictureResult) -> bytes:
    """The picture as a PNG with its request inside, in both languages."""
    return encode_picture(result, format="png")


def save_picture(
    result: PictureResult,
    path: Path,
    *,
    replace: bool = True,
    format: FileFormat = "png",
    is_marked_as_ai: bool = False,
) -> None:
    """Write the picture and its request to `path`, whole or not at all.

    Raises:
        InvalidRequestError: the prompt is too long for a JPEG.
        FileExistsError: the name is taken and `replace` is false.
        StorageError: the disk is full or the folder cannot be written.
    """
    data = encode_picture(result, format=format, is_marked_as_ai=is_marked_as_ai)
    write_atomically(path, data, replace=replace)


def read_request(path: Path) -> GenerationRequest | None:
    """The request inside a picture made by the studio, or None.

    Pictures the run started from are named by their digest only, so `start` comes back as None.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    return request_of_texts(read_file_texts(path).texts)


def request_of_texts(
    texts: Mapping[str, str], *, find_raster: wire.FindRaster | None = None
) -> GenerationRequest | None:
    """The studio's own request among a picture's texts, or None.

    Args:
        find_raster: asked for the pictures that the run started from.
    """
    facts = facts_of_texts(texts)
    if facts is None or "request" not in facts:
        return None
    try:
        request = wire.from_dict(facts["request"], find_raster=find_raster)
    except InvalidRequestError:
        return None
    return request if isinstance(request, GenerationRequest) else None


def read_facts(path: Path) -> dict[str, Any] | None:
    """Our own JSON inside a picture, or None if it has none.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    return facts_of_texts(read_file_texts(path).texts)


def facts_of_texts(texts: Mapping[str, str]) -> dict[str, Any] | None:
    """Our own JSON among a picture's texts, or None."""
    text = texts.get(OWN_KEY)
    if text is None:
        return None
    try:
        facts = parse_json(text, "The picture's own text")
    except InvalidRequestError:
        return None
    return facts if isinstance(facts, dict) else None


def open_picture(path: Path) -> Image.Image:
    """Open a PNG, JPEG or WebP lazily, refusing what is too large or broken.

    A PNG with texts that are too long opens without them: Pillow would refuse it.

    Raises:
        PictureFileError: with the reason in words.
    """
    try:
        image = Image.open(path, formats=READABLE_FORMATS)
    except FileNotFoundError as error:
        raise PictureFileError(f"{path} is not there.", "Check the name.") from error
    except Image.DecompressionBombError as error:
        raise PictureFileError(f"{path.name} is too large.", _LARGEST) from error
    except _OPENING_FAULTS as error:
        image = _open_without_texts(path)
        if image is None:
            raise PictureFileError(
                f"{path.name} is not a picture that can be read.",
                "PNG, JPEG and WebP pictures can be opened.",
            ) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise PictureFileError(
            f"{path.name} is too large: {image.width} x {image.height} pixels.", _LARGEST
        )
    return image


def _open_without_texts(path: Path) -> Image.Image | None:
    try:
        with path.open("rb") as file:
            num_bytes = os.fstat(file.fileno()).st_size
            if num_bytes > MAX_FILE_BYTES or file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
                return None
            stripped = png_without_texts(PNG_SIGNATURE + file.read(num_bytes))
        return Image.open(io.BytesIO(stripped), formats=("PNG",))
    except _OPENING_FAULTS:
        return None
