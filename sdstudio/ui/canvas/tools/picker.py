"""The colour picker: paint with what is seen under the pointer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool


class PickerTool(Tool):
    """Takes the colour that is seen, or with Alt that of the active layer."""

    name = "picker"
    key = "I"
    label = "Colour picker"
    tip = "Alt picks from the active layer alone"
    icon_name = "picker"

    def press(self, point: PointerPoint) -> None:
        self._pick(point)

    def drag(self, points: Sequence[PointerPoint]) -> None:
        self._pick(points[-1])

    def _pick(self, point: PointerPoint) -> None:
        document = self.view.document
        layer = document.layers.active
        from_layer = layer if layer and (point.has_alt or layer.kind == "mask") else None
        colour = document.pick_colour(
            math.floor(point.x), math.floor(point.y), layer_id=from_layer and from_layer.id
        )
        if colour is not None:
            self.view.colours.set_foreground(colour)
