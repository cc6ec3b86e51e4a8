"""Looking at one picture at a time: stepping, zooming, marking, and the slideshow."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLabel

from tests.support.fake_engine import gradient_picture
from tests.support.gallery_views import OpenViews, write_picture

KEY = Qt.Key


@pytest.fixture
def three(views: OpenViews) -> OpenViews:
    for number in range(3):
        write_picture(views.folder, f"{number}.png", minute=number, seed=number, width=64)
    views.rescan()
    return views


def shown_name(views: OpenViews) -> str:
    picture_id = views.views.single.picture_id
    rows = views.opened.room.gallery.rows([] if picture_id is None else [picture_id])
    return rows[0].path.name if rows else ""


def is_single(views: OpenViews) -> bool:
    return views.opened.room.views.currentWidget() is views.views.single


def open_single(views: OpenViews, name: str) -> None:
    views.select(name)
    views.opened.qtbot.keyClick(views.opened.room.grid, KEY.Key_Return)
    views.wait_idle()


def press(views: OpenViews, *keys: Qt.Key) -> None:
    for key in keys:
        views.opened.qtbot.keyClick(views.views.single.pane, key)
        views.wait_idle()


def test_enter_opens_arrows_step_and_escape_goes_back(three: OpenViews) -> None:
    open_single(three, "1.png")
    assert is_single(three) and shown_name(three) == "1.png"
    press(three, KEY.Key_Right)
    assert shown_name(three) == "0.png"
    press(three, KEY.Key_Right)
    assert shown_name(three) == "0.png", "there is none behind the last"
    press(three, KEY.Key_PageUp, KEY.Key_Left)
    assert shown_name(three) == "2.png"
    assert three.opened.room.selected_ids() == [three.id_of("2.png")], "the grid goes along"
    press(three, KEY.Key_Escape)
    assert not is_single(three)
    assert three.opened.room.grid.hasFocus() or not three.opened.room.isActiveWindow()


def test_what_is_painted_is_the_picture(three: OpenViews) -> None:
    open_single(three, "2.png")
    pane = three.views.single.pane
    painted = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    page = pane.viewpoint.rect().toRect()
    expected = gradient_picture(64, 32, 2)
    for x, y in ((0, 0), (63, 0), (0, 31), (63, 31), (32, 16)):
        spot = page.topLeft() + (QPointF(x + 0.5, y + 0.5) * (page.width() / 64)).toPoint()
        color = painted.pixelColor(spot)
        at = 3 * (64 * y + x)
        wanted = tuple(expected.pixels[at : at + 3])
        found = (color.red(), color.green(), color.blue())
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 4, "smooth scaling"


def test_a_thumbnail_stands_in_until_the_picture_is_read(three: OpenViews) -> None:
    room = three.opened.room
    three.wait(lambda: room.thumbnails.fetched >= 3)
    open_single(three, "1.png")
    three.views.single._reader.forget_all()
    three.views.single.show_picture(three.id_of("2.png"))
    pane = three.views.single.pane
    assert pane.picture is None and pane.viewpoint.page == QSize(64, 32)
    middle = pane.grab().toImage().pixelColor(pane.rect().center())
    expected = gradient_picture(64, 32, 2).pixels[3 * (64 * 16 + 32) :][:3]
    found = (middle.red(), middle.green(), middle.blue())
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < 16, "a JPEG of it"
    three.wait_idle()
    assert pane.picture is not None


def test_wheel_and_keys_zoom_and_a_zoomed_picture_is_panned(three: OpenViews) -> None:
    open_single(three, "1.png")
    pane = three.views.single.pane
    for action in pane.actions():
        if action.objectName() == "zoom-actual":
            action.trigger()
    assert pane.viewpoint.zoom == 1.0
    pane.viewpoint.zoom_to(40.0)
    pane.refresh_view()
    before = pane.viewpoint.rect()
    press(three, KEY.Key_Right)
    assert shown_name(three) == "1.png" and pane.viewpoint.rect() != before, "it pans instead"
    pane.fit()
    press(three, KEY.Key_Right)
    assert shown_name(three) == "0.png"


def test_stars_labels_and_delete_work_while_looking(three: OpenViews) -> None:
    open_single(three, "1.png")
    press(three, KEY.Key_4)
    row = three.opened.room.gallery.index.row_of(three.folder / "1.png")
    assert row is not None and row.rating == 4
    press(three, KEY.Key_Delete)
    assert not (three.folder / "1.png").exists()
    assert is_single(three) and shown_name(three) == "0.png", "the next one is looked at"
    three.opened.room.undo()
    three.wait_idle()
    assert (three.folder / "1.png").exists()


def test_deleting_the_last_picture_leads_back_to_the_grid(views: OpenViews) -> None:
    write_picture(views.folder, "only.png")
    views.rescan()
    open_single(views, "only.png")
    press(views, KEY.Key_Delete)
    views.wait(lambda: not is_single(views))  # the last look at the disk may be still to come


def test_an_edit_by_another_program_is_seen(three: OpenViews) -> None:
    open_single(three, "1.png")
    before = three.views.single.pane.picture
    assert before is not None and before.size == QSize(64, 32)
    write_picture(three.folder, "1.png", minute=1, seed=9, width=80)
    three.rescan()
    after = three.views.single.pane.picture
    assert after is not None and after.size == QSize(80, 32)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\nrubbish", b"<b>text</b>"])
def test_a_broken_picture_is_one_line_and_stepping_goes_on(three: OpenViews, data: bytes) -> None:
    (three.folder / "broken.png").write_bytes(data)
    three.rescan()
    open_single(three, "broken.png")
    assert three.views.single.pane.picture is None
    faults = [notice for notice in three.opened.notices if notice.key == "gallery-fault"]
    assert len(faults) == 1 and "\n" not in faults[0].text
    press(three, KEY.Key_Right)
    assert three.views.single.pane.picture is not None


def test_a_hostile_name_is_shown_as_it_is(views: OpenViews) -> None:
    name = "a<img src=x>\u202egnp.\x07&amp;.png"
    write_picture(views.folder, name, prompt="<h1>hi</h1>\x00\x1b[31m")
    views.rescan()
    open_single(views, name)
    single = views.views.single
    texts = [label.text() for label in single.findChildren(QLabel)]
    assert "a<img src=x>⟨U+202E⟩gnp.␇&amp;.png" in texts
    assert all(
        label.textFormat() == Qt.TextFormat.PlainText
        for label in single.findChildren(QLabel)
        if "<img" in label.text()
    )
    assert "\x1b" not in single.pane.accessibleDescription()


def test_only_a_few_pictures_stay_in_memory(views: OpenViews) -> None:
    for number in range(12):
        write_picture(views.folder, f"{number}.png", minute=number)
    views.rescan()
    open_single(views, "11.png")
    for _ in range(11):
        press(views, KEY.Key_Right)
    assert shown_name(views) == "0.png"
    assert len(views.views.single._reader._kept) <= 5
    press(views, KEY.Key_Escape)
    assert not views.views.single._reader._kept


def test_every_button_has_a_name_and_a_tooltip(three: OpenViews) -> None:
    open_single(three, "1.png")
    for view in (three.views.single, three.views.compare, three.views.panel):
        for button in view.findChildren(QAbstractButton):
            assert button.accessibleName() or button.text(), button
            assert button.toolTip(), button


# -- slideshow -----------------------------------------------------------------------------------


def test_the_slideshow_goes_on_by_itself_and_begins_again(three: OpenViews) -> None:
    views = three.views
    views.open_slideshow(three.id_of("1.png"))
    show = views.slideshow
    assert show is not None
    show.interval_s = 1
    three.wait(lambda: show.picture_id == three.id_of("0.png"))
    three.wait(lambda: show.picture_id == three.id_of("2.png"))
    show.close()
    three.wait_idle()
    assert show.picture_id is None and not show._timer.isActive()


def test_keys_of_the_slideshow(three: OpenViews) -> None:
    three.views.open_slideshow(three.id_of("2.png"))
    show = three.views.slideshow
    assert show is not None
    three.opened.qtbot.keyClick(show, KEY.Key_Space)
    assert show.is_paused and not show._timer.isActive()
    three.opened.qtbot.keyClick(show, KEY.Key_Plus)
    assert show.interval_s == 5
    three.opened.qtbot.keyClick(show, KEY.Key_Right)
    three.wait_idle()
    assert show.picture_id == three.id_of("1.png")
    assert show.pane.picture is not None
    three.opened.qtbot.keyClick(show, KEY.Key_Left)
    three.opened.qtbot.keyClick(show, KEY.Key_Escape)
    three.wait_idle()
    assert not show.isVisible()
    assert three.opened.room.selected_ids() == [three.id_of("2.png")]


def test_a_picture_that_vanishes_does_not_stop_the_slideshow(
    three: OpenViews, tmp_path: Path
) -> None:
    (three.folder / "1.png").rename(tmp_path / "away.png")
    three.views.open_slideshow(three.id_of("2.png"))
    show = three.views.slideshow
    assert show is not None
    show.interval_s = 1
    three.wait(lambda: show.picture_id == three.id_of("0.png"))
    show.close()
