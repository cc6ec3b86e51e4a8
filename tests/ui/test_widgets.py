"""The building blocks, used with keys, wheel and mouse as a person uses them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sdstudio.messages.raster import Raster
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.number_field import NumberField, NumberRange
from sdstudio.ui.widgets.picture_view import to_qimage
from sdstudio.ui.widgets.section import Section

GUIDANCE = NumberRange(
    low=0.0, high=100.0, default=4.0, slider_high=15.0, step=0.5, fine_step=0.1, decimals=1
)


def make_field(qtbot: QtBot, limits: NumberRange = GUIDANCE) -> NumberField:
    """A field that takes what it wishes for, as the form would let it."""
    field = NumberField("Guidance", limits, tooltip="How closely the prompt is followed.")
    field.value_wanted.connect(field.show_value)
    field.resize(320, 30)
    qtbot.addWidget(field)
    field.show()
    field.activateWindow()
    qtbot.waitUntil(field.isActiveWindow)
    return field


def turn_wheel(widget: QWidget, notches: int, modifiers: Qt.KeyboardModifier) -> QWheelEvent:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        widget.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


@pytest.mark.parametrize(
    "text, value",
    [("7.5", 7.5), ("7,5", 7.5), ("about 12", 12.0), ("999", 100.0), ("-3", 0.0), (".25", 0.2)],
)
def test_typed_numbers_are_understood_and_clamped(qtbot: QtBot, text: str, value: float) -> None:
    field = make_field(qtbot)
    field.edit.setFocus()
    field.edit.selectAll()
    QTest.keyClicks(field.edit, text)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.value == pytest.approx(value)
    assert field.edit.text() == f"{value:.1f}"


@pytest.mark.parametrize("text", ["", "abc", "-"])
def test_text_without_a_number_changes_nothing(qtbot: QtBot, text: str) -> None:
    field = make_field(qtbot)
    field.edit.selectAll()
    QTest.keyClicks(field.edit, text or " ")
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.value == 4.0
    assert field.edit.text() == "4.0"


def test_escape_takes_back_what_was_typed(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    field.edit.selectAll()
    QTest.keyClicks(field.edit, "99")
    QTest.keyClick(field.edit, Qt.Key.Key_Escape)
    assert field.edit.text() == "4.0"
    assert field.value == 4.0


def test_arrows_step_and_shift_steps_finely(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    for part in (field.edit, field.slider):
        field.show_value(4.0)
        QTest.keyClick(part, Qt.Key.Key_Up)
        assert field.value == pytest.approx(4.5)
        QTest.keyClick(part, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        assert field.value == pytest.approx(4.4)


def test_the_wheel_belongs_to_the_panel_until_the_field_is_used(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    none, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    for part in (field.edit, field.slider):
        field.setFocus()
        part.clearFocus()
        field.show_value(4.0)
        assert not turn_wheel(part, 1, none).isAccepted()
        assert field.value == 4.0
        part.setFocus()
        assert turn_wheel(part, 1, none).isAccepted()
        turn_wheel(part, -1, shift)
        assert field.value == pytest.approx(4.4)


def test_double_click_on_the_slider_returns_to_the_default(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    field.show_value(11.0)
    QTest.mouseDClick(field.slider, Qt.MouseButton.LeftButton)
    assert field.value == 4.0


def test_the_slider_goes_where_it_is_clicked_in_whole_steps(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    right = QPoint(field.slider.width() - 2, field.slider.height() // 2)
    QTest.mouseClick(field.slider, Qt.MouseButton.LeftButton, pos=right)
    assert field.value == 15.0
    middle = QPoint(field.slider.width() // 2 + 7, field.slider.height() // 2)
    QTest.mouseClick(field.slider, Qt.MouseButton.LeftButton, pos=middle)
    assert (field.value * 2) == round(field.value * 2)


def test_what_lies_beyond_the_slider_can_be_typed_and_is_kept(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    field.edit.selectAll()
    QTest.keyClicks(field.edit, "42")
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.value == 42.0
    assert field.slider.value() == field.slider.maximum()


def test_percentages_show_their_unit(qtbot: QtBot) -> None:
    limits = NumberRange(
        low=0.01, high=1, default=0.6, step=0.05, fine_step=0.01, unit="%", scale=100
    )
    field = make_field(qtbot, limits)
    assert field.edit.text() == "60 %"
    QTest.keyClick(field.slider, Qt.Key.Key_Left)
    assert field.edit.text() == "55 %"
    right = QPoint(field.slider.width() - 2, 10)
    QTest.mouseClick(field.slider, Qt.MouseButton.LeftButton, pos=right)
    assert field.value == 1.0


@given(st.floats(0, 100, allow_nan=False))
def test_a_shown_number_reads_back_as_itself(value: float) -> None:
    clamped = GUIDANCE.clamp(value)
    assert GUIDANCE.parse(GUIDANCE.text(clamped)) == pytest.approx(clamped)


def test_every_part_of_a_field_has_a_name_for_screen_readers(qtbot: QtBot) -> None:
    field = make_field(qtbot)
    for part in (field.slider, field.edit):
        assert part.accessibleName() == "Guidance"
        assert part.accessibleDescription()
    assert "Default 4.0" in field.toolTip()


def test_a_section_folds_and_says_what_is_inside(qtbot: QtBot) -> None:
    section = Section("Negative prompt", is_open=False)
    qtbot.addWidget(section)
    section.show()
    section.set_summary("blurry")
    assert section.content.isHidden()
    with qtbot.waitSignal(section.toggled):
        section.header.click()
    assert not section.content.isHidden()


def test_an_elided_label_keeps_its_text_in_the_tooltip(qtbot: QtBot) -> None:
    words = ElidedLabel("a very long sentence that cannot fit into forty pixels")
    qtbot.addWidget(words)
    words.resize(40, 20)
    words.grab()
    assert words.toolTip() == words.text()
    words.resize(600, 20)
    words.grab()
    assert words.toolTip() == ""


@pytest.mark.parametrize("mode, channels", [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_a_raster_becomes_an_image_of_its_own(mode: str, channels: int) -> None:
    # 5 pixels wide: rows that Qt would pad to 4 bytes; the bytes are gone before the image is read
    pixels = bytes(range(5 * 3 * channels))
    raster = Raster(width=5, height=3, mode=mode, pixels=pixels)  # type: ignore[arg-type]
    image = to_qimage(raster)
    del raster, pixels
    assert (image.width(), image.height()) == (5, 3)
    first = image.pixelColor(0, 2)
    start = 10 * channels
    assert first.red() == start
    if channels > 1:
        assert (first.green(), first.blue()) == (start + 1, start + 2)
