"""Paint on a layer: strokes, shapes, fills.

Every verb works on the active layer or the one named, keeps to the selection, refuses locked
layers, is one step of undo and returns the rectangle to repaint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from sdstudio.document import shapes
from sdstudio.document.blend import Ink, lay
from sdstudio.document.brush import Brush
from sdstudio.document.content import Content
from sdstudio.document.fill import flood
from sdstudio.document.layers import BLOCK_PX, LayerStack
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.shapes import Coverage
from sdstudio.document.state import DocumentSnapshot, Layer
from sdstudio.document.stroke import Stroke
from sdstudio.document.tiles import is_even, nonzero_bounds
from sdstudio.errors import InvalidRequestError

Shape = Literal["rectangle", "ellipse"]
Edges = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Painter:
    """The tools that change a layer's pixels."""

    def __init__(self, content: Content, layers: LayerStack) -> None:
        self._content = content
        self._layers = layers
        self._last_stroke: Stroke | None = None

    def begin_stroke(
        self, brush: Brush, ink: Ink, *, layer_id: int | None = None, continues: bool = False
    ) -> Stroke:
        """Take the brush; the stroke's `add_point` paints.

        Args:
            continues: start where the last stroke ended: a straight line to the next point.

        Raises:
            InvalidRequestError: the layer is locked, or there is none.
        """
        layer = self._layers.editable(layer_id)
        edit = self._content.begin("Erase" if ink.erases else "Brush stroke")
        stroke = Stroke(self._content, edit, layer, brush, _ink_on(layer, ink))
        last = self._last_stroke
        if continues and last and last.end_point:
            stroke.add_point(*last.end_point)
        self._last_stroke = stroke
        return stroke

    def draw_shape(
        self,
        shape: Shape,
        edges: Edges,
        ink: Ink,
        *,
        opacity: float = 1.0,
        layer_id: int | None = None,
    ) -> Rect:
        """Fill a rectangle or ellipse."""
        draw = shapes.rectangle if shape == "rectangle" else shapes.ellipse
        coverage = draw(*edges, self._content.bounds)
        return self._lay(f"Draw {shape}", coverage, ink, opacity, layer_id)

    def draw_polygon(
        self,
        points: Sequence[tuple[float, float]],
        ink: Ink,
        *,
        opacity: float = 1.0,
        layer_id: int | None = None,
    ) -> Rect:
        """Fill a lasso."""
        coverage = shapes.polygon(points, self._content.bounds)
        return self._lay("Draw lasso", coverage, ink, opacity, layer_id)

    def flood_fill(
        self,
        x: int,
        y: int,
        ink: Ink,
        *,
        tolerance: int = 32,
        sees_all: bool = True,
        opacity: float = 1.0,
        layer_id: int | None = None,
    ) -> Rect:
        """Fill what hangs together with a pixel and looks like it.

        Args:
            tolerance: the most any channel may differ, 0 to 255.
            sees_all: look at the whole picture, not only at the layer; masks always do.
        """
        layer = self._layers.editable(layer_id)
        found = self.find_alike(x, y, tolerance=tolerance, sees_all=sees_all, layer_id=layer.id)
        return self.fill_found(found, ink, opacity=opacity, layer_id=layer.id)

    def find_alike(
        self, x: int, y: int, *, tolerance: int, sees_all: bool, layer_id: int
    ) -> Coverage:
        """What a flood fill would fill; changes nothing, so that a copy can be asked elsewhere."""
        layer = self._layers.get(layer_id)
        bounds = self._content.bounds
        if sees_all or layer.kind == "mask":
            pixels = self._content.composite(bounds)
        else:
            pixels = self._content.read(layer, bounds)
        filled = flood(pixels, x, y, tolerance)
        where = nonzero_bounds(filled)
        return where, filled[where.slices]

    def fill_found(
        self, found: Coverage, ink: Ink, *, opacity: float = 1.0, layer_id: int | None = None
    ) -> Rect:
        """Fill what `find_alike` found."""
        return self._lay("Fill", found, ink, opacity, layer_id)

    def adopt_fill(self, filled: DocumentSnapshot, layer_id: int, *, as_of: int) -> Rect | None:
        """Take over a fill that was done on a copy of the document.

        Args:
            as_of: the document's revision when it was copied.

        Returns:
            None, and nothing is done, where the document has changed meanwhile.
        """
        return self._content.adopt("Fill", layer_id, filled.tiles[layer_id], as_of=as_of)

    def fill_selection(self, ink: Ink, *, layer_id: int | None = None) -> Rect:
        """Fill all that is selected, or the whole picture; an erasing ink clears it."""
        bounds = self._content.bounds
        everything = np.broadcast_to(np.float32(1), (bounds.height, bounds.width))
        label = "Clear" if ink.erases else "Fill"
        return self._lay(label, (bounds, everything), ink, 1.0, layer_id)

    def invert_mask(self, layer_id: int | None = None) -> Rect:
        """Turn a mask layer over: what was kept is repainted."""
        layer = self._layers.editable(layer_id)
        if layer.kind != "mask":
            raise InvalidRequestError("Only a mask can be inverted.", "Choose a mask layer.")
        with self._content.edit("Invert mask") as edit:
            for block in self._content.bounds.blocks(BLOCK_PX):
                self._content.write(layer, block, 255 - self._content.read(layer, block))
            return edit.commit()

    def _lay(
        self, label: str, coverage: Coverage, ink: Ink, opacity: float, layer_id: int | None
    ) -> Rect:
        layer = self._layers.editable(layer_id)
        area, alpha = coverage
        if area.is_empty:
            return EMPTY
        ink = _ink_on(layer, ink)
        with self._content.edit(label) as edit:
            for block in self._content.parts_in_tiles(layer, area):
                part = alpha[block.moved(-area.x, -area.y).slices]
                selected = self._content.selection(block)
                if selected is not None:
                    part = part * selected
                if part.any():
                    self._lay_block(layer, block, ink, part, np.float32(opacity))
            return edit.commit()

    def _lay_block(
        self, layer: Layer, block: Rect, ink: Ink, part: np.ndarray, opacity: np.float32
    ) -> None:
        """Within one tile: where all pixels are alike, one stands for them."""
        under = block
        if is_even(part):
            hides = part[0, 0] * opacity >= 1 and not ink.keeps_alpha
            if hides or self._content.is_even(layer, block):
                under, part = Rect(block.x, block.y, 1, 1), part[:1, :1]
        laid = lay(self._content.read(layer, under), ink, part * opacity)
        shape = block.height, block.width, *laid.shape[2:]
        self._content.write(layer, block, np.broadcast_to(laid, shape))


def _ink_on(layer: Layer, ink: Ink) -> Ink:
    return replace(ink, keeps_alpha=ink.keeps_alpha or layer.keeps_alpha)
