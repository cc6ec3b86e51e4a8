"""Time from the command to a painted window, against a bare PySide6 window with one button.

python tests/benchmarks/startup.py [--rounds 7]      prints both medians and their ratio

Both programs run in fresh interpreters, turn by turn, so that a slow moment hits both. Each prints
the moment its window is painted and its event loop answers; the clock is the parent's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton
class Button(QPushButton):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)
def painted():
    print(time.monotonic(), flush=True)
    app.quit()
app = QApplication([])
button = Button("Generate")
button.show()
app.exec()
"""

STUDIO = """
import sys, time
sys.argv = ["sdstudio"]
from sdstudio.apps import gui
built = gui.build_studio
def build_and_watch(*args):
    from PySide6.QtCore import QTimer
    studio = built(*args)
    def painted():
        heavy = [name for name in ("torch", "diffusers", "transformers") if name in sys.modules]
        print(time.monotonic(), *heavy, flush=True)
        studio.window.close()
    studio.window.painted.connect(lambda: QTimer.singleShot(0, painted))
    return studio
gui.build_studio = build_and_watch
from sdstudio.apps.main import main
sys.exit(main([]))
"""


def seconds_to_paint(program: str, folder: Path) -> float:
    """Run a program once; fails if it loaded torch before its window was painted."""
    places = {f"SDSTUDIO_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "CACHE")}
    places["SDSTUDIO_GALLERY_DIR"] = str(folder / "GALLERY")
    places["PYTHONPYCACHEPREFIX"] = str(folder / "byte-code")  # installed programs have theirs
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment | places,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    painted, *heavy = done.stdout.split()
    if heavy:
        raise SystemExit(f"loaded before the window was painted: {', '.join(heavy)}")
    return float(painted) - began


def main() -> None:
    """Alternate both programs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    bare, studio = [], []
    with tempfile.TemporaryDirectory() as name:
        for program in (BARE, STUDIO):  # the first start writes settings and byte code
            seconds_to_paint(program, Path(name))
        for _ in range(rounds):
            bare.append(seconds_to_paint(BARE, Path(name)))
            studio.append(seconds_to_paint(STUDIO, Path(name)))
    ratios = [ours / theirs for ours, theirs in zip(studio, bare, strict=True)]
    print(f"bare window   median {statistics.median(bare):.3f} s   best {min(bare):.3f} s")
    print(f"studio        median {statistics.median(studio):.3f} s   best {min(studio):.3f} s")
    print(f"ratio         median {statistics.median(ratios):.2f}     best {min(ratios):.2f}")


if __name__ == "__main__":
    main()
