"""The smallest window: nothing overlaps, nothing is cut off, everything is a click away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from sdstudio.ui.canvas.paint_room import PaintRoom
from sdstudio.ui.canvas.tool_options import BrushOptions, FillOptions, ToolOptions
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.studio import Studio
from sdstudio.ui.widgets.overflow_row import OverflowRow
from tests.support.open_studio import open_studio

SMALL = (1024, 700)
SIZES = (SMALL, (1160, 760), (1280, 800), (1920, 1080))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setenv("SDSTUDIO_DATA_DIR", str(tmp_path / "data"))
    studio = open_studio(qapp, tmp_path)
    yield studio
    studio.window.may_close = lambda: True
    studio.window.close()


@pytest.fixture
def room(studio: Studio) -> PaintRoom:
    studio.workspaces.show_page("paint")
    room = studio.workspaces.built("paint")
    assert isinstance(room, PaintRoom)
    return room


def _resize(studio: Studio, size: tuple[int, int]) -> None:
    studio.window.resize(*size)
    for _ in range(5):
        QApplication.processEvents()


def _across(widgets: list[QWidget], window: QWidget) -> list[tuple[int, int]]:
    """(left, right) of what can be seen, from left to right."""
    lefts = [(each.mapTo(window, QPoint(0, 0)).x(), each) for each in widgets if each.isVisible()]
    return sorted((left, left + each.width()) for left, each in lefts)


def test_the_brush_has_room_for_what_it_shows(studio: Studio, room: PaintRoom) -> None:
    (options,) = room.findChildren(ToolOptions)
    for size in SIZES:
        _resize(studio, size)
        _assert_orderly(options)
    room.easel.do(lambda: room.easel.document.layers.add(kind="mask"))
    for size in SIZES:
        _resize(studio, size)
        assert options.veil.isVisible()
        _assert_orderly(options)


def _assert_orderly(options: ToolOptions) -> None:
    page = options.page("brush")
    assert isinstance(page, BrushOptions)
    fields = [field for field in page.fields.values() if field not in page.row.waiting]
    assert all(each.width() >= each.minimumSizeHint().width() for each in fields)
    shown = [*fields, page.row.more, page.pen_button, options.veil]
    places = _across(shown, options)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
    assert places[-1][1] <= options.width()


def test_the_prompt_panel_is_never_cut_off(studio: Studio, room: PaintRoom) -> None:
    _resize(studio, SMALL)
    panel = studio.panel
    for row in (panel.prompt, panel.basic.size, panel.basic.count, panel.sampling.sampler):
        right = row.mapTo(panel, QPoint(row.width(), 0)).x()
        assert right <= panel.width()
        assert row.width() >= row.minimumSizeHint().width()
    assert studio.window.size().toTuple() == SMALL


def test_the_strip_of_candidates_keeps_room_for_pictures(studio: Studio, room: PaintRoom) -> None:
    strip = room.repainting.strip
    strip.show()
    for size in SIZES:
        _resize(studio, size)
        assert strip.width() >= strip.minimumSizeHint().width()


def test_the_gallery_shows_one_side_where_there_is_no_room_for_two(studio: Studio) -> None:
    studio.workspaces.show_page("gallery")
    room = studio.workspaces.built("gallery")
    assert isinstance(room, GalleryRoom)
    _resize(studio, SMALL)
    assert room.side_slot.isVisible() and room.boards.isHidden()
    assert room.width() >= room.minimumSizeHint().width(), "nothing is cut off"
    room.bar.details.click()
    assert room.side_slot.isHidden() and room.boards.isVisible()
    room.bar.details.click()
    _resize(studio, (1280, 800))
    assert room.side_slot.isVisible() and room.boards.isVisible()


# --- the row itself ---------------------------------------------------------------------------


@pytest.fixture
def row(qtbot: QtBot) -> OverflowRow:
    boxes = [QCheckBox(name) for name in ("first choice", "second choice", "third choice")]
    row = OverflowRow(*boxes)
    qtbot.addWidget(row)
    row.resize(900, 28)
    row.show()
    return row


def test_what_does_not_fit_waits_behind_a_button_in_order(row: OverflowRow) -> None:
    assert row.waiting == () and row.more.isHidden()
    row.resize(row.minimumSizeHint().width(), 28)
    names = [each.text() for each in row.waiting if isinstance(each, QCheckBox)]
    assert names == ["second choice", "third choice"]
    assert row.more.isVisible()
    row.resize(900, 28)
    assert row.waiting == () and row.more.isHidden()
    assert row.findChildren(QCheckBox)[0].isVisible()


def test_the_button_opens_it_with_the_keyboard_in_the_first(row: OverflowRow) -> None:
    row.resize(row.minimumSizeHint().width(), 28)
    QTest.mouseClick(row.more, LEFT)
    box = row.waiting[0]
    assert row.popup.isVisible() and box.isVisible()
    assert row.popup.focusWidget() is box
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert isinstance(box, QCheckBox) and box.isChecked()
    QTest.keyClick(row.popup, Qt.Key.Key_Escape)
    assert row.popup.isHidden()


def test_the_fill_tool_finds_its_choices_behind_the_button(studio: Studio, room: PaintRoom) -> None:
    _resize(studio, SMALL)
    room.view.tools.choose("fill")
    QApplication.processEvents()
    (options,) = room.findChildren(ToolOptions)
    page = options.page("fill")
    assert isinstance(page, FillOptions)
    assert page.row.width() <= page.width()
    places = _across([page.tolerance, page.opacity, page.sees_all, page.row.more], page)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
