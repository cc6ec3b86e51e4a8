"""A painter who is killed again and again: python -m tests.support.killed_painter FOLDER

Every round forks a process that paints, keeps and saves as the Paint room does, kills it with
SIGKILL at a random moment, and looks at what lies on the disk. One line at the end tells how often
a document had to be taken from where.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document
from sdstudio.document.recovery import find_leftovers
from sdstudio.document.stroke import Stroke
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.document_files import DocumentFiles, blank_document
from sdstudio.ui.canvas.easel import Easel

KILLS = 50
KEEP_MS = 15
"""In place of the studio's minute."""
SAVE_EVERY = 9
POINTS = 4
LONGEST_S = 0.12


class Painter(QObject):
    """Paints strokes, a point per turn of the event loop, and tells what the disk has for sure."""

    def __init__(self, folder: Path, report: int, seed: int) -> None:
        super().__init__()
        self._own, self._report = folder / "own.sdstudio", report
        self._random = random.Random(seed)
        self._easel = Easel(blank_document(400, 300), self)
        self._files = DocumentFiles(self._easel, Background(self), folder / "recovery")
        self._files._timer.setInterval(KEEP_MS)
        self._numbers = {0: 0}
        self._number = 0
        self._stroke: Stroke | None = None
        self._left = 0
        self._files.kept.connect(self._tell_kept)
        self._files.saved.connect(self._tell_saved)
        self._being_saved: list[int] = []
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._paint)
        self._turn.start(0)

    def _paint(self) -> None:
        document = self._easel.document
        if self._stroke is None:
            ink = Ink(colour=(self._number % 256, 9, 90))
            self._stroke = document.paint.begin_stroke(Brush(size_px=50), ink)
            self._left = POINTS
        place = self._random.uniform(0, 400), self._random.uniform(0, 300)
        self._easel.repaint(self._stroke.add_point(*place))
        self._left -= 1
        if not self._left:
            self._end_stroke(document)

    def _end_stroke(self, document: Document) -> None:
        if self._stroke is not None:
            self._easel.touch(self._stroke.end())
        self._stroke = None
        self._number += 1
        layers = document.layers
        self._easel.do(lambda: layers.rename(document.state.active_id, str(self._number)))
        self._numbers[document.revision] = self._number
        if self._number % SAVE_EVERY == 0:
            self._being_saved.append(self._number)
            self._files.save(self._own)

    def _tell_kept(self, revision: int) -> None:
        known = [number for at, number in self._numbers.items() if at <= revision]
        os.write(self._report, b"%d\n" % max(known))

    def _tell_saved(self) -> None:
        os.write(self._report, b"%d\n" % self._being_saved.pop(0))


def paint_for_ever(folder: Path, report: int, seed: int) -> None:
    """What a child does until it is killed."""
    app = QCoreApplication([])
    painter = Painter(folder, report, seed)
    app.exec()
    painter.deleteLater()


def kill_once(folder: Path, seed: int) -> tuple[int, int, int]:
    """Let a painter work and die; returns what was told, and the number in each file, -1 for none.

    Raises:
        SdstudioError: a document cannot be read.
    """
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        paint_for_ever(folder, report, seed)
    os.close(report)
    told = os.read(reading, 1)  # something is on the disk
    time.sleep(random.Random(seed).uniform(0, LONGEST_S))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reading, 1 << 16):
        told += more
    os.close(reading)
    numbers = [int(line) for line in told.split(b"\n")[:-1]]
    kept = -1
    for leftover in find_leftovers(folder / "recovery"):
        kept = max(kept, _number(open_document(leftover.path)))
        leftover.discard()
    own = folder / "own.sdstudio"
    saved = _number(open_document(own)) if own.exists() else -1
    own.unlink(missing_ok=True)
    return max(numbers, default=0), kept, saved


def _number(document: Document) -> int:
    """How many strokes were done; the picture must show them."""
    assert document.composite(document.bounds)[..., 3].min() == 255
    name = document.layers[-1].name
    return int(name) if name.isdigit() else 0


def main(folder: Path) -> None:
    """Kill `KILLS` painters."""
    counts = {"recovered": 0, "saved": 0}
    for seed in range(KILLS):
        told, kept, saved = kill_once(folder, seed)
        assert max(kept, saved) >= told, f"round {seed}: {told} was on the disk, {kept}, {saved}"
        counts["recovered" if kept > saved else "saved"] += 1
    remains = [path.name for path in folder.rglob("*") if path.suffix == ".part"]
    print(f"{KILLS} kills, nothing lost: {counts}, {len(remains)} unfinished files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
