"""Lays out any number of pictures in a grid, by arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from sdstudio.ui.gallery.day_headings import HEADING_PX, DayHeadings
from sdstudio.ui.gallery.gallery_list import GalleryList
from sdstudio.ui.gallery.grid_geometry import GridGeometry

MIN_CELL_PX, MAX_CELL_PX = 72, 400
DEFAULT_CELL_PX = 150
WHEEL_LINES = 0.9
MARGIN_PX = 6

Index = QModelIndex | QPersistentModelIndex
Flag = QItemSelectionModel.SelectionFlag
Move = QAbstractItemView.CursorAction


class VirtualGrid(QListView):
    """Answers what Qt asks of a view of a `GalleryList`; drawing is left to `GridView`.

    It is a QListView by name only, because Qt tells screen readers of the items of those; nothing
    of its layout, which visits every item, is used.

    Signals:
        selection_settled: the selection or the current picture changed.
        cell_size_changed: pixels of a cell's side.
    """

    selection_settled = Signal()
    cell_size_changed = Signal(int)

    def __init__(self, pictures: GalleryList) -> None:
        super().__init__()
        self.pictures = pictures
        self.headings = DayHeadings()
        self.cell_px = DEFAULT_CELL_PX
        self._geometry = GridGeometry(0, (), width_px=1, cell_px=self.cell_px)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setViewportMargins(MARGIN_PX, 0, 0, 0)
        self.setModel(pictures)

    # -- what others ask -------------------------------------------------------------------------

    def show_days(self, starts: list[int]) -> None:
        """Begin a heading at each of these rows; none stand if empty."""
        self.headings.starts = starts
        self.lay_out()

    def set_cell_px(self, cell_px: int) -> None:
        """Draw larger or smaller, around the picture in the middle of what is seen."""
        cell_px = max(MIN_CELL_PX, min(MAX_CELL_PX, cell_px))
        if cell_px == self.cell_px:
            return
        kept = self._row_near(self.viewport().height() // 2)
        self.cell_px = cell_px
        self.lay_out()
        if kept is not None:
            box = self._geometry.box(kept)
            middle = box.top + box.side // 2
            self.verticalScrollBar().setValue(middle - self.viewport().height() // 2)
        self.cell_size_changed.emit(cell_px)

    def take_keys(self) -> None:
        """Take the keyboard; the first picture that can be seen becomes the current one."""
        self.setFocus()
        rows = self.visible_rows()
        if not self.currentIndex().isValid() and rows:
            self.selectionModel().setCurrentIndex(self.pictures.index(rows[0]), Flag.NoUpdate)

    def visible_rows(self) -> range:
        """The rows that can be seen now."""
        top = self.verticalOffset()
        return self._geometry.rows_between(top, top + self.viewport().height())

    def selected_rows(self) -> list[int]:
        """The selected rows in order."""
        chosen = self.selectionModel().selection()
        ranges = [chosen.at(place) for place in range(chosen.size())]
        rows = {row for each in ranges for row in range(each.top(), each.bottom() + 1)}
        return sorted(rows)

    def select_rows(self, rows: Iterable[int], current: int | None = None) -> None:
        """Select these rows and nothing else."""
        selection = QItemSelection()
        for first, last in _runs(sorted(rows)):
            top, bottom = self.pictures.index(first), self.pictures.index(last)
            selection.append(QItemSelectionRange(top, bottom))
        if current is not None:
            self.setAutoScroll(False)  # it would scroll to a current picture that is out of sight
            index = self.pictures.index(current)
            self.selectionModel().setCurrentIndex(index, Flag.NoUpdate)
            self.setAutoScroll(True)
        self.selectionModel().select(selection, Flag.ClearAndSelect)

    def box(self, row: int) -> QRect:
        """The place of a row's cell in the viewport."""
        box = self._geometry.box(row)
        return QRect(box.left, box.top - self.verticalOffset(), box.side, box.side)

    def anchor(self) -> tuple[int, int] | None:
        """The id of the first picture that is seen, and how far it is from the top."""
        rows = self.visible_rows()
        if not rows or not self.verticalOffset():
            return None
        return self.pictures.ids[rows[0]], self.box(rows[0]).top()

    def scroll_to_anchor(self, row: int, top: int) -> None:
        """Put a row back where `anchor` found it."""
        self.verticalScrollBar().setValue(self._geometry.box(row).top - top)

    # -- what Qt asks of a view ------------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:
        return self.box(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._geometry.row_at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self.pictures.index(row)

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        box, bar, height = self.box(index.row()), self.verticalScrollBar(), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + box.center().y() - height // 2)
        elif box.top() < 0:
            heading = HEADING_PX if self._geometry.heading_px else 0
            bar.setValue(bar.value() + box.top() - heading)
        elif box.bottom() > height:
            bar.setValue(bar.value() + box.bottom() - height)

    def moveCursor(self, action: Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count, row = len(self.pictures.ids), self.currentIndex().row()
        if not count:
            return QModelIndex()
        if row < 0 and action not in (Move.MoveHome, Move.MoveEnd):
            return self.pictures.index(self.visible_rows()[0])
        lines = max(1, self.viewport().height() // self._geometry.cell_px)
        moves = {
            Move.MoveLeft: lambda: row - 1,
            Move.MovePrevious: lambda: row - 1,
            Move.MoveRight: lambda: row + 1,
            Move.MoveNext: lambda: row + 1,
            Move.MoveUp: lambda: self._geometry.below(row, -1),
            Move.MoveDown: lambda: self._geometry.below(row, 1),
            Move.MovePageUp: lambda: self._geometry.below(row, -lines),
            Move.MovePageDown: lambda: self._geometry.below(row, lines),
            Move.MoveHome: lambda: 0,
            Move.MoveEnd: lambda: count - 1,
        }
        return self.pictures.index(max(0, min(count - 1, moves[action]())))

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        first, last = self.indexAt(rect.topLeft()).row(), self.indexAt(rect.bottomRight()).row()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            rows = self._rows_in(rect.normalized())
        elif command & Flag.Current and first >= 0 and last >= 0:
            rows = list(range(min(first, last), max(first, last) + 1))
        else:
            rows = [first] if first >= 0 else []
        selection = QItemSelection()
        for top, bottom in _runs(rows):
            selection.append(
                QItemSelectionRange(self.pictures.index(top), self.pictures.index(bottom))
            )
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        QAbstractItemView.selectionChanged(self, selected, deselected)
        self.viewport().update()
        self.selection_settled.emit()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        QAbstractItemView.currentChanged(self, current, previous)
        self.viewport().update()
        self.selection_settled.emit()

    def doItemsLayout(self) -> None:
        """There is nothing to visit."""

    def reset(self) -> None:
        QAbstractItemView.reset(self)
        self.headings.starts = []
        self.lay_out()

    def updateGeometries(self) -> None:
        QAbstractItemView.updateGeometries(self)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._geometry.height_px - height))
        bar.setPageStep(height)
        bar.setSingleStep(self.cell_px // 3)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        kept = self.anchor()
        QAbstractItemView.resizeEvent(self, event)
        self.lay_out()
        row = self.pictures.row_of(kept[0]) if kept else None
        if kept is not None and row is not None:
            self.scroll_to_anchor(row, kept[1])

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_cell_px(round(self.cell_px * 1.15**turns))
        elif event.pixelDelta().isNull():
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - round(turns * self.cell_px * WHEEL_LINES))
        else:
            super().wheelEvent(event)
        event.accept()

    def sizeHint(self) -> QSize:
        return QSize(4 * self.cell_px, 3 * self.cell_px)

    # -- inside ----------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Work out all places anew, after a change of size or number."""
        starts = self.headings.starts
        self._geometry = GridGeometry(
            len(self.pictures.ids),
            starts,
            width_px=max(
                1, self.maximumViewportSize().width() - self.verticalScrollBar().sizeHint().width()
            ),
            cell_px=self.cell_px,
            heading_px=HEADING_PX if starts else 0,
        )
        self.updateGeometries()
        self.viewport().update()

    def _rows_in(self, rect: QRect) -> list[int]:
        offset = self.verticalOffset()
        rows = self._geometry.rows_between(rect.top() + offset, rect.bottom() + 1 + offset)
        return [row for row in rows if self.box(row).intersects(rect)]

    def _row_near(self, y: int) -> int | None:
        rows = self._geometry.rows_between(self.verticalOffset() + y, self._geometry.height_px)
        return rows[0] if rows else None


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each unbroken run of ascending rows."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] + 1 == row:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
