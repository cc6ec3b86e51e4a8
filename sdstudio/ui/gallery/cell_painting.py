"""How one picture of the large gallery is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen, QPolygonF

from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.gallery.grid_thumbnails import RADIUS_PX, Thumbnail
from sdstudio.ui.icons import icon

PAD_PX = 5
MARK_PX = 13
BADGE_FROM_PX = 88
"""Smaller cells show no stars; there is no room to read them."""

LABEL_COLORS = {
    "red": "#e5484d",
    "orange": "#f76b15",
    "yellow": "#e2a336",
    "green": "#46a758",
    "blue": "#3e8bff",
    "purple": "#9a5cd0",
}
_SHADE = QColor(0, 0, 0, 150)
_STAR = QColor("#ffd166")
_STAR_POINTS = ((0, -5), (1.5, -1.6), (5, -1.5), (2.2, 0.9), (3.1, 4.4), (0, 2.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """How a cell stands in the view."""

    is_selected: bool
    is_current: bool
    is_hovered: bool


def paint_cell(
    painter: QPainter,
    box: QRect,
    cell: Cell | None,
    thumbnail: Thumbnail | None,
    palette: QPalette,
    state: CellState,
) -> None:
    """Draw one picture with its marks; a place holder while it is not there yet."""
    inside = QRectF(box).adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX)
    pixmap = thumbnail.pixmap if thumbnail else None
    target = inside
    if state.is_selected:
        back = palette.color(QPalette.ColorRole.Highlight)
        back.setAlpha(90)
        painter.fillPath(_rounded(QRectF(box).adjusted(1, 1, -1, -1)), back)
    if pixmap is None:
        side = min(inside.width(), inside.height())
        target = QRectF(0, 0, side, side)
        target.moveCenter(inside.center())
        painter.fillPath(_rounded(target), palette.color(QPalette.ColorRole.Midlight))
        if thumbnail is not None or (cell is not None and cell.fault):
            _paint_broken(painter, target)
    else:
        size = QSizeF(pixmap.size()).scaled(inside.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(inside.topLeft(), size)
        target.moveCenter(inside.center())
        painter.drawPixmap(target.toRect(), pixmap)
    if cell is not None and box.height() >= BADGE_FROM_PX:
        _paint_marks(painter, target, cell)
    _paint_ring(painter, target, palette, state)


def _paint_ring(painter: QPainter, target: QRectF, palette: QPalette, state: CellState) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state.is_current:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Link), 2.5))
    elif state.is_selected:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2.0))
    elif state.is_hovered:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.PlaceholderText), 1.0))
    else:
        return
    painter.drawRoundedRect(target.adjusted(-1, -1, 1, 1), RADIUS_PX, RADIUS_PX)


def _paint_marks(painter: QPainter, target: QRectF, cell: Cell) -> None:
    """Stars at the bottom left, label at the top left, note at the top right."""
    if cell.rating:
        width = cell.rating * MARK_PX + 6
        badge = QRectF(target.left() + 5, target.bottom() - MARK_PX - 10, width, MARK_PX + 5)
        painter.fillPath(_rounded(badge), _SHADE)
        for star in range(cell.rating):
            center = QPointF(badge.left() + 3 + MARK_PX * (star + 0.5), badge.center().y() + 0.5)
            paint_star(painter, center, _STAR)
    if cell.label:
        dot = QRectF(target.left() + 7, target.top() + 7, 11, 11)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1.5))
        painter.setBrush(QColor(LABEL_COLORS[cell.label]))
        painter.drawEllipse(dot)
    if cell.has_note:
        badge = QRectF(target.right() - 25, target.top() + 5, 20, 20)
        painter.fillPath(_rounded(badge), _SHADE)
        _paint_lines(painter, badge)


def paint_star(painter: QPainter, center: QPointF, color: QColor) -> None:
    """Draw a five-pointed star about ten pixels wide."""
    right = [QPointF(x, y) for x, y in _STAR_POINTS]
    left = [QPointF(-x, y) for x, y in reversed(_STAR_POINTS[1:-1])]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([*right, *left]).translated(center))


def _paint_lines(painter: QPainter, badge: QRectF) -> None:
    painter.setPen(QPen(Qt.GlobalColor.white, 1.2))
    for line, right in ((6.0, 14.5), (10.0, 14.5), (14.0, 10.5)):
        top = badge.top() + line
        painter.drawLine(QPointF(badge.left() + 5.5, top), QPointF(badge.left() + right, top))


def _paint_broken(painter: QPainter, target: QRectF) -> None:
    side = round(min(28.0, target.width() / 2))
    mark = QRectF(0, 0, side, side)
    mark.moveCenter(target.center())
    icon("warning", "muted").paint(painter, mark.toRect())


def _rounded(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, RADIUS_PX, RADIUS_PX)
    return path
