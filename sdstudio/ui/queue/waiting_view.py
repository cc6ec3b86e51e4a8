"""The list of waiting runs: reorder by drag or keys, cancel, run first."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from sdstudio.jobs.job import Job
from sdstudio.ui.queue.job_delegate import ROW_PX, JobDelegate
from sdstudio.ui.queue.waiting_list import JOB_ROLE, WaitingList
from sdstudio.ui.widgets.menu_spot import menu_spot


class WaitingView(QListView):
    """Reports what a person wants with waiting runs."""

    cancel_wanted = Signal(object)  # list[Job]
    settings_wanted = Signal(object)  # Job
    menu_wanted = Signal(object, object)  # Job, QPoint on the screen

    def __init__(self, waiting: WaitingList) -> None:
        super().__init__()
        self._waiting = waiting
        self._delegate = JobDelegate()
        self._delegate.cancel_wanted.connect(self._cancel_one)
        self.setModel(waiting)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Waiting runs"))
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.doubleClicked.connect(self._want_settings)

    @property
    def selected(self) -> list[Job]:
        """The selected jobs in the queue's order."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self._waiting.jobs[row] for row in rows]

    def move_selected(self, direction: int) -> None:
        """Move the selected runs one place up (-1) or down (1), as a block."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        last = self._waiting.rowCount() - 1
        if not rows or (rows[0] == 0 and direction < 0) or (rows[-1] == last and direction > 0):
            return
        for row in rows if direction < 0 else reversed(rows):
            target = row - 1 if direction < 0 else row + 2
            self._waiting.moveRows(QModelIndex(), row, 1, QModelIndex(), target)
        self.scrollTo(self.currentIndex())

    def sizeHint(self) -> QSize:
        return QSize(260, 2 * ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, ROW_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = event.key()
        if control and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_selected(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Delete and self.selected:
            self.cancel_wanted.emit(self.selected)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not control:
            self._want_settings(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if spot := menu_spot(self, event):
            index, place = spot
            self.menu_wanted.emit(index.data(JOB_ROLE), place)

    def _want_settings(self, index: QModelIndex) -> None:
        if index.isValid():
            self.settings_wanted.emit(index.data(JOB_ROLE))

    def _cancel_one(self, job: Job) -> None:
        self.cancel_wanted.emit([job])
