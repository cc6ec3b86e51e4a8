"""The eraser: a brush that takes away."""

from __future__ import annotations

from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.ui.canvas.tools.brush import BrushTool


class EraserTool(BrushTool):
    """Rubs out; on a mask it takes the repainting away."""

    name = "eraser"
    key = "E"
    label = "Eraser"
    tip = "Shift-click rubs out along a straight line; so does the pen's other end"
    icon_name = "eraser"

    @property
    def ink(self) -> Ink:
        return Ink(erases=True)

    def _first_brush(self) -> Brush:
        return Brush(size_px=60, hardness=0.8)
