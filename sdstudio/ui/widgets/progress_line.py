"""A thin line that fills up."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

HEIGHT_PX = 4


class ProgressLine(QWidget):
    """Shows a fraction, or that it is unknown.

    Not a QProgressBar: its `setValue` repaints at once, which costs the UI thread a paint for
    every step (measured), where `update` waits for the next frame.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._fraction: float | None = 0.0
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def fraction(self) -> float | None:
        """In [0, 1], None when unknown."""
        return self._fraction

    def show_fraction(self, fraction: float | None) -> None:
        """Show how much is done."""
        self._fraction = None if fraction is None else min(1.0, max(0.0, fraction))
        percent = "" if self._fraction is None else f"{round(self._fraction * 100)} %"
        self.setAccessibleDescription(percent)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - HEIGHT_PX) / 2
        line = QRectF(0, top, self.width(), HEIGHT_PX)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawRoundedRect(line, HEIGHT_PX / 2, HEIGHT_PX / 2)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Link))
        if self._fraction is None:  # a still mark: work goes on, how far is not known
            painter.setOpacity(0.5)
        elif self._fraction > 0:
            line.setWidth(max(float(HEIGHT_PX), line.width() * self._fraction))
        else:
            return
        painter.drawRoundedRect(line, HEIGHT_PX / 2, HEIGHT_PX / 2)
