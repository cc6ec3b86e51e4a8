"""Changes what a picture file says, and not a byte of anything else in it."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.infotext import with_prompts
from sdstudio.gallery.metadata.containers import (
    Part,
    join_parts,
    jpeg_segment,
    png_chunk,
    png_text,
    png_text_key,
    read_parts,
    webp_chunk,
)
from sdstudio.gallery.metadata.exif_patch import only_orientation, with_comment
from sdstudio.gallery.metadata.file_texts import OWN_KEY
from sdstudio.gallery.metadata.reader import metadata_of_texts
from sdstudio.gallery.metadata.user_comment import encode_user_comment
from sdstudio.gallery.metadata.xmp_patch import with_properties
from sdstudio.gallery.picture_encoding import AI_MADE, fresh_xmp

_XMP_KEY = "XML:com.adobe.xmp"
_PNG_DRAWN = frozenset(
    (
        *("IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP"),
        *("mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT"),
    )
)
"""Chunks that decide how a PNG looks."""

_WEBP_DRAWN = frozenset(("VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"))
_EXIF_HEAD, _XMP_HEAD = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_ICC_HEAD = b"ICC_PROFILE\0"
_FLAG_ALPHA, _FLAG_EXIF, _FLAG_XMP = 0x10, 0x08, 0x04

Edit = Callable[[bytes], bytes]


def with_prompt(
    data: bytes, texts: Mapping[str, str], *, prompt: str, negative_prompt: str
) -> bytes:
    """The file with other prompts, in both languages that the studio writes.

    Args:
        texts: what the file says now; see `FileTexts.texts`.

    Raises:
        InvalidRequestError: another program keeps its prompt in a way that cannot be edited.
        PictureFileError: the file is no picture.
    """
    source = metadata_of_texts(texts).source
    if source not in ("", "a1111", "sdstudio"):
        raise InvalidRequestError(
            "The prompt in this picture belongs to a graph or a form of another program.",
            "Write a note instead, or save the picture anew.",
        )
    old = texts.get("parameters", "")
    new = {"parameters": with_prompts(old, prompt=prompt, negative_prompt=negative_prompt)}
    if OWN_KEY in texts and source == "sdstudio":
        new[OWN_KEY] = _facts_with_prompt(texts[OWN_KEY], prompt, negative_prompt)
    return with_texts(data, new)


def with_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """The file with these texts in place of those of the same keys.

    In a JPEG or WebP "parameters" is EXIF's UserComment and our own JSON lies in the XMP.

    Raises:
        InvalidRequestError: the file cannot hold them.
        PictureFileError: it is no picture.
    """
    kind, parts = read_parts(data)
    if kind == "PNG":
        return join_parts(kind, _png_with_texts(parts, texts))
    if "parameters" in texts:
        comment = encode_user_comment(texts["parameters"])
        parts = _with_exif(kind, parts, data, lambda exif: with_comment(exif, comment))
    if OWN_KEY in texts:
        properties = {"sdstudio:facts": texts[OWN_KEY]}
        parts = _with_xmp(kind, parts, data, properties)
    return join_parts(kind, parts)


def with_ai_mark(data: bytes, *, is_marked: bool) -> bytes:
    """The file with or without IPTC's mark of pictures that a trained model made.

    Raises:
        InvalidRequestError: the file cannot hold it.
        PictureFileError: it is no picture.
    """
    kind, parts = read_parts(data)
    properties = {"Iptc4xmpExt:DigitalSourceType": AI_MADE if is_marked else ""}
    return join_parts(kind, _with_xmp(kind, parts, data, properties))


def is_ai_marked(data: bytes) -> bool:
    """Whether the file says that a trained model made it."""
    kind, parts = read_parts(data)
    return AI_MADE in _xmp(kind, parts)


def without_metadata(data: bytes) -> bytes:
    """The file with nothing in it but what decides how it looks: pixels, colours, which side is up.

    Raises:
        PictureFileError: it is no picture.
    """
    kind, parts = read_parts(data)
    turned = only_orientation(_exif(kind, parts))
    if kind == "PNG":
        is_whole = any(part.kind == "IEND" for part in parts)
        drawn = _PNG_DRAWN if is_whole else _PNG_DRAWN | {"rest"}
        kept = [part for part in parts if part.kind in drawn]
        if turned:
            kept.insert(1, png_chunk(b"eXIf", turned))
        return join_parts(kind, kept)
    if kind == "JPEG":
        kept = [part for part in parts if _is_drawn(part)]
        if turned:
            kept.insert(0, jpeg_segment(0xE1, _EXIF_HEAD + turned))
        return join_parts(kind, kept)
    kept = [part for part in parts if part.kind in _WEBP_DRAWN]
    if turned:
        kept.append(webp_chunk(b"EXIF", turned))
    return join_parts(kind, _with_flags(kept, has_exif=bool(turned), has_xmp=False))


# -- EXIF and XMP in their places ----------------------------------------------------------------


def _exif(kind: str, parts: list[Part]) -> bytes:
    """TIFF data of the file, or b""."""
    place = _exif_place(kind, parts)
    if place is None:
        return b""
    return parts[place].body.removeprefix(_EXIF_HEAD)


def _exif_place(kind: str, parts: list[Part]) -> int | None:
    wanted = {"PNG": "eXIf", "JPEG": "E1", "WEBP": "EXIF"}[kind]
    for place, part in enumerate(parts):
        if part.kind == wanted and (kind != "JPEG" or part.body.startswith(_EXIF_HEAD)):
            return place
    return None


def _with_exif(
    kind: str, parts: list[Part], data: bytes, change: Callable[[bytes], bytes]
) -> list[Part]:
    try:
        exif = change(_exif(kind, parts))
        if kind == "JPEG":
            new = jpeg_segment(0xE1, _EXIF_HEAD + exif)
        else:
            new = webp_chunk(b"EXIF", exif)
    except ValueError as error:
        raise InvalidRequestError(
            f"The text cannot be written into this {kind} file.",
            "Its EXIF data is damaged, or the text is too long for it.",
        ) from error
    return _put(kind, parts, data, _exif_place(kind, parts), new)


def _xmp_place(kind: str, parts: list[Part]) -> int | None:
    for place, part in enumerate(parts):
        if kind == "PNG" and png_text_key(part) == _XMP_KEY:
            return place
        if kind == "JPEG" and part.kind == "E1" and part.body.startswith(_XMP_HEAD):
            return place
        if kind == "WEBP" and part.kind == "XMP ":
            return place
    return None


def _xmp(kind: str, parts: list[Part]) -> str:
    place = _xmp_place(kind, parts)
    if place is None:
        return ""
    body = parts[place].body
    if kind == "PNG":
        if parts[place].kind != "iTXt" or body[len(_XMP_KEY) + 1 :][:1] != b"\0":
            return ""
        body = body[len(_XMP_KEY) + 3 :].split(b"\0", 2)[-1]
    return body.removeprefix(_XMP_HEAD).decode("utf-8", "replace")


def _with_xmp(
    kind: str, parts: list[Part], data: bytes, properties: Mapping[str, str]
) -> list[Part]:
    place, old = _xmp_place(kind, parts), _xmp(kind, parts)
    if not old and not any(properties.values()):
        return parts
    if place is not None and not old:
        raise InvalidRequestError("The file's XMP data is packed in a way that cannot be edited.")
    packet = with_properties(old or fresh_xmp(), properties)
    if packet == old:
        return parts
    encoded = packet.encode()
    if kind == "PNG":
        new = png_text(_XMP_KEY, packet)
    elif kind == "WEBP":
        new = webp_chunk(b"XMP ", encoded)
    else:
        try:
            new = jpeg_segment(0xE1, _XMP_HEAD + encoded)
        except ValueError as error:
            raise InvalidRequestError(
                "The text is too long for a JPEG file.", "Export it as PNG or WebP."
            ) from error
    return _put(kind, parts, data, place, new)


def _put(kind: str, parts: list[Part], data: bytes, place: int | None, new: Part) -> list[Part]:
    """Replace the part at a place, or add one where its format wants it."""
    parts = list(parts)
    if place is not None:
        parts[place] = new
    elif kind == "PNG":
        parts.insert(_before_pixels(parts), new)
    elif kind == "JPEG":
        parts.insert(1 if parts and parts[0].kind == "E0" else 0, new)
    else:
        parts = [*_extended(parts, data), new]
    if kind != "WEBP":
        return parts
    kinds = {part.kind for part in parts}
    return _with_flags(parts, has_exif="EXIF" in kinds, has_xmp="XMP " in kinds)


# -- PNG -----------------------------------------------------------------------------------------


def _png_with_texts(parts: list[Part], texts: Mapping[str, str]) -> list[Part]:
    """Each text stands where the one it replaces stood, or before the pixels."""
    kept: list[Part] = []
    waiting = dict(texts)
    for part in parts:
        key = png_text_key(part)
        if key is None or key not in texts:
            kept.append(part)
        elif key in waiting:
            kept.append(png_text(key, waiting.pop(key)))
    place = _before_pixels(kept)
    return [*kept[:place], *(png_text(key, text) for key, text in waiting.items()), *kept[place:]]


def _before_pixels(parts: list[Part]) -> int:
    return next((n for n, part in enumerate(parts) if part.kind == "IDAT"), len(parts))


# -- JPEG and WebP -------------------------------------------------------------------------------


def _is_drawn(part: Part) -> bool:
    """Whether a segment decides how a JPEG looks; Adobe's says how its colours are meant."""
    if part.kind == "E2":
        return part.body.startswith(_ICC_HEAD)
    is_application = part.kind[0] == "E" and part.kind not in ("E0", "EE")
    return not is_application and part.kind != "FE"


def _extended(parts: list[Part], data: bytes) -> list[Part]:
    """The parts with a head that can tell of metadata, which a simple WebP has not."""
    if parts and parts[0].kind == "VP8X":
        return parts
    with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
        width, height = image.size
        flags = _FLAG_ALPHA if image.mode == "RGBA" else 0
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return [webp_chunk(b"VP8X", struct.pack("<I", flags) + size), *parts]


def _with_flags(parts: list[Part], *, has_exif: bool, has_xmp: bool) -> list[Part]:
    if not parts or parts[0].kind != "VP8X":
        return parts
    body = parts[0].body
    flags = body[0] & ~(_FLAG_EXIF | _FLAG_XMP)
    flags |= (_FLAG_EXIF if has_exif else 0) | (_FLAG_XMP if has_xmp else 0)
    return [webp_chunk(b"VP8X", bytes([flags]) + body[1:]), *parts[1:]]


def _facts_with_prompt(text: str, prompt: str, negative_prompt: str) -> str:
    facts: dict[str, Any] = json.loads(text)
    facts["request"] |= {"prompt": prompt, "negative_prompt": negative_prompt}
    return json.dumps(facts)
