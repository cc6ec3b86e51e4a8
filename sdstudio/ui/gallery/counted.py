"""Numbers of pictures in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def pictures(count: int) -> str:
    """So many pictures."""
    return _tr("1 picture") if count == 1 else _tr("{0} pictures").format(f"{count:,}")


def stars(count: int) -> str:
    """So many stars."""
    return _tr("1 star") if count == 1 else _tr("{0} stars").format(count)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Counted", text)
