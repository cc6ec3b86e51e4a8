"""Disk, network and image coding off the UI thread, with the answer delivered on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot
from shiboken6 import isValid

from sdstudio.errors import SdstudioError

Failed = Callable[[Exception], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    future: Future[Any]
    done: Callable[[Any], None] | None
    failed: Failed | None


class Background(QObject):
    """A line of worker threads; with one thread, tasks run in the order they were given.

    Args:
        threads: tasks that may run at once.
    """

    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None, *, threads: int = 1) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._pending = 0
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def pending(self) -> int:
        """Tasks whose answer has not been delivered."""
        return self._pending

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Run `work` elsewhere, then `done` with its value or `failed` with its error, here.

        Only SdstudioError and OSError count as failures; anything else is a bug and is raised
        from the event loop. Answers for a QObject that is gone by then are dropped.
        """
        self._pending += 1
        future = self._pool.submit(work)
        task = _Task(future=future, done=done, failed=failed)
        future.add_done_callback(lambda _: self._ended.emit(task))

    def finish(self) -> None:
        """Wait for all tasks and deliver their answers; no task can be given afterwards."""
        self._pool.shutdown(wait=True)
        while self._pending:
            QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _deliver(self, task: _Task) -> None:
        self._pending -= 1
        try:
            value = task.future.result()
        except (SdstudioError, OSError) as error:
            if task.failed is None:
                raise
            if _is_alive(task.failed):
                task.failed(error)
            return
        if task.done is not None and _is_alive(task.done):
            task.done(value)


def _is_alive(callback: Callable[..., None]) -> bool:
    owner = getattr(callback, "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)
