"""The lasso: select what the pointer goes around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPolygonF

from sdstudio.document.rect import EMPTY
from sdstudio.ui.canvas.outline_pen import draw_outline
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.select_shape import mode_of
from sdstudio.ui.canvas.tools.tool import Tool

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView


class LassoTool(Tool):
    """Selects freely; a click selects nothing."""

    name = "lasso"
    key = "L"
    label = "Lasso"
    tip = "Select what you go around; Shift adds, Alt takes away"
    icon_name = "lasso"

    def __init__(self, view: PaintView) -> None:
        super().__init__(view)
        self._points: list[PointerPoint] = []

    @property
    def is_at_work(self) -> bool:
        return bool(self._points)

    def press(self, point: PointerPoint) -> None:
        self._points = [point]

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if not self._points:
            return
        around = QPolygonF([each.position for each in (self._points[-1], *points)]).boundingRect()
        first = self._points[0].position  # the line that closes the shape moves with the pointer
        area = around.united(QRectF(first, self._points[-1].position).normalized())
        self._points += points
        area = area.united(QRectF(first, points[-1].position).normalized())
        self.view.update(area.adjusted(-3, -3, 3, 3).toAlignedRect())

    def release(self, point: PointerPoint) -> None:
        points, self._points = self._points, []
        if not points:
            return
        selection = self.view.document.selection
        mode = mode_of(points[0])
        self.view.update()
        if len(points) > 2:
            selection.lasso([(each.x, each.y) for each in points], mode=mode)
        elif mode == "replace":
            selection.clear()
        self.view.note_change(EMPTY)

    def cancel(self) -> None:
        self._points = []
        self.view.update()

    def paint(self, painter: QPainter) -> None:
        if len(self._points) < 2:
            return
        shape = QPolygonF([self.view.to_widget(QPointF(p.x, p.y)) for p in self._points])
        draw_outline(painter, lambda: painter.drawPolygon(shape))
