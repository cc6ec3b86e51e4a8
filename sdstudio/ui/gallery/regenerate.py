"""Runs the request of a picture again, to see whether the same comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sdstudio.errors import SdstudioError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.compare_canvas import ComparedPicture
from sdstudio.ui.gallery.compare_view import compared
from sdstudio.ui.job_controller import JobController

if TYPE_CHECKING:
    from sdstudio.gallery.repetition import Original, Repetition


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownRepetition:
    """A repetition, ready to be looked at.

    Attributes:
        id: of the original in the gallery.
        pictures: the original and the same made again.
    """

    id: int
    repetition: Repetition
    pictures: tuple[ComparedPicture, ComparedPicture]


class Regenerator(QObject):
    """Queues repetitions; their pictures are not saved unless a person keeps one.

    Signals:
        queued: the id of the picture that is made again.
        finished: a `ShownRepetition`.
        failed: an error.
    """

    queued = Signal(object)
    finished = Signal(object)
    failed = Signal(object)

    def __init__(
        self, controller: JobController, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._background = background
        self._running: dict[str, tuple[int, Original]] = {}
        controller.picture_made.connect(self._on_made)
        controller.job_ended.connect(self._on_ended)

    @property
    def waiting(self) -> int:
        """How many repetitions wait or run."""
        return len(self._running)

    def regenerate(self, picture_id: int, path: Path) -> None:
        """Make a picture again, before all that wait."""

        def read() -> Original:
            from sdstudio.gallery.repetition import read_original

            return read_original(path)

        def submit(original: Original) -> None:
            request = replace(original.request, count=1)
            try:
                job = self._controller.submit(request, first=True, is_kept_aside=True)
            except SdstudioError as error:
                self.failed.emit(error)
                return
            self._running[job.id] = (picture_id, original)
            self.queued.emit(picture_id)

        self._background.run(read, submit, self.failed.emit)

    def keep(self, shown: ShownRepetition) -> None:
        """Save the repetition as a child of its original."""
        result, original = shown.repetition.result, shown.repetition.original
        parents = tuple(dict.fromkeys((*result.request.parents, original.path.name)))
        self._controller.save(replace(result, request=replace(result.request, parents=parents)))

    def _on_made(self, job: Job, result: PictureResult) -> None:
        found = self._running.get(job.id)
        if found is None:
            return
        picture_id, original = found
        again = self.tr("The same, made now")

        def compare() -> ShownRepetition:
            from sdstudio.gallery.repetition import compare_with

            pictures = (
                compared(original.picture, original.path.name, picture_id=picture_id),
                compared(result.picture, again),
            )
            repetition = compare_with(original, result)
            return ShownRepetition(id=picture_id, repetition=repetition, pictures=pictures)

        self._background.run(compare, self.finished.emit, self.failed.emit)

    def _on_ended(self, job: Job, event: FinalEvent) -> None:
        self._running.pop(job.id, None)
