"""The generation box: where the model works; it may reach beyond the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt

from sdstudio.document.rect import Rect
from sdstudio.messages.generation import MAX_SIDE_PX
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools.tool import Tool

GRAB_PX = 10.0
SNAP_PX = 8.0
GRID_PX = 8
"""Models work on cells of eight pixels."""

MIN_SIDE_PX = 64

Sides = tuple[int, int]
"""Which edge is held, across and down: -1 left or top, 0 none, 1 right or bottom."""

_CURSORS: dict[Sides, Qt.CursorShape] = {
    (-1, 0): Qt.CursorShape.SizeHorCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, -1): Qt.CursorShape.SizeVerCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
    (-1, -1): Qt.CursorShape.SizeFDiagCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 1): Qt.CursorShape.SizeBDiagCursor,
    (0, 0): Qt.CursorShape.SizeAllCursor,
}


class GenerationBoxTool(Tool):
    """Moves the box, pulls its edges, or draws a new one beside it; Alt ignores the edges."""

    name = "generation-box"
    key = "C"
    label = "Generation box"
    tip = "Where the model works; may reach beyond the picture to make it larger"
    icon_name = "generation-box"
    can_be_nudged = True

    _from: PointerPoint | None = None
    _start = Rect()
    _held: Sides | None = None

    @property
    def is_at_work(self) -> bool:
        return self._from is not None

    def press(self, point: PointerPoint) -> None:
        self.view.document.undo_stack.seal()
        self._from, self._start = point, self.view.document.box
        self._held = self._grip(point.position)

    def drag(self, points: Sequence[PointerPoint]) -> None:
        if self._from is not None:
            self.view.put_generation_box(self._box_at(self._from, points[-1]))

    def release(self, point: PointerPoint) -> None:
        self._from = None
        self.view.document.undo_stack.seal()

    def cancel(self) -> None:
        if self._from is not None:
            self._from = None
            self.view.put_generation_box(self._start)
            self.view.document.undo_stack.seal()

    def hover(self, point: PointerPoint | None) -> None:
        if point is not None:
            grip = self._grip(point.position)
            shape = Qt.CursorShape.CrossCursor if grip is None else _CURSORS[grip]
            self.view.setCursor(shape)

    def nudge(self, dx: int, dy: int) -> None:
        """Move the box by this much; presses in a row are one step of undo."""
        self.view.put_generation_box(self.view.document.box.moved(dx, dy))

    def _grip(self, position: QPointF) -> Sides | None:
        """The edges under the pointer; (0, 0) inside, None outside."""
        box = self.view.widget_rect(self.view.document.box)
        if not box.adjusted(-GRAB_PX, -GRAB_PX, GRAB_PX, GRAB_PX).contains(position):
            return None
        across = _side(position.x(), box.left(), box.right())
        down = _side(position.y(), box.top(), box.bottom())
        return across, down

    def _box_at(self, start: PointerPoint, end: PointerPoint) -> Rect:
        dx, dy = end.x - start.x, end.y - start.y
        snaps = not end.has_alt
        if self._held == (0, 0):
            return self._snapped(self._start.moved(round(dx), round(dy)), snaps)
        left, top, right, bottom = (float(each) for each in _edges(self._start))
        if self._held is None:
            left, right = sorted((start.x, end.x))
            top, bottom = sorted((start.y, end.y))
        else:
            left, right = _pulled(left, right, dx, self._held[0])
            top, bottom = _pulled(top, bottom, dy, self._held[1])
        return self._sized(QRectF(left, top, right - left, bottom - top), snaps)

    def _snapped(self, box: Rect, snaps: bool) -> Rect:
        """The box moved to the picture's edges where it is near them."""
        if not snaps:
            return box
        width, height = self.view.document.size
        near = SNAP_PX / self.view.scale
        return box.moved(
            _nearest((-box.x, width - box.right), near),
            _nearest((-box.y, height - box.bottom), near),
        )

    def _sized(self, wanted: QRectF, snaps: bool) -> Rect:
        """A box near these edges: the pulled edges snap, sides are multiples of eight."""
        width, height = self.view.document.size
        near = SNAP_PX / self.view.scale if snaps else 0.0
        held = self._held or (1, 1)
        x, box_width = _span(wanted.left(), wanted.right(), held[0], width, near)
        y, box_height = _span(wanted.top(), wanted.bottom(), held[1], height, near)
        return Rect(x, y, box_width, box_height)


def _edges(box: Rect) -> tuple[int, int, int, int]:
    return box.x, box.y, box.right, box.bottom


def _side(at: float, low: float, high: float) -> int:
    """-1 near the low edge, 1 near the high one, 0 between; a small box keeps a middle."""
    reach = min(GRAB_PX, (high - low) / 4)
    if at < low + reach:
        return -1
    return 1 if at > high - reach else 0


def _pulled(low: float, high: float, by: float, side: int) -> tuple[float, float]:
    if side < 0:
        return min(low + by, high - MIN_SIDE_PX), high
    return (low, max(high + by, low + MIN_SIDE_PX)) if side else (low, high)


def _nearest(ways: tuple[float, float], near: float) -> int:
    """The shorter of two ways if it is no longer than `near`, else 0."""
    shorter = min(ways, key=abs)
    return round(shorter) if abs(shorter) <= near else 0


def _span(low: float, high: float, side: int, page: int, near: float) -> tuple[int, int]:
    """Start and length; the held edge snaps to the page's edges, the other one stays."""
    if not side:
        return round(low), round(high - low)
    held = low if side < 0 else high
    edge = min((0, page), key=lambda each: abs(held - each))
    if abs(held - edge) <= near:
        length = abs(edge - round(high if side < 0 else low))
    else:
        length = round((high - low) / GRID_PX) * GRID_PX
    length = min(MAX_SIDE_PX, max(MIN_SIDE_PX, length))
    return (round(high) - length if side < 0 else round(low)), length
