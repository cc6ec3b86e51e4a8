"""The Gallery workspace in the whole window: what passes between it and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.settings_dialog import SettingsDialog
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.gallery_room import WAIT_MS
from tests.support.open_studio import open_studio
from tests.support.saved_pictures import save_picture

KEY = Qt.Key


@pytest.fixture
def studio(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and proven elsewhere
    for number in range(3):
        save_picture(tmp_path / "pictures", number)
    studio = open_studio(qapp, tmp_path, FakeEngine())
    yield studio
    studio.window.close()


def show_gallery(studio: Studio, qtbot: QtBot, count: int = 3) -> GalleryRoom:
    studio.workspaces.show_page("gallery")
    room = studio.workspaces.page
    assert isinstance(room, GalleryRoom)
    qtbot.waitUntil(lambda: len(room.pictures.ids) == count, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not room.desk.is_scanning, timeout=WAIT_MS)
    return room


def test_nothing_of_it_is_built_before_it_is_shown(studio: Studio) -> None:
    assert studio.workspaces.built("gallery") is None


def test_a_new_picture_comes_in_front(studio: Studio, qtbot: QtBot) -> None:
    room = show_gallery(studio, qtbot)
    studio.actions["generate"].trigger()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 4, timeout=WAIT_MS)
    (newest,) = room.gallery.search(limit=1)
    assert newest.prompt == studio.form.prompt
    assert studio.stage.notices.shown is None


def test_keys_belong_to_who_has_the_keyboard(studio: Studio, qtbot: QtBot) -> None:
    room = show_gallery(studio, qtbot)
    assert studio.window.focusWidget() is room.grid
    qtbot.keyClick(room.grid, KEY.Key_4)  # nothing is selected: the ringed picture is meant
    qtbot.waitUntil(lambda: room.gallery.search()[0].rating == 4, timeout=WAIT_MS)
    studio.panel.focus_prompt()
    edit = studio.window.focusWidget()
    qtbot.keyClicks(edit, " 2 foxes")
    assert studio.form.prompt.endswith(" 2 foxes")
    assert [row.rating for row in room.gallery.search()] == [4, 0, 0]


def test_f2_renames_a_board_in_the_side_bar_and_is_a_page_elsewhere(
    studio: Studio, qtbot: QtBot
) -> None:
    room = show_gallery(studio, qtbot)
    room.gallery.marks.add_board("sea")
    room.desk.list_contents()
    places, view = room.boards.places, room.boards.view
    qtbot.waitUntil(lambda: places.boards() == ["sea"], timeout=WAIT_MS)
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow, timeout=WAIT_MS)
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_F2)
    assert studio.workspaces.key == "picture"
    studio.workspaces.show_page("gallery")
    view.setFocus()
    view.setCurrentIndex(places.index(places.board_rows()[0]))
    qtbot.keyClick(view, KEY.Key_F2)
    assert studio.workspaces.key == "gallery"
    edit = view.findChild(QLineEdit)
    assert edit is not None and edit.text() == "sea"


def test_undo_of_the_menu_undoes_here(studio: Studio, qtbot: QtBot) -> None:
    room = show_gallery(studio, qtbot)
    room.select(room.pictures.ids[1])
    qtbot.keyClick(room.grid, KEY.Key_Delete)
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 2, timeout=WAIT_MS)
    assert studio.stage.notices.shown is not None
    studio.actions["undo"].trigger()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 3, timeout=WAIT_MS)
    studio.actions["redo"].trigger()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 2, timeout=WAIT_MS)


def test_a_folder_of_the_settings_is_watched_at_once(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    room = show_gallery(studio, qtbot)
    save_picture(tmp_path / "elsewhere", 40)
    dialog = SettingsDialog(studio.store.settings, studio.gallery_folder(), studio.window)
    qtbot.addWidget(dialog)
    dialog.change_wanted.connect(studio.change_setting)
    dialog.watched.take((str(tmp_path / "elsewhere"),))
    assert studio.store.settings.extra_folders == (str(tmp_path / "elsewhere"),)
    room.desk.follow()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 4, timeout=WAIT_MS)
    dialog.watched.take(())
    room.desk.follow()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 3, timeout=WAIT_MS)


def test_size_and_days_are_remembered(
    studio: Studio, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    room = show_gallery(studio, qtbot)
    room.bar.cell_size.setValue(210)
    room.bar.days.setChecked(False)
    studio.window.close()
    again = open_studio(qapp, tmp_path, FakeEngine())
    room = show_gallery(again, qtbot)
    assert room.grid.cell_px == 210
    assert room.bar.cell_size.value() == 210
    assert not room.bar.days.isChecked()
    again.window.close()


def test_the_window_closes_while_pictures_are_read(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    for number in range(60):
        save_picture(tmp_path / "pictures", 100 + number)
    studio.workspaces.show_page("gallery")
    studio.window.close()
    assert studio.window.isHidden()


def test_the_strip_deletes_to_the_same_trash(studio: Studio, qtbot: QtBot) -> None:
    room = show_gallery(studio, qtbot)
    room.select(room.pictures.ids[0])
    qtbot.keyClick(room.grid, KEY.Key_5)
    qtbot.waitUntil(lambda: room.gallery.search()[0].rating == 5, timeout=WAIT_MS)
    path = room.gallery.search()[0].path
    studio.rooms.files.move_to_trash(path)
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 2, timeout=WAIT_MS)
    assert [deletion.pictures[0].name for _, deletion in room.gallery.shelf()] == [path.name]
    notice = studio.stage.notices.shown
    assert notice is not None
    notice.actions[0].act()
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 3, timeout=WAIT_MS)
    assert room.gallery.search()[0].rating == 5
