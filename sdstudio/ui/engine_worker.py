"""The engine's end of the wire: runs jobs on the engine thread and posts what they say."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Job
from sdstudio.jobs.runner import run_job
from sdstudio.messages.events import JobEvent, StepEvent
from sdstudio.ui.engine_threads import give_way_to_the_window


class LatestStep:
    """A place for one step, replaced by newer ones until the UI thread takes it."""

    def __init__(self, step: StepEvent) -> None:
        self._lock = threading.Lock()
        self._step: StepEvent | None = step

    def replace(self, step: StepEvent) -> bool:
        """Put a newer step in; False if the old one has been taken already."""
        with self._lock:
            if self._step is None:
                return False
            self._step = step
            return True

    def take(self) -> StepEvent | None:
        """Take the newest step, once."""
        with self._lock:
            step, self._step = self._step, None
            return step


class EngineWorker(QObject):
    """Lives on the engine thread; `run` blocks that thread until the job has ended.

    Steps may come faster than the window can paint: the newest replaces the one not yet taken,
    so at most one wake-up is on its way. All other events are delivered, in order; a step never
    overtakes them, because each of them closes the place that newer steps would go to.
    """

    happened = Signal(object)
    """A JobEvent that is no step."""
    stepped = Signal(object)
    """A LatestStep to take from."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._place: LatestStep | None = None

    @Slot(object)
    def run(self, job: Job) -> None:
        """Carry out one job."""
        give_way_to_the_window()
        run_job(self._engine, job, self._emit)

    @Slot()
    def close_engine(self) -> None:
        """Free models and memory; the next job builds the engine anew."""
        self._engine.close()

    def _emit(self, event: JobEvent) -> None:
        if isinstance(event, StepEvent):
            self._post_step(event)
            return
        self._place = None
        self.happened.emit(event)

    def _post_step(self, step: StepEvent) -> None:
        if self._place is None or not self._place.replace(step):
            self._place = LatestStep(step)
            self.stepped.emit(self._place)
