"""Rectangles of whole pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple


class Rect(NamedTuple):
    """`width` x `height` pixels whose top left one is (x, y); empty where a side is 0."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0

    @classmethod
    def between(cls, left: float, top: float, right: float, bottom: float) -> Rect:
        """The smallest rectangle that holds these edges, right and bottom excluded."""
        x, y = math.floor(left), math.floor(top)
        return cls(x, y, max(0, math.ceil(right) - x), max(0, math.ceil(bottom) - y))

    @property
    def right(self) -> int:
        """The first column behind it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.height

    @property
    def is_empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    @property
    def area(self) -> int:
        return 0 if self.is_empty else self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of an array whose pixel [0, 0] is (0, 0)."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def intersected(self, other: Rect) -> Rect:
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else EMPTY

    def united(self, other: Rect) -> Rect:
        """The smallest rectangle around both."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def moved(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, by: int) -> Rect:
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def contains(self, other: Rect) -> bool:
        return self.intersected(other) == other

    def blocks(self, side: int) -> Iterator[Rect]:
        """Pieces of at most `side` x `side` pixels that make it up: work that stays small."""
        for y in range(self.y, self.bottom, side):
            for x in range(self.x, self.right, side):
                yield Rect(x, y, min(side, self.right - x), min(side, self.bottom - y))


EMPTY = Rect()
