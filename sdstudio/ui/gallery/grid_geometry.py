"""Where the pictures of the large gallery stand: sums over days, never a list of all places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Box(NamedTuple):
    """A square in pixels from the top left of all pictures."""

    left: int
    top: int
    side: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The place of a day's heading."""

    section: int
    top: int


class GridGeometry:
    """Rows of equal cells, in sections that each begin on a line of their own.

    Args:
        count: pictures in all.
        starts: the first row of each section, ascending from 0; one section if empty.
        width_px: of the view.
        cell_px: the least side of a cell; cells share what is left over, and stay square.
        heading_px: above each section, 0 for none.
    """

    def __init__(
        self, count: int, starts: Sequence[int], *, width_px: int, cell_px: int, heading_px: int = 0
    ) -> None:
        self.count = count
        self.heading_px = heading_px
        self.columns = max(1, width_px // cell_px)
        self.cell_px = max(cell_px, width_px // self.columns)
        self._starts = list(starts) or [0]
        self._tops = [0]
        for first, after in pairwise([*self._starts, count]):
            lines = -(-(after - first) // self.columns)
            self._tops.append(self._tops[-1] + heading_px + lines * self.cell_px)
        self.height_px = self._tops[-1] if count else 0

    def section_of(self, row: int) -> int:
        """The section a picture stands in."""
        return bisect_right(self._starts, row) - 1

    def span(self, section: int) -> tuple[int, int]:
        """The first row of a section, and the first row after it."""
        after = self._starts[section + 1] if section + 1 < len(self._starts) else self.count
        return self._starts[section], after

    def box(self, row: int) -> Box:
        """The place of one picture."""
        section = self.section_of(row)
        line, column = divmod(row - self._starts[section], self.columns)
        top = self._tops[section] + self.heading_px + line * self.cell_px
        return Box(column * self.cell_px, top, self.cell_px)

    def row_at(self, x: int, y: int) -> int | None:
        """The picture at a place, None between and beside pictures."""
        if not 0 <= y < self.height_px or not 0 <= x < self.columns * self.cell_px:
            return None
        section = bisect_right(self._tops, y) - 1
        inside = y - self._tops[section] - self.heading_px
        if inside < 0:
            return None
        first, after = self.span(section)
        row = first + inside // self.cell_px * self.columns + x // self.cell_px
        return row if row < after else None

    def rows_between(self, top: int, bottom: int) -> range:
        """The pictures that touch the strip from `top` to before `bottom`."""
        if not self.count or bottom <= top:
            return range(0)
        return range(self._row_from(top), self._row_up_to(bottom - 1))

    def headings_between(self, top: int, bottom: int) -> list[Heading]:
        """The headings that touch the strip from `top` to before `bottom`."""
        if not self.heading_px or not self.count:
            return []
        first = max(0, bisect_right(self._tops, top) - 1)
        found = []
        for section in range(first, len(self._starts)):
            if self._tops[section] >= bottom:
                break
            if self._tops[section] + self.heading_px > top:
                found.append(Heading(section=section, top=self._tops[section]))
        return found

    def heading_at(self, x: int, y: int) -> int | None:
        """The section whose heading is at a place."""
        for heading in self.headings_between(y, y + 1):
            return heading.section
        return None

    def below(self, row: int, lines: int) -> int:
        """The picture so many lines below (above if negative), in the same column if it can be."""
        for _ in range(abs(lines)):
            after = self._next_line(row) if lines > 0 else self._line_before(row)
            if after == row:
                break
            row = after
        return row

    def _next_line(self, row: int) -> int:
        section = self.section_of(row)
        first, after = self.span(section)
        column = (row - first) % self.columns
        if row + self.columns < after:
            return row + self.columns
        if row - column + self.columns < after:  # the last line is shorter
            return after - 1
        if section + 1 == len(self._starts):
            return row
        first, after = self.span(section + 1)
        return min(first + column, after - 1)

    def _line_before(self, row: int) -> int:
        section = self.section_of(row)
        first, _ = self.span(section)
        column = (row - first) % self.columns
        if row - self.columns >= first:
            return row - self.columns
        if section == 0:
            return row
        first, after = self.span(section - 1)
        last_line = first + (after - 1 - first) // self.columns * self.columns
        return min(last_line + column, after - 1)

    def _row_from(self, top: int) -> int:
        section = min(bisect_right(self._tops, max(0, top)) - 1, len(self._starts) - 1)
        first, after = self.span(section)
        line = max(0, max(0, top) - self._tops[section] - self.heading_px) // self.cell_px
        return min(first + line * self.columns, after)

    def _row_up_to(self, bottom: int) -> int:
        if bottom < 0:
            return 0
        section = min(bisect_right(self._tops, bottom) - 1, len(self._starts) - 1)
        first, after = self.span(section)
        inside = bottom - self._tops[section] - self.heading_px
        lines = inside // self.cell_px + 1 if inside >= 0 else 0
        return min(first + lines * self.columns, after)
