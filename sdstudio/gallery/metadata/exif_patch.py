"""Puts a comment into EXIF data without moving or changing anything else in it.

EXIF is a TIFF file whose parts name each other by their offsets (TIFF 6.0, section 2; EXIF 2.32,
section 4.6.3). What is new is appended, and only the offsets that lead there are changed: tags
that nobody here knows, and what they point to, stay byte for byte where they were.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_EXIF_IFD, _USER_COMMENT, _ORIENTATION = 0x8769, 0x9286, 0x0112
_LONG, _UNDEFINED, _SHORT = 4, 7, 3
_ENTRY_BYTES = 12


@dataclass(slots=True)
class _Tiff:
    """TIFF data that grows at its end."""

    data: bytearray
    order: str

    def number(self, kind: str, at: int) -> int:
        return struct.unpack_from(self.order + kind, self.data, at)[0]

    def put(self, kind: str, at: int, *values: int) -> None:
        struct.pack_into(self.order + kind, self.data, at, *values)

    def append(self, more: bytes) -> int:
        """Add bytes at an even offset and return it."""
        if len(self.data) % 2:
            self.data.append(0)
        at = len(self.data)
        self.data += more
        return at

    def entry(self, ifd: int, tag: int) -> int | None:
        """Where a tag's entry lies in a directory, or None."""
        for index in range(self.number("H", ifd)):
            at = ifd + 2 + index * _ENTRY_BYTES
            if self.number("H", at) == tag:
                return at
        return None

    def with_entry(self, ifd: int, tag: int, kind: int, count: int, value: int) -> int:
        """Append a copy of a directory with one entry more; returns where it lies."""
        length = self.number("H", ifd)
        first = ifd + 2
        entries = [
            bytes(self.data[first + n * _ENTRY_BYTES : first + (n + 1) * _ENTRY_BYTES])
            for n in range(length)
        ]
        following = bytes(self.data[first + length * _ENTRY_BYTES :][:4]).ljust(4, b"\0")
        entries.append(struct.pack(self.order + "HHII", tag, kind, count, value))
        entries.sort(key=lambda entry: struct.unpack_from(self.order + "H", entry)[0])
        head = struct.pack(self.order + "H", length + 1)
        return self.append(head + b"".join(entries) + following)


def with_comment(exif: bytes, comment: bytes) -> bytes:
    """EXIF data with another UserComment.

    Args:
        exif: TIFF data, without the "Exif" and two zeros that a JPEG puts before it; b"" for none.

    Raises:
        ValueError: the data is no TIFF or lies about its lengths.
    """
    tiff = _open(exif or _empty())
    try:
        first = tiff.number("I", 4)
        details_entry = tiff.entry(first, _EXIF_IFD)
        if details_entry is None:
            details = _new_directory(tiff)
            tiff.put("I", 4, tiff.with_entry(first, _EXIF_IFD, _LONG, 1, details))
            details_entry = tiff.entry(tiff.number("I", 4), _EXIF_IFD)
        assert details_entry is not None
        details = tiff.number("I", details_entry + 8)
        entry = tiff.entry(details, _USER_COMMENT)
        if entry is not None:
            _blank(tiff, entry)
        at = tiff.append(comment)
        if entry is None:
            longer = tiff.with_entry(details, _USER_COMMENT, _UNDEFINED, len(comment), at)
            tiff.put("I", details_entry + 8, longer)
        else:
            tiff.put("HII", entry + 2, _UNDEFINED, len(comment), at)
    except struct.error as error:
        raise ValueError("the EXIF data is cut off") from error
    return bytes(tiff.data)


def only_orientation(exif: bytes) -> bytes:
    """EXIF data that says nothing but which side is up; b"" where that is the first row's."""
    try:
        tiff = _open(exif)
        entry = tiff.entry(tiff.number("I", 4), _ORIENTATION)
        turned = 1 if entry is None else tiff.number("H", entry + 8)
    except (ValueError, struct.error):
        return b""
    if not 2 <= turned <= 8:
        return b""
    head = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)
    return head


def _open(exif: bytes) -> _Tiff:
    if exif[:2] not in (b"II", b"MM") or len(exif) < 8:
        raise ValueError("the EXIF data is none")
    return _Tiff(bytearray(exif), "<" if exif[:2] == b"II" else ">")


def _empty() -> bytes:
    """A TIFF with a directory that has no entry yet; big-endian, as A1111 writes it."""
    return struct.pack(">2sHIHI", b"MM", 42, 8, 0, 0)


def _new_directory(tiff: _Tiff) -> int:
    return tiff.append(struct.pack(tiff.order + "HI", 0, 0))


def _blank(tiff: _Tiff, entry: int) -> None:
    """Make what is replaced unreadable: it may have been replaced for what it said."""
    count, at = tiff.number("I", entry + 4), tiff.number("I", entry + 8)
    if count > 4 and 8 <= at <= at + count <= len(tiff.data):
        tiff.data[at : at + count] = bytes(count)
