"""Tooltips of texts that come from files."""

from __future__ import annotations

import html


def plain_tooltip(text: str) -> str:
    """The text as a tooltip shows it; Qt would take it for HTML if it looked like that."""
    return f'<p style="white-space: pre-wrap">{html.escape(text)}</p>' if text else ""
