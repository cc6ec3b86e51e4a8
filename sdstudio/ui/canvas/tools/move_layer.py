"""Move: drags the active layer over the others."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt

from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool


class MoveTool(Tool):
    """Moves the active layer by whole pixels; Shift keeps to one direction."""

    name = "move"
    key = "V"
    label = "Move layer"
    tip = "Shift keeps to one direction; the arrow keys move by a pixel"
    icon_name = "move"
    can_be_nudged = True
    cursor = Qt.CursorShape.SizeAllCursor

    _from: PointerPoint | None = None
    _moved = (0, 0)

    @property
    def is_at_work(self) -> bool:
        return self._from is not None

    def press(self, point: PointerPoint) -> None:
        self.view.document.layers.editable()
        self.view.document.undo_stack.seal()
        self._from, self._moved = point, (0, 0)

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if self._from is None:
            return
        dx, dy = round(points[-1].x - self._from.x), round(points[-1].y - self._from.y)
        if points[-1].has_shift:
            dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
        self._shift_to(dx, dy)

    def release(self, point: PointerPoint) -> None:
        moved, self._from = self._moved, None
        self.view.document.undo_stack.seal()
        if moved != (0, 0):
            self.view.note_change(None)

    def cancel(self) -> None:
        if self._from is not None:
            self._shift_to(0, 0)
            self._from = None
            self.view.document.undo_stack.seal()

    def nudge(self, dx: int, dy: int) -> None:
        """Move the layer by this much; presses in a row are one step of undo."""
        layer = self.view.document.layers.editable()
        self.view.repaint_document(self.view.document.layers.shift(layer.id, dx, dy))

    def _shift_to(self, dx: int, dy: int) -> None:
        step = dx - self._moved[0], dy - self._moved[1]
        layer = self.view.document.layers.active
        if step == (0, 0) or layer is None:
            return
        self._moved = dx, dy
        self.view.touch(self.view.document.layers.shift(layer.id, *step))
