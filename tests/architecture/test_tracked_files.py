"""Nothing in the repository knows the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source_tree import ROOT

FOLDERS = ("sdstudio", "packaging", "tests", "resources", ".ci")
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".qss", ".svg", ".yaml", ".yml", ".sh", ".ini", ""}

# Each is spelt in two halves, so that this file may be searched like any other.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w./~-])/" r"(?:root|work|opt|tmp)/\w"),
    "a package registry's address": re.compile(
        "|".join(
            (r"py" r"pi\.org", r"python" r"hosted\.org", r"npm" r"js\.", r"deb\." r"debian\.org")
        )
    ),
    "a promise instead of code": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}


def _text_files() -> list[Path]:
    files = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")]
    for folder in FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path
        for path in files
        if path.suffix in TEXT and "__pycache__" not in path.parts and path.stat().st_size < 1 << 20
    ]


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in _text_files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_knows_this_machine_or_leaves_work_undone() -> None:
    found = {what: _found(pattern) for what, pattern in FORBIDDEN.items()}
    assert not {what: places for what, places in found.items() if places}


def test_the_search_sees_what_it_looks_for() -> None:
    machine = FORBIDDEN["a path of one machine"]
    assert machine.search("open('/" + "root/x')")
    assert not machine.search("https://example.org/" + "root/x")
    assert any(path.name == "pyproject.toml" for path in _text_files())
