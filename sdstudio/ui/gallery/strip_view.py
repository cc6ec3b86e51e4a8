"""The list view of the strip: one row of pictures, or a grid where there is height for it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from sdstudio.ui.gallery.picture_list import PATH_ROLE, PictureList
from sdstudio.ui.gallery.thumbnail_delegate import ThumbnailDelegate
from sdstudio.ui.widgets.menu_spot import menu_spot

GRID_SIDE_PX = 124
MIN_SIDE_PX, MAX_SIDE_PX = 56, 220
GRID_FROM_PX = 2 * GRID_SIDE_PX + 8
"""From this height on pictures stand in several rows."""

SCROLL_BAR_PX = 10


class StripView(QListView):
    """Reports what a person does with a picture."""

    chosen = Signal(object)  # Path: to be shown
    settings_wanted = Signal(object)  # Path: double-click or Enter
    trash_wanted = Signal(object)  # Path
    menu_wanted = Signal(object, object)  # Path, QPoint on the screen

    def __init__(self, pictures: PictureList) -> None:
        super().__init__()
        self._side_px = GRID_SIDE_PX
        self._delegate = ThumbnailDelegate(self._side_px)
        self.setModel(pictures)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Newest pictures"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setWrapping(False)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._want_settings)
        self.clicked.connect(self._choose)

    @property
    def current_path(self) -> Path | None:
        """The picture that keys act on."""
        index = self.currentIndex()
        return index.data(PATH_ROLE) if index.isValid() else None

    def mark(self, index: QModelIndex) -> None:
        """Show which picture is on the canvas, without asking for it again."""
        if not index.isValid():
            self.clearSelection()
        elif index != self.currentIndex() or not self.selectedIndexes():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def step(self, direction: int) -> None:
        """Choose the next (1) or previous (-1) picture."""
        row = self.currentIndex().row() + direction
        index = self.model().index(max(0, row), 0)
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.chosen.emit(index.data(PATH_ROLE))

    def sizeHint(self) -> QSize:
        return QSize(480, 140)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, MIN_SIDE_PX + SCROLL_BAR_PX)

    def rowsInserted(self, parent: QModelIndex, start: int, end: int) -> None:
        """What a person has scrolled to stays in place when new pictures come in front."""
        bar = self.horizontalScrollBar()
        place = bar.value()
        super().rowsInserted(parent, start, end)
        if not self.isWrapping() and place > 0 and start * self._side_px < place:
            self.doItemsLayout()
            bar.setValue(place + (end - start + 1) * self._side_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        height = self.height()
        is_grid = height >= GRID_FROM_PX
        side = GRID_SIDE_PX if is_grid else height - SCROLL_BAR_PX
        side = min(MAX_SIDE_PX, max(MIN_SIDE_PX, side))
        if is_grid != self.isWrapping() or side != self._side_px:
            self._side_px = self._delegate.side_px = side
            self.setWrapping(is_grid)
            self.setResizeMode(QListView.ResizeMode.Adjust)
            self.setGridSize(QSize(side, side))
            always, never = (
                Qt.ScrollBarPolicy.ScrollBarAsNeeded,
                Qt.ScrollBarPolicy.ScrollBarAlwaysOff,
            )
            self.setHorizontalScrollBarPolicy(never if is_grid else always)
            self.setVerticalScrollBarPolicy(always if is_grid else never)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.isWrapping() or event.angleDelta().x():
            super().wheelEvent(event)
            return
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - round(event.angleDelta().y() / 120 * self._side_px))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        path = self.current_path
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if path is not None and plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.settings_wanted.emit(path)
        elif path is not None and plain and event.key() == Qt.Key.Key_Delete:
            self.trash_wanted.emit(path)
        else:
            super().keyPressEvent(event)
            if self.current_path not in (None, path):
                self.chosen.emit(self.current_path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if spot := menu_spot(self, event):
            index, place = spot
            self.menu_wanted.emit(index.data(PATH_ROLE), place)

    def _choose(self, index: QModelIndex) -> None:
        """A click shows a picture even if it is the current one already."""
        self.chosen.emit(index.data(PATH_ROLE))

    def _want_settings(self, index: QModelIndex) -> None:
        self.settings_wanted.emit(index.data(PATH_ROLE))
