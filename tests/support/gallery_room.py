"""A Gallery workspace over real files, without the rest of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.ui.background import Background
from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.gallery.room_wiring import RoomWiring
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.notices import Notice
from tests.support.saved_pictures import save_picture

WAIT_MS = 60_000


@dataclass(kw_only=True)
class OpenRoom:
    """A room on screen, what it said, and hands to use it."""

    room: GalleryRoom
    wiring: RoomWiring
    qtbot: QtBot
    folders: list[Path]
    notices: list[Notice] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def wait(self, look: Callable[[], object]) -> None:
        """Wait until something is so."""
        self.qtbot.waitUntil(look, timeout=WAIT_MS)

    def wait_idle(self) -> None:
        """Wait until nothing is asked, changed or read any more."""
        desk = self.room.desk

        def is_idle() -> bool:
            threads = (desk.work, desk._reading, desk._counting, desk._scanning)
            busy = any(thread.pending for thread in threads)
            return desk.is_open and not busy and not desk.is_scanning

        self.wait(is_idle)
        QApplication.processEvents()
        self.wait(is_idle)

    def numbers(self) -> list[int]:
        """The numbers of the pictures that are shown, in order."""
        rows = self.room.gallery.rows(self.room.pictures.ids)
        return [int(row.path.stem.rpartition("-")[2]) for row in rows]

    def select(self, *rows: int) -> None:
        """Select these rows."""
        self.room.grid.select_rows(rows, current=rows[0])

    def paths(self) -> list[Path]:
        """The files of the pictures that are shown, in order."""
        return [row.path for row in self.room.gallery.rows(self.room.pictures.ids)]


def open_room(
    qtbot: QtBot, folder: Path, *, count: int = 0, extra: tuple[Path, ...] = ()
) -> OpenRoom:
    """Open a room over `folder`/pictures with so many pictures; close it with `close_room`."""
    folders = [folder / "pictures", *extra]
    folders[0].mkdir(exist_ok=True)
    for number in range(count):
        save_picture(folders[0], number)
    background = Background()
    notices: list[Notice] = []
    errors: list[Exception] = []
    files = FileCommands(
        GenerationForm(), background, tell=notices.append, tell_error=errors.append
    )
    room = GalleryRoom(
        lambda: tuple(folders),
        cache_folder=folder / "cache",
        files=files,
        tell=notices.append,
        tell_error=errors.append,
    )
    background.setParent(room)
    files.setParent(room)
    opened = OpenRoom(
        room=room,
        wiring=RoomWiring(room),
        qtbot=qtbot,
        folders=folders,
        notices=notices,
        errors=errors,
    )
    qtbot.addWidget(room)
    room.resize(900, 600)
    room.show()
    there = sum(1 for path in folders[0].rglob("picture-*.png") if ".sdstudio" not in str(path))
    opened.wait(lambda: room.desk.is_open and len(room.pictures.ids) >= there)
    opened.wait_idle()
    return opened
