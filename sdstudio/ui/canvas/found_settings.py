"""Whether a text that is dropped or pasted tells how a picture was made."""

from __future__ import annotations

import re

MAX_TEXT_CHARS = 100_000
_INFOTEXT = re.compile(r"(^|\n)\s*(Negative prompt:|Steps: *\d+)", re.IGNORECASE)


def looks_like_settings(text: str) -> bool:
    """Whether a text says how a picture was made, as A1111 and its kin write it."""
    return bool(_INFOTEXT.search(text[:MAX_TEXT_CHARS]))
