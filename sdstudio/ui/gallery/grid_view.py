"""The large grid of pictures: only what is on screen is read and drawn."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView

from sdstudio.ui.gallery.cell_painting import LABEL_COLORS, PAD_PX, CellState, paint_cell
from sdstudio.ui.gallery.day_headings import HEADING_PX
from sdstudio.ui.gallery.gallery_list import GalleryList
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.virtual_grid import VirtualGrid

SETTLE_MS = 120
MAX_RATING = 5
DELETE_KEYS = (
    (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) if sys.platform == "darwin" else (Qt.Key.Key_Delete,)
)


class GridView(VirtualGrid):
    """Draws thumbnails with their marks and the days between them, and reports wishes.

    Signals:
        rate_wanted: stars, by a digit.
        label_wanted: a colour's number from 1 in the order of `LABELS`, 0 for none.
        open_wanted, preview_wanted, delete_wanted: what the selected pictures should do.
        menu_wanted: a QPoint on the screen.
        drag_wanted: the selected pictures are taken elsewhere.
    """

    rate_wanted = Signal(int)
    label_wanted = Signal(int)
    open_wanted = Signal()
    preview_wanted = Signal()
    delete_wanted = Signal()
    menu_wanted = Signal(object)
    drag_wanted = Signal()

    def __init__(self, pictures: GalleryList, thumbnails: GridThumbnails) -> None:
        self.thumbnails = thumbnails
        self._hovered = -1
        self._band: QRect | None = None
        self._pressed_at = QPoint()
        self._settle = QTimer()
        super().__init__(pictures)
        self._settle.setParent(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._wish_visible)
        self.setAccessibleName(self.tr("Pictures"))
        self.setMouseTracking(True)
        pictures.cells_arrived.connect(self._on_cells)
        thumbnails.arrived.connect(self._on_thumbnail)

    def lay_out(self) -> None:
        """Also ask for thumbnails of the new size."""
        super().lay_out()
        self._hovered = -1
        scale = self.devicePixelRatioF()
        size = self.viewport().size() * scale
        side = round((self._geometry.cell_px - 2 * PAD_PX) * scale)
        self.thumbnails.show_at(side, scale, 4 * size.width() * size.height())
        self._settle.start(SETTLE_MS)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._hovered = -1
        self._settle.start(0)

    # -- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        dirty, offset, palette = event.rect(), self.verticalOffset(), self.palette()
        top, bottom = dirty.top() + offset, dirty.bottom() + 1 + offset
        chosen, current = self.selectionModel(), self.currentIndex().row()
        has_keys = self.hasFocus()
        for row in self._geometry.rows_between(top, bottom):
            box = self.box(row)
            if not box.intersects(dirty):
                continue
            cell = self.pictures.cell(row)
            state = CellState(
                is_selected=chosen.isRowSelected(row, QModelIndex()),
                is_current=has_keys and row == current,
                is_hovered=row == self._hovered,
            )
            thumbnail = self.thumbnails.get(cell) if cell else None
            paint_cell(painter, box, cell, thumbnail, palette, state)
        for heading in self._geometry.headings_between(top, bottom):
            place = QRect(0, heading.top - offset, self.viewport().width(), HEADING_PX)
            span = self._geometry.span(heading.section)
            self.headings.paint(painter, place, self.pictures.ids, span, palette)
        if self._band is not None:
            self._paint_band(painter, self._band)
        self._settle.start(0)

    def _paint_band(self, painter: QPainter, band: QRect) -> None:
        color = self.palette().highlight().color()
        painter.setPen(color)
        color.setAlpha(50)
        painter.setBrush(color)
        painter.drawRect(band)

    # -- keys ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key, digit = event.key(), event.key() - Qt.Key.Key_0
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        if plain and 0 <= digit <= MAX_RATING:
            self.rate_wanted.emit(digit)
        elif modifiers == Qt.KeyboardModifier.AltModifier and 0 <= digit < len(LABEL_COLORS) + 1:
            self.label_wanted.emit(digit)
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_wanted.emit()
        elif plain and key == Qt.Key.Key_Space:
            self.preview_wanted.emit()
        elif plain and key in DELETE_KEYS:
            self.delete_wanted.emit()
        elif plain and key == Qt.Key.Key_Escape:
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters have other uses here."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.visualRect(self.currentIndex()).center()
        else:
            place = event.pos()
        if self.selectionModel().hasSelection():
            self.menu_wanted.emit(self.viewport().mapToGlobal(place))

    # -- mouse -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        section = self._geometry.heading_at(place.x(), place.y() + self.verticalOffset())
        if section is not None and event.button() == Qt.MouseButton.LeftButton:
            self.select_rows(range(*self._geometry.span(section)))
            return
        self._pressed_at = place + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.state() == QAbstractItemView.State.DragSelectingState:
            start = self._pressed_at - QPoint(0, self.verticalOffset())
            self._band = QRect(start, event.position().toPoint()).normalized()
            self.viewport().update()
            return
        self._hover(self.indexAt(event.position().toPoint()).row())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._band is not None:
            self._band = None
            self.viewport().update()

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        self.drag_wanted.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    # -- inside ----------------------------------------------------------------------------------

    def _wish_visible(self) -> None:
        """Fetch what can be seen first, then the screen that follows."""
        rows = self.visible_rows()
        ahead = range(rows.stop, min(rows.stop + len(rows), len(self.pictures.ids)))
        cells = [self.pictures.cell(row) for row in (*rows, *ahead)]
        due = [cell for cell in cells if cell is not None and self.thumbnails.is_due(cell)]
        self.thumbnails.wish(due)

    def _on_cells(self) -> None:
        self.viewport().update()

    def _on_thumbnail(self, picture_id: int) -> None:
        row = self.pictures.row_of(picture_id)
        if row is not None and row in self.visible_rows():
            self.viewport().update(self.box(row))

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            for each in (self._hovered, row):
                if 0 <= each < len(self.pictures.ids):
                    self.viewport().update(self.box(each))
            self._hovered = row
