"""The size limits and names of the style guide, all offenders in one report."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

import pytest

from tests.architecture.source_tree import PACKAGE, ROOT, definitions, line_count, modules

MAX_FUNCTION_LINES = 50
MAX_CLASS_LINES = 250
MAX_MODULE_LINES = 400

EMPTY_NAMES = {"utils", "util", "misc", "helpers", "helper", "common", "base", "manager", "handler"}
DOCUMENTED_ROOMS = {"messages", "jobs", "engine", "training"}


def _too_long(kind: type | tuple[type, ...], limit: int) -> list[str]:
    return [
        f"{path}:{node.lineno} {node.name}: {line_count(node)} lines"
        for path, tree in modules().items()
        for node in definitions(tree)
        if isinstance(node, kind) and line_count(node) > limit
    ]


def test_functions_fit_on_a_screen() -> None:
    assert not _too_long((ast.FunctionDef, ast.AsyncFunctionDef), MAX_FUNCTION_LINES)


def test_classes_hold_one_thing() -> None:
    assert not _too_long(ast.ClassDef, MAX_CLASS_LINES)


def test_modules_stay_readable() -> None:
    sources = {path: (ROOT / path).read_text(encoding="utf-8") for path in modules()}
    lengths = {path: len(source.splitlines()) for path, source in sources.items()}
    assert not {path: n for path, n in lengths.items() if n > MAX_MODULE_LINES}


def test_modules_are_named_after_what_is_in_them() -> None:
    parts = {path: PurePosixPath(path).with_suffix("").parts for path in modules()}
    assert not {path for path, names in parts.items() if EMPTY_NAMES.intersection(names)}


def test_a_room_opens_on_its_docstring_alone() -> None:
    full = [
        path
        for path, tree in modules().items()
        if path.endswith("/__init__.py")
        and path != "sdstudio/__init__.py"  # also holds the version
        and (len(tree.body) != 1 or not ast.get_docstring(tree))
    ]
    assert not full


def test_packaging_is_no_package() -> None:
    # It would shadow the library `packaging` for everything that starts in the repository.
    assert not (ROOT / "packaging" / "__init__.py").exists()


@pytest.mark.parametrize("room", sorted(DOCUMENTED_ROOMS))
def test_public_names_have_docstrings(room: str) -> None:
    assert (PACKAGE / room).is_dir()
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules().items()
        if PurePosixPath(path).parts[1] == room
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not bare
