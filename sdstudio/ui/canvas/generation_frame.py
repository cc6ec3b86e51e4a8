"""The frame that shows where the model works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPen

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView

HANDLE_PX = 9.0
LABEL_PX = 18


def paint_frame(painter: QPainter, view: PaintView, *, has_handles: bool) -> None:
    """Draw the generation box; unless it is to be changed, one around the whole picture is not.

    Args:
        painter: in the view's logical pixels.
        has_handles: show where it can be pulled, and its size.
    """
    box = view.document.box
    if box == view.document.bounds and not has_handles:
        return
    frame = view.widget_rect(box)
    accent = view.palette().color(QPalette.ColorRole.Link)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 140), 3))
    painter.drawRect(frame)
    painter.setPen(QPen(accent, 1.5))
    painter.drawRect(frame)
    if has_handles:
        _paint_handles(painter, frame, accent)
        _paint_size(painter, frame, f"{box.width} × {box.height}", view)


def _paint_handles(painter: QPainter, frame: QRectF, accent: QColor) -> None:
    painter.setBrush(QColor(255, 255, 255))
    painter.setPen(QPen(accent, 1.5))
    for x in (frame.left(), frame.center().x(), frame.right()):
        for y in (frame.top(), frame.center().y(), frame.bottom()):
            if QPointF(x, y) != frame.center():
                handle = QRectF(0, 0, HANDLE_PX, HANDLE_PX)
                handle.moveCenter(QPointF(x, y))
                painter.drawRect(handle)


def _paint_size(painter: QPainter, frame: QRectF, text: str, view: PaintView) -> None:
    font = QFont(view.font())
    font.setPixelSize(11)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(text) + 12
    top = max(2.0, frame.top() - LABEL_PX - 6)
    pill = QRectF(max(2.0, frame.left()), top, width, LABEL_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(view.palette().color(QPalette.ColorRole.Highlight))
    painter.drawRoundedRect(pill, 4, 4)
    painter.setPen(view.palette().color(QPalette.ColorRole.HighlightedText))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
