"""Walks the chunks of a PNG.

Pillow reads texts only as far as the first pixels and refuses a picture for the length of its
texts, so this reader is our own (PNG specification, third edition, sections 5 and 11.3.3).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT_BYTES = 8 << 20
"""Texts stored as they are may be this long."""
MAX_INFLATED_BYTES = 1 << 20
"""Compressed texts may unpack to this: a bomb packs a gigabyte into one."""
ReadAt = Callable[[int, int], bytes]
"""(first byte, number of bytes) -> those bytes, fewer at the end of the file."""

_MAX_CHUNKS = 200_000
_FRONT, _SIZE = struct.Struct(">I4s"), struct.Struct(">II")
_TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")
_TOO_LONG = "A text inside the picture is too long and was not read."


class _TooLong(Exception):
    """A text unpacks to more than is allowed."""


def read_png_texts(
    head: bytes, num_bytes: int, read_at: ReadAt
) -> tuple[int, int, dict[str, str], tuple[str, ...], bool]:
    """Return (width, height, texts, notes, is_whole) of a PNG; see `file_texts.FileTexts`.

    Args:
        head: the file's first bytes, at least 33 of them.
        num_bytes: the length of the file.
        read_at: gives bytes that lie behind the head.

    Raises:
        ValueError: it does not begin with a header.
    """
    if len(head) < 33 or head[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height = _SIZE.unpack_from(head, 16)
    if not width or not height:
        raise ValueError("no size")
    texts: dict[str, str] = {}
    notes: list[str] = []
    kind, budget = b"", MAX_TEXT_BYTES
    for kind, start, length in _chunks(head, num_bytes, read_at):
        if kind in _TEXT_KINDS:
            if length > budget:
                notes.append(_TOO_LONG)
                continue
            budget -= length
            end = start + length
            data = head[start:end] if end <= len(head) else read_at(start, length)
            _keep_text(kind, data, texts, notes)
    return width, height, texts, tuple(dict.fromkeys(notes)), kind == b"IEND"


def png_without_texts(data: bytes) -> bytes:
    """The same PNG without its texts; every other chunk stays byte for byte."""
    if not data.startswith(PNG_SIGNATURE):
        raise ValueError("no PNG")
    kept = [data[:33]]
    kept += [
        data[start - 8 : start + length + 4]
        for kind, start, length in _chunks(data, len(data), lambda start, length: b"")
        if kind not in _TEXT_KINDS
    ]
    return b"".join(kept)


def _chunks(head: bytes, num_bytes: int, read_at: ReadAt) -> Iterator[tuple[bytes, int, int]]:
    """(kind, first byte of the data, length) of each chunk that lies wholly in the file."""
    position, last_in_head = 33, len(head) - 8
    for _ in range(_MAX_CHUNKS):
        if position <= last_in_head:
            length, kind = _FRONT.unpack_from(head, position)
        elif len(front := read_at(position, 8)) == 8:
            length, kind = _FRONT.unpack(front)
        else:
            return
        end = position + 12 + length
        if end > num_bytes:
            return
        yield kind, position + 8, length
        if kind == b"IEND":
            return
        position = end


def _keep_text(kind: bytes, data: bytes, texts: dict[str, str], notes: list[str]) -> None:
    key, _, rest = data.partition(b"\0")
    try:
        text = _text(kind, rest)
    except _TooLong:
        notes.append(_TOO_LONG)
    except (zlib.error, ValueError):
        notes.append("A text inside the picture is broken and was not read.")
    else:
        texts.setdefault(key.decode("latin-1"), text)


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return _guess(rest)
    if kind == b"zTXt":
        return _guess(_inflate(rest[1:]))
    _language, _, behind = rest[2:].partition(b"\0")
    _translated_key, _, body = behind.partition(b"\0")
    return (_inflate(body) if rest.startswith(b"\1") else body).decode("utf-8", "replace")


def _guess(raw: bytes) -> str:
    """Latin-1 by the specification, UTF-8 in fact where that is what it can be."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _inflate(packed: bytes) -> bytes:
    text = zlib.decompressobj().decompress(packed, MAX_INFLATED_BYTES + 1)
    if len(text) > MAX_INFLATED_BYTES:
        raise _TooLong
    return text
