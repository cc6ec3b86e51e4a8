"""The project's own sources, parsed once for all tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sdstudio"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the program: path relative to the repository -> its syntax tree."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes(), filename=str(path))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def definitions(tree: ast.AST) -> Iterator[Definition]:
    """Every class and function in a tree, nested ones as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def line_count(node: Definition) -> int:
    """Lines from the first decorator to the end of the body."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or node.lineno) - first + 1


def module_name(path: str) -> str:
    """`sdstudio/ui/gallery/__init__.py` -> `sdstudio.ui.gallery`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
