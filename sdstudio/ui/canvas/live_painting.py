"""Live painting: the picture follows the brush, one quick run at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPainter

from sdstudio.errors import SdstudioError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.placed_picture import BlendShape, PlacedPicture, Placing
from sdstudio.ui.canvas.repaint_request import Candidate, PreparedRepaint, RepaintWish
from sdstudio.ui.canvas.repaint_run import RepaintRun
from sdstudio.ui.job_controller import JobController

GRACE_MS = 150
"""A painter who lifts the pen for less than this goes on with the same stroke."""

LIVE_STRENGTH = 0.3

Wish = Callable[[], tuple[RepaintWish, GenerationRequest]]


class LivePainting(QObject):
    """Repaints at low strength with a fixed seed whenever the picture has come to rest.

    It never queues: while anything else runs or waits it does nothing, and a run of its own ends
    as soon as something is queued or a stroke begins.

    Args:
        wish: what would be run now, with the seed that stays.

    Signals:
        changed: paint the view anew.
        picture_made: Candidate: the picture as the model sees it now.
        kept: Candidate: it should stay, because every result is kept.
        on_changed: bool.
        refused: an error; live painting is off then.
    """

    changed = Signal()
    picture_made = Signal(object)
    kept = Signal(object)
    on_changed = Signal(bool)
    refused = Signal(object)

    def __init__(
        self, *, easel: Easel, run: RepaintRun, controller: JobController, wish: Wish
    ) -> None:
        super().__init__(run)
        self._easel = easel
        self._run = run
        self._controller = controller
        self._wish = wish
        self.is_on = False
        self.keeps_all = False
        self.strength = LIVE_STRENGTH
        self.lies_on_canvas = True
        self.picture: Candidate | None = None
        self._placed: PlacedPicture | None = None
        self._is_stroking = False
        self._is_wanted = False
        self._turn = 0
        """Grows with every stroke: what was begun in an earlier turn is of no use."""
        self._jobs: dict[str, Job] = {}
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.setInterval(GRACE_MS)
        self._grace.timeout.connect(self._begin)
        easel.touched.connect(self.follow)
        easel.document_changed.connect(self._forget_picture)
        run.started.connect(self._on_started)
        run.ended.connect(self._on_ended)
        run.candidate_made.connect(self._on_made)
        controller.queue_changed.connect(self._give_way)

    def set_on(self, is_on: bool) -> None:
        """Begin, or stop at once."""
        if is_on == self.is_on:
            return
        self.is_on = is_on
        if is_on:
            self.follow()
        else:
            self._halt()
            self._forget_picture()
        self.on_changed.emit(is_on)

    def follow(self) -> None:
        """Something changed: paint anew after a short grace."""
        if self.is_on and not self._is_stroking:
            self._turn += 1
            self._is_wanted = True
            self._grace.start()

    def begin_stroke(self) -> None:
        """The painter paints: stop, and show the canvas itself."""
        self._is_stroking = True
        if self.is_on:
            self._halt()
            self._placed = None
            self.changed.emit()

    def end_stroke(self) -> None:
        """The painter lifted the pen."""
        self._is_stroking = False
        self.follow()

    def paint(self, painter: QPainter, view: Placing) -> None:
        """Draw the newest picture, or the preview of a newer one, at its place."""
        if not self.lies_on_canvas or self._is_stroking:
            return
        preview = self._run.preview if self._run.preview_is_live else None
        newest = preview or self._placed
        if newest is not None:
            newest.paint(painter, view)

    def _halt(self) -> None:
        self._turn += 1
        self._is_wanted = False
        self._grace.stop()
        self._stop_runs()

    def _stop_runs(self) -> None:
        for job in self._jobs.values():
            self._run.stop(job)

    def _is_free(self) -> bool:
        """Whether nothing else runs or waits."""
        queue = self._controller.queue
        return queue.running is None and not len(queue) and not queue.is_paused

    def _begin(self) -> None:
        if not self.is_on or not self._is_wanted or self._is_stroking:
            return
        self._stop_runs()
        if not self._is_free():
            return  # the end of what runs comes back here
        self._is_wanted = False
        turn = self._turn

        def may_still() -> bool:
            fresh = self.is_on and turn == self._turn
            if fresh and not self._is_free():
                self._is_wanted, fresh = True, False
            return fresh

        try:
            wish, base = self._wish()
        except SdstudioError as error:
            self.set_on(False)
            self.refused.emit(error)
            return
        base = replace(base, count=1)
        self._run.run(self._easel.document, wish, base, live=True, may_still=may_still)

    def _on_started(self, job: Job, prepared: PreparedRepaint, live: bool) -> None:
        if live:
            self._jobs[job.id] = job

    def _on_ended(self, job: Job, event: FinalEvent) -> None:
        self._jobs.pop(job.id, None)
        if self._is_wanted and not self._grace.isActive():
            self._grace.start(0)

    def _on_made(self, candidate: Candidate, live: bool) -> None:
        if not live or not self.is_on:
            return
        self.picture = candidate
        if not self._is_stroking:
            shape = BlendShape(candidate.box, candidate.blend)
            self._placed = shape.place(candidate.picture)
            self.changed.emit()
        self.picture_made.emit(candidate)
        if self.keeps_all:
            self.kept.emit(candidate)

    def _give_way(self) -> None:
        """Stop for what somebody queued; begin again when it is done."""
        if not self.is_on:
            return
        if len(self._controller.queue) and self._jobs:
            self._is_wanted = True
            self._stop_runs()
        elif self._is_wanted and self._is_free() and not self._grace.isActive():
            self._grace.start()

    def _forget_picture(self) -> None:
        self.picture = self._placed = None
        self.changed.emit()
