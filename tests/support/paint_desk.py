"""A painted document with a model beside it, without the window around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import shiboken6
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.jobs.engine import Engine
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.repaint_request import Candidate
from sdstudio.ui.canvas.repainting import Repainting
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController, SavePicture
from tests.support.fake_engine import FakeEngine

WHITE = Ink(colour=(255, 255, 255))


def smooth_document(width: int = 320, height: int = 256) -> Document:
    """One layer with a gradient in which every pixel is its own."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.dstack([columns % 256, rows % 256, (rows + columns) % 256]).astype(np.uint8)
    picture = Raster(width=width, height=height, mode="RGB", pixels=pixels.tobytes())
    return Document.from_picture(picture)


class PaintDesk:
    """View, easel, form, controller and what generates into the picture, tied together.

    Attributes:
        errors: what the person was told.
        candidates_made: all that came home.
        saved: what went to the gallery.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        *,
        save: SavePicture | None = None,
        document: Document | None = None,
    ) -> None:
        self.errors: list[Exception] = []
        self.saved: list[PictureResult] = []
        self.candidates_made: list[Candidate] = []
        self.easel = Easel(document or smooth_document())
        self.view = PaintView(self.easel.document)
        self.view.resize(640, 480)
        self.form = GenerationForm()
        self.form.prompt = "a red house in the snow"
        self.form.num_inference_steps = 4
        self.form.use_seed(7)
        self.controller = JobController(engine or FakeEngine(), save or self._keep)
        self.repainting = Repainting(
            self.view,
            easel=self.easel,
            form=self.form,
            controller=self.controller,
            tell=self.errors.append,
        )
        self.room = QWidget()
        layout = QVBoxLayout(self.room)
        for part in (self.view, self.repainting.strip, self.repainting.panel):
            layout.addWidget(part)
        self.repainting.run.candidate_made.connect(self._on_made)
        self.easel.repaint_wanted.connect(self.view.touch)
        self.easel.touched.connect(self._show)

    @property
    def document(self) -> Document:
        return self.easel.document

    def mask(self, left: int = 120, top: int = 90, right: int = 200, bottom: int = 160) -> None:
        """Paint a white rectangle on a new mask layer."""
        self.easel.do(lambda: self._draw_mask((left, top, right, bottom)))

    def look(self, act: Callable[[], object]) -> tuple[np.ndarray, np.ndarray]:
        """What the document shows before and after an act."""
        before = self.document.composite(self.document.bounds)
        act()
        return before, self.document.composite(self.document.bounds)

    def stroke(self) -> None:
        """What a short stroke of the brush does to the document and tells."""
        self.view.stroke_began.emit()
        self.draw()
        self.view.stroke_ended.emit()

    def draw(self) -> None:
        """Paint a disc."""
        self.document.layers.activate(self.document.layers[0].id)
        ink = Ink(colour=(200, 30, 40))
        self.document.paint.draw_shape("ellipse", (20, 20, 60, 60), ink)

    def close(self) -> None:
        """Wait for all threads, and take the widgets away on this one."""
        self.repainting.close()
        self.controller.shut_down()
        for each in (self.room, self.controller, self.form, self.easel):
            shiboken6.delete(each)

    def _draw_mask(self, edges: tuple[int, int, int, int]) -> Rect:
        self.document.layers.add(kind="mask")
        return self.document.paint.draw_shape("rectangle", edges, WHITE)

    def _on_made(self, candidate: Candidate, live: bool) -> None:
        self.candidates_made.append(candidate)

    def _keep(self, result: PictureResult) -> Path:
        self.saved.append(result)
        return Path(f"kept-{len(self.saved)}.png")

    def _show(self) -> None:
        self.view.note_change(None)
