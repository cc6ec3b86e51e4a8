"""Every tool does to the document what a painter expects of it, in one step of undo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.painter import Painter
from sdstudio.document.rect import Rect
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.tools import fill
from tests.support.painting import (
    NONE,
    click,
    colour_at,
    drag,
    frame,
    open_paint_view,
    place,
    settle,
)

RED, BLUE, WHITE, BLACK = (210, 30, 20), (20, 40, 200), (255, 255, 255), (0, 0, 0)
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PaintView]:
    document = Document(256, 192)
    document.layers.add("Paper")
    document.paint.fill_selection(Ink(colour=WHITE))
    view = open_paint_view(document)
    qtbot.addWidget(view)
    view.zoom_to(1.0)
    view.colours.set_foreground(RED)
    return view


def _at(view: PaintView, x: float, y: float, modifiers: Qt.KeyboardModifier = NONE) -> PointerPoint:
    return PointerPoint(x=x, y=y, position=place(view, x, y).toPointF(), modifiers=modifiers)


def pixel(view: PaintView, x: int, y: int) -> tuple[int, ...]:
    return tuple(int(value) for value in view.document.composite(Rect(x, y, 1, 1))[0, 0])


def whole(view: PaintView) -> np.ndarray:
    return view.document.composite(view.document.bounds)


def selected(view: PaintView, x: int, y: int) -> int:
    return int(view.document.selection.values(Rect(x, y, 1, 1))[0, 0])


def steps(view: PaintView) -> int:
    return view.document.undo_stack.num_steps


# --- brush and eraser -------------------------------------------------------------------------


def test_a_stroke_is_paint_on_the_document_and_on_the_screen(view: PaintView, qtbot: QtBot) -> None:
    before, blank = steps(view), frame(view)
    with qtbot.waitSignals([view.stroke_began, view.stroke_ended, view.document_changed]):
        drag(view, (40, 60), (80, 60), (160, 60))
    for x in (40, 100, 160):
        assert pixel(view, x, 60) == (*RED, 255)
        assert colour_at(view, x, 60) == RED
    assert pixel(view, 100, 120) == (*WHITE, 255)
    assert steps(view) == before + 1
    view.undo()
    assert np.array_equal(frame(view), blank)
    view.redo()
    assert colour_at(view, 100, 60) == RED


def test_a_stroke_tells_of_its_change_once(view: PaintView) -> None:
    told: list[object] = []
    view.document_changed.connect(told.append)
    drag(view, (40, 60), (60, 60), (80, 60), (160, 60))
    assert len(told) == 1


def test_shift_draws_a_straight_line_from_the_last_point(view: PaintView) -> None:
    view.tools.brush.change(size_px=6)
    click(view, 30, 30)
    click(view, 200, 150, SHIFT)
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert pixel(view, round(30 + 170 * part), round(30 + 120 * part)) == (*RED, 255)
    assert pixel(view, 115, 40) == (*WHITE, 255)


def test_control_picks_a_colour_without_changing_the_tool(view: PaintView) -> None:
    view.document.paint.draw_shape("rectangle", (100, 100, 140, 140), Ink(colour=BLUE))
    before = steps(view)
    click(view, 120, 120, CONTROL)
    assert view.colours.foreground == BLUE
    assert view.tools.current.name == "brush" and steps(view) == before


def test_the_eraser_rubs_out(view: PaintView) -> None:
    view.document.layers.add()
    view.document.paint.fill_selection(Ink(colour=RED))
    view.repaint_document(None)
    view.tools.choose("eraser")
    drag(view, (50, 50), (90, 50))
    assert pixel(view, 70, 50) == (*WHITE, 255)
    assert colour_at(view, 70, 50) == WHITE
    assert pixel(view, 70, 150) == (*RED, 255)


def test_on_a_mask_white_repaints_grey_half_and_the_eraser_keeps(view: PaintView) -> None:
    mask = view.document.layers.add(kind="mask")
    view.repaint_document(None)
    assert view.colours.foreground == WHITE  # its own pair of greys
    view.tools.brush.change(size_px=20, hardness=1.0)
    drag(view, (30, 40), (120, 40))
    view.colours.set_foreground((128, 128, 128))
    drag(view, (30, 90), (120, 90))
    values = view.document.layer_pixels(mask.id, view.document.bounds)
    assert values[40, 80] == 255 and values[90, 80] == 128 and values[140, 80] == 0
    view.tools.choose("eraser")
    drag(view, (60, 40), (100, 40))
    assert view.document.layer_pixels(mask.id, Rect(80, 40, 1, 1))[0, 0] == 0
    view.document.layers.activate(view.document.layers[0].id)
    view.repaint_document(None)
    assert view.colours.foreground == RED


def test_a_soft_brush_paints_strength_itself(view: PaintView) -> None:
    mask = view.document.layers.add(kind="mask")
    view.repaint_document(None)
    view.tools.brush.change(size_px=80, hardness=0.0)
    click(view, 100, 100)
    row = view.document.layer_pixels(mask.id, Rect(60, 100, 40, 1))[0].astype(int)
    assert (np.diff(row) >= 0).all() and row[0] < 20 and row[-1] > 240
    assert len(set(row)) > 20


def test_opacity_and_flow_bound_a_stroke(view: PaintView) -> None:
    view.colours.set_foreground(BLACK)
    view.tools.brush.change(opacity=0.5)
    drag(view, (40, 60), (160, 60), (40, 60))
    assert pixel(view, 100, 60)[0] == pytest.approx(127, abs=2)


def test_the_selection_holds_the_brush(view: PaintView) -> None:
    view.document.selection.rectangle(100, 0, 256, 192)
    view.repaint_document(None)
    drag(view, (40, 60), (160, 60))
    assert pixel(view, 80, 60) == (*WHITE, 255) and pixel(view, 130, 60) == (*RED, 255)


def test_undo_takes_back_a_stroke_under_way(view: PaintView) -> None:
    before, revision = frame(view), steps(view)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place(view, 50, 50))
    QTest.mouseMove(view, place(view, 120, 50))
    QApplication.processEvents()
    assert not np.array_equal(frame(view), before)
    view.undo()
    QTest.mouseMove(view, place(view, 120, 150))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(view, 120, 150))
    assert np.array_equal(frame(view), before)
    assert steps(view) == revision


def test_the_brush_is_shown_at_its_true_size(view: PaintView, qtbot: QtBot) -> None:
    view.tools.brush.change(size_px=60)
    view.zoom_to(2.0)
    settle(view)
    plain = view.grab().toImage()
    qtbot.mouseMove(view, place(view, 128, 96))
    QApplication.processEvents()
    drawn = view.grab().toImage()
    middle = place(view, 128, 96)
    changed = [
        dx
        for dx in range(-100, 100)
        if drawn.pixel(middle.x() + dx, middle.y()) != plain.pixel(middle.x() + dx, middle.y())
    ]
    assert min(changed) == pytest.approx(-60, abs=2) and max(changed) == pytest.approx(60, abs=2)
    assert view.cursor().shape() == Qt.CursorShape.BlankCursor


def circle_at(view: PaintView, middle: QPoint, radius: int) -> bool:
    """Whether a circle is drawn around a point of the view."""
    settle(view)
    shown, plain = view.grab().toImage(), frame(view)
    spots = [(middle.x() + radius, middle.y()), (middle.x() - radius, middle.y())]
    return all(
        shown.pixelColor(*spot).getRgb()[:3] != tuple(int(c) for c in plain[spot[1], spot[0]])
        for spot in spots
    )


def test_the_circle_comes_with_the_tool_and_grows_with_the_zoom(
    view: PaintView, qtbot: QtBot
) -> None:
    view.tools.brush.change(size_px=40)
    view.tools.choose("lasso")
    middle = place(view, 120, 100)
    qtbot.mouseMove(view, middle)
    QApplication.processEvents()
    assert not circle_at(view, middle, 20)
    view.tools.choose("brush")  # the pointer has not moved since
    assert circle_at(view, middle, 20)
    view.zoom_by(1.5, middle.toPointF())
    assert circle_at(view, middle, 30)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert not circle_at(view, middle, 30)


def test_shift_shows_the_line_to_come(view: PaintView, qtbot: QtBot) -> None:
    view.tools.brush.change(size_px=8)
    click(view, 30, 30)
    qtbot.mouseMove(view, place(view, 200, 150))
    QApplication.processEvents()
    half_way = place(view, 115, 90)
    assert view.grab().toImage().pixelColor(half_way).getRgb()[:3] == WHITE
    QTest.keyPress(view, Qt.Key.Key_Shift)
    assert view.grab().toImage().pixelColor(half_way).getRgb()[:3] != WHITE
    QTest.keyRelease(view, Qt.Key.Key_Shift)
    assert view.grab().toImage().pixelColor(half_way).getRgb()[:3] == WHITE


# --- fill and picker --------------------------------------------------------------------------


def test_fill_floods_what_hangs_together(view: PaintView) -> None:
    view.document.paint.draw_shape("rectangle", (100, 0, 110, 192), Ink(colour=BLACK))
    view.tools.choose("fill")
    click(view, 40, 40)
    assert pixel(view, 90, 180) == (*RED, 255)
    assert pixel(view, 105, 50) == (*BLACK, 255) and pixel(view, 200, 50) == (*WHITE, 255)
    assert colour_at(view, 20, 180) == RED


@pytest.fixture
def may_end(view: PaintView, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Every fill is a large one, and ends only when it may."""
    monkeypatch.setattr(fill, "AT_ONCE_PX", 1000)
    may_end, find = threading.Event(), Painter.find_alike

    def find_late(painter: Painter, x: int, y: int, **options: Any) -> object:
        assert threading.current_thread() is not threading.main_thread()
        may_end.wait()
        return find(painter, x, y, **options)

    monkeypatch.setattr(Painter, "find_alike", find_late)
    view.background = Background(view)
    view.tools.choose("fill")
    return may_end


def test_a_large_fill_is_done_in_the_background(
    view: PaintView, qtbot: QtBot, may_end: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling, fill_found = list[bool](), Painter.fill_found

    def fill_and_note(*arguments: Any, **options: Any) -> Rect:
        filling.append(threading.current_thread() is threading.main_thread())
        return fill_found(*arguments, **options)

    monkeypatch.setattr(Painter, "fill_found", fill_and_note)
    before, num_steps, revision = whole(view), steps(view), view.document.revision
    click(view, 40, 40)
    assert view.document.revision == revision  # not yet, and the window goes on
    with qtbot.waitSignal(view.document_changed, timeout=30_000):
        may_end.set()
    assert filling == [False] and steps(view) == num_steps + 1
    assert colour_at(view, 200, 150) == RED
    view.undo()
    assert np.array_equal(whole(view), before)
    click(view, 40, 40)
    view.set_document(Document(64, 64))  # the answer comes too late, and to the wrong place
    assert view.background is not None
    view.background.finish()
    assert len(view.document.layers) == 0


def test_what_is_painted_during_a_large_fill_is_kept(
    view: PaintView, qtbot: QtBot, may_end: threading.Event
) -> None:
    click(view, 40, 40)
    layer = view.document.layers.add("Above")
    view.document.paint.draw_shape("rectangle", (5, 5, 30, 30), Ink(colour=BLUE))
    paper = view.document.layers[0]
    view.document.paint.draw_shape(
        "rectangle", (100, 5, 130, 30), Ink(colour=BLUE), layer_id=paper.id
    )
    num_steps = steps(view)
    with qtbot.waitSignal(view.document_changed, timeout=30_000):
        may_end.set()
    assert pixel(view, 10, 10) == (*BLUE, 255) and pixel(view, 60, 60) == (*RED, 255)
    assert steps(view) == num_steps + 1
    view.undo()
    assert pixel(view, 110, 10) == (*BLUE, 255) and pixel(view, 60, 60) == (*WHITE, 255)
    assert view.document.layers.active is not None
    assert view.document.layers.active.id == layer.id


def test_a_fill_beside_the_picture_is_refused(view: PaintView, qtbot: QtBot) -> None:
    view.tools.choose("fill")
    view.zoom_to(0.5)
    with qtbot.waitSignal(view.refused):
        click(view, -20, 40)


def test_the_picker_takes_what_is_seen_or_the_layers_own(view: PaintView) -> None:
    view.document.paint.draw_shape("rectangle", (50, 50, 150, 150), Ink(colour=BLUE))
    glaze = view.document.layers.add()
    view.document.paint.draw_shape("rectangle", (50, 50, 150, 150), Ink(colour=BLACK), opacity=0.5)
    view.repaint_document(None)
    view.tools.choose("picker")
    click(view, 100, 100)
    assert view.colours.foreground == pytest.approx((10, 20, 100), abs=1)
    click(view, 100, 100, ALT)
    assert view.colours.foreground == BLACK
    assert view.document.layers.active is not None
    assert view.document.layers.active.id == glaze.id


# --- selections -------------------------------------------------------------------------------


def test_a_rectangle_selects_whole_pixels_and_shift_adds(view: PaintView) -> None:
    view.tools.choose("rectangle")
    drag(view, (20, 30), (60, 70))
    assert view.document.selection.bounds == Rect(20, 30, 40, 40)
    drag(view, (100, 30), (120, 50), modifiers=SHIFT)
    assert selected(view, 110, 40) == 255 and selected(view, 40, 40) == 255
    drag(view, (30, 40), (50, 60), modifiers=ALT)
    assert selected(view, 40, 50) == 0 and selected(view, 25, 35) == 255
    drag(view, (0, 0), (80, 80), modifiers=SHIFT | ALT)
    assert selected(view, 110, 40) == 0 and selected(view, 25, 35) == 255
    click(view, 150, 150)
    assert not view.document.selection.is_active


def test_an_ellipse_has_round_corners(view: PaintView) -> None:
    view.tools.choose("ellipse")
    drag(view, (20, 20), (120, 100))
    assert selected(view, 70, 60) == 255 and selected(view, 22, 22) == 0


def test_the_lasso_selects_what_it_goes_around(view: PaintView) -> None:
    view.tools.choose("lasso")
    drag(view, (20, 20), (120, 20), (120, 120), (20, 120), (20, 30))
    assert selected(view, 70, 70) == 255 and selected(view, 150, 70) == 0
    before = steps(view)
    view.undo()
    assert not view.document.selection.is_active
    assert steps(view) == before - 1


def test_the_outline_follows_the_selection(view: PaintView) -> None:
    def outlined() -> set[tuple[int, int]]:
        settle(view)
        shown = view.grab().toImage()
        page = view.viewpoint.device_rect()
        return {
            (x, y)
            for y in range(0, 192, 2)
            for x in range(256)
            if shown.pixelColor(page.x() + x, page.y() + y).getRgb()[:3] == BLACK
        }

    assert not outlined()
    view.document.selection.rectangle(50, 40, 150, 140)
    view.repaint_document(None)
    columns = {x for x, y in outlined() if 60 < y < 120}
    assert columns == {50, 149}
    view.undo()
    assert not outlined()


def test_all_none_and_invert(view: PaintView) -> None:
    view.select_all()
    assert view.document.selection.bounds == view.document.bounds
    view.select_nothing()
    assert not view.document.selection.is_active
    view.document.selection.rectangle(0, 0, 100, 192)
    view.invert_selection()
    assert selected(view, 50, 50) == 0 and selected(view, 200, 50) == 255
    view.clear_selected()
    assert pixel(view, 200, 50)[3] == 0 and pixel(view, 50, 50) == (*WHITE, 255)


# --- moving -----------------------------------------------------------------------------------


def test_move_drags_the_active_layer_in_one_step(view: PaintView) -> None:
    view.document.layers.add()
    view.document.paint.draw_shape("rectangle", (20, 20, 40, 40), Ink(colour=BLUE))
    view.repaint_document(None)
    before = steps(view)
    view.tools.choose("move")
    drag(view, (30, 30), (60, 50), (100, 80))
    assert pixel(view, 100, 80) == (*BLUE, 255) and pixel(view, 30, 30) == (*WHITE, 255)
    assert colour_at(view, 100, 80) == BLUE and colour_at(view, 30, 30) == WHITE
    assert steps(view) == before + 1
    drag(view, (100, 80), (140, 90), modifiers=SHIFT)
    assert steps(view) == before + 2
    view.undo()
    view.undo()
    assert colour_at(view, 30, 30) == BLUE


def test_shift_moves_in_one_direction(view: PaintView) -> None:
    view.document.layers.add()
    view.tools.choose("move")
    tool = view.tools.current
    tool.press(_at(view, 30, 30))
    tool.drag([_at(view, 90, 40, SHIFT)])
    tool.release(_at(view, 90, 40, SHIFT))
    layer = view.document.layers.active
    assert layer is not None and (layer.x, layer.y) == (60, 0)


def test_pan_moves_the_view_and_not_the_picture(view: PaintView) -> None:
    view.zoom_to(4.0)
    revision = view.document.revision
    view.tools.choose("pan")
    corner = view.viewpoint.device_rect().topLeft()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=corner * 0 + place(view, 128, 96))
    QTest.mouseMove(view, place(view, 128, 96) + type(corner)(25, -14))
    QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(view, 128, 96))
    assert view.viewpoint.device_rect().topLeft() - corner == type(corner)(25, -14)
    assert view.document.revision == revision


def test_the_middle_button_pans_with_any_tool(view: PaintView) -> None:
    view.zoom_to(4.0)
    corner = view.viewpoint.device_rect().topLeft()
    revision = view.document.revision
    drag(view, (128, 96), (133, 96), button=Qt.MouseButton.MiddleButton)
    assert view.viewpoint.device_rect().x() == corner.x() + 20
    assert view.document.revision == revision and view.tools.current.name == "brush"


# --- the generation box -----------------------------------------------------------------------


@pytest.fixture
def boxed(view: PaintView) -> PaintView:
    view.tools.choose("generation-box")
    view.generation_box = Rect(64, 48, 96, 96)
    return view


def test_the_box_moves_in_one_step_and_back(boxed: PaintView, qtbot: QtBot) -> None:
    before = steps(boxed)
    with qtbot.waitSignal(boxed.generation_box_changed):
        drag(boxed, (110, 90), (120, 95), (123, 101))
    assert boxed.generation_box == Rect(77, 59, 96, 96)
    assert steps(boxed) == before + 1
    with qtbot.waitSignal(boxed.generation_box_changed):
        boxed.undo()
    assert boxed.generation_box == Rect(64, 48, 96, 96)


def test_its_corner_pulls_it_larger_by_eights(boxed: PaintView) -> None:
    drag(boxed, (160, 144), (190, 161))
    assert boxed.generation_box == Rect(64, 48, 128, 112)
    drag(boxed, (64, 100), (41, 100))
    assert boxed.generation_box == Rect(40, 48, 152, 112)


def test_it_reaches_beyond_the_picture(boxed: PaintView) -> None:
    drag(boxed, (110, 90), (10, 90))
    assert boxed.generation_box == Rect(-36, 48, 96, 96)


def test_it_clings_to_the_pictures_edges_unless_alt_is_held(boxed: PaintView) -> None:
    drag(boxed, (110, 90), (49, 90))
    assert boxed.generation_box == Rect(0, 48, 96, 96)
    boxed.tools.current.press(_at(boxed, 50, 90))
    boxed.tools.current.drag([_at(boxed, 53, 90, ALT)])
    boxed.tools.current.release(_at(boxed, 53, 90, ALT))
    assert boxed.generation_box == Rect(3, 48, 96, 96)


def test_beside_it_a_new_one_is_drawn(boxed: PaintView) -> None:
    boxed.generation_box = Rect(160, 100, 64, 64)
    drag(boxed, (10, 12), (90, 100))
    assert boxed.generation_box == Rect(10, 12, 80, 88)


def test_none_puts_it_around_the_picture(boxed: PaintView) -> None:
    boxed.generation_box = None
    assert boxed.generation_box == boxed.document.bounds


def test_escape_puts_it_back(boxed: PaintView) -> None:
    QTest.mousePress(boxed, Qt.MouseButton.LeftButton, pos=place(boxed, 110, 90))
    QTest.mouseMove(boxed, place(boxed, 150, 130))
    QApplication.processEvents()
    assert boxed.generation_box != Rect(64, 48, 96, 96)
    QTest.keyClick(boxed, Qt.Key.Key_Escape)
    assert boxed.generation_box == Rect(64, 48, 96, 96)
    QTest.mouseRelease(boxed, Qt.MouseButton.LeftButton, pos=place(boxed, 150, 130))
    assert boxed.generation_box == Rect(64, 48, 96, 96)


def test_the_frame_is_shown(boxed: PaintView) -> None:
    shown = boxed.grab().toImage()
    edge = boxed.widget_rect(Rect(64, 48, 96, 96)).toRect()
    row = {shown.pixelColor(edge.left() + dx, edge.center().y() + 20).name() for dx in (-1, 0, 1)}
    assert row != {"#ffffff"}
