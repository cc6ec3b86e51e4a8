"""Fill: one click colours what hangs together."""

from __future__ import annotations

import math

from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

DEFAULT_TOLERANCE = 32


class FillTool(Tool):
    """Floods with the foreground colour, within the selection.

    Attributes:
        tolerance: the most a channel may differ from the clicked pixel, 0 to 255.
        sees_all: look at the whole picture, not only at the active layer.
    """

    name = "fill"
    key = "G"
    label = "Fill"
    tip = "Colours all that looks like the clicked spot and hangs together with it"
    icon_name = "fill"

    tolerance = DEFAULT_TOLERANCE
    sees_all = True

    def press(self, point: PointerPoint) -> None:
        document = self.view.document
        self.view.require_paintable()
        area = document.paint.flood_fill(
            math.floor(point.x),
            math.floor(point.y),
            self.view.ink,
            tolerance=self.tolerance,
            sees_all=self.sees_all,
            opacity=self.view.tools.brush.brush.opacity,
        )
        self.view.repaint_document(area)
