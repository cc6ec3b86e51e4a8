"""A run on the command line: its progress bar, its files and its previews."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

from sdstudio.apps.cli.destination import Destination
from sdstudio.apps.cli.outcome import tell
from sdstudio.errors import StorageError
from sdstudio.messages.events import (
    FinalEvent,
    JobEvent,
    PictureFinished,
    ProgressEvent,
    StepEvent,
)
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult


class PreviewFolder:
    """Writes every Nth step's preview as a PNG of the picture's size.

    Raises:
        StorageError: the folder cannot be made.
    """

    def __init__(self, folder: Path, *, every: int) -> None:
        self._folder = folder
        self._every = every
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The folder {folder} cannot be made: {error.strerror}.", "Choose another one."
            ) from error

    def show(self, event: StepEvent, width: int, height: int) -> None:
        """Write this step's preview if it is one of those asked for and there is one."""
        is_wanted = event.step % self._every == 0 or event.step == event.num_steps
        if event.preview is None or not is_wanted:
            return
        from PIL import Image

        raster = event.preview
        image = Image.frombytes(raster.mode, raster.size, raster.pixels)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
        name = f"picture-{event.picture_index + 1}-step-{event.step:03}.png"
        try:
            image.save(self._folder / name)
        except OSError as error:
            raise StorageError(
                f"The preview {name} could not be written: {error.strerror}.",
                "Choose another --preview-dir.",
            ) from error


class RunReporter:
    """Receives the events of one run.

    Args:
        prints_files: whether each file's name is printed on stdout as soon as it is written.
        stream: where the progress bar is drawn, if it is a terminal.

    Attributes:
        results, files: what was made, in order, and where it was saved.
        notes: what the engine wants a person to know.
        final: how the run ended, None until it has.
    """

    def __init__(
        self,
        request: GenerationRequest,
        *,
        destination: Destination,
        previews: PreviewFolder | None = None,
        prints_files: bool = True,
        stream: TextIO | None = None,
    ) -> None:
        self.results: list[PictureResult] = []
        self.files: list[Path] = []
        self.notes: list[str] = []
        self.final: FinalEvent | None = None
        self._request = request
        self._destination = destination
        self._previews = previews
        self._prints_files = prints_files
        steps = request.num_inference_steps * request.count
        self._bar = tqdm(
            total=steps, unit="step", file=stream or sys.stderr, disable=None, leave=False
        )

    def __enter__(self) -> RunReporter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def emit(self, event: JobEvent) -> None:
        """Take one event.

        Raises:
            StorageError: a picture or a preview could not be written.
        """
        if isinstance(event, ProgressEvent):
            self._bar.set_description(event.text)
        elif isinstance(event, StepEvent):
            self._on_step(event)
        elif isinstance(event, PictureFinished):
            self._on_picture(event.result)
        elif isinstance(event, FinalEvent):
            self.final = event
            self._bar.close()

    def _on_step(self, event: StepEvent) -> None:
        self._bar.total = event.num_steps * event.picture_count  # fewer with a strength below 1
        self._bar.set_description(f"Picture {event.picture_index + 1} of {event.picture_count}")
        self._bar.update()
        if self._previews is not None:
            self._previews.show(event, self._request.width, self._request.height)

    def _on_picture(self, result: PictureResult) -> None:
        self.files.append(self._destination.save(result))
        self.results.append(result)
        if self._prints_files:
            tqdm.write(str(self.files[-1]), file=sys.stdout)
        for note in result.notes:
            if note not in self.notes:
                self.notes.append(note)
                tell(note)
