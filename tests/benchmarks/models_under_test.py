"""Which models and sizes a benchmark runs, from the command line."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sdstudio.paths import resource_path
from tests.support.sd15_geometry import build_sd15_geometry
from tests.support.tiny_models import build_sd1

STARTER = resource_path("models", "starter")


def parser(description: str, *, size: int = 256, steps: int = 10) -> argparse.ArgumentParser:
    """The arguments all benchmarks share."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--model", default="sd15", help="tiny, starter, sd15 or a folder")
    arguments.add_argument("--size", type=int, default=size, help="side in pixels")
    arguments.add_argument("--steps", type=int, default=steps)
    arguments.add_argument("--rounds", type=int, default=3, help="measured after one warm-up")
    return arguments


@contextlib.contextmanager
def model_folder(name: str) -> Iterator[Path]:
    """The named model on disk, built if it is made of random weights."""
    if name not in ("tiny", "sd15"):
        yield STARTER if name == "starter" else Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="sdstudio-benchmark-") as folder:
        build = {"tiny": build_sd1, "sd15": build_sd15_geometry}[name]
        yield build(Path(folder) / name)
