"""The brush paints evenly, anti-aliased, where it is told, and no more than it may."""

from __future__ import annotations

import numpy as np
import pytest

from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush, PressureCurve
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError

RED = Ink(colour=(255, 0, 0))
ERASER = Ink(erases=True)


def _document(kind: str = "raster", size: int = 200) -> Document:
    document = Document(size, size)
    document.layers.add(kind=kind)  # pyright: ignore[reportArgumentType]
    return document


def _paint(document: Document, brush: Brush, ink: Ink, *points: tuple[float, ...]) -> Rect:
    stroke = document.paint.begin_stroke(brush, ink)
    for point in points:
        stroke.add_point(*point)
    return stroke.end()


def _alpha(document: Document) -> np.ndarray:
    return document.composite(document.bounds)[..., 3]


@pytest.mark.parametrize("size_px", [3.0, 20.0, 77.5])
@pytest.mark.parametrize("middle", [(100.5, 100.5), (100.0, 100.25), (99.75, 100.6)])
def test_a_hard_dab_covers_the_area_of_its_circle(
    size_px: float, middle: tuple[float, float]
) -> None:
    document = _document()
    _paint(document, Brush(size_px=size_px, hardness=1.0), RED, middle)
    covered = _alpha(document).sum() / 255
    # The rim is a linear ramp over one pixel instead of exact areas: under half a percent of a
    # large dab, some percent of one that is nearly all rim.
    assert covered == pytest.approx(np.pi * size_px**2 / 4, rel=0.06 if size_px < 10 else 0.01)


def test_a_dab_lies_where_the_pointer_is_to_a_fraction_of_a_pixel() -> None:
    for x, y in [(60.0, 60.0), (60.3, 59.6), (60.5, 60.5)]:
        document = _document(size=120)
        _paint(document, Brush(size_px=15, hardness=0.7), RED, (x, y))
        alpha = _alpha(document).astype(float)
        rows, columns = np.indices(alpha.shape) + 0.5
        assert (alpha * columns).sum() / alpha.sum() == pytest.approx(x, abs=0.08)
        assert (alpha * rows).sum() / alpha.sum() == pytest.approx(y, abs=0.08)


@pytest.mark.parametrize("hardness", [0.0, 0.5, 1.0])
def test_a_stroke_is_even_along_its_way(hardness: float) -> None:
    document = _document(size=400)
    _paint(document, Brush(size_px=60, hardness=hardness), RED, (60, 200), (340, 200))
    along = _alpha(document)[:, 120:280].astype(int)
    ripple = along.max(axis=1) - along.min(axis=1)
    assert ripple.max() <= (40 if hardness == 1.0 else 4)  # a tenth of a pixel at a hard rim
    assert along[200].min() >= 254


def test_how_often_the_pointer_was_sampled_does_not_matter() -> None:
    few, many = _document(), _document()
    brush = Brush(size_px=30, hardness=0.3, flow=0.4)
    _paint(few, brush, RED, (30, 40), (170, 150))
    _paint(many, brush, RED, *[(30 + 1.4 * i, 40 + 1.1 * i) for i in range(101)])
    difference = np.abs(_alpha(few).astype(int) - _alpha(many).astype(int))
    assert difference.max() <= 2


def test_a_stroke_never_exceeds_its_opacity_however_often_it_crosses_itself() -> None:
    document = _document()
    brush = Brush(size_px=40, hardness=0.5, opacity=0.5)
    _paint(document, brush, RED, *[(60 + 80 * (i % 2), 100) for i in range(12)])
    assert _alpha(document).max() == 128
    _paint(document, brush, RED, (60, 100), (140, 100))  # a second stroke does add
    assert int(_alpha(document).max()) == pytest.approx(191, abs=1)


def test_flow_builds_up_within_a_stroke() -> None:
    brush = Brush(size_px=40, hardness=1.0, flow=0.1, spacing=2.0)
    looks = []
    for times in (1, 4, 40):
        document = _document()
        stroke = document.paint.begin_stroke(brush, RED)
        for index in range(times):
            stroke.add_point(60 + 80 * (index % 2), 100)
        stroke.end()
        looks.append(int(_alpha(document)[100, 60]))
    assert looks[0] == pytest.approx(255 * 0.1, abs=1)
    assert looks[0] < looks[1] < looks[2] <= 255


def test_pressure_drives_size_and_opacity() -> None:
    brush = Brush(
        size_px=50,
        hardness=1.0,
        size_curve=PressureCurve(at_zero=0.2),
        opacity_curve=PressureCurve(at_zero=0.0),
    )
    document = _document()
    _paint(document, brush, RED, (100, 100, 0.5))
    alpha = _alpha(document)
    assert int(alpha.max()) == pytest.approx(128, abs=1)
    assert (alpha > 0).any(axis=0).sum() == pytest.approx(50 * 0.6, abs=1)
    assert PressureCurve(at_zero=0.0, gamma=2.0)(0.5) == 0.25
    assert PressureCurve()(7.0) == 1.0


def test_every_point_tells_exactly_where_to_repaint() -> None:
    document = _document(size=300)
    stroke = document.paint.begin_stroke(Brush(size_px=33, hardness=0.2), RED)
    rng = np.random.default_rng(3)
    for x, y in rng.uniform(-20, 320, (12, 2)):
        before = document.composite(document.bounds)
        area = stroke.add_point(float(x), float(y), float(rng.random()))
        changed = (document.composite(document.bounds) != before).any(axis=2)
        if not area.is_empty:
            assert document.bounds.contains(area)
            changed[area.slices] = False
        assert not changed.any()
    assert document.bounds.contains(stroke.end())


def test_a_long_line_in_one_go_equals_the_same_in_pieces() -> None:
    whole, pieces = _document(size=1500), _document(size=1500)
    brush = Brush(size_px=21, hardness=0.6)
    _paint(whole, brush, RED, (20, 30), (1470, 1380))
    _paint(pieces, brush, RED, *[(20 + 14.5 * i, 30 + 13.5 * i) for i in range(101)])
    differs = np.abs(_alpha(whole).astype(int) - _alpha(pieces).astype(int))
    assert differs.max() <= 16  # dabs snap to eighths of a pixel
    assert differs.mean() < 0.01


def test_shift_click_draws_a_straight_line_from_the_last_point() -> None:
    document = _document()
    _paint(document, Brush(size_px=10), RED, (20, 20))
    stroke = document.paint.begin_stroke(Brush(size_px=10), RED, continues=True)
    stroke.add_point(180, 20)
    stroke.end()
    assert _alpha(document)[20, 20:180].min() == 255


def test_the_eraser_takes_away_and_leaves_no_colour() -> None:
    document = _document()
    document.paint.fill_selection(RED)
    _paint(document, Brush(size_px=40, hardness=1.0), ERASER, (100, 100))
    pixels = document.composite(document.bounds)
    assert not pixels[100, 100].any()
    assert tuple(pixels[10, 10]) == (255, 0, 0, 255)


def test_on_a_mask_the_brush_paints_its_brightness() -> None:
    document = _document("mask")
    grey = Ink(colour=(100, 100, 100))
    _paint(document, Brush(size_px=40), grey, (100, 100))
    assert document.mask_values(document.bounds)[100, 100] == 100
    _paint(document, Brush(size_px=40), Ink(colour=(255, 255, 255)), (100, 100))
    assert document.mask_values(document.bounds)[100, 100] == 255
    _paint(document, Brush(size_px=90), ERASER, (100, 100))
    assert document.mask_bounds().is_empty


def test_a_soft_brush_on_a_mask_paints_strength() -> None:
    document = _document("mask")
    white = Ink(colour=(255, 255, 255))
    _paint(document, Brush(size_px=120, hardness=0.0), white, (100, 100))
    row = document.mask_values(document.bounds)[100].astype(int)
    assert row[100] >= 250 and row[41] < 8
    assert (np.diff(row[41:100]) >= 0).all()
    assert len(set(row[41:100])) > 40


def test_low_alpha_keeps_its_colour() -> None:
    document = _document()
    _paint(document, Brush(size_px=40, opacity=0.02), Ink(colour=(37, 201, 99)), (100, 100))
    assert tuple(document.composite(Rect(100, 100, 1, 1))[0, 0]) == (37, 201, 99, 5)


def test_only_the_selection_is_painted_on() -> None:
    document = _document()
    document.selection.rectangle(0, 0, 100, 200)
    _paint(document, Brush(size_px=60, hardness=1.0), RED, (100, 100))
    alpha = _alpha(document)
    assert alpha[100, 90] == 255
    assert not alpha[:, 100:].any()


def test_a_layer_that_keeps_its_alpha_is_only_coloured() -> None:
    document = _document()
    _paint(document, Brush(size_px=40, opacity=0.6), Ink(colour=(0, 0, 255)), (80, 100))
    before = _alpha(document)
    document.layers.set_keeps_alpha(document.layers[0].id, True)
    _paint(document, Brush(size_px=80, hardness=1.0), RED, (100, 100))
    _paint(document, Brush(size_px=80, hardness=1.0), ERASER, (60, 100))
    assert np.array_equal(_alpha(document), before)
    assert tuple(document.composite(Rect(85, 100, 1, 1))[0, 0])[:3] == (255, 0, 0)


def test_a_locked_layer_is_refused_in_a_sentence() -> None:
    document = _document()
    layer = document.layers[0]
    document.layers.set_locked(layer.id, True)
    with pytest.raises(InvalidRequestError, match="is locked"):
        document.paint.begin_stroke(Brush(), RED)
    document.layers.set_locked(layer.id, False)
    document.paint.begin_stroke(Brush(), RED).cancel()


def test_without_a_layer_there_is_nothing_to_paint_on() -> None:
    with pytest.raises(InvalidRequestError, match="no layer"):
        Document(10, 10).paint.begin_stroke(Brush(), RED)


def test_a_cancelled_stroke_has_never_been() -> None:
    document = _document()
    document.paint.fill_selection(RED)
    before, steps = document.composite(document.bounds), document.undo_stack.num_steps
    stroke = document.paint.begin_stroke(Brush(size_px=50), Ink(colour=(0, 255, 0)))
    stroke.add_point(50, 50)
    stroke.add_point(150, 150)
    assert stroke.cancel().area
    assert np.array_equal(document.composite(document.bounds), before)
    assert document.undo_stack.num_steps == steps


def test_a_stroke_on_a_moved_layer_lands_under_the_pointer() -> None:
    document = _document()
    document.layers.shift(document.layers[0].id, -37, 81)
    _paint(document, Brush(size_px=20, hardness=1.0), RED, (100, 100))
    alpha = _alpha(document)
    assert alpha[100, 100] == 255
    assert alpha.sum() / 255 == pytest.approx(np.pi * 100, rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"size_px": 0.0}, {"hardness": 1.1}, {"opacity": -1.0}, {"flow": float("nan")}]
)
def test_a_brush_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidRequestError, match="out of range"):
        Brush(**wrong)  # pyright: ignore[reportArgumentType]
