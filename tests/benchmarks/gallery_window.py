"""How quick the Gallery workspace feels: `python -m tests.benchmarks.gallery_window`.

The whole window opens over 1,000 and over many small pictures (those of `gallery_speed`), with a
fake engine behind it. Printed are the times to the first painted row of thumbnails, of a search,
of a jump to the end, the times of frames while scrolling through thumbnails that are cached on
the disk, and the memory of the whole program. Times are this machine's; growth is the point.

    --files N    pictures in the large gallery (default 100,000)
    --folder D   where they are written; kept and used again (default: a temporary folder)
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.gallery_speed import SMALL, write_pictures

FRAME_MS = 16.0
FRAMES = 600
SCROLL_PX = 37
PATIENCE_S = 900
FIRST, SECOND = "first visit", "second visit"
"""The index and the thumbnails are made at the first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(Path(args.measure[0]), args.measure[1])
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = args.folder or Path(temporary)
        for name, count in (("small", min(SMALL, args.files)), ("large", args.files)):
            write_pictures(root / name, count)
            print(f"--- {count:,} pictures")
            environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
            words = [sys.executable, "-m", "tests.benchmarks.gallery_window", "--measure"]
            for turn in (FIRST, SECOND):
                subprocess.run([*words, str(root / name), turn], check=True, env=environment)


def measure(folder: Path, turn: str) -> None:
    """Open the window over one folder in this process."""
    from sdstudio.ui.immortal_constants import make_constants_immortal

    make_constants_immortal()
    from PySide6.QtWidgets import QApplication

    from tests.support.fake_engine import FakeEngine
    from tests.support.open_studio import open_studio

    app = QApplication(["sdstudio", "-style", "Fusion"])
    user = folder.with_name(f"user-{folder.name}")
    os.environ["SDSTUDIO_CACHE_DIR"] = str(user / "cache")
    user.mkdir(exist_ok=True)
    if not (user / "pictures").exists():
        (user / "pictures").symlink_to(folder.resolve())
    studio = open_studio(app, user, FakeEngine())
    _Room(app, studio).measure(turn)
    studio.window.close()


class _Room:
    """Drives the room as keys and wheel do, and looks at the clock."""

    def __init__(self, app, studio) -> None:
        self._app = app
        self._studio = studio

    def measure(self, turn: str) -> None:
        began = time.perf_counter()
        self._studio.workspaces.show_page("gallery")
        room = self._room = self._studio.workspaces.page
        room.bar.days.setChecked(True)
        self._wait(lambda: bool(room.pictures.ids) and self._row_is_painted())
        print(f"{turn}: first row of thumbnails {_ms(began)}")
        self._wait(lambda: not room.desk.is_scanning)
        print(f"{turn}: in line with the disk after {_ms(began)}")
        self._wait(lambda: not room.desk._reading.pending)
        self._search("red hou")
        self._search("")
        self._jump()
        self._scroll("uncached" if turn == FIRST else "cached")
        print(f"{turn}: memory {_rss_mb():,.0f} MB, at most {_peak_mb():,.0f} MB")

    def _search(self, text: str) -> None:
        found: list[object] = []
        self._room.desk.found.connect(found.append)
        began = time.perf_counter()
        self._room.search.field.setText(text)
        self._wait(lambda: bool(found) and found[-1].wish.text == text)  # type: ignore[attr-defined]
        print(f'search "{text}": {_ms(began)}')

    def _jump(self) -> None:
        grid = self._room.grid
        began = time.perf_counter()
        grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
        self._wait(self._row_is_painted)
        print(f"jump to the end: first row of thumbnails {_ms(began)}")

    def _scroll(self, kind: str) -> None:
        bar = self._room.grid.verticalScrollBar()
        start = bar.maximum() // 2
        for _ in range(1 if kind == "uncached" else 2):  # the second pass has them on the disk
            bar.setValue(start)
            self._wait(self._row_is_painted)
            frames, own = [], []
            for frame in range(FRAMES):
                began, worked = time.perf_counter(), time.thread_time()
                bar.setValue(start + frame * SCROLL_PX)
                self._app.processEvents()
                took = time.perf_counter() - began
                frames.append(took * 1000)
                own.append((time.thread_time() - worked) * 1000)
                time.sleep(max(0.0, FRAME_MS / 1000 - took))
        print(f"scroll ({kind}): {_frames(frames)}")
        print(f"  of it work of the UI thread itself: {_frames(own)}")

    def _row_is_painted(self) -> bool:
        room = self._room
        rows = list(room.grid.visible_rows())[: room.grid._geometry.columns]
        cells = [room.pictures.cell(row) for row in rows]
        return bool(rows) and all(cell and room.thumbnails.get(cell) for cell in cells)

    def _wait(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not look():
            assert time.monotonic() < deadline
            self._app.processEvents()
            time.sleep(0.0005)


def _frames(frames: Sequence[float]) -> str:
    ordered = sorted(frames)
    late = sum(frame > FRAME_MS for frame in frames) / len(frames)
    return (
        f"median {statistics.median(frames):.1f} ms, 99 % {ordered[int(len(ordered) * 0.99)]:.1f},"
        f" largest {ordered[-1]:.1f}; {100 * late:.1f} % above {FRAME_MS:.0f} ms"
    )


def _ms(began: float) -> str:
    return f"{(time.perf_counter() - began) * 1000:,.0f} ms"


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
