"""Work elsewhere, answers here."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from sdstudio.errors import StorageError
from sdstudio.ui.background import Background

WAIT_MS = 30_000


@pytest.fixture
def background(qapp: QApplication) -> Background:
    return Background()


def test_work_runs_elsewhere_and_its_answer_arrives_here(
    background: Background, qtbot: QtBot
) -> None:
    here = threading.get_ident()
    seen: list[tuple[int, int]] = []
    background.run(threading.get_ident, lambda there: seen.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen), timeout=WAIT_MS)
    assert seen[0][0] != here
    assert seen[0][1] == here
    background.finish()


def test_one_thread_keeps_the_order(background: Background) -> None:
    seen: list[int] = []
    for number in range(50):
        background.run(lambda number=number: number, seen.append)
    background.finish()
    assert seen == list(range(50))


def test_expected_errors_are_told_and_bugs_are_raised(background: Background, qtbot: QtBot) -> None:
    def fail() -> None:
        raise StorageError("The disk is full.")

    told: list[Exception] = []
    background.run(fail, None, told.append)
    with capture_exceptions() as raised:
        background.run(lambda: 1 // 0, None, told.append)
        background.finish()
    assert [type(error) for error in told] == [StorageError]
    assert [kind for kind, *_ in raised] == [ZeroDivisionError]


def test_finish_waits_for_work_that_an_answer_leads_to(background: Background) -> None:
    seen: list[str] = []
    background.run(
        lambda: "read", lambda text: background.run(lambda: text + " and saved", seen.append)
    )
    background.finish()
    assert seen == ["read and saved"]
    assert background.pending == 0


def test_work_after_the_end_is_dropped(background: Background) -> None:
    background.finish()
    background.run(lambda: pytest.fail("it ran"))
    assert background.pending == 0


def test_an_answer_for_a_widget_that_is_gone_is_dropped(background: Background) -> None:
    class Listener(QObject):
        def take(self, _: object) -> None:
            pytest.fail("it was told")

    listener = Listener()
    background.run(lambda: 1, listener.take)
    delete(listener)
    background.finish()
