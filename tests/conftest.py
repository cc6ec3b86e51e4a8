"""What every test stands on: offscreen Qt, no network, and a user of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt or a Hugging Face library: both read these once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
if "XDG_RUNTIME_DIR" not in os.environ:  # Qt warns without one, and a Qt warning fails a test
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="sdstudio-tests-")

import pytest

_BENCHMARKS = Path(__file__).parent / "benchmarks"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Benchmarks are run by their folder's name, not by the check."""
    for item in items:
        if item.path.is_relative_to(_BENCHMARKS):
            item.add_marker(pytest.mark.benchmark)


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which this test's user keeps settings, models, caches and pictures."""
    folder = tmp_path / "user"
    for name in ("config", "data", "cache", "gallery"):
        monkeypatch.setenv(f"SDSTUDIO_{name.upper()}_DIR", str(folder / name))
    return folder


@pytest.fixture
def all_cores() -> Iterator[set[int]]:
    """Every core of the machine for the program, however the tests were started (Linux)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("one core cannot be shared out")
    yield cores
    os.sched_setaffinity(0, before)
