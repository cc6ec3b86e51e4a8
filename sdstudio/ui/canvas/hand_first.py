"""The hand goes before the model: while one draws, a core is kept free of the model's work."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from sdstudio.jobs.job import Job
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.engine_threads import share_all_cores, spare_a_core
from sdstudio.ui.job_controller import JobController

GRACE_MS = 300
"""A painter who lifts the pen for less than this goes on drawing."""


class HandFirst(QObject):
    """Spares a core of the engine from the first touch of a stroke until a grace after its end.

    Niceness is not enough: the model's threads, once they run, keep their cores for some
    milliseconds, which is felt under a pen. A run that starts after a stroke, such as one of live
    painting, has all cores at once.
    """

    def __init__(self, view: PaintView, controller: JobController) -> None:
        super().__init__(view)
        self._controller = controller
        self._is_drawing = False
        self._spares = False
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.setInterval(GRACE_MS)
        self._grace.timeout.connect(self._share)
        view.stroke_began.connect(self._begin)
        view.stroke_ended.connect(self._end)
        controller.job_started.connect(self._follow_job)

    def _begin(self) -> None:
        self._grace.stop()
        self._is_drawing = True
        if not self._spares and self._controller.queue.running is not None:
            self._spares = spare_a_core()

    def _end(self) -> None:
        self._is_drawing = False
        if self._spares:
            self._grace.start()

    def _follow_job(self, _: Job) -> None:
        """A run has started; its threads are new, or were confined for the one before."""
        if self._is_drawing:
            self._spares = spare_a_core()
        elif self._spares:
            self._share()

    def _share(self) -> None:
        self._grace.stop()
        self._spares = False
        share_all_cores()
