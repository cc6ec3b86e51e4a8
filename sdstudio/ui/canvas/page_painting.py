"""How the page looks where there is no picture on it, and what is drawn over one."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPalette, QPen, QPixmap

CHECK_PX = 8
PROGRESS_PX = 3
PILL_PX = 28


def paint_checker(painter: QPainter, page: QRectF, palette: QPalette) -> None:
    """Draw what shows through a transparent picture."""
    paper = palette.color(QPalette.ColorRole.Dark)
    is_dark = paper.lightness() < 128
    other = paper.lighter(128) if is_dark else paper.lighter(107)
    painter.fillRect(page, paper)
    painter.setBrushOrigin(page.topLeft())
    painter.fillRect(page, QBrush(_checker(other.rgb())))


def paint_empty_page(painter: QPainter, page: QRectF, palette: QPalette) -> None:
    """Draw the page that a picture will fill."""
    paint_checker(painter, page, palette)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(page.adjusted(0.5, 0.5, -0.5, -0.5))


def paint_progress(painter: QPainter, page: QRectF, fraction: float, palette: QPalette) -> None:
    """Draw a thin line under the page, so that it covers nothing of the picture."""
    line = QRectF(page.left(), page.bottom() + 3, page.width(), PROGRESS_PX)
    painter.fillRect(line, palette.color(QPalette.ColorRole.Mid))
    line.setWidth(page.width() * min(1.0, max(0.0, fraction)))
    painter.fillRect(line, palette.color(QPalette.ColorRole.Link))


def paint_focus(painter: QPainter, area: QRectF, palette: QPalette) -> None:
    """Draw the ring that says where the keys go."""
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Link), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def paint_words(painter: QPainter, area: QRectF, text: str, palette: QPalette) -> None:
    """Write a line on a pill at the foot of `area`."""
    width = painter.fontMetrics().horizontalAdvance(text) + 28
    width = min(float(width), max(40.0, area.width() - 16))
    pill = QRectF(0, 0, width, PILL_PX)
    pill.moveCenter(QPointF(area.center().x(), area.bottom() - PILL_PX))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QColor(palette.color(QPalette.ColorRole.Midlight))
    ground.setAlphaF(0.94)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(pill, PILL_PX / 2, PILL_PX / 2)
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    inside = pill.adjusted(12, 0, -12, 0)
    shown = painter.fontMetrics().elidedText(
        text, Qt.TextElideMode.ElideRight, round(inside.width())
    )
    painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, shown)


def paint_caption(painter: QPainter, page: QRectF, text: str, palette: QPalette) -> None:
    """Write small muted words in the middle of an empty page."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    painter.drawText(page, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


@lru_cache(maxsize=4)
def _checker(color: int) -> QPixmap:
    tile = QPixmap(2 * CHECK_PX, 2 * CHECK_PX)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    for corner in (0, CHECK_PX):
        painter.fillRect(corner, corner, CHECK_PX, CHECK_PX, QColor.fromRgb(color))
    painter.end()
    return tile
