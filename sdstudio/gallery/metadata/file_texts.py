"""The head and the texts of a picture file, read without decoding a pixel."""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import os
import re
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from PIL import Image

from sdstudio.errors import PictureFileError
from sdstudio.gallery.metadata.png_texts import PNG_SIGNATURE, read_png_texts
from sdstudio.gallery.metadata.user_comment import decode_user_comment

OWN_KEY = "sdstudio"
"""The text that holds our own JSON: a PNG chunk, or an attribute in a JPEG's or WebP's XMP."""

_EXIF_FAULTS = (
    *(OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError),
    *(AttributeError, struct.error, zlib.error, RecursionError, Image.DecompressionBombError),
)
"""What Pillow's readers raise for heads that lie."""

_EXIF_IFD, _USER_COMMENT, _MAKER_NOTE = 0x8769, 0x9286, 0x927C
_COMFY_TAGS = range(0x0100, 0x0111)
"""ComfyUI counts down from the tag Model, one `name:json` for each text."""
_COMFY_TEXT = re.compile(r"(prompt|workflow):\s*(?=[\[{])")
_OWN_XMP = re.compile(r'sdstudio:(facts|texts)="([^"]*)"')
_HEAD_BYTES, _FRONT_BYTES, _TAIL_BYTES = 16384, 2048, 1024
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class OutOfReachError(PictureFileError):
    """The disk or the network does not give the file now; nothing is said about what is in it."""


class FileTexts(NamedTuple):
    """What a picture's file says before its pixels; a tuple, for a rebuild makes many.

    Attributes:
        format: "PNG", "JPEG" or "WEBP", by the content, whatever the name's ending.
        texts: by the key their program gives them; EXIF's UserComment goes by `parameters`.
        notes: what was left out and why, a sentence each.
        identity: stays when the file is renamed, moved or copied.
        is_whole: whether the file is as long as it says.
    """

    format: str
    width: int
    height: int
    texts: Mapping[str, str] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    identity: str = ""
    is_whole: bool = True


def read_file_texts(path: Path | str) -> FileTexts:
    """Read size and texts of a PNG, JPEG or WebP.

    Raises:
        OutOfReachError: the file is not there, or may not or cannot be read now.
        PictureFileError: it is no picture.
    """
    try:
        descriptor = os.open(path, _READ_ONLY)
        try:
            return _read_open_file(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise OutOfReachError(f"{path} is not there.", "Check the name.") from error
    except PermissionError as error:
        raise OutOfReachError(
            f"{Path(path).name} may not be read.", "Check its permissions."
        ) from error
    except _EXIF_FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None:  # Pillow's own have no number
            raise OutOfReachError(
                f"{Path(path).name} cannot be read now: {error.strerror}.",
                "Check that its disk is connected.",
            ) from error
        raise PictureFileError(
            f"{Path(path).name} is not a picture that can be read.",
            "PNG, JPEG and WebP pictures can be opened.",
        ) from error


def _read_open_file(descriptor: int) -> FileTexts:
    """As the rebuild of a large gallery needs it: one read where the file is small."""
    head = os.read(descriptor, _HEAD_BYTES)
    num_bytes = len(head) if len(head) < _HEAD_BYTES else os.fstat(descriptor).st_size

    def read_at(start: int, length: int) -> bytes:
        return _pread(descriptor, length, start)

    if num_bytes > len(head):
        tail = read_at(num_bytes - _TAIL_BYTES, _TAIL_BYTES)
    else:
        tail = head[_FRONT_BYTES:][-_TAIL_BYTES:]
    # Metadata, seed and the last pixels lie at the ends.
    ends = b"%d:%b%b" % (num_bytes, head[:_FRONT_BYTES], tail)
    identity = hashlib.blake2b(ends, digest_size=16).hexdigest()
    if head.startswith(PNG_SIGNATURE):
        width, height, texts, notes, is_whole = read_png_texts(head, num_bytes, read_at)
        return FileTexts("PNG", width, height, texts, notes, identity, is_whole)
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return _read_with_pillow(file, identity)


def _seek_and_read(descriptor: int, length: int, start: int) -> bytes:
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, length)


_pread = getattr(os, "pread", _seek_and_read)
"""Windows has none."""


def _read_with_pillow(file: BinaryIO, identity: str) -> FileTexts:
    with Image.open(file, formats=("JPEG", "WEBP")) as image:
        texts, notes = texts_of_image(image)
        return FileTexts(image.format or "", image.width, image.height, texts, notes, identity)


def texts_of_image(image: Image.Image) -> tuple[dict[str, str], tuple[str, ...]]:
    """Texts and notes of an opened JPEG or WebP: EXIF, XMP and the JPEG comment."""
    texts: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    comment = image.info.get("comment")
    if isinstance(comment, (bytes, str)):
        texts["Comment"] = (
            comment if isinstance(comment, str) else comment.decode("utf-8", "replace")
        )
    try:
        texts |= _exif_texts(image)
    except _EXIF_FAULTS:
        notes = ("The picture's EXIF data is broken and was not read.",)
    return texts | _texts_of_xmp(image.info.get("xmp")), notes


def _texts_of_xmp(packet: object) -> dict[str, str]:
    """What `picture_encoding` put into a packet; no XML parser is let loose on a stranger's."""
    if not isinstance(packet, (bytes, str)):
        return {}
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    found = {name: html.unescape(value) for name, value in _OWN_XMP.findall(text)}
    texts: dict[str, str] = {}
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        others = json.loads(found.get("texts", "{}"))
        texts = {key: value for key, value in others.items() if isinstance(value, str)}
    return texts | ({OWN_KEY: found["facts"]} if "facts" in found else {})


def _exif_texts(image: Image.Image) -> dict[str, str]:
    exif = image.getexif()
    if not exif:
        return {}
    texts: dict[str, str] = {}
    details = exif.get_ifd(_EXIF_IFD)
    if comment := decode_user_comment(details.get(_USER_COMMENT), little=exif.endian == "<"):
        texts["parameters"] = comment
    maker = details.get(_MAKER_NOTE)
    if isinstance(maker, (bytes, str)):
        scheme = maker.decode("ascii", "replace") if isinstance(maker, bytes) else maker
        texts["fooocus_scheme"] = scheme.strip("\0 ")
    for tag in _COMFY_TAGS:
        value = exif.get(tag)
        if isinstance(value, str) and (match := _COMFY_TEXT.match(value)):
            texts[match[1]] = value[match.end() :]
    return texts
