"""The Gallery workspace in a real window: keys go in, files on the disk tell what happened."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.real_window import RealStudio, virtual_screen, wait_for
from tests.support.saved_pictures import save_picture

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="Xvfb and xdotool are not installed; `bootstrap.py test` installs them on Debian",
    ),
]

COUNT = 12


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RealStudio]:
    user = tmp_path / "user"
    for number in range(COUNT):
        save_picture(user / "gallery", number)
    with virtual_screen(tmp_path / "screen") as screen:
        studio = RealStudio.start(user, screen)
        yield studio
        studio.kill()


def marks(studio: RealStudio) -> dict[str, dict]:
    """What the side file says about pictures, by file name."""
    file = studio.user / "gallery" / ".sdstudio-gallery.json"
    return json.loads(file.read_text())["pictures"] if file.exists() else {}


def indexed(studio: RealStudio) -> int:
    """How many pictures the index knows."""
    file = studio.user / "cache" / "gallery.sqlite3"
    if not file.exists():
        return 0
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT count(*) FROM pictures").fetchone()[0]
    except sqlite3.OperationalError:  # its tables are being made
        return 0
    finally:
        connection.close()


def press_until(studio: RealStudio, key: str, look: Callable[[], bool]) -> None:
    """Press a key that may be pressed twice until it has done its work."""

    def press() -> bool:
        studio.key(key)
        return look()

    wait_for(press, f"what {key} does")


def test_pictures_are_searched_rated_deleted_and_brought_back(studio: RealStudio) -> None:
    studio.key("F4")
    wait_for(lambda: indexed(studio) == COUNT, "the index")
    newest = f"picture-{COUNT - 1:04}.png"
    press_until(studio, "Home", lambda: True)
    press_until(studio, "5", lambda: marks(studio).get(newest, {}).get("rating") == 5)
    studio.key("ctrl+f")
    studio.type("red fox")
    studio.key("Return")
    fox = "picture-0008.png"
    press_until(studio, "3", lambda: marks(studio).get(fox, {}).get("rating") == 3)
    before = (studio.user / "gallery" / fox).read_bytes()
    studio.key("Delete")
    wait_for(lambda: not (studio.user / "gallery" / fox).exists(), "the deletion")
    assert len(studio.pictures()) == COUNT  # one of them lies in the gallery's trash
    studio.key("ctrl+z")
    wait_for(lambda: (studio.user / "gallery" / fox).exists(), "the restoration")
    assert (studio.user / "gallery" / fox).read_bytes() == before
    wait_for(lambda: marks(studio).get(fox, {}).get("rating") == 3, "its stars")
    studio.close_window()
    assert studio.end() == 0
    assert "Traceback" not in studio.said() and "QThread" not in studio.said()
