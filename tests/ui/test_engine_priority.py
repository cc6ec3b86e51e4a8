"""The engine's thread gives way to the window's, and keeps off a core while one draws."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sdstudio.document.document import Document
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui.canvas.hand_first import HandFirst
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.engine_threads import (
    ENGINE_NICENESS,
    ENGINE_THREAD,
    CoreForTheHand,
    give_way_to_the_window,
)
from sdstudio.ui.job_controller import JobController
from tests.support.painting import NONE, open_paint_view, place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="niceness and cores by thread")

WAIT_MS = 30_000


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_thread_that_gives_way_hands_it_on_and_leaves_others_alone() -> None:
    before = _niceness()
    seen: list[int] = []

    def work() -> None:
        give_way_to_the_window()
        give_way_to_the_window()
        seen.append(_niceness())
        child = threading.Thread(target=lambda: seen.append(_niceness()))
        child.start()
        child.join()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert seen == [min(19, before + ENGINE_NICENESS)] * 2
    assert _niceness() == before


# --- cores ------------------------------------------------------------------------------------


class CoreCounter:
    """An engine that says on which cores it and a thread of its own may work, until told to end."""

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.has_begun = threading.Event()
        self.threads: list[int] = []

    def run(self, job: Job, emit: Emit) -> None:
        helper = threading.Thread(target=self._wait, name=ENGINE_THREAD)
        helper.start()
        self._wait()
        helper.join()
        self.threads.clear()

    def close(self) -> None: ...

    def cores(self) -> list[set[int]]:
        return [os.sched_getaffinity(thread) for thread in self.threads]

    def _wait(self) -> None:
        self.threads.append(threading.get_native_id())
        if len(self.threads) == 2:
            self.has_begun.set()
        self.ends.wait()


@pytest.fixture
def engine() -> CoreCounter:
    return CoreCounter()


@pytest.fixture
def controller(qapp: object, engine: CoreCounter, all_cores: set[int]) -> Iterator[JobController]:
    controller = JobController(engine, lambda result: Path("none"))
    yield controller
    engine.ends.set()
    controller.shut_down()


@pytest.fixture
def view(qtbot: QtBot, controller: JobController) -> PaintView:
    document = Document(64, 64)
    document.layers.add()
    view = open_paint_view(document)
    qtbot.addWidget(view)
    HandFirst(view, controller)
    return view


def _start(controller: JobController, engine: CoreCounter, qtbot: QtBot) -> None:
    engine.has_begun.clear()
    with qtbot.waitSignal(controller.job_started, timeout=WAIT_MS):
        controller.submit(GenerationRequest(prompt="a fox"))
    assert engine.has_begun.wait(WAIT_MS / 1000)


def test_the_engine_keeps_off_a_core_while_one_draws(
    view: PaintView,
    controller: JobController,
    engine: CoreCounter,
    all_cores: set[int],
    qtbot: QtBot,
) -> None:
    _start(controller, engine, qtbot)
    assert engine.cores() == [all_cores, all_cores]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, NONE, place(view, 20, 20))
    assert engine.cores() == [all_cores - {max(all_cores)}] * 2
    assert os.sched_getaffinity(0) == all_cores
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, NONE, place(view, 20, 20))
    qtbot.waitUntil(lambda: engine.cores() == [all_cores, all_cores], timeout=WAIT_MS)


def test_a_run_that_starts_under_the_pen_keeps_off_too_and_a_later_one_does_not(
    view: PaintView,
    controller: JobController,
    engine: CoreCounter,
    all_cores: set[int],
    qtbot: QtBot,
) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, NONE, place(view, 20, 20))
    _start(controller, engine, qtbot)
    fewer = [all_cores - {max(all_cores)}] * 2
    qtbot.waitUntil(lambda: engine.cores() == fewer, timeout=WAIT_MS)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, NONE, place(view, 20, 20))
    with qtbot.waitSignal(controller.job_ended, timeout=WAIT_MS):
        engine.ends.set()
    engine.ends.clear()
    _start(controller, engine, qtbot)
    qtbot.waitUntil(lambda: engine.cores() == [all_cores, all_cores], timeout=WAIT_MS)


def test_the_only_core_is_never_taken_away(all_cores: set[int]) -> None:
    os.sched_setaffinity(0, {min(all_cores)})
    core = CoreForTheHand()
    core.take()
    assert not core.is_taken
