"""The brush: paints what the pointer does, and shows its true size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen

from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.smoothing import Smoother
from sdstudio.document.stroke import Stroke
from sdstudio.ui.canvas.brush_settings import BrushSettings
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView

SHORT_PX, SHORT_PART = 4.0, 0.25
"""Of ways shorter than this on the screen, or than this part of the brush, no corner is seen."""

REST_MS = 30
"""A pointer that says nothing for so long rests."""

SMALL_PX = 3.0
"""A smaller circle cannot be seen; a cross is shown instead."""


class BrushTool(Tool):
    """Paints with the foreground colour."""

    name = "brush"
    key = "B"
    label = "Brush"
    tip = "Shift-click draws a straight line, Ctrl-click picks a colour"
    icon_name = "brush"
    cursor = Qt.CursorShape.BlankCursor

    def __init__(self, view: PaintView) -> None:
        super().__init__(view)
        self.settings = BrushSettings(self._first_brush(), view)
        self.settings.changed.connect(self._show_size)
        self._stroke: Stroke | None = None
        self._smoother = Smoother(short=0, step=1)
        self._rest_timer = QTimer(view)
        self._rest_timer.setSingleShot(True)
        self._rest_timer.setInterval(REST_MS)
        self._rest_timer.timeout.connect(self._paint_rest)
        self._picks = False
        self._at: PointerPoint | None = None
        self._line_from: tuple[float, float] | None = None
        self._drawn = QRectF()

    @property
    def is_at_work(self) -> bool:
        return self._stroke is not None

    @property
    def ink(self) -> Ink:
        """What the next stroke leaves behind."""
        return self.view.ink

    def press(self, point: PointerPoint) -> None:
        if point.has_control and self.name == "brush":
            self._picks = True
            self.view.tools["picker"].press(point)
            return
        document = self.view.document
        self.view.require_paintable()
        self._stroke = document.paint.begin_stroke(
            self.settings.brush, self.ink, continues=point.has_shift
        )
        size = self.settings.size_px
        self._smoother = Smoother(
            short=max(SHORT_PX / self.view.scale, size * SHORT_PART), step=max(1.0, size / 16)
        )
        self.view.stroke_began.emit()
        self._paint([point])

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if self._picks:
            self.view.tools["picker"].drag(points)
        elif self._stroke is not None:
            self._paint(points)
        self.hover(points[-1])

    def release(self, point: PointerPoint) -> None:
        if self._picks:
            self._picks = False
            return
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        self._rest_timer.stop()
        points = self._smoother.rest()
        if point.pressure > 0 and self._line_from != (point.x, point.y):
            points.append((point.x, point.y, point.pressure))
        self.view.touch(stroke.add_points(points))
        self._line_from = stroke.end_point
        area = stroke.end()
        self.view.note_change(area)
        self.view.stroke_ended.emit()

    def cancel(self) -> None:
        stroke, self._stroke = self._stroke, None
        self._rest_timer.stop()
        if stroke is not None:
            self.view.touch(stroke.cancel())
            self.view.stroke_ended.emit()

    def hover(self, point: PointerPoint | None) -> None:
        self._at = point
        self._show_size()

    def paint(self, painter: QPainter) -> None:
        if self._at is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._at.has_shift and self._line_from is not None and not self.is_at_work:
            start = self.view.to_widget(QPointF(*self._line_from))
            _draw_twice(painter, lambda: painter.drawLine(start, self._centre()))
        radius = self._radius()
        if radius < SMALL_PX:
            _draw_twice(painter, lambda: _draw_cross(painter, self._centre()))
        else:
            _draw_twice(painter, lambda: painter.drawEllipse(self._centre(), radius, radius))

    def _first_brush(self) -> Brush:
        return Brush(size_px=40, hardness=0.8)

    def _paint(self, points: Sequence[PointerPoint]) -> None:
        assert self._stroke is not None
        self._line_from = points[-1].x, points[-1].y
        ready = self._smoother.extend((each.x, each.y, each.pressure) for each in points)
        self.view.touch(self._stroke.add_points(ready))
        if self._smoother.holds:
            self._rest_timer.start()

    def _paint_rest(self) -> None:
        """The pointer rests: paint as far as it came."""
        if self._stroke is not None:
            self.view.touch(self._stroke.add_points(self._smoother.rest()))

    def _centre(self) -> QPointF:
        assert self._at is not None
        return self._at.position

    def _radius(self) -> float:
        return self.settings.size_px * self.view.scale / 2

    def _show_size(self) -> None:
        """Repaint the circle where it was and where it is."""
        area = QRectF()
        if self._at is not None:
            reach = max(self._radius(), 6.0) + 2
            area = QRectF(0, 0, 2 * reach, 2 * reach)
            area.moveCenter(self._centre())
            if self._at.has_shift and self._line_from is not None:
                start = self.view.to_widget(QPointF(*self._line_from))
                area = area.united(
                    QRectF(start, self._centre()).normalized().adjusted(-2, -2, 2, 2)
                )
        for each in (self._drawn, area):
            self.view.update(each.toAlignedRect())
        self._drawn = area


def _draw_twice(painter: QPainter, draw: Callable[[], object]) -> None:
    """Dark under light, to be seen on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 150), 2.5), (QColor(255, 255, 255, 230), 1.0)):
        painter.setPen(QPen(colour, width))
        draw()


def _draw_cross(painter: QPainter, centre: QPointF) -> None:
    for dx, dy in ((5, 0), (0, 5)):
        painter.drawLine(centre - QPointF(dx, dy), centre + QPointF(dx, dy))
