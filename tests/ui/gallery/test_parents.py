"""A picture made from another remembers it, whichever way it was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.starting_pictures import read_whole_request
from sdstudio.messages.generation import ImageToImage
from sdstudio.ui.canvas.paint_room import PaintRoom
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.gallery_views import write_picture
from tests.support.open_studio import open_studio

WAIT_MS = 60_000


@pytest.fixture
def studio(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr("os.fsync", lambda _: None)
    write_picture(tmp_path / "pictures", "first.png", seed=3, width=64, height=64)
    studio = open_studio(qapp, tmp_path, FakeEngine())
    yield studio
    studio.window.close()


def gallery_room(studio: Studio, qtbot: QtBot) -> GalleryRoom:
    studio.workspaces.show_page("gallery")
    room = studio.workspaces.page
    assert isinstance(room, GalleryRoom)
    qtbot.waitUntil(lambda: len(room.pictures.ids) == 1, timeout=WAIT_MS)
    return room


def new_picture(studio: Studio, qtbot: QtBot) -> Path:
    """The picture that comes besides the first."""
    folder = studio.gallery_folder()

    def found() -> list[Path]:
        return [path for path in folder.glob("*.png") if path.name != "first.png"]

    qtbot.waitUntil(lambda: bool(found()), timeout=WAIT_MS)
    return found()[0]


def test_a_run_that_starts_from_a_picture_of_the_gallery(studio: Studio, qtbot: QtBot) -> None:
    room = gallery_room(studio, qtbot)
    room.files.start_from(studio.gallery_folder() / "first.png")
    qtbot.waitUntil(lambda: studio.form.init_image is not None, timeout=WAIT_MS)
    studio.form.strength = 0.5
    studio.form.num_inference_steps = 2
    studio.run_commands.submit(first=False)
    path = new_picture(studio, qtbot)

    request = read_whole_request(path)
    assert request is not None and request.parents == ("first.png",)
    assert isinstance(request.start, ImageToImage) and request.start.strength == 0.5
    studio.form.start_from(None)
    assert studio.form.to_request().parents == (), "from noise again"


def test_what_is_painted_descends_from_what_is_on_the_easel(studio: Studio, qtbot: QtBot) -> None:
    room = gallery_room(studio, qtbot)
    room.files.paint_on(studio.gallery_folder() / "first.png")
    paint = studio.workspaces.page
    assert isinstance(paint, PaintRoom)
    easel, repainting = paint.easel, paint.repainting
    qtbot.waitUntil(lambda: easel.parents == ("first.png",), timeout=WAIT_MS)

    studio.form.prompt = "snow"
    studio.form.num_inference_steps = 2
    repainting.form.strength = 0.5
    repainting.form.count = 1
    paint.generate(first=False)
    staging = repainting.staging
    qtbot.waitUntil(lambda: staging.is_looking, timeout=WAIT_MS)
    staging.save()
    request = read_request(new_picture(studio, qtbot))
    assert request is not None and request.parents == ("first.png",)


def test_a_blank_picture_has_no_parents(studio: Studio, qtbot: QtBot) -> None:
    room = gallery_room(studio, qtbot)
    room.files.paint_on(studio.gallery_folder() / "first.png")
    paint = studio.workspaces.page
    assert isinstance(paint, PaintRoom)
    qtbot.waitUntil(lambda: paint.easel.parents == ("first.png",), timeout=WAIT_MS)
    paint.files.new(64, 64)
    qtbot.waitUntil(lambda: paint.easel.parents == (), timeout=WAIT_MS)
