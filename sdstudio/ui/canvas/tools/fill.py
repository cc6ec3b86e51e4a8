"""Fill: one click colours what hangs together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.document.shapes import Coverage
from sdstudio.document.state import DocumentSnapshot
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

DEFAULT_TOLERANCE = 32
AT_ONCE_PX = 300_000
"""A larger picture is searched and filled in the background."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What to fill, and with what, as it was at the click."""

    document: Document
    revision: int
    layer_id: int
    x: int
    y: int
    ink: Ink
    tolerance: int
    sees_all: bool
    opacity: float

    def find(self, document: Document) -> Coverage:
        return document.paint.find_alike(
            self.x,
            self.y,
            tolerance=self.tolerance,
            sees_all=self.sees_all,
            layer_id=self.layer_id,
        )

    def fill(self, document: Document, found: Coverage) -> Rect:
        return document.paint.fill_found(
            found, self.ink, opacity=self.opacity, layer_id=self.layer_id
        )

    def fill_copy(self, copy: Document) -> _Filled:
        """Do it on a copy; for any thread."""
        found = self.find(copy)
        self.fill(copy, found)
        return _Filled(found, copy.snapshot())

    def adopt(self, filled: _Filled) -> Rect:
        """Do as the copy did; only what else changed meanwhile makes it work again."""
        paint = self.document.paint
        area = paint.adopt_fill(filled.snapshot, self.layer_id, as_of=self.revision)
        return self.fill(self.document, filled.found) if area is None else area


@dataclass(frozen=True, slots=True)
class _Filled:
    """A copy of the document that was filled, and where."""

    found: Coverage
    snapshot: DocumentSnapshot


class FillTool(Tool):
    """Floods with the foreground colour, within the selection.

    Attributes:
        tolerance: the most a channel may differ from the clicked pixel, 0 to 255.
        sees_all: look at the whole picture, not only at the active layer.
        opacity: how much is covered, 0 to 1.
    """

    name = "fill"
    key = "G"
    label = "Fill"
    tip = "Colours all that looks like the clicked spot and hangs together with it"
    icon_name = "fill"

    tolerance = DEFAULT_TOLERANCE
    sees_all = True
    opacity = 1.0

    def press(self, point: PointerPoint) -> None:
        document, background = self.view.document, self.view.background
        self.view.require_paintable()
        wish = self._wish_at(math.floor(point.x), math.floor(point.y))
        if background is None or document.bounds.area <= AT_ONCE_PX:
            self.view.repaint_document(wish.fill(document, wish.find(document)))
            return
        copy = Document.from_snapshot(document.snapshot())
        self.view.setCursor(Qt.CursorShape.BusyCursor)
        background.run(
            lambda: wish.fill_copy(copy),
            lambda filled: self._adopt(wish, filled),
            self._fail,
        )

    def _wish_at(self, x: int, y: int) -> _Wish:
        document = self.view.document
        return _Wish(
            document=document,
            revision=document.revision,
            layer_id=document.layers.editable().id,
            x=x,
            y=y,
            ink=self.view.ink,
            tolerance=self.tolerance,
            sees_all=self.sees_all,
            opacity=self.opacity,
        )

    def _adopt(self, wish: _Wish, filled: _Filled) -> None:
        """Show what was filled, unless another document has taken the place meanwhile."""
        self.view.tools.show_cursor()
        if self.view.document is wish.document:
            self.view.attempt(lambda: self.view.repaint_document(wish.adopt(filled)))

    def _fail(self, error: Exception) -> None:
        self.view.tools.show_cursor()
        self.view.refused.emit(error)
