"""How one deletion on the shelf is drawn: its pictures in a row, and when they were deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from sdstudio.ui.gallery.cell_painting import CellState, paint_cell
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.picture_list import Index

if TYPE_CHECKING:
    from sdstudio.ui.gallery.trash_view import ShelfList, Shelved

ROW_PX = 118
SIDE_PX = 72
SHELF_ROLE = Qt.ItemDataRole.UserRole
_STILL = CellState(is_selected=False, is_current=False, is_hovered=False)


class ShelfDelegate(QStyledItemDelegate):
    """Fetches the thumbnails of what it draws."""

    def __init__(
        self, shelf: ShelfList, thumbnails: GridThumbnails, view: QAbstractItemView
    ) -> None:
        super().__init__(view)
        self._shelf = shelf
        self._thumbnails = thumbnails
        self._view = view
        thumbnails.arrived.connect(self._on_thumbnail)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(300, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shelved: Shelved = index.data(SHELF_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
        self._paint_words(painter, rect, shelved, palette, is_chosen)
        self._paint_pictures(painter, rect, shelved, palette)
        painter.setPen(palette.color(QPalette.ColorRole.Mid))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _paint_words(
        self, painter: QPainter, rect: QRect, shelved: Shelved, palette: QPalette, is_chosen: bool
    ) -> None:
        text = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.WindowText
        quiet = text if is_chosen else QPalette.ColorRole.PlaceholderText
        title, detail = self._shelf.title(shelved), self._shelf.detail(shelved)
        place = QRect(rect.left() + 12, rect.top() + 6, rect.width() - 24, 24)
        align = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(palette.color(text))
        painter.drawText(place, align, title)
        place.setLeft(place.left() + painter.fontMetrics().horizontalAdvance(title) + 12)
        painter.setPen(palette.color(quiet))
        painter.drawText(place, align, detail)

    def _paint_pictures(
        self, painter: QPainter, rect: QRect, shelved: Shelved, palette: QPalette
    ) -> None:
        scale = self._view.devicePixelRatioF()
        self._thumbnails.show_at(round((SIDE_PX - 10) * scale), scale, 0)
        corner = QPoint(rect.left() + 8, rect.top() + 34)
        for cell in shelved.cells:
            if corner.x() + SIDE_PX > rect.right() - 60:
                break
            box = QRect(corner, QSize(SIDE_PX, SIDE_PX))
            paint_cell(painter, box, cell, self._thumbnails.get(cell), palette, _STILL)
            if self._thumbnails.is_due(cell):
                self._thumbnails.wish_also(cell)
            corner += QPoint(SIDE_PX + 2, 0)
        left_out = shelved.count - (corner.x() - rect.left() - 8) // (SIDE_PX + 2)
        if left_out > 0:
            box = QRect(corner, QSize(60, SIDE_PX))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), f"+{left_out:,}")

    def _on_thumbnail(self, _: int) -> None:
        self._view.viewport().update()
