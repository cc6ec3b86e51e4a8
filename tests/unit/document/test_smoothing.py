"""Sparse points become a round line: against circles, straight lines and corners."""

from __future__ import annotations

import itertools
import math

import pytest

from sdstudio.document.smoothing import PenPoint, Smoother


def smoothed(points: list[PenPoint], short: float = 4.0, step: float = 1.0) -> list[PenPoint]:
    smoother = Smoother(short=short, step=step)
    drawn: list[PenPoint] = []
    for point in points:
        drawn += smoother.extend([point])
    return drawn + smoother.rest()


def circle(every_degrees: int) -> list[PenPoint]:
    angles = [math.radians(angle) for angle in range(0, 720, every_degrees)]
    return [(100 * math.cos(angle), 100 * math.sin(angle), 0.5) for angle in angles]


@pytest.mark.parametrize("every_degrees", [10, 20, 30, 40])
def test_a_circle_stays_round(every_degrees: int) -> None:
    """A polygon would miss the circle by 100 (1 - cos(a / 2)) in the middle of each side."""
    drawn = smoothed(circle(every_degrees))
    middle = drawn[len(drawn) // 4 : -len(drawn) // 4]  # its ends know only one neighbour
    miss = max(abs(math.hypot(x, y) - 100) for x, y, _ in middle)
    polygon = 100 * (1 - math.cos(math.radians(every_degrees / 2)))
    assert miss < 0.15 * polygon + 0.01


def test_it_goes_through_every_point() -> None:
    points = [(0.0, 0.0, 0.1), (30.0, 5.0, 0.2), (35.0, 60.0, 0.9), (90.0, 61.0, 1.0)]
    drawn = smoothed(points)
    for point in points:
        assert min(math.dist(point, each) for each in drawn) < 1e-9


def test_a_straight_line_stays_straight() -> None:
    drawn = smoothed([(float(x), 2.0 * x, 1.0) for x in (0, 10, 11, 40, 100)])
    assert all(y == pytest.approx(2 * x) for x, y, _ in drawn)
    along = [x for x, _, _ in drawn]
    assert along == sorted(along)


def test_a_sharp_turn_stays_sharp() -> None:
    drawn = smoothed([(0.0, 0.0, 1.0), (50.0, 40.0, 1.0), (100.0, 0.0, 1.0), (50.0, -30.0, 1.0)])
    assert max(x for x, _, _ in drawn) <= 100 + 1e-9  # it does not swing out beyond the turn
    assert (100.0, 0.0) in {(x, y) for x, y, _ in drawn}


def test_uneven_ways_do_not_loop() -> None:
    drawn = smoothed([(0.0, 0.0, 1.0), (100.0, 0.0, 1.0), (106.0, 5.0, 1.0), (106.0, 90.0, 1.0)])
    assert all(-8 <= x <= 112 and -8 <= y <= 92 for x, y, _ in drawn)
    length = sum(math.dist(a[:2], b[:2]) for a, b in itertools.pairwise(drawn))
    assert length < 1.1 * (100 + math.hypot(6, 5) + 85)


def test_short_ways_are_passed_on_at_once() -> None:
    smoother = Smoother(short=20.0, step=1.0)
    assert smoother.extend([(0.0, 0.0, 1.0), (10.0, 0.0, 1.0)]) == [
        (0.0, 0.0, 1.0),
        (10.0, 0.0, 1.0),
    ]
    assert not smoother.holds and smoother.rest() == []
    assert smoother.extend([(60.0, 0.0, 1.0)]) == []
    assert smoother.holds
    assert smoother.rest()[-1] == (60.0, 0.0, 1.0)
    assert not smoother.holds


def test_pressure_goes_evenly() -> None:
    drawn = smoothed([(0.0, 0.0, 0.0), (50.0, 10.0, 0.5), (100.0, 0.0, 1.0)])
    pressures = [pressure for _, _, pressure in drawn]
    assert pressures == sorted(pressures) and pressures[-1] == 1.0


def test_a_point_that_comes_twice_is_no_harm() -> None:
    drawn = smoothed([(5.0, 5.0, 1.0)] * 4 + [(50.0, 5.0, 1.0)] * 3)
    assert drawn[-1] == (50.0, 5.0, 1.0)
    assert all(y == pytest.approx(5) for _, y, _ in drawn)


def test_a_very_long_way_has_a_bounded_number_of_points() -> None:
    drawn = smoothed([(0.0, 0.0, 1.0), (8000.0, 0.0, 1.0), (8000.0, 8000.0, 1.0)])
    assert len(drawn) <= 1 + 2 * 64
