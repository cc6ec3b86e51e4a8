"""Notices when another program changes a picture that can be seen.

A watched folder tells of names that come and go, not of a file that is written over in its place;
a scan would find that, but a large gallery is not scanned every few seconds.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from sdstudio.ui.background import Background
from sdstudio.ui.gallery.cell import Cell

if TYPE_CHECKING:
    from sdstudio.ui.gallery.gallery_room import GalleryRoom

Stamp = tuple[int, int]
LOOK_MS = 2000
MAX_FILES = 300


class FilesOnScreen(QObject):
    """Looks at time and length of the files on screen, elsewhere, while the room is visible."""

    def __init__(self, room: GalleryRoom) -> None:
        super().__init__(room)
        self._room = room
        self._background = Background(self)
        self._read: dict[Path, Stamp] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        room.closing.connect(self._end)

    def look(self) -> None:
        """Look once, unless the disk has not answered yet."""
        room = self._room
        if self._background.pending or not room.isVisible() or not room.desk.is_open:
            return
        current = room.current_id()
        ids = [room.pictures.ids[row] for row in room.grid.visible_rows()[:MAX_FILES]]
        cells = room.pictures.known(ids if current is None else [*ids, current])
        gallery, old = room.gallery, self._read

        def read() -> tuple[dict[Path, Stamp], bool]:
            found = _changed(cells)
            new = [path for path, stamp in found.items() if old.get(path) != stamp]
            if new:
                gallery.read_again(new)
            return found, bool(new)

        self._background.run(read, self._on_read, room.tell_error)

    def _on_read(self, answer: tuple[dict[Path, Stamp], bool]) -> None:
        """What was read is read no second time, even if its row could not be put right."""
        self._read, is_changed = answer
        if is_changed:
            self._room.desk.find_again()

    def _end(self) -> None:
        self._timer.stop()
        self._background.finish()


def _changed(cells: list[Cell]) -> dict[Path, Stamp]:
    """Time and length of the files that are not as their cells say."""
    found = {}
    for cell in cells:
        with contextlib.suppress(OSError):  # gone or out of reach: a scan's business
            facts = cell.path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            if stamp != cell.stamp:
                found[cell.path] = stamp
    return found
