"""Picture files as a row of parts, each of which is kept, left out or replaced as a whole.

Nothing is decoded: a part that is kept stays byte for byte, its checksum included.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sdstudio.errors import PictureFileError
from sdstudio.gallery.metadata.png_texts import PNG_SIGNATURE

_JPEG_START = b"\xff\xd8"
_STANDALONE = (0x01, *range(0xD0, 0xD8))
"""Markers of a JPEG that have no length (ITU T.81, table B.1)."""
_SCAN = 0xDA


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chunk of a PNG or WebP, or a segment of a JPEG.

    Attributes:
        kind: four letters, or the marker's number as text, e.g. "E1"; "rest" for what follows.
        body: its data without head and checksum.
        raw: all of it as it stands in the file.
    """

    kind: str
    body: bytes
    raw: bytes


def read_parts(data: bytes) -> tuple[str, list[Part]]:
    """(format, parts) of a picture file; what cannot be told apart is the last part.

    Raises:
        PictureFileError: it is no PNG, JPEG or WebP.
    """
    if data.startswith(PNG_SIGNATURE):
        return "PNG", _png_parts(data)
    if data.startswith(_JPEG_START):
        return "JPEG", _jpeg_parts(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP", _webp_parts(data)
    raise PictureFileError("The file is no PNG, JPEG or WebP picture.")


def join_parts(kind: str, parts: Sequence[Part]) -> bytes:
    """The file of these parts."""
    body = b"".join(part.raw for part in parts)
    behind = sum(len(part.raw) for part in parts if part.kind == "rest")
    if kind == "PNG":
        return PNG_SIGNATURE + body
    if kind == "JPEG":
        return _JPEG_START + body
    return b"RIFF" + struct.pack("<I", 4 + len(body) - behind) + b"WEBP" + body


def png_chunk(kind: bytes, body: bytes) -> Part:
    """A new chunk with its checksum."""
    raw = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return Part(kind=kind.decode("latin-1"), body=body, raw=raw)


def png_text(key: str, text: str) -> Part:
    """A new iTXt chunk."""
    name = key.encode("latin-1", "replace")[:79]
    return png_chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))


def png_text_key(part: Part) -> str | None:
    """The key of a text chunk, None for any other."""
    if part.kind not in ("tEXt", "zTXt", "iTXt"):
        return None
    return part.body.partition(b"\0")[0].decode("latin-1")


def jpeg_segment(marker: int, body: bytes) -> Part:
    """A new segment.

    Raises:
        ValueError: it is too long for one.
    """
    if len(body) + 2 > 0xFFFF:
        raise ValueError("too long for a segment")
    raw = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    return Part(kind=f"{marker:02X}", body=body, raw=raw)


def webp_chunk(kind: bytes, body: bytes) -> Part:
    """A new chunk."""
    raw = kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return Part(kind=kind.decode("latin-1"), body=body, raw=raw)


def _rest(data: bytes, position: int) -> list[Part]:
    return [Part(kind="rest", body=b"", raw=data[position:])] if position < len(data) else []


def _png_parts(data: bytes) -> list[Part]:
    parts, position = [], len(PNG_SIGNATURE)
    while position + 12 <= len(data) and (not parts or parts[-1].kind != "IEND"):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + length
        if end > len(data):
            break
        kind = data[position + 4 : position + 8].decode("latin-1")
        body = data[position + 8 : end - 4]
        parts.append(Part(kind=kind, body=body, raw=data[position:end]))
        position = end
    return parts + _rest(data, position)


def _jpeg_parts(data: bytes) -> list[Part]:
    """Segments up to the first scan; pixels and all behind them are the rest."""
    parts, position = [], len(_JPEG_START)
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _SCAN or marker in _STANDALONE or marker == 0xFF:
            break
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if end > len(data) or end < position + 4:
            break
        body = data[position + 4 : end]
        parts.append(Part(kind=f"{marker:02X}", body=body, raw=data[position:end]))
        position = end
    return parts + _rest(data, position)


def _webp_parts(data: bytes) -> list[Part]:
    parts, position = [], 12
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        end = position + 8 + length + length % 2
        if end > len(data) + 1:
            break
        kind = data[position : position + 4].decode("latin-1")
        body = data[position + 8 : position + 8 + length]
        parts.append(Part(kind=kind, body=body, raw=data[position:end]))
        position = end
    return parts + _rest(data, position)
