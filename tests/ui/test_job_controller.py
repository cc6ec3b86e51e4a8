"""From wish to picture over two threads, with a real engine that needs no model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.errors import OutOfMemoryError, StorageError
from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.store import GalleryStore
from sdstudio.jobs.job import Emit, Job
from sdstudio.jobs.journal import QueueJournal
from sdstudio.messages.events import (
    JobCancelled,
    JobFailed,
    JobFinished,
    PictureFinished,
    StepEvent,
)
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.ui.engine_worker import EngineWorker, LatestStep
from sdstudio.ui.job_controller import JobController, SavePicture
from tests.support.fake_engine import FakeEngine, gradient_picture

WAIT_MS = 30_000  # generous: a loaded machine must not fail a test

Make = Callable[..., JobController]


@pytest.fixture
def gallery(tmp_path: Path) -> GalleryStore:
    return GalleryStore(tmp_path / "pictures")


@pytest.fixture
def make(qapp: QApplication, gallery: GalleryStore) -> Iterator[Make]:
    """Controllers that are shut down when the test is over."""
    made: list[JobController] = []

    def make_one(
        engine: FakeEngine | None = None,
        save: SavePicture | None = None,
        journal: QueueJournal | None = None,
    ) -> JobController:
        controller = JobController(engine or FakeEngine(), save or gallery.add)
        if journal is not None:
            controller.keep_journal(journal)
        made.append(controller)
        return controller

    yield make_one
    for controller in made:
        controller.shut_down()


def request(prompt: str = "a house", **values: object) -> GenerationRequest:
    values = {"width": 64, "height": 64, "num_inference_steps": 4, "seed": 7} | values
    return GenerationRequest(prompt=prompt, **values)  # type: ignore[arg-type]


def test_a_picture_is_on_disk_before_it_is_announced(qtbot: QtBot, make: Make) -> None:
    controller = make()
    asked = request()
    with qtbot.waitSignal(controller.picture_saved, timeout=WAIT_MS) as saved:
        controller.submit(asked)
    result, path = saved.args
    assert read_request(path) == asked
    assert result.picture == gradient_picture(64, 64, 7)


def test_signals_arrive_on_the_ui_thread_while_the_engine_runs_on_its_own(
    qtbot: QtBot, make: Make
) -> None:
    threads: dict[str, object] = {}

    class Spy(FakeEngine):
        def run(self, job: Job, emit: Emit) -> None:
            threads["engine"] = threading.get_ident()
            super().run(job, emit)

    controller = make(Spy())
    controller.step.connect(lambda _: threads.setdefault("step", QThread.currentThread()))
    with qtbot.waitSignal(controller.picture_saved, timeout=WAIT_MS):
        controller.submit(request())
    assert threads["engine"] != threading.get_ident()
    assert threads["step"] is controller.thread()


def test_runs_queue_and_first_goes_first(qtbot: QtBot, make: Make) -> None:
    controller = make(FakeEngine(seconds_per_step=0.02))
    order: list[str] = []
    controller.job_started.connect(lambda job: order.append(job.request.prompt))
    controller.submit(request("one"))
    controller.submit(request("two"))
    controller.submit(request("urgent"), first=True)
    qtbot.waitUntil(lambda: len(order) == 3 and controller.queue.running is None, timeout=WAIT_MS)
    assert order == ["one", "urgent", "two"]


def test_pause_lets_the_running_job_end_and_starts_no_other(qtbot: QtBot, make: Make) -> None:
    controller = make()
    controller.pause()
    controller.submit(request())
    qtbot.wait(50)
    assert controller.queue.running is None
    with qtbot.waitSignal(controller.job_ended, timeout=WAIT_MS):
        controller.resume()


def test_stop_now_ends_within_a_step_and_the_engine_is_usable_at_once(
    qtbot: QtBot, make: Make
) -> None:
    controller = make(FakeEngine(seconds_per_step=0.02))
    steps: list[StepEvent] = []
    controller.step.connect(steps.append)
    controller.submit(request(num_inference_steps=1000))
    qtbot.waitUntil(lambda: len(steps) >= 2, timeout=WAIT_MS)
    with qtbot.waitSignal(controller.job_ended, timeout=WAIT_MS) as ended:
        controller.stop_now()
    assert isinstance(ended.args[1], JobCancelled)
    assert steps[-1].step < 1000
    with qtbot.waitSignal(controller.picture_saved, timeout=WAIT_MS):
        controller.submit(request())


def test_after_this_picture_keeps_the_one_in_work(qtbot: QtBot, make: Make) -> None:
    controller = make(FakeEngine(seconds_per_step=0.01))
    saved: list[Path] = []
    controller.picture_saved.connect(lambda _result, path: saved.append(path))
    controller.job_started.connect(controller.stop_after_picture)
    with qtbot.waitSignal(controller.job_ended, timeout=WAIT_MS) as ended:
        controller.submit(request(count=5))
    assert ended.args[1] == JobFinished(job_id=ended.args[0].id, pictures=1, skipped=4)
    qtbot.waitUntil(lambda: len(saved) == 1, timeout=WAIT_MS)


def test_a_failed_job_is_told_with_its_remedies_and_the_next_one_runs(
    qtbot: QtBot, make: Make
) -> None:
    fault = OutOfMemoryError("Too little memory.", "Choose less.", ("smaller-size",))
    controller = make(FakeEngine(fault=fault, fault_at_step=2, fault_count=1))
    with qtbot.waitSignals([controller.job_failed, controller.picture_saved], timeout=WAIT_MS):
        controller.job_failed.connect(lambda job, failure: failures.append((job, failure)))
        failures: list[tuple[Job, JobFailed]] = []
        controller.submit(request("large"))
        controller.submit(request("small"))
    job, failure = failures[0]
    assert job.request.prompt == "large"
    assert (failure.message, failure.remedies) == ("Too little memory.", ("smaller-size",))


def test_a_picture_that_cannot_be_saved_is_kept_until_it_can(
    qtbot: QtBot, make: Make, gallery: GalleryStore
) -> None:
    disk = {"is_full": True}

    def save(result: PictureResult) -> Path:
        if disk["is_full"]:
            raise StorageError("The disk is full.", "Free some space.")
        return gallery.add(result)

    controller = make(save=save)
    with (
        qtbot.assertNotEmitted(controller.picture_saved),
        qtbot.waitSignal(controller.picture_not_saved, timeout=WAIT_MS) as failed,
    ):
        controller.submit(request())
    assert str(failed.args[1]) == "The disk is full. Free some space."
    assert len(controller.unsaved) == 1
    disk["is_full"] = False
    with qtbot.waitSignal(controller.picture_saved, timeout=WAIT_MS) as saved:
        controller.save_again()
    assert saved.args[0].picture == gradient_picture(64, 64, 7)
    assert controller.unsaved == []


def test_a_read_only_folder_is_a_kept_picture_too(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a file where the folder should be")
    controller = make(save=GalleryStore(blocker / "pictures").add)
    with qtbot.waitSignal(controller.picture_not_saved, timeout=WAIT_MS):
        controller.submit(request())
    assert len(controller.unsaved) == 1


def test_waiting_jobs_survive_a_crash_and_are_offered(
    qtbot: QtBot, make: Make, tmp_path: Path
) -> None:
    path = tmp_path / "queue.jsonl"
    before = make(journal=QueueJournal(path))
    before.pause()
    before.submit(request("one"))
    before.submit(request("two"))
    qtbot.waitUntil(lambda: len(QueueJournal(path).load()) == 2, timeout=WAIT_MS)

    after = make()
    with qtbot.waitSignal(after.jobs_recovered, timeout=WAIT_MS) as recovered:
        after.keep_journal(QueueJournal(path))
    assert [job.request.prompt for job in recovered.args[0]] == ["one", "two"]
    assert after.queue.running is None
    prompts: list[str] = []
    after.job_started.connect(lambda job: prompts.append(job.request.prompt))
    after.take_recovered(run_them=True)
    qtbot.waitUntil(lambda: prompts == ["one", "two"], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: QueueJournal(path).load() == (), timeout=WAIT_MS)


def test_recovered_jobs_can_be_forgotten(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    path = tmp_path / "queue.jsonl"
    QueueJournal(path).save([Job(request=request())])
    controller = make()
    with qtbot.waitSignal(controller.jobs_recovered, timeout=WAIT_MS):
        controller.keep_journal(QueueJournal(path))
    controller.take_recovered(run_them=False)
    qtbot.waitUntil(lambda: QueueJournal(path).load() == (), timeout=WAIT_MS)


def test_closing_during_a_run_ends_the_thread_and_keeps_the_job_in_the_journal(
    qtbot: QtBot, gallery: GalleryStore, tmp_path: Path
) -> None:
    path = tmp_path / "queue.jsonl"
    engine = FakeEngine(seconds_per_step=0.01)
    controller = JobController(engine, gallery.add)
    controller.keep_journal(QueueJournal(path))
    with qtbot.waitSignal(controller.step, timeout=WAIT_MS):
        controller.submit(request(num_inference_steps=1000))
    controller.shut_down()
    assert controller._thread.isFinished()
    assert [job.request.num_inference_steps for job in QueueJournal(path).load()] == [1000]


def test_closing_saves_a_picture_that_was_just_finished(qtbot: QtBot, tmp_path: Path) -> None:
    finished = threading.Event()

    class Quick(FakeEngine):
        def run(self, job: Job, emit: Emit) -> None:
            super().run(job, emit)
            finished.set()

    gallery = GalleryStore(tmp_path / "pictures")
    controller = JobController(Quick(), gallery.add)
    controller.submit(request())
    assert finished.wait(30)  # without an event loop, so nothing has been delivered yet
    controller.shut_down()
    assert len(list(gallery.folder.glob("*.png"))) == 1


def test_a_thousand_waiting_jobs_are_cleared_at_once(qtbot: QtBot, make: Make) -> None:
    controller = make()
    controller.pause()
    for seed in range(1000):
        controller.submit(request(seed=seed))
    removed = controller.queue.clear()
    assert len(removed) == 1000
    assert all(job.cancel.is_cancelled for job in removed)


def _step(number: int) -> StepEvent:
    return StepEvent(job_id="j", picture_index=0, picture_count=1, step=number, num_steps=10_000)


def test_ten_thousand_steps_make_one_wake_up_and_the_last_one_is_seen() -> None:
    worker = EngineWorker(FakeEngine())
    places: list[LatestStep] = []
    worker.stepped.connect(places.append)
    for number in range(1, 10_001):
        worker._emit(_step(number))
    assert len(places) == 1
    latest = places[0].take()
    assert latest is not None
    assert latest.step == 10_000
    assert places[0].take() is None


def test_a_step_never_overtakes_the_picture_before_it() -> None:
    worker = EngineWorker(FakeEngine())
    seen: list[object] = []
    worker.stepped.connect(seen.append)
    worker.happened.connect(seen.append)
    result = PictureResult(picture=gradient_picture(8, 8, 1), request=request())
    worker._emit(_step(9))
    worker._emit(PictureFinished(job_id="j", result=result))
    worker._emit(_step(1))
    # Taken late, as by a busy UI thread: the first place still holds the first picture's step.
    first, picture, second = seen
    assert isinstance(first, LatestStep)
    assert isinstance(second, LatestStep)
    assert isinstance(picture, PictureFinished)
    assert (first.take(), second.take()) == (_step(9), _step(1))


def test_pictures_kept_aside_are_handed_out_and_saved_only_on_request(
    make: Make, qtbot: QtBot, gallery: GalleryStore, tmp_path: Path
) -> None:
    journal = QueueJournal(tmp_path / "queue.jsonl")
    controller = make(FakeEngine(seconds_per_step=0.01), journal=journal)
    handed: list[tuple[Job, PictureResult]] = []
    saved: list[Path] = []
    controller.picture_made.connect(lambda job, result: handed.append((job, result)))
    controller.picture_saved.connect(lambda result, path: saved.append(path))
    aside = controller.submit(GenerationRequest(prompt="a sketch", count=2), is_kept_aside=True)
    assert controller.is_kept_aside(aside)
    qtbot.waitUntil(lambda: len(handed) == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not controller.is_kept_aside(aside), timeout=WAIT_MS)
    assert {job.id for job, _ in handed} == {aside.id}
    assert not saved
    assert not any(job.id == aside.id for job in journal.load())
    controller.save(handed[1][1])
    qtbot.waitUntil(lambda: len(saved) == 1, timeout=WAIT_MS)
    assert read_request(saved[0]) == handed[1][1].request
