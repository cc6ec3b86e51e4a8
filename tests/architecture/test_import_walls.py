"""What a room must not even load, proven in a fresh interpreter: import-linter only reads text."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.source_tree import ROOT, module_name, modules

pytestmark = pytest.mark.timeout(600)  # a busy disk can take minutes over torch

HEAVY = ("torch", "diffusers", "transformers")
QT = ("PySide6", "shiboken6")


def _loaded_by(names: list[str], suspects: tuple[str, ...]) -> list[str]:
    """Import `names` in a fresh interpreter; return which of `suspects` came along."""
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {suspects!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def _modules_of(*rooms: str) -> list[str]:
    names = [module_name(path) for path in modules()]
    prefixes = tuple(f"sdstudio.{room}" for room in rooms)
    return [
        name
        for name in names
        if name in prefixes or name.startswith(tuple(f"{p}." for p in prefixes))
    ]


def test_the_window_never_loads_torch() -> None:
    names = _modules_of("ui")
    assert names
    assert not _loaded_by(names, HEAVY)


def test_rooms_below_the_engine_load_neither_torch_nor_qt() -> None:
    names = _modules_of(
        "messages",
        "jobs",
        "gallery",
        "model_store",
        "document",
        "settings",
        "logs",
        "errors",
        "paths",
    )
    assert not _loaded_by(names, HEAVY + QT)


def test_the_vocabulary_and_the_queue_need_no_numpy() -> None:
    assert not _loaded_by(_modules_of("messages", "jobs"), ("numpy", "PIL"))


def test_the_engine_and_the_trainers_work_without_qt() -> None:
    assert not _loaded_by(_modules_of("engine", "training"), QT)


@pytest.mark.parametrize("suspects", [HEAVY, QT], ids=["torch", "qt"])
def test_the_front_doors_load_their_parts_inside_functions(suspects: tuple[str, ...]) -> None:
    names = [
        name
        for name in _modules_of("apps")
        if name.startswith(("sdstudio.apps.main", "sdstudio.apps.cli"))
    ]
    assert not _loaded_by(["sdstudio.__main__", *names], suspects)
