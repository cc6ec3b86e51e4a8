"""How one picture of the strip is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate

from sdstudio.ui.gallery.picture_list import BROKEN_ROLE
from sdstudio.ui.icons import icon

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

PAD_PX = 4
RADIUS_PX = 5.0


class ThumbnailDelegate(QStyledItemDelegate):
    """A rounded thumbnail; the shown one wears a ring in the accent colour."""

    def __init__(self, side_px: int) -> None:
        super().__init__()
        self.side_px = side_px

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(self.side_px, self.side_px)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        cell = QRectF(option.rect).adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX)  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        target = _paint_picture(painter, cell, pixmap, palette)
        if index.data(BROKEN_ROLE):
            side = round(min(28.0, cell.width() / 2))
            mark = QRectF(0, 0, side, side)
            mark.moveCenter(cell.center())
            icon("warning", "muted").paint(painter, mark.toRect())
        _paint_ring(painter, target, palette, state)
        painter.restore()


def _paint_picture(
    painter: QPainter, cell: QRectF, pixmap: QPixmap | None, palette: QPalette
) -> QRectF:
    """Draw the picture whole inside the cell, or the place it will take."""
    path = QPainterPath()
    if pixmap is None:
        path.addRoundedRect(cell, RADIUS_PX, RADIUS_PX)
        painter.fillPath(path, palette.color(QPalette.ColorRole.Midlight))
        return cell
    size = QSizeF(pixmap.size()).scaled(cell.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRectF(cell.topLeft(), size)
    target.moveCenter(cell.center())
    path.addRoundedRect(target, RADIUS_PX, RADIUS_PX)
    painter.setClipPath(path)
    painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
    painter.setClipping(False)
    return target


def _paint_ring(
    painter: QPainter, target: QRectF, palette: QPalette, state: QStyle.StateFlag
) -> None:
    from PySide6.QtWidgets import QStyle  # its many enums would delay the first paint

    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state & QStyle.StateFlag.State_Selected:
        has_keys = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Link), 3.0 if has_keys else 2.0))
        painter.drawRoundedRect(target.adjusted(-1.5, -1.5, 1.5, 1.5), RADIUS_PX, RADIUS_PX)
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.PlaceholderText), 1.0))
        painter.drawRoundedRect(target, RADIUS_PX, RADIUS_PX)
