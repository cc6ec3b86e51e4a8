"""tests/FAULTS.md names a test for every fault, and every test it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in (ROOT / "tests" / "FAULTS.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]


@cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_table_has_all_52_rows_and_each_is_proven_or_open() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 53))
    for number, fault, expected, proof in ROWS:
        assert fault and expected, number
        assert "::test_" in proof or proof.startswith("open"), number


def test_every_test_of_the_table_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", " ".join(row[3] for row in ROWS))
    assert len(named) > 52
    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]
    assert not missing
