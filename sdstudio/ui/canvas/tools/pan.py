"""Pan: moves the view, not the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt

from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool


class PanTool(Tool):
    """Pulls the page along."""

    name = "pan"
    key = "H"
    label = "Pan"
    tip = "Hold Space, or the middle button, with any tool"
    icon_name = "pan"
    cursor = Qt.CursorShape.OpenHandCursor

    _last: QPointF | None = None

    @property
    def is_at_work(self) -> bool:
        return self._last is not None

    def press(self, point: PointerPoint) -> None:
        self._last = point.position
        self.view.setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if self._last is not None:
            self.view.pan(points[-1].position - self._last)
            self._last = points[-1].position

    def release(self, point: PointerPoint) -> None:
        self._last = None

    def cancel(self) -> None:
        self._last = None
