"""The command line as a person uses it: another process, a real (tiny) model, files on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "sdstudio"]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random-weight SD 1.x folder, its steps set by an sdstudio.json."""
    from tests.support.tiny_models import build_sd1

    folder = build_sd1(tmp_path_factory.mktemp("models") / "tiny")
    (folder / "sdstudio.json").write_text(json.dumps({"num_inference_steps": 3, "sampler": "ddim"}))
    return folder


def sdstudio(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=500, check=False
    )


def test_a_prompt_becomes_a_picture_that_remembers_it(model: Path, tmp_path: Path) -> None:
    """The same request gives the same bytes, picture k is the picture of seed + k."""
    prompt = "a red house in the snow"
    done = sdstudio(
        *("generate", prompt, "--model", model, "--seed", 7, "--count", 2),
        *("--output", "red.png", "--preview-every", 1, "--preview-dir", "steps", "--json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["files"] == ["red-1.png", "red-2.png"] and facts["seeds"] == [7, 8]
    assert facts["request"]["num_inference_steps"] == 3
    assert facts["request"]["sampler"] == "ddim"
    steps = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert "picture-2-step-003.png" in steps

    told = sdstudio("inspect", "red-2.png", "--json", cwd=tmp_path)
    request = json.loads(told.stdout)["request"]
    assert (request["prompt"], request["seed"], request["count"]) == (prompt, 8, 1)

    again = sdstudio(
        *("generate", prompt, "--model", model, "--seed", 8, "--output", "again.png"), cwd=tmp_path
    )
    assert again.stdout == "again.png\n" and again.returncode == 0
    with Image.open(tmp_path / "red-2.png") as first, Image.open(tmp_path / "again.png") as second:
        assert first.tobytes() == second.tobytes()


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl+C cannot be sent to one process")
def test_ctrl_c_ends_a_long_run_cleanly(model: Path, tmp_path: Path) -> None:
    """Row 30: interrupted in the middle of the steps: no picture, no traceback, exit code 130."""
    previews = tmp_path / "steps"
    command = [*COMMAND, "generate", "p", "--model", str(model), "--num-inference-steps", "900"]
    command += ["--output", "never.png", "--preview-every", "1", "--preview-dir", str(previews)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while not list(previews.glob("*.png")) and running.poll() is None:
        assert time.monotonic() < deadline, "no step was made"
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=200)
    assert running.returncode == 130, errors
    assert "Stopped." in errors and "Traceback" not in errors
    assert not (tmp_path / "never.png").exists()
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
