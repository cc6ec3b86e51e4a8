"""EXIF's UserComment, whose text is UTF-16 in either byte order (EXIF 3.0, section 4.6.6)."""

from __future__ import annotations

_UNICODE, _ASCII, _UNDEFINED = b"UNICODE\0", b"ASCII\0\0\0", bytes(8)


def decode_user_comment(value: object, *, little: bool) -> str:
    """The text of a UserComment, or "".

    EXIF leaves the byte order open: A1111 writes big-endian into files of either order, others
    the file's own. The order that gives more Latin letters wins; `little`, the file's order,
    decides a tie.
    """
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return ""
    code, body = value[:8], value[8:]
    if code == _UNICODE:
        return _utf16(body, little=little)
    if code in (_ASCII, _UNDEFINED):
        return body.decode("utf-8", "replace").rstrip("\0")
    return value.decode("utf-8", "replace").rstrip("\0")


def encode_user_comment(text: str) -> bytes:
    """The text as A1111 writes it: big-endian UTF-16."""
    return _UNICODE + text.encode("utf-16-be", "replace")


def _utf16(body: bytes, *, little: bool) -> str:
    body = body[: len(body) // 2 * 2]
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace").rstrip("\0")
    latin_little, latin_big = body[1::2].count(0), body[::2].count(0)
    if latin_little != latin_big:
        little = latin_little > latin_big
    return body.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
