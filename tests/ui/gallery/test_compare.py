"""Comparing two to four pictures: slider, side by side, difference."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from sdstudio.gallery.picture_file import save_picture
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.gallery.compare_view import CompareView
from tests.support.gallery_views import OpenViews

KEY = Qt.Key
COLORS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200), "grey": (90, 90, 90)}


def write_plain(views: OpenViews, name: str, *, size: tuple[int, int] = (64, 48)) -> None:
    pixels = bytes(COLORS[name]) * (size[0] * size[1])
    picture = Raster(width=size[0], height=size[1], mode="RGB", pixels=pixels)
    request = GenerationRequest(prompt=name, width=64, height=48)
    views.folder.mkdir(exist_ok=True)
    path = views.folder / f"{name}.png"
    save_picture(PictureResult(picture=picture, request=request), path)


@pytest.fixture
def plain(views: OpenViews) -> OpenViews:
    for name in COLORS:
        write_plain(views, name)
    views.rescan()
    return views


def compare(views: OpenViews, *names: str) -> CompareView:
    views.views.open_compare([views.id_of(f"{name}.png") for name in names])
    views.wait_idle()
    return views.views.compare


def color_at(widget: QWidget, x: float, y: float) -> tuple[int, int, int]:
    """What is painted at a part of the width and height."""
    image = widget.grab().toImage()
    color: QColor = image.pixelColor(int(x * (image.width() - 1)), int(y * (image.height() - 1)))
    return color.red(), color.green(), color.blue()


def test_the_slider_shows_one_picture_left_and_the_other_right(plain: OpenViews) -> None:
    view = compare(plain, "red", "blue")
    canvas = view.canvas
    assert canvas.mode == "slider" and plain.opened.room.views.currentWidget() is view
    assert color_at(canvas, 0.4, 0.56) == COLORS["red"]
    assert color_at(canvas, 0.6, 0.56) == COLORS["blue"]
    canvas.move_divider(0.65)
    assert color_at(canvas, 0.6, 0.56) == COLORS["red"]
    view.swap()
    assert color_at(canvas, 0.6, 0.56) == COLORS["blue"]


def test_mouse_and_keys_move_the_slider(plain: OpenViews) -> None:
    canvas = compare(plain, "red", "blue").canvas
    qtbot, middle = plain.opened.qtbot, QPoint(round(canvas.divider_x), canvas.height() // 2)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(canvas, middle + QPoint(90, 0))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(90, 0))
    moved = canvas.divider
    assert moved == pytest.approx((middle.x() + 90) / canvas.width(), abs=0.01)
    qtbot.keyClick(canvas, KEY.Key_Left)
    assert canvas.divider == pytest.approx(moved - 0.02)
    for _ in range(20):
        qtbot.keyClick(canvas, KEY.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.divider == 1.0


@pytest.mark.parametrize("names", [["red", "green"], ["red", "green", "blue"], list(COLORS)])
def test_side_by_side_shows_all_with_one_zoom(plain: OpenViews, names: list[str]) -> None:
    view = compare(plain, *names)
    view.set_mode("side-by-side")
    canvas = view.canvas
    cells = canvas.cells()
    assert len(cells) == len(names)
    image = canvas.grab().toImage()
    for cell, name in zip(cells, names, strict=True):
        color = image.pixelColor(cell.center().toPoint())
        assert (color.red(), color.green(), color.blue()) == COLORS[name]
    places = [canvas.place(cell.center()) for cell in cells]
    assert all(place == places[0] for place in places), "the same spot in every cell"


def test_zoom_stays_where_the_mouse_is_in_any_cell(plain: OpenViews) -> None:
    view = compare(plain, "red", "green")
    view.set_mode("side-by-side")
    canvas = view.canvas
    canvas.viewpoint.zoom_to(30.0)
    cell = canvas.cells()[1]
    spot = canvas.place(cell.topLeft() + QPointF(30, 40))
    before = canvas.viewpoint.rect()
    part = (spot.x() - before.x()) / before.width()
    canvas.viewpoint.zoom_to(canvas.viewpoint.zoom * 2, spot)
    after = canvas.viewpoint.rect()
    assert (spot.x() - after.x()) / after.width() == pytest.approx(part, abs=0.02)


def test_the_difference_is_computed_and_told(plain: OpenViews) -> None:
    view = compare(plain, "red", "grey")
    view.set_mode("difference")
    plain.wait_idle()
    assert view.words == "100.0 % of the pixels differ, by 110 of 255 at most."
    view._strength.setCurrentIndex(0)
    plain.wait_idle()
    assert color_at(view.canvas, 0.5, 0.5) == (110, 90, 90)
    view._strength.setCurrentIndex(1)
    plain.wait_idle()
    assert color_at(view.canvas, 0.5, 0.5) == (255, 255, 255)


def test_the_same_picture_twice_has_no_difference(plain: OpenViews) -> None:
    (plain.folder / "again.png").write_bytes((plain.folder / "red.png").read_bytes())
    plain.rescan()
    view = compare(plain, "red", "again")
    view.set_mode("difference")
    plain.wait_idle()
    assert view.words == "The pictures are the same in every pixel."
    assert color_at(view.canvas, 0.5, 0.5) == (0, 0, 0)


def test_another_pair_of_four_can_be_chosen(plain: OpenViews) -> None:
    view = compare(plain, *COLORS)
    assert view.canvas.mode == "side-by-side"
    view.set_mode("slider")
    assert not view._second.isHidden()
    view._second.setCurrentIndex(3)
    view._choose_pair()
    assert color_at(view.canvas, 0.6, 0.56) == COLORS["grey"]


def test_pictures_of_other_proportions_are_shown_whole(views: OpenViews) -> None:
    write_plain(views, "red", size=(64, 48))
    write_plain(views, "blue", size=(20, 60))
    views.rescan()
    view = compare(views, "red", "blue")
    view.set_mode("side-by-side")
    cell = view.canvas.cells()[1]
    image = view.canvas.grab().toImage()
    beside = image.pixelColor((cell.center() + QPointF(cell.width() * 0.3, 0)).toPoint())
    assert (beside.red(), beside.green(), beside.blue()) != COLORS["blue"], "not stretched"
    view.set_mode("difference")
    views.wait_idle()
    assert view.words.endswith("The second had another size.")


def test_keys_change_the_way_and_escape_leaves(plain: OpenViews) -> None:
    view = compare(plain, "red", "blue")
    qtbot = plain.opened.qtbot
    for key, mode in (
        (KEY.Key_B, "side-by-side"),
        (KEY.Key_D, "difference"),
        (KEY.Key_S, "slider"),
    ):
        qtbot.keyClick(view.canvas, key)
        assert view.canvas.mode == mode and view._modes[mode].isChecked()
    qtbot.keyClick(view.canvas, KEY.Key_X)
    assert view.canvas.pair == (1, 0)
    qtbot.keyClick(view.canvas, KEY.Key_Escape)
    assert plain.opened.room.is_browsing and not view.canvas.pictures, "nothing is kept"


def test_a_broken_picture_is_left_out_and_told(plain: OpenViews) -> None:
    (plain.folder / "blue.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    plain.rescan()
    view = compare(plain, "red", "blue", "green")
    assert [each.title for each in view.canvas.pictures] == ["red.png", "green.png"]
    assert len(plain.opened.errors) == 1
    compare(plain, "red", "blue")
    assert plain.opened.room.is_browsing, "one alone is not compared"


def test_selected_pictures_are_compared_from_the_grid(plain: OpenViews) -> None:
    plain.select("red.png", "green.png", "blue.png")
    plain.opened.room.activateWindow()
    plain.opened.room.grid.setFocus()
    plain.opened.qtbot.keyClick(plain.opened.room.grid, KEY.Key_C)
    plain.wait_idle()
    assert len(plain.views.compare.canvas.pictures) == 3
