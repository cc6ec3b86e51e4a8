"""A report says enough to find the fault, and nothing about the person."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdstudio.logs import fault_report as module
from sdstudio.logs.fault_report import fault_report, without_private_data


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/annabella")
    monkeypatch.setattr(module.getpass, "getuser", lambda: "annabella")
    monkeypatch.setattr(module.platform, "node", lambda: "annas-desk")


def test_versions_details_and_log_are_in_it() -> None:
    report = fault_report("Traceback: boom", log_lines=["first", "last"])
    for part in ("sdstudio 0", "Python 3", "torch 2", "boom", "first\nlast"):
        assert part in report


def test_private_data_is_not() -> None:
    text = f'File "{Path.home()}/x.py" on annas-desk by annabella (annabellas stays)'
    report = fault_report(text)
    assert '"~/x.py" on <host> by <user> (annabellas stays)' in report
    assert "/home/annabella" not in report


def test_a_short_account_name_does_not_shred_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.getpass, "getuser", lambda: "a")
    assert without_private_data("a cat") == "a cat"


def test_no_account_name_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(module.getpass, "getuser", nobody)
    assert without_private_data("plain") == "plain"
