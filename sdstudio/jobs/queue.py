"""The jobs that wait and the one that runs."""

from __future__ import annotations

from collections.abc import Callable

from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.job import Job

MAX_WAITING = 10_000


class JobQueue:
    """Waiting jobs in order, and the job that was taken last; used from one thread only.

    Args:
        on_change: called after every change, with no arguments.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._waiting: dict[str, Job] = {}
        self._running: Job | None = None
        self._paused = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs that have not started, next first."""
        return tuple(self._waiting.values())

    @property
    def running(self) -> Job | None:
        """The job that `next` handed out and `finish` has not closed."""
        return self._running

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """The running job, then the waiting ones: what a crash must not lose."""
        return self.waiting if self._running is None else (self._running, *self.waiting)

    @property
    def is_paused(self) -> bool:
        """Whether `next` hands out nothing; a running job is not touched by a pause."""
        return self._paused

    def add(self, job: Job, *, first: bool = False) -> None:
        """Put a job at the end, or before all waiting ones.

        Raises:
            InvalidRequestError: MAX_WAITING jobs wait already.
        """
        self.extend((job,), first=first)

    def extend(self, jobs: tuple[Job, ...] | list[Job], *, first: bool = False) -> None:
        """Put several jobs, in their order, at the end or before all waiting ones.

        Raises:
            InvalidRequestError: there would be more than MAX_WAITING; none is added.
        """
        added = {job.id: job for job in jobs}
        if len(added) != len(jobs) or any(job in added for job in self._ids()):
            raise ValueError("a job can be queued only once")
        if len(self._waiting) + len(added) > MAX_WAITING:
            raise InvalidRequestError(
                f"The queue is full: it holds {MAX_WAITING} runs.", "Let some of them finish first."
            )
        self._waiting = added | self._waiting if first else self._waiting | added
        self._on_change()

    def move(self, job_id: str, index: int) -> None:
        """Move a waiting job so that it stands at `index` (clamped), 0 being next.

        Raises:
            KeyError: no waiting job has this id.
        """
        job = self._waiting.pop(job_id)
        order = list(self._waiting.values())
        order.insert(max(0, index), job)
        self._waiting = {each.id: each for each in order}
        self._on_change()

    def remove(self, job_id: str) -> Job | None:
        """Cancel a waiting job and take it out; None if it does not wait (any more)."""
        job = self._waiting.pop(job_id, None)
        if job is not None:
            job.cancel.cancel()
            self._on_change()
        return job

    def clear(self) -> tuple[Job, ...]:
        """Cancel all waiting jobs, take them out and return them; the running one goes on."""
        removed, self._waiting = self.waiting, {}
        for job in removed:
            job.cancel.cancel()
        if removed:
            self._on_change()
        return removed

    def pause(self) -> None:
        """Hand out no further job until `resume`."""
        self._set_paused(True)

    def resume(self) -> None:
        """Hand out jobs again."""
        self._set_paused(False)

    def next(self) -> Job | None:
        """Take the first waiting job as the running one.

        None while a job runs, while paused, or when nothing waits: jobs run strictly one by one.
        """
        if self._running is not None or self._paused or not self._waiting:
            return None
        self._running = self._waiting.pop(next(iter(self._waiting)))
        self._on_change()
        return self._running

    def finish(self, job_id: str) -> None:
        """Note that the running job has ended; the end of any other job is ignored."""
        if self._running is not None and self._running.id == job_id:
            self._running = None
            self._on_change()

    def _ids(self) -> tuple[str, ...]:
        return tuple(job.id for job in self.unfinished)

    def _set_paused(self, paused: bool) -> None:
        if self._paused != paused:
            self._paused = paused
            self._on_change()
