"""Rectangle and ellipse: select what lies between two corners."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from sdstudio.document.rect import EMPTY
from sdstudio.document.selection import SelectMode
from sdstudio.ui.canvas.outline_pen import draw_outline
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

CLICK_PX = 3.0
"""A shorter drag is a click, which selects nothing."""


def mode_of(point: PointerPoint) -> SelectMode:
    """Shift adds, Alt takes away, both keep what lies in both."""
    if point.has_shift and point.has_alt:
        return "intersect"
    if point.has_shift:
        return "add"
    return "subtract" if point.has_alt else "replace"


class RectangleTool(Tool):
    """Selects a rectangle; Shift during the drag makes it a square."""

    name = "rectangle"
    key = "R"
    label = "Select rectangle"
    tip = "Shift adds, Alt takes away; Shift during the drag makes a square; R again: ellipse"
    icon_name = "select-rectangle"

    _from: PointerPoint | None = None
    _edges: tuple[float, float, float, float] | None = None

    @property
    def is_at_work(self) -> bool:
        return self._from is not None

    def press(self, point: PointerPoint) -> None:
        self._from, self._edges = point, None

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if self._from is None:
            return
        self._show(self._between(self._from, points[-1]))

    def release(self, point: PointerPoint) -> None:
        start, self._from = self._from, None
        if start is None:
            return
        selection = self.view.document.selection
        mode = mode_of(start)
        edges = self._between(start, point)
        self._show(None)
        way = point.position - start.position
        if abs(way.x()) >= CLICK_PX or abs(way.y()) >= CLICK_PX:
            select = selection.rectangle if self.name == "rectangle" else selection.ellipse
            select(*edges, mode=mode)
        elif mode == "replace":
            selection.clear()
        self.view.note_change(EMPTY)

    def cancel(self) -> None:
        self._from = None
        self._show(None)

    def paint(self, painter: QPainter) -> None:
        if self._edges is None:
            return
        rect = self._on_view(self._edges)
        if self.name == "rectangle":
            draw_outline(painter, lambda: painter.drawRect(rect))
        else:
            draw_outline(painter, lambda: painter.drawEllipse(rect))

    def _between(self, start: PointerPoint, end: PointerPoint) -> tuple[float, float, float, float]:
        dx, dy = end.x - start.x, end.y - start.y
        if end.has_shift and not start.has_shift:
            side = max(abs(dx), abs(dy))
            dx, dy = side if dx >= 0 else -side, side if dy >= 0 else -side
        left, right = sorted((start.x, start.x + dx))
        top, bottom = sorted((start.y, start.y + dy))
        if self.name == "rectangle":  # whole pixels: a rectangle has no soft rim
            left, top, right, bottom = (float(round(each)) for each in (left, top, right, bottom))
        return left, top, right, bottom

    def _show(self, edges: tuple[float, float, float, float] | None) -> None:
        for each in (self._edges, edges):
            if each is not None:
                area = self._on_view(each).adjusted(-2, -2, 2, 2)
                self.view.update(area.toAlignedRect())
        self._edges = edges

    def _on_view(self, edges: tuple[float, float, float, float]) -> QRectF:
        left, top, right, bottom = edges
        return QRectF(
            self.view.to_widget(QPointF(left, top)), self.view.to_widget(QPointF(right, bottom))
        )


class EllipseTool(RectangleTool):
    """Selects an ellipse; Shift during the drag makes it a circle."""

    name = "ellipse"
    label = "Select ellipse"
    tip = "Shift adds, Alt takes away; Shift during the drag makes a circle; R again: rectangle"
    icon_name = "select-ellipse"
    cursor = Qt.CursorShape.CrossCursor
