"""kill -9 while somebody paints and saves: no document is unreadable, a minute is lost at most."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdstudio.ui.canvas.document_files import AUTOSAVE_MS
from tests.support.real_window import ROOT


@pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")
@pytest.mark.timeout(600)
def test_fifty_kills_while_painting_and_saving_lose_nothing_that_was_kept(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_painter", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "50 kills, nothing lost" in done.stdout


def test_what_is_painted_is_kept_every_minute() -> None:
    assert AUTOSAVE_MS <= 60_000
