"""The selection: which pixels tools may touch, with soft edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from sdstudio.document import shapes
from sdstudio.document.content import Content
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.shapes import Coverage
from sdstudio.document.state import SELECTION_ID

SelectMode = Literal["replace", "add", "subtract", "intersect"]


class Selection:
    """A greyscale plane over the document; while nothing is selected, all may be painted on."""

    def __init__(self, content: Content) -> None:
        self._content = content

    @property
    def is_active(self) -> bool:
        """Whether something is selected."""
        return self._content.state.has_selection

    @property
    def bounds(self) -> Rect:
        """Around what is selected; empty where nothing is."""
        return self._content.images[SELECTION_ID].bounds() if self.is_active else EMPTY

    def values(self, rect: Rect) -> np.ndarray:
        """(height, width) uint8, 255 = selected; all 255 where nothing is selected."""
        if not self.is_active:
            return np.full((rect.height, rect.width), 255, np.uint8)
        return self._content.images[SELECTION_ID].read(rect)

    @property
    def version(self) -> int:
        """Another number after every change of what is stored."""
        return self._content.images[SELECTION_ID].version

    def tiles_under(self, rect: Rect) -> list[tuple[Rect, np.ndarray]]:
        """The stored tiles under `rect` and where they lie, not copied; none = not selected."""
        return self._content.images[SELECTION_ID].tiles_under(rect) if self.is_active else []

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, *, mode: SelectMode = "replace"
    ) -> Rect:
        shape = shapes.rectangle(left, top, right, bottom, self._content.bounds)
        return self.select("Select rectangle", shape, mode)

    def ellipse(
        self, left: float, top: float, right: float, bottom: float, *, mode: SelectMode = "replace"
    ) -> Rect:
        shape = shapes.ellipse(left, top, right, bottom, self._content.bounds)
        return self.select("Select ellipse", shape, mode)

    def lasso(self, points: Sequence[tuple[float, float]], *, mode: SelectMode = "replace") -> Rect:
        return self.select("Lasso", shapes.polygon(points, self._content.bounds), mode)

    def clear(self) -> Rect:
        """Select nothing: everything may be painted on again."""
        if not self.is_active:
            return EMPTY
        with self._content.edit("Select nothing"):
            changed = self.bounds
            self._put(False, changed, np.zeros((changed.height, changed.width), np.uint8))
        return changed

    def invert(self) -> Rect:
        """Select what is not selected."""
        bounds = self._content.bounds
        with self._content.edit("Invert selection"):
            self._put(True, bounds, 255 - self.values(bounds))
        return bounds

    def select(self, label: str, shape: Coverage, mode: SelectMode) -> Rect:
        """Change the selection by a shape; return where it may differ.

        What leaves nothing selected selects nothing: a click beside everything frees the tools.
        """
        where, coverage = shape
        from_all = mode == "subtract" and not self.is_active
        area = self._content.bounds if from_all else self.bounds.united(where)
        old = self.values(area) if from_all else self._stored(area)
        new = np.zeros_like(old)
        new[where.moved(-area.x, -area.y).slices] = np.rint(coverage * 255)
        if mode == "add":
            new = np.maximum(old, new)
        elif mode == "subtract":
            new = np.minimum(old, 255 - new)
        elif mode == "intersect" and self.is_active:
            new = np.minimum(old, new)
        with self._content.edit(label):
            self._put(bool(new.any()), area, new)
        return area

    def _stored(self, rect: Rect) -> np.ndarray:
        return self._content.images[SELECTION_ID].read(rect)

    def _put(self, has_selection: bool, rect: Rect, values: np.ndarray) -> None:
        self._content.images[SELECTION_ID].write(rect, values)
        self._content.state = replace(self._content.state, has_selection=has_selection)
