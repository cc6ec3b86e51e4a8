"""A painter's whole round in a real window, to the crash and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.painters_round import paint_a_round
from tests.support.real_window import virtual_screen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="Xvfb and xdotool are not installed; `bootstrap.py test` installs them on Debian",
    ),
]


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A user who paints with a tiny model."""
    from tests.support.tiny_models import build_sd1

    folder = tmp_path / "user"
    (folder / "config").mkdir(parents=True)
    form = {"model": "tiny", "width": 64, "height": 64, "num_inference_steps": 100}
    settings = {"form_values": {**form, "sampler": "euler"}}
    (folder / "config" / "settings.json").write_text(json.dumps(settings))
    build_sd1(folder / "data" / "models" / "tiny")
    return folder


def test_a_painters_round_survives_kill_9(user: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    with virtual_screen(tmp_path / "screen") as screen:
        document = paint_a_round(user, screen, tmp_path, seen.append)
    assert len(document.state.accepted) == 3
    prompts = [each.request.prompt for each in document.state.accepted]
    assert prompts == [
        "a yellow sun in the sky over the sea",
        "the sea at sunset",
        "a small red boat on the sea",
    ]
    assert document.size[0] > document.size[1] == 64
    assert document.composite(document.bounds)[..., 3].min() == 255
    assert len(set(seen)) == 14
