"""Between the window and the engine thread: what is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Job, Request
from sdstudio.jobs.queue import JobQueue
from sdstudio.messages.events import (
    FinalEvent,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobStarted,
    PictureFinished,
    ProgressEvent,
)
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.engine_threads import ENGINE_THREAD
from sdstudio.ui.engine_worker import EngineWorker, LatestStep

if TYPE_CHECKING:
    from sdstudio.jobs.journal import QueueJournal

SavePicture = Callable[[PictureResult], Path]


class JobController(QObject):
    """Owns the queue and the engine thread, and tells the window what happens.

    Args:
        engine: runs on the engine thread only.
        save_picture: writes a finished picture and returns its file; runs in the background.

    A picture is announced by `picture_saved` only when its file exists. One that could not be
    written is kept in memory, named by `picture_not_saved`, until `save_again` succeeds.
    """

    job_started = Signal(object)  # Job
    progress = Signal(object)  # ProgressEvent
    step = Signal(object)  # StepEvent
    picture_saved = Signal(object, object)  # PictureResult, Path
    picture_made = Signal(object, object)  # Job, PictureResult: of a job that is kept aside
    picture_not_saved = Signal(object, object)  # PictureResult, Exception
    job_failed = Signal(object, object)  # Job, JobFailed
    job_ended = Signal(object, object)  # Job, FinalEvent: after a run of any outcome
    queue_changed = Signal()
    jobs_recovered = Signal(object)  # tuple[Job, ...] of an earlier session
    journal_failed = Signal(object)  # Exception

    _job_given = Signal(object)
    _engine_reset_wanted = Signal()

    def __init__(
        self,
        engine: Engine,
        save_picture: SavePicture,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.queue = JobQueue(on_change=self._on_queue_changed)
        self.unsaved: list[PictureResult] = []
        self._save_picture = save_picture
        self._disk = Background(self)
        self._journal: QueueJournal | None = None
        self._journal_is_read = False
        self._journal_is_saving = False
        self._journal_is_stale = False
        self._recovered: tuple[Job, ...] = ()
        self._kept_aside: set[str] = set()
        self._closing = False
        self._thread = QThread(self)
        self._thread.setObjectName(ENGINE_THREAD)
        self._worker = EngineWorker(engine)
        self._worker.moveToThread(self._thread)
        self._job_given.connect(self._worker.run)
        self._engine_reset_wanted.connect(self._worker.close_engine)
        self._worker.happened.connect(self._on_event)
        self._worker.stepped.connect(self._on_step)

    # --- wishes ---------------------------------------------------------------------------

    def submit(self, request: Request, *, first: bool = False, is_kept_aside: bool = False) -> Job:
        """Queue a run, at the end or before all that wait.

        Args:
            is_kept_aside: its pictures are not saved but handed out by `picture_made`.

        Raises:
            InvalidRequestError: the queue is full.
        """
        job = Job(request=request)
        if is_kept_aside:
            self._kept_aside.add(job.id)
        self.queue.add(job, first=first)
        self._start_next()
        return job

    def is_kept_aside(self, job: Job) -> bool:
        """Whether the job's pictures belong to whoever asked for them, not to the gallery."""
        return job.id in self._kept_aside

    def stop_now(self) -> None:
        """End the running job within one step."""
        if self.queue.running is not None:
            self.queue.running.cancel.cancel()

    def stop_after_picture(self) -> None:
        """End the running job when the picture in work is done."""
        if self.queue.running is not None:
            self.queue.running.cancel.cancel_after_picture()
            self.queue_changed.emit()

    def pause(self) -> None:
        """Start no further job; the running one goes on."""
        self.queue.pause()

    def resume(self) -> None:
        """Start waiting jobs again."""
        self.queue.resume()
        self._start_next()

    def cancel(self, job_id: str) -> None:
        """Take a job out of the queue, or stop it if it runs."""
        running = self.queue.running
        if running is not None and running.id == job_id:
            running.cancel.cancel()
        else:
            self.queue.remove(job_id)

    def reset_engine(self) -> None:
        """Free the engine after the running job, so that the next builds it with new settings."""
        if self._thread.isRunning():
            self._engine_reset_wanted.emit()

    # --- pictures and the journal ---------------------------------------------------------

    def save(self, result: PictureResult) -> None:
        """Write a picture that was kept aside."""
        self._save(result)

    def save_again(self) -> None:
        """Try once more to write every picture that could not be saved."""
        waiting, self.unsaved = self.unsaved, []
        for result in waiting:
            self._save(result)

    def keep_journal(self, journal: QueueJournal) -> None:
        """Let unfinished jobs survive a crash from now on.

        Jobs of a session that ended too early are announced by `jobs_recovered`.
        """
        self._journal = journal
        self._disk.run(journal.load, self._on_journal_read)

    def take_recovered(self, *, run_them: bool) -> None:
        """Queue the recovered jobs, or forget them."""
        jobs, self._recovered = self._recovered, ()
        if run_them:
            self.queue.extend(jobs)
            self._start_next()
        else:
            self._save_journal()

    def shut_down(self) -> None:
        """Cancel, wait for the engine thread, save what is finished; jobs stay in the journal."""
        self._save_journal()
        self._closing = True
        self.stop_now()
        self._thread.quit()
        self._thread.wait()
        QCoreApplication.sendPostedEvents(self)  # pictures finished during the wait
        self._disk.finish()

    def _save(self, result: PictureResult) -> None:
        def announce(path: Path) -> None:
            self.picture_saved.emit(result, path)

        def keep(error: Exception) -> None:
            self.unsaved.append(result)
            self.picture_not_saved.emit(result, error)

        self._disk.run(lambda: self._save_picture(result), announce, keep)

    def _on_journal_read(self, jobs: tuple[Job, ...]) -> None:
        self._journal_is_read = True
        self._recovered = jobs
        self._save_journal()
        if jobs:
            self.jobs_recovered.emit(jobs)

    def _save_journal(self) -> None:
        journal = self._journal
        if journal is None or not self._journal_is_read:
            return
        if self._journal_is_saving:  # a thousand changes in a row need no thousand writes
            self._journal_is_stale = True
            return
        self._journal_is_saving, self._journal_is_stale = True, False
        waiting = (job for job in self.queue.unfinished if not self.is_kept_aside(job))
        jobs = (*self._recovered, *waiting)
        self._disk.run(lambda: journal.save(jobs), self._on_journal_saved, self._on_journal_failed)

    def _on_journal_saved(self, _: object) -> None:
        self._journal_is_saving = False
        if self._journal_is_stale and not self._closing:
            self._save_journal()

    def _on_journal_failed(self, error: Exception) -> None:
        self._on_journal_saved(None)
        self.journal_failed.emit(error)

    # --- what the engine says -------------------------------------------------------------

    @Slot(object)
    def _on_step(self, place: LatestStep) -> None:
        step = place.take()
        if step is not None:
            self.step.emit(step)

    @Slot(object)
    def _on_event(self, event: JobEvent) -> None:
        match event:
            case PictureFinished():
                self._take_picture(event)
            case ProgressEvent():
                self.progress.emit(event)
            case JobStarted():
                self.job_started.emit(self.queue.running)
            case JobFinished() | JobFailed() | JobCancelled():
                self._on_final(event)

    def _take_picture(self, event: PictureFinished) -> None:
        if event.job_id in self._kept_aside:
            self.picture_made.emit(self.queue.running, event.result)
        else:
            self._save(event.result)

    def _on_final(self, event: FinalEvent) -> None:
        job = self.queue.running
        if job is None or job.id != event.job_id:
            return
        if not self._closing:
            self.queue.finish(job.id)
        if isinstance(event, JobFailed):
            self.job_failed.emit(job, event)
        self.job_ended.emit(job, event)
        self._kept_aside.discard(job.id)
        self._start_next()

    def _start_next(self) -> None:
        job = None if self._closing else self.queue.next()
        if job is not None:
            self._thread.start()  # does nothing when it runs already
            self._job_given.emit(job)

    def _on_queue_changed(self) -> None:
        self._save_journal()
        self.queue_changed.emit()
