"""The waiting runs as a list model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sdstudio.jobs.job import Job
from sdstudio.ui.queue import job_words

JOB_ROLE = Qt.ItemDataRole.UserRole
DETAILS_ROLE = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class WaitingList(QAbstractListModel):
    """Shows the queue's order and passes moves on to it.

    Args:
        move: moves the job with an id to an index of the queue.
        model_label: a model's name for people.
    """

    def __init__(
        self,
        move: Callable[[str, int], None],
        model_label: Callable[[str], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._move = move
        self._model_label = model_label
        self._jobs: tuple[Job, ...] = ()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs as shown."""
        return self._jobs

    def take(self, jobs: tuple[Job, ...]) -> None:
        """Change into another list; rows at both ends that stay are not touched."""
        old = self._jobs
        head = _common(old, jobs)
        tail = _common(old[head:][::-1], jobs[head:][::-1])
        removed, added = len(old) - tail - head, len(jobs) - tail - head
        if removed:
            self.beginRemoveRows(_ROOT, head, head + removed - 1)
            self._jobs = old[:head] + old[head + removed :]
            self.endRemoveRows()
        if added:
            self.beginInsertRows(_ROOT, head, head + added - 1)
            self._jobs = jobs
            self.endInsertRows()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._jobs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        job = self._jobs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return job_words.title(job.request)
        if role == DETAILS_ROLE:
            return self._details(job)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{job_words.title(job.request)}\n{self._details(job)}"
        return job if role == JOB_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def moveRows(
        self,
        sourceParent: Index,
        sourceRow: int,
        count: int,
        destinationParent: Index,
        destinationChild: int,
    ) -> bool:
        """Move one row before another; Qt calls this at the end of a drag."""
        if count != 1 or not 0 <= sourceRow < len(self._jobs):
            return False
        if not self.beginMoveRows(_ROOT, sourceRow, sourceRow, _ROOT, destinationChild):
            return False
        order = list(self._jobs)
        job = order.pop(sourceRow)
        index = destinationChild - (destinationChild > sourceRow)
        order.insert(index, job)
        self._jobs = tuple(order)
        self.endMoveRows()
        self._move(job.id, index)
        return True

    def _details(self, job: Job) -> str:
        label = self._model_label(getattr(job.request, "model", ""))
        return job_words.details(job.request, model_label=label)


def _common(first: tuple[Job, ...], second: tuple[Job, ...]) -> int:
    """How many jobs both lists begin with."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one is not other:
            break
        count += 1
    return count
