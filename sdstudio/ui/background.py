"""Disk, network and image coding off the UI thread, with the answer delivered on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot
from shiboken6 import isValid

from sdstudio.errors import SdstudioError

Failed = Callable[[Exception], None]

DELIVERY_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
        self._tasks: set[_Task] = set()
        self._is_finished = False
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def pending(self) -> int:
        """Tasks whose answer has not been delivered."""
        return len(self._tasks)

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Run `work` elsewhere, then `done` with its value or `failed` with its error, here.

        Only SdstudioError and OSError count as failures; anything else is a bug and is raised
        from the event loop. Answers for a QObject that is gone by then are dropped, and so is
        work that is given after `finish`: nobody is left to see it.
        """
        if self._is_finished:
            return
        future = self._pool.submit(work)
        task = _Task(future=future, done=done, failed=failed)
        self._tasks.add(task)
        future.add_done_callback(lambda _: self._ended.emit(task))

    def finish(self) -> None:
        """Wait for all tasks, and those their answers lead to; none can be given afterwards."""
        while self._tasks:
            wait(task.future for task in self._tasks)
            time.sleep(DELIVERY_S)  # a future is done a moment before its callbacks have run
            QCoreApplication.sendPostedEvents(self)
        self._is_finished = True
        self._pool.shutdown()

    @Slot(object)
    def _deliver(self, task: _Task) -> None:
        self._tasks.discard(task)
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
