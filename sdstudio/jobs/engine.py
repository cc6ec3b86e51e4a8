"""What every engine can do, and the engine that is built when first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sdstudio.jobs.job import Emit, Job


class Engine(Protocol):
    """Carries out one job at a time, on the thread that calls it."""

    def run(self, job: Job, emit: Emit) -> None:
        """Do the work; emit ProgressEvent, StepEvent and PictureFinished on the way.

        Returns when done (possibly early because of `job.cancel.stops_after_picture`).

        Raises:
            Cancelled: *Stop now* was asked for.
            SdstudioError: the work cannot be done; the engine stays usable.
        """
        ...

    def close(self) -> None:
        """Free models and memory."""
        ...


class LazyEngine:
    """Stands in for an engine whose import is slow; built by the first job, on its thread."""

    def __init__(self, factory: Callable[[], Engine]) -> None:
        self._factory = factory
        self._engine: Engine | None = None

    def run(self, job: Job, emit: Emit) -> None:
        """Build the engine if need be, then run the job on it."""
        if self._engine is None:
            self._engine = self._factory()
        self._engine.run(job, emit)

    def close(self) -> None:
        """Free the engine if it was ever built."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
