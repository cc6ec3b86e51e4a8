"""The list of the side bar: pictures are dropped on its places, boards between them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QAbstractItemView, QListView

from sdstudio.ui.gallery.place_list import BOARD_MIME, PLACE_ROLE, PlaceList
from sdstudio.ui.widgets.menu_spot import menu_spot

LINE_PX = 2
BESIDE_PX = (-14, -6)
"""Where a dragged board hangs, so that the line between two others is seen."""
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class PlacesView(QListView):
    """Reports what should happen to a place.

    Signals:
        remove_wanted: a Place.
        menu_wanted: (Place, QPoint on the screen).
        board_moved: (name, its new place among the boards), by a drag or Alt and an arrow.
    """

    remove_wanted = Signal(object)
    menu_wanted = Signal(object, object)
    board_moved = Signal(str, int)

    def __init__(self, places: PlaceList) -> None:
        super().__init__()
        self._places = places
        self._gap: int | None = None
        self.setModel(places)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDragDropOverwriteMode(True)  # pictures go on a place, never between two
        self.setDropIndicatorShown(True)

    def event(self, event: QEvent) -> bool:
        """F2 renames a board here, before it is the window's key for another page."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            is_ours = event.key() == Qt.Key.Key_F2 and not event.modifiers()
            flags = self._places.flags(self.currentIndex())
            if is_ours and flags & Qt.ItemFlag.ItemIsEditable:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self.currentIndex().data(PLACE_ROLE)
        step = STEPS.get(Qt.Key(event.key()), 0)
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            if place is not None and place.kind == "board":
                boards = self._places.boards()
                at = boards.index(place.name) + step
                if 0 <= at < len(boards):
                    self.board_moved.emit(place.name, at)
        elif event.key() == Qt.Key.Key_Delete and place is not None:
            self.remove_wanted.emit(place)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if spot := menu_spot(self, event):
            index, place = spot
            self.menu_wanted.emit(index.data(PLACE_ROLE), place)

    # -- boards that are dragged -----------------------------------------------------------------

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        """Not Qt's own, which would empty the row that was moved away."""
        index = self.currentIndex()
        mime = self._places.mimeData([index])
        if not mime.hasFormat(BOARD_MIME):
            return
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(self.viewport().grab(self.visualRect(index)))
        drag.setHotSpot(QPoint(*BESIDE_PX))
        drag.exec(Qt.DropAction.MoveAction)
        self._show_gap(None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(BOARD_MIME):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # it also scrolls near the edges
        if event.mimeData().hasFormat(BOARD_MIME):
            self._show_gap(self._gap_at(event.position().toPoint()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_gap(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().hasFormat(BOARD_MIME):
            super().dropEvent(event)
            return
        name = bytes(event.mimeData().data(BOARD_MIME).data()).decode()
        boards, gap = self._places.boards(), self._gap_at(event.position().toPoint())
        event.acceptProposedAction()
        self.setState(QAbstractItemView.State.NoState)
        self._show_gap(None)
        if name in boards:
            self.board_moved.emit(name, gap - (boards.index(name) < gap))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rows = self._places.board_rows()
        if self._gap is None or not rows:
            return
        is_last = self._gap == len(rows)
        rect = self.visualRect(self._places.index(rows[-1] if is_last else rows[self._gap]))
        top = rect.bottom() + 1 if is_last else rect.top()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Link), LINE_PX))
        painter.drawLine(rect.left() + 4, top, rect.right() - 4, top)

    def _gap_at(self, spot: QPoint) -> int:
        """How many boards lie above."""
        rects = (self.visualRect(self._places.index(row)) for row in self._places.board_rows())
        return sum(rect.center().y() < spot.y() for rect in rects)

    def _show_gap(self, gap: int | None) -> None:
        if gap != self._gap:
            self._gap = gap
            self.viewport().update()
