"""One whole program with its gallery open, measured from inside; prints one JSON object.

`gallery_speed` starts it for a small and a large gallery. The window is drawn offscreen, so that
what is timed is the program's own work, not a display's.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from sdstudio import paths
from sdstudio.apps.gui import GIL_SWITCH_S, build_studio, diffusion_engine, make_application
from sdstudio.settings.store import FILE_NAME, SettingsStore
from sdstudio.ui.gallery.gallery_room import GalleryRoom

PATIENCE_S = 60.0
FRAMES = 600
FRAME_S = 1 / 60
STEP_PX = 45
"""A wheel turned as fast as a hand turns it: some sixteen lines a second."""


class Paints(QObject):
    """Counts what the grid paints."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


class Measuring:
    """The window, and clocks on what happens in it."""

    def __init__(self, app: QApplication, room: GalleryRoom) -> None:
        self.app = app
        self.room = room
        self.paints = Paints()
        room.grid.viewport().installEventFilter(self.paints)

    def seconds_until(self, is_there: Callable[[], bool], act: Callable[[], object]) -> float:
        """How long it takes until something is there and painted."""
        began = time.perf_counter()
        act()
        while not is_there():
            self._live()
            assert time.perf_counter() - began < PATIENCE_S, "it never came"
        painted = self.paints.count
        self.room.grid.viewport().update()
        while self.paints.count == painted:
            self._live()
        return time.perf_counter() - began

    def settle(self) -> None:
        """Wait for scans and counts to end."""
        desk = self.room.desk
        quiet_since = time.perf_counter()
        while time.perf_counter() - quiet_since < 1.0:
            self._live()
            if desk.is_scanning or not desk.is_open:
                quiet_since = time.perf_counter()

    def first_line_is_there(self) -> bool:
        """Whether every picture of the first line that can be seen has its thumbnail."""
        return self._are_there(self.room.grid.visible_rows()[: self._columns()])

    def last_line_is_there(self) -> bool:
        """Whether the very last pictures can be seen with their thumbnails."""
        rows = self.room.grid.visible_rows()
        last = len(self.room.pictures.ids) - 1
        return bool(rows) and rows[-1] == last and self._are_there(rows[-self._columns() :])

    def frames(self) -> list[tuple[float, float]]:
        """The window's work for each frame of a scroll at 60 frames a second, in seconds.

        Returns:
            by the clock on the wall, and by the processor time of the window's thread: on a busy
            machine only the second is the program's own.
        """
        bar, times = self.room.grid.verticalScrollBar(), []
        for _ in range(FRAMES):
            began, ran, waited = time.perf_counter(), time.thread_time(), 0.0
            bar.setValue(bar.value() + STEP_PX)
            self.app.processEvents()
            while time.perf_counter() - began < FRAME_S:
                paused = time.perf_counter()
                time.sleep(0.001)
                waited += time.perf_counter() - paused
                self.app.processEvents()
            times.append((time.perf_counter() - began - waited, time.thread_time() - ran))
        return times

    def _columns(self) -> int:
        grid = self.room.grid
        return max(1, grid.viewport().width() // grid.cell_px)

    def _are_there(self, rows: range) -> bool:
        if not rows or not self.room.pictures.ids:
            return False
        cells = [self.room.pictures.cell(row) for row in rows]
        return all(cell and self.room.thumbnails.get(cell) for cell in cells)

    def _live(self) -> None:
        self.app.processEvents()
        time.sleep(0.0005)


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["SDSTUDIO_GALLERY_DIR"] = str(folder)
    sys.setswitchinterval(GIL_SWITCH_S)
    app = make_application()
    store = SettingsStore(paths.config_folder() / FILE_NAME)
    studio = build_studio(app, store, diffusion_engine(store))
    studio.open()
    studio.window.showNormal()
    studio.window.resize(1280, 800)
    for _ in range(200):
        app.processEvents()
        time.sleep(0.005)
    found = measure(app, studio)
    studio.window.close()
    for _ in range(20):
        app.processEvents()
    print(json.dumps(found))


def measure(app: QApplication, studio) -> dict[str, object]:
    found: dict[str, object] = {"before_mib": resident_mib()}
    began = time.perf_counter()
    studio.workspaces.show_page("gallery")
    room = studio.workspaces.built("gallery")
    found["build_ms"] = (time.perf_counter() - began) * 1e3
    clock = Measuring(app, room)
    found["open_ms"] = clock.seconds_until(clock.first_line_is_there, lambda: None) * 1e3
    clock.settle()
    found["pictures"] = len(room.pictures.ids)
    found["open_mib"] = resident_mib()
    search = []
    for text in ("fox", "lantern winter", "red hou", ""):
        asked = [False]
        room.desk.found.connect(lambda _, asked=asked: asked.__setitem__(0, True))
        is_there = lambda asked=asked: asked[0] and clock.first_line_is_there()  # noqa: E731
        act = lambda text=text: room.search.field.setText(text)  # noqa: E731
        search.append(clock.seconds_until(is_there, act) * 1e3)
    found["search_ms"] = statistics.median(search)
    bar = room.grid.verticalScrollBar()
    to_end = lambda: bar.setValue(bar.maximum())  # noqa: E731
    found["end_ms"] = clock.seconds_until(clock.last_line_is_there, to_end) * 1e3
    for name in ("first", "cached"):
        clock.seconds_until(clock.first_line_is_there, lambda: bar.setValue(0))
        walls, own = (sorted(column) for column in zip(*clock.frames(), strict=True))
        found[f"{name}_frames_ms"] = spread(walls)
        found[f"{name}_frames_own_ms"] = spread(own)
    found["scrolled_mib"] = resident_mib()
    return found


def spread(times: list[float]) -> list[float]:
    """The 50th and 99th of a hundred and the longest, in milliseconds."""
    return [1e3 * times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.99, 1)]


def resident_mib() -> float:
    """Memory of the whole process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
