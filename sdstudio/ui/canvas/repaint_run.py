"""From the document to the engine and back: every run of the painted picture goes through here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from sdstudio.document.document import Document
from sdstudio.errors import SdstudioError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent, JobCancelled, JobFinished, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.placed_picture import BlendShape, PlacedPicture
from sdstudio.ui.canvas.repaint_request import Candidate, PreparedRepaint, RepaintWish, prepare
from sdstudio.ui.job_controller import JobController

PREVIEW_DETAIL = 0.5
"""Previews come in latent cells; half of the box's pixels are plenty to show them smoothly."""


@dataclass(slots=True, kw_only=True)
class _Ticket:
    """A run that was asked for, until its last picture is home."""

    job: Job
    prepared: PreparedRepaint
    shape: BlendShape
    live: bool
    has_started: bool = False


class RepaintRun(QObject):
    """Prepares runs in the background, submits them and brings their pictures home.

    Signals:
        started: Job, PreparedRepaint, bool: it waits in the queue now; whether it is a live one.
        candidate_made: Candidate, bool: a picture is home; whether its run was a live one.
        preview_changed: another preview, or none.
        ended: Job, FinalEvent.
        refused: an error of the wish itself.
    """

    started = Signal(object, object, bool)
    candidate_made = Signal(object, bool)
    preview_changed = Signal()
    ended = Signal(object, object)
    refused = Signal(object)

    def __init__(self, controller: JobController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._background = Background(self)
        self._tickets: dict[str, _Ticket] = {}
        self._asked: dict[int, int] = {}
        """How many pictures were asked for of a plan, whose candidates keep it alive."""
        self.preview: PlacedPicture | None = None
        self.preview_raster: Raster | None = None
        self.preview_is_live = False
        self._preparing = 0
        self._turn = 0
        """Grows when all that is under way is given up."""
        controller.job_started.connect(self._on_started)
        controller.step.connect(self._on_step)
        controller.picture_made.connect(self._on_picture)
        controller.job_ended.connect(self._on_ended)
        controller.queue_changed.connect(self._forget_removed)

    @property
    def is_busy(self) -> bool:
        """Whether something is being prepared, waits or runs."""
        return self._preparing > 0 or bool(self._tickets)

    def run(
        self,
        document: Document,
        wish: RepaintWish,
        base: GenerationRequest,
        *,
        first: bool = False,
        live: bool = False,
        may_still: Callable[[], bool] = lambda: True,
    ) -> None:
        """Plan off the UI thread, then queue.

        Args:
            base: prompt, model, seed and count; size and start are replaced.
            first: before all that wait.
            may_still: asked when the plan is ready; False drops it.
        """
        snapshot, turn = document.snapshot(), self._turn
        self._preparing += 1

        def done(prepared: PreparedRepaint) -> None:
            self._preparing -= 1
            if turn == self._turn and may_still():
                self._submit(prepared, first=first, live=live)

        def failed(error: Exception) -> None:
            self._preparing -= 1
            self.refused.emit(error)

        self._background.run(lambda: prepare(snapshot, wish, base), done, failed)

    def run_more(self, prepared: PreparedRepaint, *, count: int) -> None:
        """Ask for more candidates of the same plan, with the seeds that follow."""
        asked = self._asked.get(id(prepared.plan), 0)
        self._submit(prepared.again(asked=asked, count=count), asked=asked)

    def forget_plans(self) -> None:
        """No candidate is left that more could be asked for."""
        self._asked.clear()

    def stop(self, job: Job) -> None:
        """End a run at once, wherever it is."""
        self._controller.cancel(job.id)

    def give_up(self) -> None:
        """End all runs and drop what comes of them: their document is gone."""
        self._turn += 1
        tickets, self._tickets = self._tickets, {}
        for job_id in tickets:
            self._controller.cancel(job_id)
        self._asked.clear()
        self._show(None)

    def close(self) -> None:
        """Wait for what is being prepared or brought home."""
        self._background.finish()

    def _submit(
        self, prepared: PreparedRepaint, *, first: bool = False, live: bool = False, asked: int = 0
    ) -> None:
        try:
            shape = BlendShape(prepared.plan.box, prepared.plan.blend)
            job = self._controller.submit(prepared.request, first=first, is_kept_aside=True)
        except SdstudioError as error:
            self.refused.emit(error)
            return
        self._tickets[job.id] = _Ticket(job=job, prepared=prepared, shape=shape, live=live)
        self._asked[id(prepared.plan)] = asked + prepared.request.count
        self.started.emit(job, prepared, live)

    def _on_started(self, job: Job) -> None:
        ticket = self._tickets.get(job.id)
        if ticket is not None:
            ticket.has_started = True

    def _on_step(self, step: StepEvent) -> None:
        ticket = self._tickets.get(step.job_id)
        if ticket is not None and step.preview is not None:
            self.preview_is_live = ticket.live
            self._show(ticket.shape.place(step.preview, detail=PREVIEW_DETAIL), step.preview)

    def _on_picture(self, job: Job, result: PictureResult) -> None:
        ticket = self._tickets.get(job.id)
        if ticket is None:
            return
        prepared, live, turn = ticket.prepared, ticket.live, self._turn

        def done(candidate: Candidate) -> None:
            if turn == self._turn:
                self._show(None)
                self.candidate_made.emit(candidate, live)

        self._background.run(lambda: prepared.finish(result), done)

    def _on_ended(self, job: Job, event: FinalEvent) -> None:
        if self._tickets.pop(job.id, None) is not None:
            self.ended.emit(job, event)
            if not isinstance(event, JobFinished):
                self._show(None)

    def _forget_removed(self) -> None:
        """Runs that were taken out of the queue before they began."""
        known = {job.id for job in self._controller.queue.unfinished}
        for job_id, ticket in list(self._tickets.items()):
            if not ticket.has_started and job_id not in known:
                del self._tickets[job_id]
                self.ended.emit(ticket.job, JobCancelled(job_id=job_id))

    def _show(self, preview: PlacedPicture | None, raster: Raster | None = None) -> None:
        self.preview, self.preview_raster = preview, raster
        self.preview_changed.emit()
