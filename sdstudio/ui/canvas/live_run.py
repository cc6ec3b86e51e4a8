"""The run that the canvas watches."""

from __future__ import annotations

from PySide6.QtCore import QSize

from sdstudio.jobs.job import Job
from sdstudio.messages.events import StepEvent
from sdstudio.messages.generation import MAX_SEED, GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui import run_progress
from sdstudio.ui.canvas.page_picture import PagePicture


class LiveRun:
    """Its page, how far it is, and its newest preview, converted only when it is painted.

    Attributes:
        page: the size of its pictures in pixels, None for a run that makes no pictures.
        fraction: of the whole run, in [0, 1].
        words: what it does when it makes no steps.
    """

    def __init__(self, job: Job) -> None:
        request = job.request
        makes_pictures = isinstance(request, GenerationRequest)
        self.job = job
        self.page = QSize(request.width, request.height) if makes_pictures else None
        self.fraction = 0.0
        self.words = ""
        self._step: StepEvent | None = None
        self._raster: Raster | None = None
        self._preview: PagePicture | None = None

    @property
    def has_preview(self) -> bool:
        """Whether there is something to see yet."""
        return self._raster is not None or self._preview is not None

    def take(self, step: StepEvent) -> None:
        """Take a newer step; one without a preview keeps the last preview of its picture."""
        if self._step is not None and step.picture_index != self._step.picture_index:
            self._raster = self._preview = None
        self._step = step
        self.words = ""
        self.fraction = run_progress.of_step(step).fraction or 0.0
        if step.preview is not None:
            self._raster = step.preview

    def preview(self) -> PagePicture | None:
        """The newest preview, ready for painting."""
        if self._raster is not None:
            self._preview = PagePicture(self._raster, is_smooth=True)
            self._raster = None
        return self._preview

    def previews(self, result: PictureResult) -> bool:
        """Whether the preview shown grew into this picture."""
        request = self.job.request
        if self._step is None or not isinstance(request, GenerationRequest):
            return False
        seed = (request.seed + self._step.picture_index) % (MAX_SEED + 1)
        return (seed, self._step.picture_index) == (result.request.seed, result.picture_index)

    def drop_preview(self) -> None:
        """Forget the preview."""
        self._raster = self._preview = None
