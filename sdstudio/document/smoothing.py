"""A round line through the few places where a fast pointer was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable

PenPoint = tuple[float, float, float]
"""x, y and pressure."""

_MAX_STEPS = 64


class Smoother:
    """Turns sparse points into a curve through all of them; a sharp turn stays sharp.

    A long way to a new point is held back until the next one tells in which direction it arrives
    (Catmull & Rom 1974); short ways, of which no eye sees the corners, are passed on at once.

    Args:
        short: ways up to this length are short, in the points' unit.
        step: about how far apart the points of a curve are.
    """

    def __init__(self, *, short: float, step: float) -> None:
        self._short = short
        self._step = max(step, 1e-3)
        self._seen: list[PenPoint] = []  # the last three
        self._is_held = False

    @property
    def holds(self) -> bool:
        """Whether the way to the last point is still to come."""
        return self._is_held

    def extend(self, points: Iterable[PenPoint]) -> list[PenPoint]:
        """What can be drawn now that these points are known."""
        ready: list[PenPoint] = []
        for point in points:
            if not self._seen:
                ready.append(point)
            else:
                ready += self._curve(point)
                self._is_held = _distance(self._seen[-1], point) > self._short
                if not self._is_held:
                    ready.append(point)
            self._seen = [*self._seen[-2:], point]
        return ready

    def rest(self) -> list[PenPoint]:
        """The way to the last point, if it was held back: the pointer rests, or is up."""
        return self._curve(None)

    def _curve(self, following: PenPoint | None) -> list[PenPoint]:
        """The held way, which goes on towards the next point."""
        if not self._is_held:
            return []
        self._is_held = False
        start, end = self._seen[-2:]
        before = self._seen[-3] if len(self._seen) > 2 else None
        out, arrive = _tangent(before, start, end), _tangent(start, end, following)
        length = _distance(start, end)
        count = min(_MAX_STEPS, max(1, math.ceil(length / self._step)))
        return [_hermite(start, end, out, arrive, at / count) for at in range(1, count + 1)]


def _tangent(
    before: PenPoint | None, point: PenPoint, after: PenPoint | None
) -> tuple[float, float] | None:
    """Direction and speed of a curve where it passes a point; None at an end or a sharp turn."""
    if before is None or after is None:
        return None
    first, second = _distance(before, point), _distance(point, after)
    ways = [(point[axis] - before[axis], after[axis] - point[axis]) for axis in (0, 1)]
    if not first or not second or sum(a * b for a, b in ways) < 0:
        return None
    # the shorter a way is, the better it tells the direction
    x, y = (a / first * second + b / second * first for a, b in ways)
    size = math.hypot(x, y)
    speed = min(first, second)  # a long way does not swing out for the sake of a short one
    return (x / size * speed, y / size * speed) if size else None


def _hermite(
    start: PenPoint,
    end: PenPoint,
    out: tuple[float, float] | None,
    arrive: tuple[float, float] | None,
    t: float,
) -> PenPoint:
    chord = end[0] - start[0], end[1] - start[1]
    out, arrive = out or chord, arrive or chord
    weight_out, weight_in = t * (1 - t) ** 2, t * t * (t - 1)
    blend = t * t * (3 - 2 * t)
    x, y = (
        start[axis] + chord[axis] * blend + out[axis] * weight_out + arrive[axis] * weight_in
        for axis in (0, 1)
    )
    return x, y, start[2] + (end[2] - start[2]) * t


def _distance(first: PenPoint, second: PenPoint) -> float:
    return math.hypot(second[0] - first[0], second[1] - first[1])
