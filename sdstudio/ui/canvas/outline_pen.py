"""A thin dashed line that is seen on any picture: around selections and shapes to be."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

DASH_PX = 4


def draw_outline(painter: QPainter, draw: Callable[[], object]) -> None:
    """Call `draw` twice: dark, and light dashes over it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0), 0))
    draw()
    dashes = QPen(QColor(255, 255, 255), 0, Qt.PenStyle.CustomDashLine)
    dashes.setDashPattern([DASH_PX, DASH_PX])
    painter.setPen(dashes)
    draw()
