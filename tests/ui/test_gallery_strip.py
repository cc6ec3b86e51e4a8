"""The gallery strip: what it lists, decodes and does with a picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from sdstudio.gallery.picture_file import encode_png
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.folder_watch import FolderWatch
from sdstudio.ui.gallery.gallery_strip import GalleryStrip
from sdstudio.ui.gallery.picture_list import BROKEN_ROLE, PictureList
from sdstudio.ui.gallery.picture_menu import picture_menu
from sdstudio.ui.gallery.thumbnail_loader import MAX_KEPT, MAX_WANTED, ThumbnailLoader
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.open_studio import open_studio

WAIT_MS = 30_000


def make_picture(folder: Path, number: int, *, prompt: str = "a boat") -> Path:
    """A picture of the studio; a higher number is a newer file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"picture-{number:03}.png"
    request = GenerationRequest(prompt=prompt, seed=2**63 + number, num_inference_steps=7)
    result = PictureResult(picture=gradient_picture(40, 30, number), request=request)
    path.write_bytes(encode_png(result))
    os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return path


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    background = Background()
    yield background
    background.finish()


@pytest.fixture
def strip(qtbot: QtBot, background: Background, tmp_path: Path) -> Iterator[GalleryStrip]:
    strip = GalleryStrip(
        lambda: tmp_path / "pictures",
        background,
        generate=QAction("Generate"),
        open_folder=QAction("Open"),
    )
    qtbot.addWidget(strip)
    strip.resize(600, 140)
    strip.show()
    yield strip
    strip.close_room()


@pytest.fixture
def studio(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and proven elsewhere
    for number in range(3):
        make_picture(tmp_path / "pictures", number)
    studio = open_studio(qapp, tmp_path, FakeEngine())
    qtbot.waitUntil(lambda: studio.rooms.gallery.pictures.rowCount() == 3, timeout=WAIT_MS)
    yield studio
    studio.window.close()


def names(pictures: PictureList) -> list[int]:
    return [int(path.stem[-3:]) for path in pictures.paths]


def test_it_lists_the_newest_first_and_follows_the_folder(
    strip: GalleryStrip, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    for number in (1, 3, 2):
        make_picture(folder, number)
    strip.open()
    qtbot.waitUntil(lambda: names(strip.pictures) == [3, 2, 1], timeout=WAIT_MS)
    (folder / "picture-002.png").unlink()
    qtbot.waitUntil(lambda: names(strip.pictures) == [3, 1], timeout=WAIT_MS)
    make_picture(folder, 9)
    qtbot.waitUntil(lambda: names(strip.pictures) == [9, 3, 1], timeout=WAIT_MS)


def test_an_empty_gallery_offers_the_first_picture(background: Background, qtbot: QtBot) -> None:
    wished: list[bool] = []
    generate = QAction("Generate")
    generate.triggered.connect(lambda: wished.append(True))
    other = GalleryStrip(
        lambda: Path("nowhere"),
        background,
        generate=generate,
        open_folder=QAction("Open"),
    )
    qtbot.addWidget(other)
    other.show()
    assert not other.view.isVisible()
    button = next(each for each in other.findChildren(QPushButton) if each.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(wished) == 1
    other.add_saved(Path("a.png"))
    assert other.view.isVisible()


def test_a_change_touches_only_the_rows_that_changed(background: Background) -> None:
    pictures = PictureList(ThumbnailLoader(background))
    paths = [Path(f"{number}.png") for number in range(6)]
    pictures.take(paths[1:])
    resets: list[None] = []
    pictures.modelReset.connect(lambda: resets.append(None))
    pictures.take([paths[0], *paths[2:5]])
    assert list(pictures.paths) == [paths[0], *paths[2:5]]
    pictures.add_newest(paths[3])
    assert pictures.paths[0] == paths[3]
    assert not resets
    pictures.take(paths)
    assert list(pictures.paths) == paths


def test_only_visible_thumbnails_are_decoded(
    strip: GalleryStrip, qtbot: QtBot, tmp_path: Path
) -> None:
    for number in range(60):
        make_picture(tmp_path / "pictures", number)
    strip.open()
    qtbot.waitUntil(lambda: strip.thumbnails.decoded > 3, timeout=WAIT_MS)
    qtbot.wait(200)
    assert strip.thumbnails.decoded < 20
    assert strip.pictures.rowCount() == 60


def test_thumbnails_are_bounded_and_the_latest_wish_comes_first(
    qtbot: QtBot, background: Background, tmp_path: Path
) -> None:
    loader = ThumbnailLoader(background)
    paths = [make_picture(tmp_path, number) for number in range(MAX_WANTED + 40)]
    order: list[Path] = []
    loader.loaded.connect(order.append)
    for path in paths:
        assert loader.get(path) is None
    qtbot.waitUntil(lambda: len(order) == MAX_WANTED + 1, timeout=WAIT_MS)
    assert order[1] == paths[-1]  # the first was begun before the others were wished for
    assert len(loader._kept) <= MAX_KEPT
    thumbnail = loader.get(paths[-1])
    assert thumbnail is not None and thumbnail.width() == 40


def test_a_broken_picture_is_marked_and_not_tried_again(
    strip: GalleryStrip, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n junk")
    strip.open()
    qtbot.waitUntil(lambda: strip.thumbnails.decoded == 1, timeout=WAIT_MS)
    strip.view.viewport().repaint()
    qtbot.wait(50)
    assert strip.pictures.index(0, 0).data(BROKEN_ROLE)
    assert strip.thumbnails.decoded == 1


def test_a_folder_that_changes_all_the_time_is_read_now_and_then(
    qtbot: QtBot, background: Background, tmp_path: Path
) -> None:
    watch = FolderWatch(lambda: tmp_path, background)
    listings: list[list[Path]] = []
    watch.listed.connect(listings.append)
    for _ in range(500):
        watch.read()
    qtbot.waitUntil(lambda: len(listings) >= 2, timeout=WAIT_MS)
    qtbot.wait(50)
    assert len(listings) == 2


def test_it_becomes_a_grid_where_there_is_height(strip: GalleryStrip) -> None:
    strip.add_saved(Path("a.png"))
    QApplication.processEvents()
    assert not strip.view.isWrapping()
    strip.resize(600, 400)
    QApplication.processEvents()
    assert strip.view.isWrapping()


# --- in the window ------------------------------------------------------------------------------


def click(studio: Studio, row: int, qtbot: QtBot) -> None:
    view = studio.rooms.gallery.view
    place = view.visualRect(studio.rooms.gallery.pictures.index(row, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def shows(studio: Studio, row: int) -> bool:
    shown = studio.rooms.canvas.shown
    return shown is not None and shown.path == studio.rooms.gallery.pictures.paths[row]


def test_a_click_shows_and_arrows_go_on(studio: Studio, qtbot: QtBot) -> None:
    click(studio, 1, qtbot)
    qtbot.waitUntil(lambda: shows(studio, 1), timeout=WAIT_MS)
    assert studio.stage.welcome.isHidden()
    assert studio.actions["save-copy"].isEnabled()
    qtbot.keyClick(studio.rooms.gallery.view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shows(studio, 2), timeout=WAIT_MS)
    qtbot.keyClick(studio.rooms.canvas, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: shows(studio, 1), timeout=WAIT_MS)


def test_enter_takes_the_settings(studio: Studio, qtbot: QtBot) -> None:
    click(studio, 0, qtbot)
    qtbot.keyClick(studio.rooms.gallery.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.form.prompt == "a boat", timeout=WAIT_MS)
    assert studio.form.seed == 2**63 + 2
    assert studio.form.num_inference_steps == 7


def test_a_new_picture_comes_in_front_and_is_ringed(studio: Studio, qtbot: QtBot) -> None:
    with qtbot.waitSignal(studio.rooms.canvas.shown_changed, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    gallery = studio.rooms.gallery
    assert gallery.pictures.rowCount() == 4
    assert shows(studio, 0)
    assert gallery.view.currentIndex().row() == 0


def test_the_menu_takes_prompt_seed_and_picture(studio: Studio, qtbot: QtBot) -> None:
    path = studio.rooms.gallery.pictures.paths[0]
    menu = picture_menu(studio.window, path, studio.rooms.files)
    entries = {action.text(): action for action in menu.actions()}
    entries["Use Its Prompt"].trigger()
    qtbot.waitUntil(lambda: studio.form.prompt == "a boat", timeout=WAIT_MS)
    assert studio.form.is_seed_random
    entries["Use Its Seed"].trigger()
    qtbot.waitUntil(lambda: studio.form.seed == 2**63 + 2, timeout=WAIT_MS)
    entries["Copy Prompt"].trigger()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == "a boat", timeout=WAIT_MS)
    entries["Copy Picture"].trigger()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().image().width() == 40, timeout=WAIT_MS)
    entries["Use as Starting Picture"].trigger()
    qtbot.waitUntil(lambda: studio.form.init_image is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: shows(studio, 0), timeout=WAIT_MS)


def test_a_picture_that_is_gone_is_answered_and_leaves_the_strip(
    studio: Studio, qtbot: QtBot
) -> None:
    path = studio.rooms.gallery.pictures.paths[1]
    path.unlink()
    studio.rooms.show_file(path)
    qtbot.waitUntil(lambda: studio.stage.notices.shown is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: path not in studio.rooms.gallery.pictures.paths, timeout=WAIT_MS)


def test_delete_moves_to_the_trash_and_undo_brings_back(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    click(studio, 1, qtbot)
    qtbot.waitUntil(lambda: shows(studio, 1), timeout=WAIT_MS)
    path = studio.rooms.gallery.pictures.paths[1]
    next_path = studio.rooms.gallery.pictures.paths[2]
    before = path.read_bytes()
    qtbot.keyClick(studio.rooms.gallery.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not path.exists(), timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: (shown := studio.rooms.canvas.shown) is not None and shown.path == next_path,
        timeout=WAIT_MS,
    )
    notice = studio.stage.notices.shown
    assert notice is not None and notice.hint == path.name
    notice.actions[0].act()
    qtbot.waitUntil(lambda: path in studio.rooms.gallery.pictures.paths, timeout=WAIT_MS)
    assert path.read_bytes() == before
    assert not list((tmp_path / "share").rglob("*.trashinfo"))


def test_the_latest_of_many_wishes_is_shown(studio: Studio, qtbot: QtBot) -> None:
    paths = studio.rooms.gallery.pictures.paths
    for path in (*paths, *paths, paths[1]):
        studio.rooms.show_file(path)
    qtbot.waitUntil(lambda: shows(studio, 1), timeout=WAIT_MS)


def test_a_drag_carries_the_files(studio: Studio) -> None:
    pictures = studio.rooms.gallery.pictures
    mime = pictures.mimeData([pictures.index(1, 0)])
    assert [Path(url.toLocalFile()) for url in mime.urls()] == [pictures.paths[1]]
    assert studio.rooms.gallery.view.indexAt(QPoint(5, 5)).flags() & Qt.ItemFlag.ItemIsDragEnabled
