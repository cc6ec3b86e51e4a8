"""The tools' palette and options: they show the state of the view, and change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.brush import PressureCurve
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas.colour_picker import NUM_RECENT, ColourPicker
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.canvas.slide_field import SlideField
from sdstudio.ui.canvas.tool_memory import ToolMemory
from sdstudio.ui.canvas.tool_options import BrushOptions, FillOptions, ToolOptions
from sdstudio.ui.canvas.tool_palette import ToolPalette
from sdstudio.ui.canvas.tools.fill import FillTool
from tests.support.painting import open_paint_view

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PaintView]:
    document = Document(128, 96)
    document.layers.add()
    view = open_paint_view(document)
    qtbot.addWidget(view)
    return view


@pytest.fixture
def options(view: PaintView, qtbot: QtBot) -> ToolOptions:
    options = ToolOptions(view)
    qtbot.addWidget(options)
    options.resize(700, 40)
    options.show()
    return options


@pytest.fixture
def palette(view: PaintView, qtbot: QtBot) -> ToolPalette:
    palette = ToolPalette(view)
    qtbot.addWidget(palette)
    palette.show()
    return palette


def test_buttons_take_tools_and_show_the_one_in_hand(view: PaintView, palette: ToolPalette) -> None:
    for name, button in palette.buttons.items():
        button.click()
        assert view.tools.current.name == name
    view.tools.choose("lasso")
    assert [name for name, button in palette.buttons.items() if button.isChecked()] == ["lasso"]


def test_every_tool_says_its_name_and_key(view: PaintView, palette: ToolPalette) -> None:
    for tool in view.tools:
        button = palette.buttons[tool.name]
        assert button.accessibleName()
        assert f"({tool.key})" in button.toolTip()


def test_the_wells_swap_and_show_greys_on_a_mask(view: PaintView, palette: ToolPalette) -> None:
    view.colours.set_foreground((1, 2, 3))
    QTest.mouseClick(palette.well, LEFT, pos=QPoint(32, 32))
    assert view.colours.background == (1, 2, 3)
    view.document.layers.add(kind="mask")
    view.repaint_document(None)
    QTest.mouseClick(palette.well, LEFT, pos=QPoint(10, 10))
    assert palette.greys.isVisible()
    palette.greys.field.value_wanted.emit(0.5)
    assert view.colours.foreground == (128, 128, 128)
    palette.greys.close()


@pytest.fixture
def picker(palette: ToolPalette) -> Iterator[ColourPicker]:
    QTest.mouseClick(palette.well, LEFT, pos=QPoint(10, 10))
    assert palette.picker.isVisible()
    yield palette.picker
    palette.picker.close()


def test_shades_and_hues_change_the_colour_at_once(view: PaintView, picker: ColourPicker) -> None:
    field, bar = picker.field, picker.bar
    QTest.mouseClick(field, LEFT, pos=QPoint(field.width() - 1, 0))
    QTest.mouseClick(bar, LEFT, pos=QPoint(bar.width() // 3, 5))
    red, green, blue = view.colours.foreground
    assert green > 250 and red < 12 and blue < 12
    QTest.mouseClick(field, LEFT, pos=QPoint(0, field.height() // 2))
    red, green, blue = view.colours.foreground
    assert red == green == blue and 120 < red < 136
    QTest.mouseClick(field, LEFT, pos=QPoint(field.width() - 1, 0))
    assert view.colours.foreground[1] > 250  # a grey did not make it forget the hue
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert view.colours.foreground[1] < 252


def test_a_colour_can_be_typed(view: PaintView, picker: ColourPicker) -> None:
    for text, wanted in (("#10203f", (16, 32, 63)), ("A0b0C0", (160, 176, 192))):
        picker.edit.setText(text)
        picker.edit.editingFinished.emit()
        assert view.colours.foreground == wanted
    picker.edit.setText("reddish")
    picker.edit.editingFinished.emit()
    assert view.colours.foreground == (160, 176, 192)
    assert picker.edit.text() == "#a0b0c0"


def test_what_was_used_lately_is_offered(view: PaintView, picker: ColourPicker) -> None:
    view.colours.set_foreground((7, 77, 177))
    picker.close()
    view.colours.set_foreground((1, 1, 1))
    QTest.mouseClick(picker.swatches, LEFT, pos=QPoint(10, 10))
    assert view.colours.foreground == (7, 77, 177)
    assert len(set(picker.swatches.colours)) == NUM_RECENT


def test_each_tool_has_its_own_options(view: PaintView, options: ToolOptions) -> None:
    for tool in view.tools:
        view.tools.choose(tool.name)
        assert options.page(tool.name).isVisible(), tool.name
    assert isinstance(options.page("brush"), BrushOptions)
    assert options.page("brush") is not options.page("eraser")


def test_fields_change_the_brush_and_follow_it(view: PaintView, options: ToolOptions) -> None:
    page = options.page("brush")
    assert isinstance(page, BrushOptions)
    for name, value in (("size_px", 77.0), ("hardness", 0.3), ("opacity", 0.4), ("flow", 0.2)):
        page.fields[name].value_wanted.emit(value)
        assert getattr(view.tools.brush.brush, name) == value
        assert page.fields[name].value == value
    view.tools.brush.step_size(1)
    assert page.fields["size_px"].value == view.tools.brush.size_px


def test_the_pens_window_sets_what_pressure_does(view: PaintView, options: ToolOptions) -> None:
    page = options.page("brush")
    assert isinstance(page, BrushOptions)
    page.pen_button.click()
    pen = page.pen_options
    assert pen.isVisible()
    pen.opacity_box.setChecked(True)
    pen.size_box.setChecked(False)
    assert view.tools.brush.brush.opacity_curve == view.tools.brush.curve
    assert view.tools.brush.brush.size_curve is None
    straight = view.tools.brush.curve.gamma
    QTest.mouseClick(pen.curve, LEFT, pos=QPoint(pen.curve.width() // 2, 10))
    assert view.tools.brush.curve.gamma < straight  # through a point above the straight line
    pen.least.value_wanted.emit(0.25)
    assert view.tools.brush.curve.at_zero == 0.25
    QTest.mouseDClick(pen.curve, LEFT)
    assert view.tools.brush.curve == PressureCurve(at_zero=0.25)
    pen.close()


def test_the_fills_options_reach_the_tool(view: PaintView, options: ToolOptions) -> None:
    tool, page = view.tools["fill"], options.page("fill")
    assert isinstance(tool, FillTool) and isinstance(page, FillOptions)
    page.tolerance.value_wanted.emit(90)
    page.sees_all.setChecked(False)
    assert tool.tolerance == 90 and not tool.sees_all
    page.opacity.value_wanted.emit(0.5)
    view.tools["fill"].press(PointerPoint(x=5, y=5, position=QPointF(5, 5)))
    assert view.document.composite(Rect(9, 9, 1, 1))[0, 0, 3] == pytest.approx(128, abs=1)


def test_selecting_tools_offer_all_none_and_invert(view: PaintView, options: ToolOptions) -> None:
    view.tools.choose("lasso")
    every, none, invert = options.page("lasso").findChildren(QAbstractButton)
    every.click()
    assert view.document.selection.is_active
    none.click()
    assert not view.document.selection.is_active
    invert.click()
    assert view.document.selection.is_active


def test_the_box_goes_around_the_picture(view: PaintView, options: ToolOptions) -> None:
    view.generation_box = Rect(10, 10, 64, 64)
    (button,) = options.page("generation-box").findChildren(QAbstractButton)
    button.click()
    assert view.generation_box == view.document.bounds


def test_the_veil_is_offered_on_masks_only(view: PaintView, options: ToolOptions) -> None:
    assert options.veil.isHidden()
    view.document.layers.add(kind="mask")
    view.repaint_document(None)
    assert options.veil.isVisible()
    options.veil.value_wanted.emit(0.8)
    assert view.mask_opacity == 0.8


def test_every_control_has_a_name_and_a_tooltip(options: ToolOptions, palette: ToolPalette) -> None:
    for room in (options, palette):
        for button in room.findChildren(QAbstractButton):
            assert button.accessibleName() or button.text(), button
        for field in room.findChildren(SlideField):
            assert field.accessibleName() and field.toolTip()


# --- the field --------------------------------------------------------------------------------


@pytest.fixture
def field(options: ToolOptions) -> SlideField:
    page = options.page("brush")
    assert isinstance(page, BrushOptions)
    return page.fields["opacity"]


def test_dragging_slides(field: SlideField) -> None:
    QTest.mousePress(field, LEFT, pos=QPoint(field.width() - 5, 10))
    QTest.mouseMove(field, QPoint(field.width() // 2, 10))
    assert field.value == pytest.approx(0.5, abs=0.02)
    QTest.mouseMove(field, QPoint(-50, 10))
    QTest.mouseRelease(field, LEFT, pos=QPoint(-50, 10))
    assert field.value == 0.0
    assert field.edit.isHidden()


def test_clicking_opens_the_field_for_typing(field: SlideField) -> None:
    QTest.mouseClick(field, LEFT, pos=QPoint(20, 10))
    assert field.edit.isVisible()
    QTest.keyClicks(field.edit, "37")
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.value == 0.37 and field.edit.isHidden()


def test_nonsense_is_put_back(field: SlideField) -> None:
    before = field.value
    QTest.mouseClick(field, LEFT, pos=QPoint(20, 10))
    QTest.keyClicks(field.edit, "soft")
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.value == before


def test_keys_step_and_a_double_click_resets(field: SlideField) -> None:
    QTest.keyClick(field, Qt.Key.Key_Left)
    assert field.value == pytest.approx(0.95)
    QTest.keyClick(field, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert field.value == pytest.approx(0.94)
    QTest.mouseDClick(field, LEFT, pos=QPoint(20, 10))
    QApplication.processEvents()
    assert field.value == 1.0


# --- from one session to the next -------------------------------------------------------------


def test_brushes_come_back_as_they_were_left(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    first, second = (PaintView(Document(64, 64)) for _ in range(2))
    for view in (first, second):
        qtbot.addWidget(view)
    ToolMemory(first, store)
    first.tools.brush.change(size_px=123.0, hardness=0.25)
    first.tools.brush.set_pen(opacity=True, curve=PressureCurve(at_zero=0.2, gamma=2.0))
    store.save()
    ToolMemory(second, SettingsStore(tmp_path / "settings.json"))
    assert second.tools.brush.brush == first.tools.brush.brush
    second.tools.choose("eraser")
    assert second.tools.brush.size_px == 60


@pytest.mark.parametrize("nonsense", ["wide", -5, 1e9, True, ""])
def test_nonsense_in_the_settings_leaves_a_usable_brush(
    qtbot: QtBot, tmp_path: Path, nonsense: str | float
) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    view = PaintView(Document(64, 64))
    qtbot.addWidget(view)
    ToolMemory(view, store)
    view.tools.brush.change(size_px=50)
    state = dict.fromkeys(store.settings.panel_state, nonsense)
    store.update(panel_state=state)
    other = PaintView(Document(64, 64))
    qtbot.addWidget(other)
    ToolMemory(other, store)
    brush = other.tools.brush.brush
    assert 1 <= brush.size_px <= 2000 and 0 <= brush.hardness <= 1
    assert 0 <= brush.size_at(0.5) <= 2000
