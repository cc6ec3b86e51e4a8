"""The painter's keys: tapping keeps a tool, holding borrows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.ui.canvas import paint_keys
from sdstudio.ui.canvas.paint_view import PaintView
from tests.support.painting import drag, key, open_paint_view, tap

PRESS, RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LETTERS = {
    Qt.Key.Key_E: "eraser",
    Qt.Key.Key_L: "lasso",
    Qt.Key.Key_R: "rectangle",
    Qt.Key.Key_G: "fill",
    Qt.Key.Key_I: "picker",
    Qt.Key.Key_V: "move",
    Qt.Key.Key_C: "generation-box",
    Qt.Key.Key_H: "pan",
    Qt.Key.Key_B: "brush",
}


@pytest.fixture
def view(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaintView]:
    monkeypatch.setattr(paint_keys, "HOLD_S", 1000.0)  # on a busy machine a tap may take long
    document = Document(200, 150)
    document.layers.add()
    view = open_paint_view(document)
    qtbot.addWidget(view)
    return view


@pytest.mark.parametrize("code, name", LETTERS.items())
def test_tapping_a_letter_takes_its_tool(view: PaintView, code: Qt.Key, name: str) -> None:
    view.tools.choose("pan" if name == "brush" else "brush")
    assert tap(view, code)
    assert view.tools.current.name == name


def test_r_again_is_the_ellipse_and_then_the_rectangle(view: PaintView) -> None:
    names = []
    for _ in range(3):
        tap(view, Qt.Key.Key_R)
        names.append(view.tools.current.name)
    assert names == ["rectangle", "ellipse", "rectangle"]


def test_a_tool_that_is_used_while_its_key_is_held_is_only_borrowed(view: PaintView) -> None:
    key(view, PRESS, Qt.Key.Key_L)
    assert view.tools.current.name == "lasso" and view.tools.is_borrowed
    drag(view, (20, 20), (80, 20), (80, 80), (20, 80))
    key(view, RELEASE, Qt.Key.Key_L)
    assert view.tools.current.name == "brush"
    assert view.document.selection.is_active


def test_a_key_held_long_gives_the_tool_back(
    view: PaintView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paint_keys, "HOLD_S", -1.0)
    tap(view, Qt.Key.Key_E)
    assert view.tools.current.name == "brush"


def test_space_only_ever_borrows_pan(view: PaintView) -> None:
    key(view, PRESS, Qt.Key.Key_Space)
    assert view.tools.current.name == "pan"
    repeat = QKeyEvent(PRESS, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
    QApplication.sendEvent(view, repeat)
    key(view, RELEASE, Qt.Key.Key_Space)
    assert view.tools.current.name == "brush"


def test_a_borrowed_tool_is_given_back_when_the_keyboard_goes(view: PaintView) -> None:
    key(view, PRESS, Qt.Key.Key_Space)
    view.clearFocus()
    assert view.tools.current.name == "brush"


def test_a_letter_during_a_drag_does_not_end_it(view: PaintView, qtbot: QtBot) -> None:
    qtbot.mousePress(view, Qt.MouseButton.LeftButton)
    assert view.pointer.is_down
    tap(view, Qt.Key.Key_E)
    assert view.pointer.is_down and view.tools.current.name == "brush"
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)


def test_x_swaps_and_d_takes_the_default_colours(view: PaintView) -> None:
    view.colours.set_foreground((9, 8, 7))
    tap(view, Qt.Key.Key_X)
    assert view.colours.foreground == (255, 255, 255)
    assert view.colours.background == (9, 8, 7)
    tap(view, Qt.Key.Key_D)
    assert (view.colours.foreground, view.colours.background) == ((0, 0, 0), (255, 255, 255))


def test_brackets_change_the_size(view: PaintView) -> None:
    size = view.tools.brush.size_px
    tap(view, Qt.Key.Key_BracketRight, text="]")
    assert view.tools.brush.size_px > size
    tap(view, Qt.Key.Key_BracketLeft, text="[")
    tap(view, Qt.Key.Key_BracketLeft, text="[")
    assert view.tools.brush.size_px < size
    view.tools.brush.change(size_px=1)
    tap(view, Qt.Key.Key_BracketLeft, text="[")
    assert view.tools.brush.size_px == 1
    tap(view, Qt.Key.Key_BracketRight, text="]")
    assert view.tools.brush.size_px == 2


def test_shift_v_turns_the_mask_over(view: PaintView) -> None:
    mask = view.document.layers.add(kind="mask")
    view.document.paint.draw_shape("rectangle", (0, 0, 100, 150), Ink(colour=(255, 255, 255)))
    assert tap(view, Qt.Key.Key_V, SHIFT)
    values = view.document.layer_pixels(mask.id, view.document.bounds)
    assert values[50, 50] == 0 and values[50, 150] == 255
    assert view.tools.current.name == "brush"


def test_shift_v_on_a_picture_layer_is_refused_in_words(view: PaintView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.refused) as told:
        tap(view, Qt.Key.Key_V, SHIFT)
    assert "mask" in str(told.args[0])


def test_undo_and_redo(view: PaintView) -> None:
    drag(view, (20, 20), (90, 20))
    painted = view.document.composite(view.document.bounds).tobytes()
    tap(view, Qt.Key.Key_Z, CONTROL)
    assert not view.document.composite(view.document.bounds).any()
    tap(view, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert view.document.composite(view.document.bounds).tobytes() == painted


def test_delete_clears_only_a_selection(view: PaintView) -> None:
    view.document.paint.fill_selection(Ink(colour=(1, 2, 3)))
    revision = view.document.revision
    tap(view, Qt.Key.Key_Delete)
    assert view.document.revision == revision
    tap(view, Qt.Key.Key_A, CONTROL)
    tap(view, Qt.Key.Key_Delete)
    assert not view.document.composite(view.document.bounds).any()
    tap(view, Qt.Key.Key_D, CONTROL)
    assert not view.document.selection.is_active


def test_arrows_move_the_layer_the_box_or_the_view(view: PaintView) -> None:
    view.tools.choose("move")
    tap(view, Qt.Key.Key_Right)
    tap(view, Qt.Key.Key_Down, SHIFT)
    layer = view.document.layers.active
    assert layer is not None and (layer.x, layer.y) == (1, 8)
    view.tools.choose("generation-box")
    tap(view, Qt.Key.Key_Left)
    assert view.generation_box == Rect(-1, 0, 200, 150)
    view.tools.choose("brush")
    view.zoom_to(6.0)
    before = view.viewpoint.device_rect().x()
    tap(view, Qt.Key.Key_Right)
    assert view.viewpoint.device_rect().x() < before


def test_other_keys_are_left_to_the_window(view: PaintView) -> None:
    assert not tap(view, Qt.Key.Key_F5)
    assert not tap(view, Qt.Key.Key_Q)
    assert not tap(view, Qt.Key.Key_B, CONTROL)
    assert not tap(view, Qt.Key.Key_Escape)


# --- where the keys go ------------------------------------------------------------------------


@pytest.mark.parametrize("kind, is_taken", [(QLineEdit, False), (QPushButton, True)])
def test_the_pointer_brings_the_keys_unless_somebody_types(
    qtbot: QtBot, kind: type[QWidget], is_taken: bool
) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    view = PaintView(Document(64, 64))
    layout = QVBoxLayout(room)
    other = kind()
    layout.addWidget(other)
    layout.addWidget(view)
    room.show()
    room.activateWindow()
    qtbot.waitUntil(room.isActiveWindow)
    other.setFocus()
    middle = view.rect().toRectF().center()
    QApplication.sendEvent(view, QEnterEvent(middle, middle, view.mapToGlobal(middle)))
    assert view.hasFocus() == is_taken
