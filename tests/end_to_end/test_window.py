"""The studio as a person uses it: a real window on a screen, a keyboard, files on disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from sdstudio.gallery.picture_file import read_request
from tests.support.real_window import RealStudio, Screen, virtual_screen, wait_for

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="Xvfb and xdotool are not installed; `bootstrap.py test` installs them on Debian",
    ),
]

LONG_RUN_STEPS = 300
ILL_WORDS = ("Traceback", "QThread", "Warning", "warning", "Error")


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with virtual_screen(tmp_path / "screen") as made:
        yield made


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that holds one: a random-weight SD 1.x."""
    from tests.support.tiny_models import build_sd1

    folder = tmp_path_factory.mktemp("models")
    build_sd1(folder / "tiny")
    return folder


@pytest.fixture
def user(tmp_path: Path, models: Path) -> Path:
    """A user whose form stands at the tiny model and enough steps to meet a run in the middle."""
    folder = tmp_path / "user"
    (folder / "config").mkdir(parents=True)
    form = {"model": "tiny", "width": 64, "height": 64, "num_inference_steps": LONG_RUN_STEPS}
    form["sampler"] = "euler"
    settings = {"form_values": form}
    (folder / "config" / "settings.json").write_text(json.dumps(settings))
    shutil.copytree(models, folder / "data" / "models")
    return folder


@pytest.fixture
def studio(user: Path, screen: Screen) -> Iterator[RealStudio]:
    opened = RealStudio.start(user, screen)
    yield opened
    opened.kill()


def check_left_nothing(studio: RealStudio) -> None:
    """No word of a fault, no half file, no process that lives on."""
    assert not [word for word in ILL_WORDS if word in studio.said()], studio.said()
    assert not studio.halves()
    with pytest.raises(ProcessLookupError):
        os.killpg(studio.process.pid, 0)


def test_from_a_prompt_to_a_picture_stopped_and_closed(studio: RealStudio) -> None:
    """Rows 30 and 39: one round with everything a person does on the first evening."""
    # 1. A prompt is typed, and becomes a picture that remembers it.
    studio.type("a red house")
    studio.key("ctrl+Return")
    (picture,) = wait_for(studio.pictures, "the picture")
    request = read_request(picture)
    assert request is not None
    assert (request.prompt, request.model) == ("a red house", "tiny")
    assert (request.width, request.num_inference_steps) == (64, LONG_RUN_STEPS)
    with Image.open(picture) as made:
        assert made.size == (64, 64)
    studio.wait_until_idle()
    # 2. The next run is stopped in its middle; Shift+X is a letter only inside the prompt.
    studio.key("ctrl+Return")
    studio.wait_for_run()
    studio.click_canvas()
    studio.key("shift+x")
    studio.wait_until_idle()
    assert studio.pictures() == [picture]
    # 3. The window is closed in the middle of another.
    studio.key("ctrl+Return")
    studio.wait_for_run()
    studio.close_window()
    assert studio.end() == 0, studio.said()
    check_left_nothing(studio)
    assert studio.pictures() == [picture]


@pytest.mark.slow
def test_a_killed_studio_offers_its_runs_again(studio: RealStudio, screen: Screen) -> None:
    """Row 21: kill -9 in the middle of a run with two more waiting, and a start afterwards."""
    for _ in range(3):
        studio.key("ctrl+Return")
    studio.wait_for_run()
    studio.process.send_signal(signal.SIGKILL)
    studio.end()
    assert not studio.pictures() and not studio.halves()
    journal = studio.user / "data" / "queue.jsonl"
    assert len(journal.read_text().splitlines()) >= 3

    again = RealStudio.start(studio.user, screen)
    try:
        assert len(screen.colours()) > 16
        again.key("Escape")
        wait_for(lambda: not again.title().count("%"), "a window at rest")
        again.close_window()
        assert again.end() == 0
        check_left_nothing(again)
        # What was offered and neither taken nor refused is offered once more.
        assert len(journal.read_text().splitlines()) >= 3
    finally:
        again.kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_engine_loads_ends_it_in_order(
    studio: RealStudio, number: signal.Signals
) -> None:
    """Row 39: closed while torch is being imported and the model read."""
    studio.key("ctrl+Return")
    studio.process.send_signal(number)
    assert studio.end() == 0, studio.said()
    check_left_nothing(studio)
    assert not studio.pictures()


@pytest.mark.slow
def test_it_opens_where_nothing_can_be_written_and_commas_are_points(
    user: Path, screen: Screen
) -> None:
    """Row 50: every folder of the user is a file, TMP is not there, numbers have commas."""
    blocked = user / "blocked"
    blocked.write_text("a file where folders should be")
    folders = {f"SDSTUDIO_{name}_DIR": str(blocked / name) for name in ("CONFIG", "DATA", "CACHE")}
    studio = RealStudio.start(
        user, screen, TMPDIR=str(blocked), LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8", **folders
    )
    try:
        studio.close_window()
        assert studio.end() == 0
        check_left_nothing(studio)
    finally:
        studio.kill()
