"""Labels with a role for the style sheet, and one that shortens its text to fit."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy

MAX_NAME_CHARS = 40


def label(text: str = "", role: str = "") -> QLabel:
    """A plain-text label; text from files is never taken for HTML."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        result.setProperty("role", role)
    return result


def line() -> QFrame:
    """A thin horizontal line."""
    result = QFrame()
    result.setProperty("role", "line")
    return result


def with_short_names(text: str) -> str:
    """The sentence with long file and model names, which are words of their own, cut in the middle.

    The ends of a name tell most: how it begins, its number and its kind.
    """
    return re.sub(rf"\S{{{MAX_NAME_CHARS + 1},}}", lambda match: short_name(match[0]), text)


def short_name(name: str) -> str:
    """A name of at most `MAX_NAME_CHARS` characters, with an ellipsis for its middle."""
    if len(name) <= MAX_NAME_CHARS:
        return name
    tail = MAX_NAME_CHARS // 2
    return f"{name[: MAX_NAME_CHARS - tail - 1]}…{name[-tail:]}"


class ElidedLabel(QLabel):
    """One line with an ellipsis where there is no room; the tooltip has all of it."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.text().replace("\n", " ")
        shown = self.fontMetrics().elidedText(text, self._mode, self.width())
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)
        self.setToolTip(self.text() if shown != text else "")
