"""A stroke on its way: from pointer positions to painted pixels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sdstudio.document.blend import Ink, lay
from sdstudio.document.brush import Brush, Dab, DabPath, chunks, stamp
from sdstudio.document.content import Content, Edit
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.state import CHANNELS, Layer
from sdstudio.document.tiles import TiledImage


class Stroke:
    """One stroke on one layer, one step of undo.

    It ends quietly when something else changes the document; points after that do nothing.

    Attributes:
        layer: that is painted on, as it was at the start.
        area: all that was touched so far, in the document's coordinates.
    """

    def __init__(self, content: Content, edit: Edit, layer: Layer, brush: Brush, ink: Ink) -> None:
        self.layer = layer
        self.area = EMPTY
        self._content = content
        self._edit = edit
        self._brush = brush
        self._ink = ink
        self._path = DabPath(brush)
        self._before = TiledImage(CHANNELS[layer.kind], edit.tiles_before(layer.id))
        self._coverage = TiledImage(1, dtype=np.float32)
        self.end_point: tuple[float, float] | None = None

    @property
    def is_open(self) -> bool:
        return self._edit.is_open

    def add_point(self, x: float, y: float, pressure: float = 1.0) -> Rect:
        """Paint on to this point; return what must be repainted.

        Args:
            x, y: in the document's pixels; (0.5, 0.5) is the middle of the first one.
            pressure: of the pen, 0 to 1.
        """
        return self.add_points([(x, y, pressure)])

    def add_points(self, points: Iterable[tuple[float, float, float]]) -> Rect:
        """Paint on to all these (x, y, pressure) at once: cheaper than one after the other."""
        if not self.is_open:
            return EMPTY
        dabs: list[Dab] = []
        for x, y, pressure in points:
            dabs += self._path.extend(x, y, pressure)
            self.end_point = x, y
        painted = EMPTY
        for area, members in chunks(dabs):
            painted = painted.united(self._paint(area.intersected(self._content.bounds), members))
        self.area = self.area.united(painted)
        return painted

    def end(self) -> Rect:
        """Make the stroke a step of undo; return all it touched."""
        self._edit.commit()
        return self.area

    def cancel(self) -> Rect:
        """Take the stroke back as if it had never been; return what must be repainted."""
        self._edit.roll_back()
        return self.area

    def _paint(self, area: Rect, dabs: list[Dab]) -> Rect:
        if area.is_empty:
            return EMPTY
        coverage = self._coverage.read(area)
        stamp(coverage, area, dabs, self._brush)
        self._coverage.write(area, coverage)
        if self._brush.opacity < 1.0:
            coverage *= np.float32(self._brush.opacity)
        selected = self._content.selection(area)
        if selected is not None:
            coverage *= selected
        before = self._before.read(area.moved(-self.layer.x, -self.layer.y))
        self._content.write(self.layer, area, lay(before, self._ink, coverage))
        return area
