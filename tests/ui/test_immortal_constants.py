"""PySide6 6.12 on Python 3.11 must not talk the interpreter to death."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.source_tree import ROOT

PROGRAM = """
from sdstudio.ui.immortal_constants import make_constants_immortal
make_constants_immortal()
from PySide6.QtCore import QObject, Signal
class Speaker(QObject):
    said = Signal(object)
speaker = Speaker()
for number in range(20_000):
    speaker.said.emit(number)
    speaker.setObjectName("x")
print("alive")
"""


def test_twenty_thousand_signals_leave_the_interpreter_alive() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
