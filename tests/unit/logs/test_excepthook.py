"""Errors nobody caught are told once, on whatever thread they happened."""

from __future__ import annotations

import sys
import threading

import pytest

from sdstudio.errors import StorageError
from sdstudio.logs.excepthook import install_excepthooks, sentence_of


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    told: list[tuple[str, str]] = []
    install_excepthooks(lambda sentence, details: told.append((sentence, details)))
    return told


def raise_here(error: BaseException) -> None:
    try:
        raise error
    except BaseException:
        sys.excepthook(*sys.exc_info())


def test_the_main_thread(told: list[tuple[str, str]]) -> None:
    raise_here(ZeroDivisionError("x"))
    ((sentence, details),) = told
    assert "ZeroDivisionError" in sentence and "Traceback" not in sentence
    assert "raise_here" in details


def test_another_thread(told: list[tuple[str, str]]) -> None:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert len(told) == 1


def test_a_finaliser(told: list[tuple[str, str]]) -> None:
    class Falls:
        def __del__(self) -> None:
            raise ValueError("late")

    Falls()
    assert "ValueError" in told[0][0]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_end_on_purpose_is_no_error(told: list, error: BaseException) -> None:
    raise_here(error)
    assert told == []


def test_telling_that_fails_falls_back(
    told: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(sentence: str, details: str) -> None:
        raise RuntimeError("no window")

    install_excepthooks(tell)
    raise_here(ZeroDivisionError("the cause"))
    assert "the cause" in capsys.readouterr().err


def test_sentences() -> None:
    assert sentence_of(StorageError("Full.", "Free some.")) == "Full. Free some."
    assert "memory" in sentence_of(MemoryError())
