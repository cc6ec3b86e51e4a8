"""The one check, the same for people and for CI: cheapest first, stops at the first failure.

python packaging/check.py           formatting, lint, import walls, types, tests
python packaging/check.py --slow    the slow tests as well
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One tool and how it is called; a `streams` stage shows its output while it works."""

    name: str
    command: list[str]
    streams: bool = False


def stages(*, slow: bool) -> list[Stage]:
    """All stages in the order of their cost."""
    python = sys.executable
    lint_imports = Path(sysconfig.get_path("scripts")) / "lint-imports"
    marks = "not gpu and not benchmark" if slow else "not slow and not gpu and not benchmark"
    return [
        Stage(name="ruff format", command=[python, "-m", "ruff", "format", "--check", "."]),
        Stage(name="ruff check", command=[python, "-m", "ruff", "check", "."]),
        Stage(name="lint-imports", command=[str(lint_imports)]),
        Stage(name="pyright", command=[python, "-m", "pyright"]),
        Stage(name="pytest", command=[python, "-m", "pytest", "-q", "-m", marks], streams=True),
    ]


def passes(stage: Stage) -> bool:
    """Run one stage and say how it went and how long it took."""
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "QT_QPA_PLATFORM": "offscreen",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }
    started = time.monotonic()
    done = subprocess.run(
        stage.command,
        cwd=ROOT,
        env=environment,
        check=False,
        text=True,
        stdout=None if stage.streams else subprocess.PIPE,
        stderr=None if stage.streams else subprocess.STDOUT,
    )
    seconds = time.monotonic() - started
    if done.returncode != 0 and done.stdout:
        print(done.stdout)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{stage.name:<14} {verdict:<7} {seconds:6.1f} s", flush=True)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the project, cheapest stage first.")
    parser.add_argument("--slow", action="store_true", help="run the slow tests as well")
    arguments = parser.parse_args()
    if any(importlib.util.find_spec(tool) is None for tool in ("ruff", "pytest", "pyright")):
        print("The development tools are missing: run `python3 packaging/bootstrap.py test`.")
        return 1
    for stage in stages(slow=arguments.slow):
        if not passes(stage):
            print(f"The check stopped at {stage.name}.", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
