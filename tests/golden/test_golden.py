"""The main states of the window look as they did when somebody last looked at them.

Both sides are halved before they are compared, so that how a platform smooths an edge does not
count. `pytest tests/golden --update-golden` draws the pictures anew: look at them, then commit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from tests.support.open_studio import open_studio
from tests.support.window_states import STATES, WindowState, wait_until

FOLDER = Path(__file__).parent
STILL = ("first-start", "finished", "failed", "missing", "paint", "gallery", "single")
"""The states in which no clock runs."""
MAX_DIFFERENCE = 40
"""Of 255, in a channel of a halved pixel: more than smoothing makes, less than a moved line."""
MAX_SHARE = 0.002
"""Of all pixels: about a word of twenty letters."""
MAX_MEAN = 1.0
"""Of 255, over the whole window: another shade of a panel is more."""

PATIENCE_S = 15.0
SETTLING_S = 2.0

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="fonts are drawn otherwise elsewhere"
)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", STILL)
def test_the_window_looks_as_it_did(
    request: pytest.FixtureRequest,
    still: QApplication,
    tmp_path: Path,
    name: str,
    theme: Literal["dark", "light"],
) -> None:
    state = next(state for state in STATES if state.name == name)
    golden = FOLDER / f"{name}-{theme}.png"
    if request.config.getoption("--update-golden", default=False):
        drawn = next(pictures_of(still, state, theme, tmp_path, wait_s=SETTLING_S))
        Image.fromarray(drawn).save(golden, optimize=True)
        return
    with Image.open(golden) as image:
        expected = np.asarray(image.convert("RGB"))
    drawn = None
    for drawn in pictures_of(still, state, theme, tmp_path):
        assert drawn.shape == expected.shape
        if looks_like(drawn, expected):
            return
    assert drawn is not None
    Image.fromarray(drawn).save(tmp_path / "drawn.png")
    rows, columns = np.nonzero(np.abs(drawn.astype(np.int16) - expected).max(axis=2))
    box = (columns.min() * 2, rows.min() * 2, columns.max() * 2, rows.max() * 2)
    pytest.fail(f"{golden.name} differs within {box}; see {tmp_path / 'drawn.png'}")


def looks_like(drawn: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two halved pictures of the window are the same to a person."""
    difference = np.abs(drawn.astype(np.int16) - expected).max(axis=2)
    few = (difference > MAX_DIFFERENCE).mean() <= MAX_SHARE
    return bool(few and difference.mean() <= MAX_MEAN)


def pictures_of(
    app: QApplication,
    state: WindowState,
    theme: Literal["dark", "light"],
    folder: Path,
    *,
    wait_s: float = 0.0,
) -> Iterator[np.ndarray]:
    """The window in a state, halved, again and again: what is read in the background comes late."""
    studio = open_studio(app, folder, state.engine(), theme=theme)
    wait_until(studio.window.isVisible)
    state.enter(studio)
    wait_until(lambda: state.is_there(studio))
    first, end = time.monotonic() + wait_s, time.monotonic() + wait_s + PATIENCE_S
    try:
        while time.monotonic() < end:
            app.processEvents()
            time.sleep(0.02)
            if time.monotonic() >= first:
                yield halved(pixels_of(studio.window))
    finally:
        studio.window.close()


def pixels_of(window: QWidget) -> np.ndarray:
    """What a window shows, as (height, width, 3) of 0 .. 255."""
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def halved(pixels: np.ndarray) -> np.ndarray:
    """Each two by two pixels as their mean."""
    height, width, _ = pixels.shape
    fours = pixels[: height // 2 * 2, : width // 2 * 2].reshape(height // 2, 2, width // 2, 2, 3)
    return fours.mean(axis=(1, 3)).round().astype(np.uint8)


def test_the_tolerance_is_no_blindfold(still: QApplication, tmp_path: Path) -> None:
    """A window whose contents stand four pixels lower is another window."""
    before = next(pictures_of(still, STATES[0], "dark", tmp_path))
    assert not looks_like(np.roll(before, 2, axis=0), before)
