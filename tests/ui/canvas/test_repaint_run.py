"""From the painted document to the engine thread and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from sdstudio.document.rect import Rect
from sdstudio.errors import OutOfMemoryError
from sdstudio.jobs.journal import QueueJournal
from sdstudio.messages.generation import Inpaint
from sdstudio.ui.failures import Failures
from sdstudio.ui.notices import NoticeBar
from tests.support.fake_engine import FakeEngine
from tests.support.paint_desk import PaintDesk, smooth_document

WAIT_MS = 30_000

Make = Callable[..., PaintDesk]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Desks that are closed when the test is over."""
    desks: list[PaintDesk] = []

    def make_one(engine: FakeEngine | None = None, **more: object) -> PaintDesk:
        desks.append(PaintDesk(engine, **more))  # type: ignore[arg-type]
        return desks[-1]

    yield make_one
    for desk in desks:
        desk.close()


def test_candidates_come_home_with_their_requests(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.mask()
    desk.repainting.form.count = 3
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 3, timeout=WAIT_MS)
    requests = [each.result.request for each in desk.candidates_made]
    assert [each.seed for each in requests] == [7, 8, 9]
    assert all(isinstance(each.start, Inpaint) for each in requests)
    assert len(desk.repainting.candidates) == 3
    assert desk.form.last_seed == 7
    for each in desk.candidates_made:
        assert each.picture.size == (each.box.width, each.box.height) == each.blend.shape[::-1]
    assert not desk.errors


def test_more_candidates_follow_with_the_next_seeds(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.mask()
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)
    for _ in range(2):
        desk.repainting.strip.more_wanted.emit()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 6, timeout=WAIT_MS)
    seeds = [each.result.request.seed for each in desk.candidates_made]
    assert seeds == [7, 8, 9, 10, 11, 12]
    boxes = {each.box for each in desk.candidates_made}
    assert len(boxes) == 1


def test_previews_lie_at_their_place_while_it_runs(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.02))
    desk.mask()
    boxes: list[Rect] = []
    run = desk.repainting.run

    def note() -> None:
        if run.preview is not None:
            boxes.append(run.preview.box)

    run.preview_changed.connect(note)
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)
    assert boxes
    assert set(boxes) == {desk.candidates_made[0].box}
    assert run.preview is None


def test_nothing_masked_is_told_and_the_next_run_works(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.form.prompt = ""
    desk.repainting.generate()
    qtbot.waitUntil(lambda: bool(desk.errors), timeout=WAIT_MS)
    assert str(desk.errors[0]).startswith("The prompt is empty.")
    desk.form.prompt = "a house"
    desk.repainting.generate()
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)


def test_a_failed_run_leaves_the_document_and_its_candidates(make: Make, qtbot: QtBot) -> None:
    """The engine's fault is told by the controller; nothing here is lost or left over."""
    engine = FakeEngine(fault=OutOfMemoryError("Out of memory."), fault_at_step=2, fault_count=1)
    desk = make(engine)
    desk.mask()
    before = desk.document.composite(desk.document.bounds)
    with qtbot.waitSignal(desk.controller.job_failed, timeout=WAIT_MS):
        desk.repainting.generate()
    qtbot.waitUntil(lambda: not desk.repainting.run.is_busy, timeout=WAIT_MS)
    assert desk.repainting.run.preview is None
    assert np.array_equal(desk.document.composite(desk.document.bounds), before)
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)


def test_stop_ends_the_running_and_the_waiting(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.05))
    desk.form.num_inference_steps = 900
    desk.mask()
    desk.repainting.generate()
    desk.repainting.generate()
    queue = desk.controller.queue
    qtbot.waitUntil(lambda: queue.running is not None and len(queue) == 1, timeout=WAIT_MS)
    desk.repainting.strip.stop_wanted.emit()
    qtbot.waitUntil(lambda: queue.running is None and not len(queue), timeout=WAIT_MS)
    assert not desk.candidates_made
    assert not desk.repainting.run.is_busy


def test_the_document_may_change_while_it_is_prepared(make: Make, qtbot: QtBot) -> None:
    """The plan is made of a snapshot: what is painted meanwhile is not in it."""
    desk = make()
    desk.mask()
    desk.repainting.generate()
    desk.easel.do(lambda: desk.document.layers.delete(desk.document.layers[-1].id))
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)


def test_runs_of_the_canvas_are_not_journalled(make: Make, qtbot: QtBot, tmp_path: Path) -> None:
    desk = make(FakeEngine(seconds_per_step=0.05))
    journal = QueueJournal(tmp_path / "queue.jsonl")
    desk.controller.keep_journal(journal)
    desk.mask()
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)
    assert not any(job.request.start for job in journal.load())  # type: ignore[union-attr]


def test_results_of_a_closed_document_never_reach_the_next(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.1))
    desk.mask()
    desk.repainting.generate()
    desk.repainting.generate()
    queue = desk.controller.queue
    qtbot.waitUntil(lambda: queue.running is not None and len(queue) == 1, timeout=WAIT_MS)
    desk.easel.put(smooth_document())
    qtbot.waitUntil(lambda: queue.running is None and not len(queue), timeout=WAIT_MS)
    assert not desk.candidates_made
    assert desk.repainting.strip.isHidden()
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)


def test_a_run_taken_out_of_the_queue_is_no_longer_waited_for(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.controller.pause()
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.controller.queue) == 1, timeout=WAIT_MS)
    assert desk.repainting.run.is_busy
    desk.controller.queue.clear()
    assert not desk.repainting.run.is_busy
    assert desk.repainting.strip.isHidden()


def test_a_failed_repaint_is_not_offered_again_as_a_picture_of_the_gallery(
    make: Make, qtbot: QtBot
) -> None:
    """Its crop would land there; the painter presses the button again. Settings are offered."""
    error = OutOfMemoryError("Out of memory.", "", ("smaller-size", "cpu-offload", "try-again"))
    desk = make(FakeEngine(fault=error))
    notices = NoticeBar(desk.room)
    failures = Failures(desk.controller, notices, desk.form)
    offered: list[str] = []
    failures.engine_setting_wanted.connect(offered.append)
    desk.mask()
    with qtbot.waitSignal(desk.controller.job_ended, timeout=WAIT_MS):
        desk.repainting.generate()
    buttons = [each for each in notices.findChildren(QPushButton) if each.text()]
    assert len(buttons) == 1
    buttons[0].click()
    assert offered == ["cpu-offload"]
    assert desk.controller.queue.running is None
    assert len(desk.controller.queue) == 0
