"""What a brush is set to; the options show it, the tools paint with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from sdstudio.document.brush import MAX_SIZE_PX, Brush, PressureCurve

MIN_SIZE_PX = 1.0
SIZE_STEP = 1.15
"""One press of a bracket key, one notch of Ctrl+wheel."""


class BrushSettings(QObject):
    """A brush that changes, and what pen pressure does to it.

    Attributes:
        curve: how hard one must press; shared by size and opacity.
    """

    changed = Signal()

    def __init__(self, brush: Brush, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._brush = replace(brush, size_curve=None, opacity_curve=None)
        self.curve = PressureCurve(at_zero=0.0)
        self.size_follows_pen = brush.size_curve is not None
        self.opacity_follows_pen = brush.opacity_curve is not None

    @property
    def brush(self) -> Brush:
        """The brush of the next stroke."""
        return replace(
            self._brush,
            size_curve=self.curve if self.size_follows_pen else None,
            opacity_curve=self.curve if self.opacity_follows_pen else None,
        )

    @property
    def size_px(self) -> float:
        """Diameter in the document's pixels."""
        return self._brush.size_px

    def change(self, **values: Any) -> None:
        """Set size_px, hardness, opacity, flow or spacing; a size is kept within its limits."""
        if "size_px" in values:
            values["size_px"] = min(float(MAX_SIZE_PX), max(MIN_SIZE_PX, values["size_px"]))
        brush = replace(self._brush, **values)
        if brush != self._brush:
            self._brush = brush
            self.changed.emit()

    def step_size(self, steps: float) -> None:
        """Grow or shrink by this many presses of a key, by a pixel at least."""
        size = self._brush.size_px
        wanted = size * SIZE_STEP**steps
        least = size + (1 if steps > 0 else -1)
        wanted = max(wanted, least) if steps > 0 else min(wanted, least)
        self.change(size_px=float(round(wanted)))

    def set_pen(
        self,
        *,
        size: bool | None = None,
        opacity: bool | None = None,
        curve: PressureCurve | None = None,
    ) -> None:
        """Choose what pen pressure drives, and how."""
        before = self.size_follows_pen, self.opacity_follows_pen, self.curve
        if size is not None:
            self.size_follows_pen = size
        if opacity is not None:
            self.opacity_follows_pen = opacity
        if curve is not None:
            self.curve = curve
        if before != (self.size_follows_pen, self.opacity_follows_pen, self.curve):
            self.changed.emit()
