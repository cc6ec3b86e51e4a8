"""Pens: pressure drives size and opacity, the other end erases, no point is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.brush import PressureCurve
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.ui.canvas.paint_view import PaintView
from tests.support.painting import ERASER, colour_at, open_paint_view, pen, pen_stroke, settle

WHITE, RED = (255, 255, 255), (210, 30, 20)
MOVE = QEvent.Type.TabletMove


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PaintView]:
    document = Document(256, 192)
    document.layers.add()
    document.paint.fill_selection(Ink(colour=WHITE))
    view = open_paint_view(document)
    qtbot.addWidget(view)
    view.zoom_to(1.0)
    view.colours.set_foreground((0, 0, 0))
    view.tools.brush.change(size_px=40, hardness=1.0)
    view.tools.brush.set_pen(size=False, opacity=False)
    return view


def darkness(view: PaintView, rect: Rect) -> np.ndarray:
    return 255 - view.document.composite(rect)[..., 0].astype(int)


def thickness(view: PaintView, x: int) -> int:
    return int((darkness(view, Rect(x, 0, 1, 192)) > 127).sum())


def test_qt_hands_on_every_point(view: PaintView) -> None:
    attribute = Qt.ApplicationAttribute
    assert not QCoreApplication.testAttribute(attribute.AA_CompressHighFrequencyEvents)
    assert not QCoreApplication.testAttribute(attribute.AA_CompressTabletEvents)


def test_pressure_drives_the_size(view: PaintView) -> None:
    view.tools.brush.set_pen(size=True, curve=PressureCurve(at_zero=0.0))
    pen_stroke(view, (30, 50, 0.25), (230, 50, 0.25))
    pen_stroke(view, (30, 140, 1.0), (230, 140, 1.0))
    column = darkness(view, Rect(130, 0, 1, 192))[:, 0] > 127
    assert column[:95].sum() == pytest.approx(10, abs=1)
    assert column[95:].sum() == pytest.approx(40, abs=1)


def test_pressure_drives_the_opacity(view: PaintView) -> None:
    view.tools.brush.set_pen(opacity=True, curve=PressureCurve(at_zero=0.0))
    pen_stroke(view, (30, 60, 0.4), (230, 60, 0.4))
    assert darkness(view, Rect(130, 60, 1, 1))[0, 0] == pytest.approx(102, abs=2)
    assert thickness(view, 130) == 0  # as wide as ever, but nowhere dark


def test_the_curve_makes_the_pen_softer_or_harder(view: PaintView) -> None:
    widths = []
    for row, gamma in ((40, 0.5), (96, 1.0), (150, 2.0)):
        view.tools.brush.set_pen(size=True, curve=PressureCurve(at_zero=0.0, gamma=gamma))
        pen_stroke(view, (30, row, 0.5), (230, row, 0.5))
        widths.append(int((darkness(view, Rect(130, row - 25, 1, 50)) > 127).sum()))
    assert widths == pytest.approx([28, 20, 10], abs=1)


def test_pressure_paints_a_masks_strength(view: PaintView) -> None:
    mask = view.document.layers.add(kind="mask")
    view.repaint_document(None)
    view.tools.brush.set_pen(opacity=True, curve=PressureCurve(at_zero=0.0))
    pen_stroke(view, (20, 90, 0.1), (236, 90, 1.0))
    row = view.document.layer_pixels(mask.id, Rect(40, 90, 180, 1))[0].astype(int)
    assert row[-1] > row[0] + 120 and (np.diff(row) >= 0).all()


def test_the_other_end_erases_and_the_tool_stays(view: PaintView) -> None:
    layer = view.document.layers.add()
    view.document.paint.fill_selection(Ink(colour=RED))
    view.repaint_document(None)
    pen_stroke(view, (60, 60, 1.0), (120, 60, 1.0), device=ERASER)
    assert view.document.layer_pixels(layer.id, Rect(90, 60, 1, 1))[0, 0, 3] == 0
    assert colour_at(view, 90, 60) == WHITE and colour_at(view, 90, 150) == RED
    assert view.tools.current.name == "brush"


def test_points_are_painted_together_and_none_is_lost(view: PaintView) -> None:
    pen(view, QEvent.Type.TabletPress, (30, 30), 1.0)
    corners = [(30, 150), (128, 30), (128, 150), (220, 30), (220, 150)]
    for at in corners:
        pen(view, MOVE, at, 1.0)
    assert view.pointer.has_waiting  # no event was worth a frame of its own
    pen(view, QEvent.Type.TabletRelease, corners[-1], 0.0)
    settle(view)
    for x, y in corners:
        assert darkness(view, Rect(x, y, 1, 1))[0, 0] == 255
    assert view.document.undo_stack.undo_label == "Brush stroke"


def test_many_points_give_what_few_give(view: PaintView, qtbot: QtBot) -> None:
    """Dabs are spaced by way, not by how often the pen was asked."""
    few = [(40.0, 60.0, 1.0), (200.0, 60.0, 1.0)]
    many = [(40.0 + step, 130.0, 1.0) for step in range(161)]
    view.tools.brush.change(hardness=0.3, opacity=0.6)
    pen_stroke(view, *few)
    pen_stroke(view, *many)
    upper, lower = (darkness(view, Rect(20, y, 220, 60)) for y in (30, 100))
    assert np.abs(upper - lower).max() <= 2


def test_a_hovering_pen_shows_the_brush_and_paints_nothing(view: PaintView) -> None:
    revision = view.document.revision
    pen(view, MOVE, (100, 100), 0.0)
    QApplication.processEvents()
    assert view.document.revision == revision and not view.pointer.is_down


def test_a_mouse_does_not_disturb_a_pens_stroke(view: PaintView) -> None:
    pen(view, QEvent.Type.TabletPress, (30, 30), 1.0)
    QTest.mouseMove(view, view.rect().bottomRight())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect().bottomLeft())
    pen(view, MOVE, (100, 30), 1.0)
    pen(view, QEvent.Type.TabletRelease, (100, 30), 0.0)
    settle(view)
    assert darkness(view, Rect(65, 30, 1, 1))[0, 0] == 255
    assert not darkness(view, Rect(0, 100, 256, 92)).any()


def test_a_fast_thin_stroke_is_round(view: PaintView) -> None:
    """Twelve points of a circle: a polygon's sides would lie 2.7 px inside."""
    view.tools.brush.change(size_px=3)
    angles = [math.radians(30 * step) for step in range(15)]
    pen_stroke(view, *((128 + 80 * math.cos(a), 96 + 80 * math.sin(a), 1.0) for a in angles))
    for angle in (75, 105, 135, 165, 195, 225, 255, 285):
        x = round(127.5 + 80 * math.cos(math.radians(angle)))
        y = round(95.5 + 80 * math.sin(math.radians(angle)))
        assert darkness(view, Rect(x, y, 1, 1))[0, 0] > 100, angle


def test_a_pointer_that_rests_has_painted_as_far_as_it_came(view: PaintView, qtbot: QtBot) -> None:
    view.tools.brush.change(size_px=3)
    pen(view, QEvent.Type.TabletPress, (30, 30), 1.0)
    pen(view, MOVE, (200, 30), 1.0)
    qtbot.waitUntil(lambda: darkness(view, Rect(199, 30, 1, 1))[0, 0] > 200, timeout=30_000)
    assert view.pointer.is_down
    pen(view, QEvent.Type.TabletRelease, (200, 30), 0.0)
