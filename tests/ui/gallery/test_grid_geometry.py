"""Places in the large grid, against a layout that puts one picture after the other."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from sdstudio.ui.gallery.cell import day_of, day_starts
from sdstudio.ui.gallery.grid_geometry import GridGeometry

SECTIONS = st.lists(st.integers(1, 30), min_size=1, max_size=8)


def slow_places(counts: list[int], columns: int, cell_px: int, heading_px: int) -> list[tuple]:
    """Corner of every picture, found by walking through all of them."""
    places, top = [], 0
    for count in counts:
        top += heading_px
        for number in range(count):
            places.append((number % columns * cell_px, top + number // columns * cell_px))
        top += -(-count // columns) * cell_px
    return places


@given(SECTIONS, st.integers(1, 900), st.integers(20, 200), st.sampled_from([0, 40]))
def test_places_are_those_of_a_walk(
    counts: list[int], width: int, cell: int, heading_px: int
) -> None:
    if not heading_px:
        counts = [sum(counts)]
    starts = [sum(counts[:place]) for place in range(len(counts))]
    grid = GridGeometry(sum(counts), starts, width_px=width, cell_px=cell, heading_px=heading_px)
    side = grid.cell_px
    places = slow_places(counts, grid.columns, side, heading_px)
    assert [(grid.box(row).left, grid.box(row).top) for row in range(grid.count)] == places
    for row, (left, top) in enumerate(places):
        assert grid.row_at(left, top) == grid.row_at(left + side - 1, top + side - 1) == row
    assert grid.height_px >= max(top for _, top in places) + side
    for top in range(-50, grid.height_px + 50, 37):
        seen = set(grid.rows_between(top, top + 60))
        touching = {r for r, (_, y) in enumerate(places) if y < top + 60 and y + side > top}
        assert touching <= seen
        assert all(abs(places[row][1] - top) <= 60 + 2 * side + heading_px for row in seen)


@given(SECTIONS, st.integers(1, 5))
def test_down_and_up_meet_every_line_once(counts: list[int], columns: int) -> None:
    starts = [sum(counts[:place]) for place in range(len(counts))]
    grid = GridGeometry(sum(counts), starts, width_px=columns * 50, cell_px=50, heading_px=40)
    row, tops = 0, [grid.box(0).top]
    while (after := grid.below(row, 1)) != row:
        assert grid.box(after).top > grid.box(row).top
        row = after
        tops.append(grid.box(row).top)
    assert tops == sorted({grid.box(each).top for each in range(grid.count)})
    back = len(tops) - 1
    while (before := grid.below(row, -1)) != row:
        row, back = before, back - 1
        assert grid.box(row).top == tops[back]
    assert back == 0


def test_an_empty_grid_has_no_places() -> None:
    grid = GridGeometry(0, (), width_px=300, cell_px=100, heading_px=40)
    assert grid.height_px == 0
    assert grid.row_at(5, 50) is None
    assert not grid.rows_between(0, 500)
    assert not grid.headings_between(0, 500)


def test_headings_stand_above_their_days() -> None:
    grid = GridGeometry(5, [0, 3], width_px=200, cell_px=100, heading_px=40)
    assert [each.top for each in grid.headings_between(0, 1000)] == [0, 240]
    assert grid.heading_at(10, 245) == 1
    assert grid.heading_at(10, 300) is None
    assert grid.span(1) == (3, 5)


@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), max_size=60))
def test_days_begin_where_the_date_changes(moments: list[datetime]) -> None:
    ids = sorted({int(moment.timestamp() * 1_000_000) for moment in moments}, reverse=True)
    days = [day_of(each) for each in ids]
    changes = [row for row in range(len(ids)) if row == 0 or days[row] != days[row - 1]]
    assert day_starts(ids) == changes


def test_times_without_a_date_share_one_heading() -> None:
    ids = [2**62, 2**62 - 5, int(datetime(2026, 5, 4, 12).timestamp() * 1_000_000), -(2**62)]
    starts = day_starts(ids)
    assert starts[:2] == [0, 2]
    assert day_of(ids[0]) is None
