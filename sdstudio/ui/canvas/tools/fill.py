"""Fill: one click colours what hangs together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.shapes import Coverage
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

DEFAULT_TOLERANCE = 32
AT_ONCE_PX = 1_000_000
"""A larger picture is searched in the background."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What to fill with, as it was at the click."""

    document: Document
    ink: Ink
    opacity: float
    layer_id: int


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
        layer = document.layers.editable()
        wish = _Wish(document, self.view.ink, self.opacity, layer.id)
        x, y = math.floor(point.x), math.floor(point.y)
        if background is None or document.bounds.area <= AT_ONCE_PX:
            self._fill(wish, self._find(document, x, y, layer.id))
            return
        copy = Document.from_snapshot(document.snapshot())
        self.view.setCursor(Qt.CursorShape.BusyCursor)
        background.run(
            lambda: self._find(copy, x, y, layer.id),
            lambda found: self._fill(wish, found),
            self._fail,
        )

    def _find(self, document: Document, x: int, y: int, layer_id: int) -> Coverage:
        return document.paint.find_alike(
            x, y, tolerance=self.tolerance, sees_all=self.sees_all, layer_id=layer_id
        )

    def _fill(self, wish: _Wish, found: Coverage) -> None:
        """Fill what was found, unless another document has taken the place meanwhile."""
        self.view.tools.show_cursor()
        if self.view.document is wish.document:
            self.view.attempt(
                lambda: self.view.repaint_document(
                    wish.document.paint.fill_found(
                        found, wish.ink, opacity=wish.opacity, layer_id=wish.layer_id
                    )
                )
            )

    def _fail(self, error: Exception) -> None:
        self.view.tools.show_cursor()
        self.view.refused.emit(error)
