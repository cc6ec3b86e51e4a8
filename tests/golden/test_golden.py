"""The main states of the window look as they did when somebody last looked at them.

Both sides are halved before they are compared, so that how a platform smooths an edge does not
count. `pytest tests/golden --update-golden` draws the pictures anew: look at them, then commit.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

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
    drawn = halved(picture_of(still, state, theme, tmp_path))
    golden = FOLDER / f"{name}-{theme}.png"
    if request.config.getoption("--update-golden", default=False):
        Image.fromarray(drawn).save(golden, optimize=True)
        return
    with Image.open(golden) as image:
        expected = np.asarray(image.convert("RGB"))
    assert drawn.shape == expected.shape
    difference = np.abs(drawn.astype(np.int16) - expected).max(axis=2)
    differs = difference > MAX_DIFFERENCE
    if differs.mean() > MAX_SHARE or difference.mean() > MAX_MEAN:
        Image.fromarray(drawn).save(tmp_path / "drawn.png")
        rows, columns = np.nonzero(difference)
        box = (columns.min() * 2, rows.min() * 2, columns.max() * 2, rows.max() * 2)
        pytest.fail(f"{golden.name} differs within {box}; see {tmp_path / 'drawn.png'}")


def picture_of(
    app: QApplication, state: WindowState, theme: Literal["dark", "light"], folder: Path
) -> np.ndarray:
    """The window in a state, as (height, width, 3) of 0 .. 255."""
    studio = open_studio(app, folder, state.engine(), theme=theme)
    wait_until(studio.window.isVisible)
    state.enter(studio)
    wait_until(lambda: state.is_there(studio))
    image = studio.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    studio.window.close()
    rows = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def halved(pixels: np.ndarray) -> np.ndarray:
    """Each two by two pixels as their mean."""
    height, width, _ = pixels.shape
    fours = pixels[: height // 2 * 2, : width // 2 * 2].reshape(height // 2, 2, width // 2, 2, 3)
    return fours.mean(axis=(1, 3)).round().astype(np.uint8)


def test_the_tolerance_is_no_blindfold(still: QApplication, tmp_path: Path) -> None:
    """A window whose contents stand four pixels lower is another window."""
    before = halved(picture_of(still, STATES[0], "dark", tmp_path))
    differs = np.abs(np.roll(before, 2, axis=0).astype(np.int16) - before).max(axis=2)
    assert (differs > MAX_DIFFERENCE).mean() > MAX_SHARE
