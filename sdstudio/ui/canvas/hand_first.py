"""The hand goes before the model: while one draws, a core is kept free of the model's work."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from sdstudio.jobs.job import Job
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.engine_threads import CoreForTheHand
from sdstudio.ui.job_controller import JobController

GRACE_MS = 300
"""A painter who lifts the pen for less than this goes on drawing."""


class HandFirst(QObject):
    """Takes a core from the engine at the first touch of a stroke until a grace after its end.

    Niceness is not enough: the model's threads, once they run, keep their cores for some
    milliseconds, which is felt under a pen. A run that starts after a stroke, such as one of live
    painting, has all cores at once.
    """

    def __init__(self, view: PaintView, controller: JobController) -> None:
        super().__init__(view)
        self._controller = controller
        self._core = CoreForTheHand()
        self._is_drawing = False
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.setInterval(GRACE_MS)
        self._grace.timeout.connect(self._core.give_back)
        view.stroke_began.connect(self._begin)
        view.stroke_ended.connect(self._end)
        controller.job_started.connect(self._follow_job)

    def _begin(self) -> None:
        self._is_drawing = True
        self._grace.stop()
        if not self._core.is_taken and self._controller.queue.running is not None:
            self._core.take()

    def _end(self) -> None:
        self._is_drawing = False
        self._grace.start()

    def _follow_job(self, _: Job) -> None:
        """A run has started; its threads are new, or were confined for the one before."""
        if self._is_drawing:
            self._core.take()
        else:
            self._core.give_back()
