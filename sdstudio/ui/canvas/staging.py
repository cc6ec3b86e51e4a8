"""Looking at candidates at their place: what lies over the canvas, and what the keys do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter

from sdstudio.document.paste_back import paste_back
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.canvas.candidates import CandidateList
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.placed_picture import BlendShape, PlacedPicture, Placing
from sdstudio.ui.canvas.repaint_request import Candidate
from sdstudio.ui.canvas.repaint_run import RepaintRun
from sdstudio.ui.job_controller import JobController


class Staging(QObject):
    """Lays the candidate that is looked at over the canvas, and makes it part of the picture.

    Signals:
        changed: paint the view anew.
        accepted: a candidate became part of the document.
        refused: an error of what was wished.
    """

    changed = Signal()
    accepted = Signal()
    refused = Signal(object)

    def __init__(
        self, easel: Easel, candidates: CandidateList, run: RepaintRun, controller: JobController
    ) -> None:
        super().__init__(candidates)
        self.candidates = candidates
        self.run = run
        self._easel = easel
        self._controller = controller
        self._placed: PlacedPicture | None = None
        self._shows_original = False
        self._being_saved: dict[int, GenerationRequest] = {}
        candidates.current_changed.connect(self._place_current)
        run.candidate_made.connect(self._on_made)
        run.preview_changed.connect(self.changed)
        controller.picture_saved.connect(self._on_saved)
        easel.document_changed.connect(candidates.clear)

    @property
    def is_looking(self) -> bool:
        """Whether a candidate lies over the canvas."""
        return self.candidates.current is not None

    @property
    def covers(self) -> bool:
        """Whether a candidate or its preview lies over the canvas now."""
        is_preview = self.run.preview is not None and not self.run.preview_is_live
        return self.is_looking or is_preview

    def paint(self, painter: QPainter, view: Placing) -> None:
        """Draw the candidate, or what is becoming one."""
        if self._shows_original:
            return
        if self._placed is not None:
            self._placed.paint(painter, view)
        elif self.run.preview is not None and not self.run.preview_is_live:
            self.run.preview.paint(painter, view)

    def show_original(self, is_shown: bool) -> None:
        """Take the candidate off the canvas for a moment."""
        if self._shows_original != is_shown:
            self._shows_original = is_shown
            self.changed.emit()

    def accept(self, *, merges: bool = False) -> None:
        """Make the candidate part of the document, as a layer or merged into the active one.

        It is kept in the gallery as well, as the parent of what is made from it next.
        """
        candidate = self.candidates.current
        if candidate is None:
            return
        document = self._easel.document
        if candidate.prepared.canvas_size != document.size:
            self.refused.emit(_moved_error(self))
            return
        area = self._easel.do(lambda: self._lay_down(candidate, merges))
        if area is None:
            return
        self._save(candidate)
        self.candidates.mark_used(candidate)
        self.candidates.look_at(None)
        if document.size != candidate.prepared.canvas_size:
            box = candidate.box
            self.candidates.move_all(max(0, -box.x), max(0, -box.y), document.size)
        self.accepted.emit()

    def discard(self) -> None:
        """Take the candidate away."""
        if self.candidates.current is not None:
            self.candidates.discard(self.candidates.current)

    def save(self) -> None:
        """Put the candidate into the gallery as it looks at its place, with its request."""
        if self.candidates.current is not None:
            self._save(self.candidates.current)

    def more(self, count: int) -> None:
        """Ask for more candidates like the one looked at, or like the newest."""
        candidates = self.candidates
        if len(candidates):
            like = candidates.current or candidates[len(candidates) - 1]
            self.run.run_more(like.prepared, count=count)

    def _save(self, candidate: Candidate) -> None:
        request = candidate.result.request
        is_on_its_way = any(each is request for each in self._being_saved.values())
        if is_on_its_way or self.candidates.is_saved(candidate):
            return
        result = _as_seen(candidate)
        self._being_saved[id(result)] = request
        self._controller.save(result)

    def _lay_down(self, candidate: Candidate, merges: bool) -> Rect:
        document = self._easel.document
        size = document.size
        request = candidate.result.request
        document.accept_result(
            candidate.picture,
            candidate.box,
            request,
            blend_mask=candidate.blend,
            merges=merges,
            name=_layer_name(request.prompt),
        )
        return candidate.box if document.size == size else document.bounds

    def _on_made(self, candidate: Candidate, live: bool) -> None:
        if not live:
            self.candidates.add(candidate)

    def _place_current(self) -> None:
        candidate = self.candidates.current
        self._shows_original = False
        self._placed = None
        if candidate is not None:
            shape = BlendShape(candidate.box, candidate.blend)
            self._placed = shape.place(candidate.picture)
        self.changed.emit()

    def _on_saved(self, result: PictureResult, path: Path) -> None:
        request = self._being_saved.pop(id(result), None)
        if request is None:
            return
        self._easel.note_file(request, path.name)
        for candidate in self.candidates:
            if candidate.result.request is request:
                self.candidates.mark_saved(candidate)


class StagingKeys(QObject):
    """Gives the keys of the view to the candidates while one is looked at."""

    def __init__(self, staging: Staging) -> None:
        super().__init__(staging)
        self._staging = staging
        self._acts = {
            Qt.Key.Key_Left: lambda: staging.candidates.step(-1),
            Qt.Key.Key_Right: lambda: staging.candidates.step(1),
            Qt.Key.Key_Return: staging.accept,
            Qt.Key.Key_Enter: staging.accept,
            Qt.Key.Key_Delete: staging.discard,
            Qt.Key.Key_S: staging.save,
            Qt.Key.Key_Escape: lambda: staging.candidates.look_at(None),
        }

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self._staging.show_original(False)
        if not isinstance(event, QKeyEvent) or not self._staging.is_looking:
            return False
        return self._take(event)

    def _take(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        is_merging = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        )
        is_ours = key in self._acts or key == Qt.Key.Key_Space
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not is_ours or (plain and not is_merging):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # before any shortcut of the window
            return True
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._staging.show_original(event.type() == QEvent.Type.KeyPress)
        elif event.type() == QEvent.Type.KeyPress:
            if is_merging:
                self._staging.accept(merges=True)
            else:
                self._acts[key]()
        return True


def _as_seen(candidate: Candidate) -> PictureResult:
    """The part of the picture under the box, the candidate laid over it."""
    made = np.frombuffer(candidate.picture.pixels, np.uint8)
    made = made.reshape(candidate.picture.height, candidate.picture.width, 3)
    seen = paste_back(candidate.prepared.plan.pixels, made, candidate.blend)
    picture = Raster(
        width=candidate.box.width,
        height=candidate.box.height,
        mode="RGB",
        pixels=seen.tobytes(),
    )
    return replace(candidate.result, picture=picture)


def _layer_name(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= 40 else words[:39].rstrip() + "…"


def _moved_error(words: QObject) -> InvalidRequestError:
    return InvalidRequestError(
        words.tr("The picture has other edges than when this was made."),
        words.tr("Undo until it has them again, or make it anew."),
    )
