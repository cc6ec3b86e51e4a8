"""The queue panel: order, cancelling, and a thousand runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.training import TrainingRequest
from sdstudio.ui.queue import job_words
from sdstudio.ui.queue.job_delegate import CROSS_PX, ROW_PX, _small
from sdstudio.ui.queue.queue_panel import QueuePanel
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.open_studio import open_studio

WAIT_MS = 30_000


@pytest.fixture
def studio(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and proven elsewhere
    studio = open_studio(qapp, tmp_path, FakeEngine(seconds_per_step=0.01))
    studio.controller.pause()
    yield studio
    studio.window.close()


@pytest.fixture
def panel(studio: Studio) -> QueuePanel:
    return studio.rooms.queue


def queue_runs(studio: Studio, count: int) -> list[Job]:
    jobs = [
        studio.controller.submit(GenerationRequest(prompt=f"run {number}", seed=number))
        for number in range(count)
    ]
    studio.rooms.queue.refresh()
    return jobs


def prompts(panel: QueuePanel) -> list[str]:
    return [job.request.prompt[4:] for job in panel.waiting.jobs]


def select(panel: QueuePanel, *rows: int) -> None:
    panel.view.clearSelection()
    for row in rows:
        index = panel.waiting.index(row, 0)
        panel.view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
        panel.view.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.NoUpdate
        )


def test_an_empty_queue_teaches_the_key(panel: QueuePanel) -> None:
    assert "Ctrl+Enter" in panel._hint.text()
    assert panel.card.isHidden()


def test_whole_rows_are_seen_below_the_running_one(
    studio: Studio, panel: QueuePanel, qtbot: QtBot
) -> None:
    queue_runs(studio, 5)
    panel._refresh_timer.stop()
    panel.card.show_job(studio.controller.queue.waiting[0])
    panel._paused.hide()
    studio.window.reset_layout()
    qtbot.waitUntil(panel.card.isVisible)
    qtbot.wait(20)
    height = panel.view.viewport().height()
    assert 2 * ROW_PX <= height <= 2 * ROW_PX + 4


def test_keys_move_runs_in_the_queue_itself(
    studio: Studio, panel: QueuePanel, qtbot: QtBot
) -> None:
    queue_runs(studio, 5)
    select(panel, 3)
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, control)
    assert prompts(panel) == ["0", "1", "3", "2", "4"]
    assert [job.request.prompt[4:] for job in studio.controller.queue.waiting] == prompts(panel)
    assert [job.request.prompt for job in panel.view.selected] == ["run 3"]
    select(panel, 0, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_Down, control)
    assert prompts(panel) == ["3", "0", "1", "2", "4"]
    select(panel, 0)
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, control)  # the first stays the first
    assert prompts(panel) == ["3", "0", "1", "2", "4"]


def test_a_drag_moves_a_run(studio: Studio, panel: QueuePanel) -> None:
    """Qt ends a drag inside a list with moveRow."""
    queue_runs(studio, 5)
    root = QModelIndex()
    assert panel.waiting.moveRow(root, 0, root, 4)
    panel.refresh()
    assert prompts(panel) == ["1", "2", "3", "0", "4"]
    assert [job.request.seed for job in studio.controller.queue.waiting] == [1, 2, 3, 0, 4]
    assert not panel.waiting.moveRow(root, 9, root, 0)


def test_delete_and_the_cross_cancel(studio: Studio, panel: QueuePanel, qtbot: QtBot) -> None:
    jobs = queue_runs(studio, 4)
    select(panel, 1, 2)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: prompts(panel) == ["0", "3"], timeout=WAIT_MS)
    assert jobs[1].cancel.is_cancelled and not jobs[0].cancel.is_cancelled
    row = panel.view.visualRect(panel.waiting.index(0, 0))
    cross = QPoint(row.right() - CROSS_PX // 2 - 6, row.top() + ROW_PX // 2)
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=cross)
    qtbot.waitUntil(lambda: prompts(panel) == ["3"], timeout=WAIT_MS)


def test_the_menu_runs_first_and_takes_settings(studio: Studio, panel: QueuePanel) -> None:
    jobs = queue_runs(studio, 3)
    entries = {action.text(): action for action in panel.make_menu(jobs[2]).actions()}
    entries["Run First"].trigger()
    panel.refresh()
    assert prompts(panel) == ["2", "0", "1"]
    entries["Use Its Settings"].trigger()
    assert studio.form.prompt == "run 2"
    assert studio.form.seed == 2
    entries["Cancel Run"].trigger()
    panel.refresh()
    assert prompts(panel) == ["0", "1"]


def test_the_running_one_shows_its_progress_and_stops(
    studio: Studio, panel: QueuePanel, qtbot: QtBot
) -> None:
    request = GenerationRequest(prompt="slow", num_inference_steps=500, count=3)
    job = studio.controller.submit(request)
    studio.controller.resume()
    qtbot.waitUntil(lambda: bool(panel.card.bar.fraction), timeout=WAIT_MS)
    assert panel.card.job is job
    assert panel.waiting.rowCount() == 0
    qtbot.mouseClick(panel.card.after_button, Qt.MouseButton.LeftButton)
    assert job.cancel.stops_after_picture and not job.cancel.is_cancelled
    qtbot.waitUntil(lambda: "Stops soon" in panel.card._state.text(), timeout=WAIT_MS)
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS):
        qtbot.mouseClick(panel.card.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.card.isHidden, timeout=WAIT_MS)


def test_a_thousand_runs_are_shown_once_not_a_thousand_times(
    studio: Studio, panel: QueuePanel, qtbot: QtBot
) -> None:
    changes: list[int] = []
    panel.waiting.rowsInserted.connect(lambda *_: changes.append(1))
    panel.waiting.rowsRemoved.connect(lambda *_: changes.append(-1))
    for number in range(1000):
        studio.controller.submit(GenerationRequest(prompt=f"run {number}"))
    qtbot.waitUntil(lambda: panel.waiting.rowCount() == 1000, timeout=WAIT_MS)
    assert changes == [1]
    panel.view.selectAll()
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.waiting.rowCount() == 0, timeout=WAIT_MS)
    assert changes == [1, -1]


def test_a_run_that_starts_leaves_the_rest_of_the_list_alone(
    studio: Studio, panel: QueuePanel
) -> None:
    jobs = queue_runs(studio, 50)
    select(panel, 30)
    panel.waiting.take(tuple(jobs[1:]))
    assert panel.view.selected == [jobs[30]]
    panel.waiting.take((*jobs[1:20], *jobs[25:]))
    assert panel.view.selected == [jobs[30]]


def test_pause_is_said(studio: Studio, panel: QueuePanel) -> None:
    panel.refresh()
    assert not panel._paused.isHidden()
    studio.controller.resume()
    panel.refresh()
    assert panel._paused.isHidden()


def test_a_run_in_words() -> None:
    start = ImageToImage(init_image=gradient_picture(8, 8, 1), strength=0.5)
    request = GenerationRequest(prompt="a\n  boat", count=3, seed=9, model="big", start=start)
    assert job_words.title(request) == "a boat"
    assert (
        job_words.details(request, model_label="Big")
        == "256 × 256 · 3 pictures · strength 50 % · Big · seed 9"
    )
    training = TrainingRequest(kind="latent-diffusion", output="x", steps=12_000)
    assert job_words.title(training) == "Training: latent diffusion"
    assert job_words.details(training) == "12,000 steps"


@pytest.mark.parametrize("width, height", [(4, 300), (1600, 900), (64, 64)])
def test_the_mark_of_a_picture_is_small(qapp: QApplication, width: int, height: int) -> None:
    assert _small(gradient_picture(width, height, 1)).height() >= 64
