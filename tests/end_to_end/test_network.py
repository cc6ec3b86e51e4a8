"""A whole run in a process of its own, watched for every attempt at the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NETWORK_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
WATCHED_PROGRAM = f"""
import sys

def watch(event, arguments):
    if event in {NETWORK_EVENTS!r}:
        print("NETWORK", event, arguments, file=sys.stderr, flush=True)

sys.addaudithook(watch)
from sdstudio.apps.main import main
sys.exit(main(sys.argv[1:]))
"""


def run_watched(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "OFFLINE" not in name}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HOME": str(cwd / "hub")}
    return subprocess.run(
        [sys.executable, "-c", WATCHED_PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.mark.timeout(600)
def test_a_whole_run_never_asks_the_network(tmp_path: Path) -> None:
    """Row 51: HF_HUB_OFFLINE unset; from the first import to the saved picture."""
    from tests.support.tiny_models import build_sd1

    model = build_sd1(tmp_path / "tiny")
    done = run_watched(
        *("generate", "a red house", "--model", model, "--num-inference-steps", 2),
        *("--output", "red.png"),
        cwd=tmp_path,
    )
    assert done.returncode == 0 and (tmp_path / "red.png").is_file(), done.stderr
    assert "NETWORK" not in done.stderr
    assert "Warning" not in done.stderr and "[transformers]" not in done.stderr, done.stderr


def test_a_model_that_is_nowhere_is_not_looked_up(tmp_path: Path) -> None:
    """Row 51: a Hub id that is not on this machine ends with a sentence."""
    done = run_watched("generate", "a house", "--model", "nobody/nothing", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "NETWORK" not in done.stderr and "Traceback" not in done.stderr
