"""Where no window can open the studio says so, and does not crash inside Qt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdstudio.apps.display import require_display
from sdstudio.errors import EnvironmentFault

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is Linux'")


@pytest.mark.parametrize("display", [None, "", ":987"])
def test_no_display_is_said_in_words(display: str | None) -> None:
    """Row 50: exit code 1, two sentences with the way out, nothing of Qt's."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PYTHONPATH": str(ROOT)} | ({} if display is None else {"DISPLAY": display})
    done = subprocess.run(
        [sys.executable, "-m", "sdstudio"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "display" in done.stderr and "sdstudio generate" in done.stderr
    assert "Traceback" not in done.stderr and "qt.qpa" not in done.stderr


def test_a_platform_that_was_chosen_is_left_to_qt() -> None:
    require_display({"QT_QPA_PLATFORM": "offscreen"})
    require_display({"WAYLAND_DISPLAY": "wayland-0"})
    with pytest.raises(EnvironmentFault):
        require_display({"QT_QPA_PLATFORM": "xcb"})
