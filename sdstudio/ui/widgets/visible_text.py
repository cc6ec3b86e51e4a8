"""Texts of strangers as they may be shown: plain, and with nothing hidden in them."""

from __future__ import annotations

import re

MAX_SHOWN_CHARS = 2000

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and line break; marks that turn text around or have no width."""


def visible_text(text: str, *, limit: int = MAX_SHOWN_CHARS) -> str:
    """The text with hidden characters spelled out, at most `limit` characters of it.

    A zero-width joiner stays: emoji of several parts need it.
    """
    shown = text[:limit].replace("\r\n", "\n")
    shown = _HIDDEN.sub(_spelled, shown)
    return shown if len(text) <= limit else f"{shown}…"


def one_line(text: str, *, limit: int = 200) -> str:
    """The beginning of a text on one line."""
    return visible_text(" ".join(text[: limit * 4].split()), limit=limit)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x200D:
        return match[0]
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"
