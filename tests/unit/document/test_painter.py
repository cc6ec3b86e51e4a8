"""Shapes, fills and selections."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdstudio.document import shapes
from sdstudio.document.blend import Ink, lay
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.fill import flood
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError

RED = Ink(colour=(255, 0, 0))
BOUNDS = Rect(0, 0, 200, 200)


def test_a_rectangle_covers_exactly_its_area() -> None:
    where, coverage = shapes.rectangle(10.25, 20.5, 50.75, 60.0, BOUNDS)
    assert where == Rect(10, 20, 41, 40)
    assert coverage.sum() == pytest.approx(40.5 * 39.5, rel=1e-4)
    assert coverage[1, 1] == 1.0
    assert shapes.rectangle(50.75, 60.0, 10.25, 20.5, BOUNDS)[0] == where  # dragged upwards


def test_an_ellipse_covers_its_area_and_has_soft_edges() -> None:
    _, coverage = shapes.ellipse(20.0, 30.0, 180.0, 130.0, BOUNDS)
    assert coverage.sum() == pytest.approx(np.pi * 80 * 50, rel=0.003)
    assert ((coverage > 0.05) & (coverage < 0.95)).any()
    assert coverage.max() == 1.0
    assert np.allclose(coverage, coverage[::-1], atol=1e-4)


def test_a_lasso_covers_its_area_wherever_it_lies() -> None:
    triangle = [(10.0, 10.0), (150.0, 10.0), (10.0, 110.0)]
    _, coverage = shapes.polygon(triangle, BOUNDS)
    assert coverage.sum() == pytest.approx(7000, rel=0.02)
    _, cut = shapes.polygon([(x - 80, y) for x, y in triangle], BOUNDS)
    whole = np.zeros((200, 300), np.float32)
    _, wide = shapes.polygon(triangle, Rect(0, 0, 300, 200))
    whole[10:110, 10:150] = wide
    assert np.allclose(cut, whole[10:110, 80:150], atol=1e-6)


def test_a_tall_lasso_has_no_seams_between_bands() -> None:
    tall = Rect(0, 0, 40, 1200)
    _, coverage = shapes.polygon([(5.0, 5.0), (35.0, 5.0), (35.0, 1195.0), (5.0, 1195.0)], tall)
    assert (coverage[2:-2, 2:-2] == 1.0).all()


@pytest.mark.parametrize("points", [[], [(1.0, 1.0)], [(1.0, 1.0), (5.0, 5.0)]])
def test_what_encloses_nothing_is_nothing(points: list[tuple[float, float]]) -> None:
    assert shapes.polygon(points, BOUNDS)[0].is_empty
    document = Document(20, 20)
    document.layers.add()
    assert document.paint.draw_polygon(points, RED).is_empty


def _flood_by_hand(pixels: np.ndarray, x: int, y: int, tolerance: int) -> np.ndarray:
    """The textbook's queue, one pixel at a time."""
    wanted = pixels[y, x].astype(int)
    alike = (np.abs(pixels.astype(int) - wanted) <= tolerance).all(axis=2)
    filled = np.zeros(alike.shape, bool)
    waiting = deque([(y, x)])
    while waiting:
        row, column = waiting.popleft()
        inside = 0 <= row < alike.shape[0] and 0 <= column < alike.shape[1]
        if inside and alike[row, column] and not filled[row, column]:
            filled[row, column] = True
            waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return filled


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    levels=st.sampled_from([2, 3, 6]),
    tolerance=st.sampled_from([0, 60, 255]),
)
def test_flood_fill_equals_the_textbook(
    seed: int, width: int, height: int, levels: int, tolerance: int
) -> None:
    rng = np.random.default_rng(seed)
    grey = (rng.integers(0, levels, (height, width)) * (255 // (levels - 1))).astype(np.uint8)
    pixels = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    x, y = int(rng.integers(width)), int(rng.integers(height))
    expected = _flood_by_hand(pixels, x, y, tolerance)
    assert np.array_equal(flood(pixels, x, y, tolerance), expected)


def test_flood_fill_follows_a_long_spiral() -> None:
    wall = np.zeros((101, 101), np.uint8)
    for inset in range(0, 48, 4):  # rings, each with one gap, left and right in turn
        wall[inset, inset : 101 - inset] = wall[100 - inset, inset : 101 - inset] = 1
        wall[inset : 101 - inset, inset] = wall[inset : 101 - inset, 100 - inset] = 1
        wall[50, inset if inset % 8 else 100 - inset] = 0
    pixels = np.dstack([wall * 255] * 3 + [np.full_like(wall, 255)])
    assert np.array_equal(flood(pixels, 50, 50, 0), _flood_by_hand(pixels, 50, 50, 0))


def test_flood_fill_takes_nothing_for_nothing_whatever_its_colour() -> None:
    pixels = np.zeros((4, 8, 4), np.uint8)
    pixels[:, 4:, :3] = 200  # clear, but of another colour underneath
    assert flood(pixels, 0, 0, 10).all()
    with pytest.raises(InvalidRequestError, match="inside the picture"):
        flood(pixels, 8, 0, 10)


def test_filling_keeps_to_lines_selection_and_layer() -> None:
    document = Document(100, 100)
    document.layers.add()
    document.paint.draw_shape("rectangle", (50, 0, 52, 100), Ink(colour=(0, 0, 0)))
    document.layers.add()
    document.selection.rectangle(0, 0, 100, 50)
    area = document.paint.flood_fill(10, 10, RED, tolerance=10)
    assert document.bounds.contains(area)
    seen = document.composite(document.bounds)
    assert (seen[:50, :50] == (255, 0, 0, 255)).all()
    assert not seen[50:, :50].any() and not seen[:, 52:].any()
    document.paint.flood_fill(80, 10, Ink(colour=(0, 9, 0)), tolerance=10, sees_all=False)
    seen = document.composite(document.bounds)
    assert (seen[:50, 50:] == (0, 9, 0, 255)).all()  # over the line, which is another layer's


@pytest.mark.parametrize("has_selection", [False, True])
@pytest.mark.parametrize("keeps_alpha", [False, True])
@pytest.mark.parametrize("opacity", [1.0, 0.4])
@pytest.mark.parametrize("ink", [RED, Ink(erases=True)], ids=["paints", "erases"])
def test_a_fill_of_many_tiles_equals_one_of_the_whole_picture(
    ink: Ink, opacity: float, keeps_alpha: bool, has_selection: bool
) -> None:
    """Whole tiles of one colour are filled by a single pixel: the bytes must be the formula's."""
    document = Document(900, 600)
    layer = document.layers.add()
    document.paint.draw_shape("rectangle", (0, 0, 600, 600), Ink(colour=(9, 200, 90)))
    document.paint.draw_shape("ellipse", (300, 200, 700, 590), Ink(colour=(9, 20, 90)), opacity=0.3)
    document.layers.shift(layer.id, 3, 0)
    if has_selection:
        document.selection.ellipse(-300, -300, 880, 590)
    document.layers.set_keeps_alpha(layer.id, keeps_alpha)
    before = document.layer_pixels(layer.id, document.bounds)
    covered = document.selection.values(document.bounds) * np.float32(1 / 255)
    covered[:, :5] = covered[:, 800:] = 0
    document.paint.draw_shape("rectangle", (5, 0, 800, 600), ink, opacity=opacity)
    wanted = lay(before, replace(ink, keeps_alpha=keeps_alpha), covered * np.float32(opacity))
    assert np.array_equal(document.layer_pixels(layer.id, document.bounds), wanted)
    document.undo()
    assert np.array_equal(document.layer_pixels(layer.id, document.bounds), before)


def test_a_fill_is_taken_over_from_a_copy_unless_the_document_changed() -> None:
    document = Document(700, 300)
    layer = document.layers.add()
    copy = Document.from_snapshot(document.snapshot())
    area = copy.paint.flood_fill(1, 1, RED)
    taken = document.paint.adopt_fill(copy.snapshot(), layer.id, as_of=document.revision)
    assert taken == area == document.bounds
    assert np.array_equal(document.composite(area), copy.composite(area))
    assert document.undo_stack.undo_label == "Fill"
    document.undo()
    assert not document.composite(area).any()
    revision = document.revision
    stroke = document.paint.begin_stroke(Brush(size_px=20), RED)
    stroke.add_point(30, 30)
    assert document.paint.adopt_fill(copy.snapshot(), layer.id, as_of=revision) is None
    assert document.composite(area)[30, 30, 3] and not document.composite(area)[200, 200, 3]


def test_a_fill_on_a_mask_sees_the_picture() -> None:
    document = Document(60, 60)
    document.layers.add()
    document.paint.draw_shape("rectangle", (10, 10, 30, 30), RED)
    document.layers.add(kind="mask")
    document.paint.flood_fill(15, 15, Ink(colour=(255, 255, 255)), tolerance=0)
    assert document.mask_bounds() == Rect(10, 10, 20, 20)
    assert document.mask_values(document.bounds).sum() == 400 * 255


def test_inverting_a_mask_twice_changes_nothing() -> None:
    document = Document(300, 40)
    document.layers.add(kind="mask")
    document.paint.draw_shape("ellipse", (10, 5, 280, 35), Ink(colour=(200, 200, 200)))
    before = document.mask_values(document.bounds)
    document.paint.invert_mask()
    assert np.array_equal(document.mask_values(document.bounds), 255 - before)
    document.paint.invert_mask()
    assert np.array_equal(document.mask_values(document.bounds), before)


def test_clearing_empties_what_is_selected() -> None:
    document = Document(40, 40)
    document.layers.add()
    document.paint.fill_selection(RED)
    document.selection.rectangle(10, 10, 20, 20)
    assert document.paint.fill_selection(Ink(erases=True)).contains(Rect(10, 10, 10, 10))
    alpha = document.composite(document.bounds)[..., 3]
    assert alpha.sum() == (1600 - 100) * 255


@pytest.mark.parametrize(
    "mode, expected",
    [("replace", 200), ("add", 350), ("subtract", 150), ("intersect", 50)],
)
def test_selections_combine(mode: str, expected: int) -> None:
    document = Document(100, 100)
    document.selection.rectangle(0, 0, 20, 10)
    document.selection.rectangle(15, 0, 35, 10, mode=mode)  # pyright: ignore[reportArgumentType]
    assert document.selection.values(document.bounds).sum() / 255 == expected


def test_selecting_is_undone_and_inverted() -> None:
    document = Document(100, 100)
    assert document.selection.bounds.is_empty and not document.selection.is_active
    document.selection.ellipse(20, 20, 60, 60)
    selected = document.selection.values(document.bounds)
    document.selection.invert()
    assert np.array_equal(document.selection.values(document.bounds), 255 - selected)
    document.undo()
    assert np.array_equal(document.selection.values(document.bounds), selected)
    document.selection.clear()
    assert not document.selection.is_active
    document.undo()
    assert np.array_equal(document.selection.values(document.bounds), selected)
    document.selection.lasso([(1, 1)])  # a click beside everything
    assert not document.selection.is_active


def test_subtracting_from_everything_leaves_the_rest() -> None:
    document = Document(100, 100)
    document.selection.rectangle(0, 0, 100, 50, mode="subtract")
    assert document.selection.bounds == Rect(0, 50, 100, 50)


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("erases", [False, True])
def test_what_is_covered_whole_has_the_bytes_of_what_is_covered_in_part(
    channels: int, erases: bool
) -> None:
    """The inside of a large fill takes a short way to the same pixels."""
    rng = np.random.default_rng(3)
    shape = (40, 50) if channels == 1 else (40, 50, channels)
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    ink = Ink(colour=(200, 31, 7), erases=erases)
    alpha = np.ones((40, 50), np.float32)
    whole = lay(pixels, ink, alpha)
    alpha[0, 0] = 0.5
    part = lay(pixels, ink, alpha)
    assert np.array_equal(whole[1:], part[1:]) and np.array_equal(whole[0, 1:], part[0, 1:])
    assert not np.array_equal(whole[0, 0], part[0, 0]) or erases
