"""A Gallery workspace with everything that looks at single pictures, over real files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.gallery.picture_file import save_picture
from sdstudio.gallery.store import GalleryStore
from sdstudio.jobs.engine import Engine
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.ui.gallery.room_views import RoomViews
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.gallery_room import OpenRoom, open_room

NOON = 1_750_000_000


def write_picture(folder: Path, name: str, *, minute: int = 0, **values: Any) -> Path:
    """A picture as FakeEngine makes it, so that making it again gives the same pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    size = {"width": 48, "height": 32}
    request = GenerationRequest(**{"prompt": "a boat", "num_inference_steps": 3} | size | values)
    picture = gradient_picture(request.width, request.height, request.seed)
    path = folder / name
    save_picture(PictureResult(picture=picture, request=request, model_hash="fa4e"), path)
    os.utime(path, (NOON + 60 * minute,) * 2)
    return path


@dataclass(kw_only=True)
class OpenViews:
    """A room, its views and the engine behind them."""

    opened: OpenRoom
    views: RoomViews
    form: GenerationForm
    controller: JobController
    painted: list[Path] = field(default_factory=list)
    started: list[Path] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the pictures lie."""
        return self.opened.folders[0]

    def wait(self, look: Callable[[], object]) -> None:
        """Wait until something is so."""
        self.opened.wait(look)

    def wait_idle(self) -> None:
        """Wait until nothing is read, made, changed or about to be."""
        views, room = self.views, self.opened.room

        def is_idle() -> bool:
            reading = views._pictures.pending or views._facts.pending
            running = len(self.controller.queue.unfinished) or self.controller._disk.pending
            due = room._selection_timer.isActive() or room.desk._timer.isActive()
            return not (reading or running or due)

        for _ in range(3):  # one answer leads to the next question
            self.wait(is_idle)
            self.opened.wait_idle()
            QApplication.processEvents()
        self.wait(is_idle)

    def rescan(self) -> None:
        """Take in what was written to the folder behind the room's back."""
        self.opened.room.desk.scan()
        self.wait_idle()

    def id_of(self, name: str) -> int:
        """The id of a picture by the name of its file."""
        row = self.opened.room.gallery.index.row_of(self.folder / name)
        assert row is not None, name
        return row.id

    def select(self, *names: str) -> None:
        """Select pictures by name."""
        room = self.opened.room
        rows = [room.pictures.row_of(self.id_of(name)) for name in names]
        assert None not in rows
        self.opened.select(*(row for row in rows if row is not None))
        self.wait_idle()

    def close(self) -> None:
        """End the engine thread, then the room."""
        self.controller.shut_down()
        if not self.opened.room.desk._is_closed:
            self.opened.room.close_room()


def open_views(qtbot: QtBot, folder: Path, *, engine: Engine | None = None) -> OpenViews:
    """Open an empty room over `folder`/pictures; close it with `close`."""
    opened = open_room(qtbot, folder)
    form = GenerationForm(parent=opened.room)
    store = GalleryStore(opened.folders[0])
    controller = JobController(engine or FakeEngine(), store.add, opened.room)
    controller.picture_saved.connect(opened.room.add_saved)
    views = RoomViews(
        opened.room, form=form, controller=controller, thumbnail_folder=folder / "thumbnails"
    )
    found = OpenViews(opened=opened, views=views, form=form, controller=controller)
    opened.room.files.paint_wanted.connect(found.painted.append)
    opened.room.files.start_wanted.connect(found.started.append)
    opened.room.resize(1100, 700)
    return found
