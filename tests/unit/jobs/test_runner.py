"""Every end of a job is one event."""

from __future__ import annotations

import pytest

from sdstudio.errors import (
    Cancelled,
    InvalidRequestError,
    OutOfMemoryError,
    UnsupportedRequestError,
)
from sdstudio.jobs.engine import LazyEngine
from sdstudio.jobs.job import Job
from sdstudio.jobs.runner import run_job
from sdstudio.messages.events import (
    FinalEvent,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobStarted,
    PictureFinished,
    StepEvent,
)
from sdstudio.messages.generation import MAX_SEED, GenerationRequest
from sdstudio.messages.training import TrainingRequest
from tests.support.fake_engine import FakeEngine


def job(count: int = 1, seed: int = 0) -> Job:
    request = GenerationRequest(
        prompt="p", width=32, height=24, num_inference_steps=3, count=count, seed=seed
    )
    return Job(request=request)


def run(engine: FakeEngine | LazyEngine, job: Job) -> list[JobEvent]:
    events: list[JobEvent] = []
    run_job(engine, job, events.append)
    assert isinstance(events[0], JobStarted)
    finals = [event for event in events if isinstance(event, FinalEvent)]
    assert finals == [events[-1]], "exactly one final event, and it comes last"
    assert {event.job_id for event in events} == {job.id}
    return events


def pictures(events: list[JobEvent]) -> list[PictureFinished]:
    return [event for event in events if isinstance(event, PictureFinished)]


def test_a_good_run() -> None:
    events = run(FakeEngine(), job(count=2))
    assert isinstance(events[-1], JobFinished)
    assert (events[-1].pictures, events[-1].skipped) == (2, 0)
    assert len([event for event in events if isinstance(event, StepEvent)]) == 6


def test_picture_k_is_the_picture_of_seed_plus_k() -> None:
    together = pictures(run(FakeEngine(), job(count=2, seed=MAX_SEED)))
    alone = pictures(run(FakeEngine(), job(seed=0)))
    assert together[1].result.picture == alone[0].result.picture
    assert together[0].result.picture != alone[0].result.picture
    assert together[1].result.request == alone[0].result.request


@pytest.mark.parametrize(
    "fault, kind",
    [
        (InvalidRequestError("No.", "Do that."), "request"),
        (UnsupportedRequestError("No."), "request"),
        (OutOfMemoryError("Full.", "Less.", ("smaller-size",)), "environment"),
        (MemoryError(), "environment"),
        (FileNotFoundError(2, "No such file", "weights"), "environment"),
        (ZeroDivisionError("x"), "bug"),
        (RecursionError(), "bug"),
        (AssertionError(), "bug"),
    ],
)
@pytest.mark.parametrize("step", [0, 2])
def test_every_error_becomes_a_failure_in_words(fault: Exception, kind: str, step: int) -> None:
    """Rows 17, 31: a failed run ends with one event and leaves the engine fit for the next."""
    engine = FakeEngine(fault=fault, fault_at_step=step, fault_count=1)
    failed = run(engine, job())[-1]
    assert isinstance(failed, JobFailed)
    assert failed.kind == kind
    assert failed.message.endswith(".") and type(fault).__name__ in failed.details
    again = pictures(run(engine, job(seed=4)))[0].result.picture
    assert again == pictures(run(FakeEngine(), job(seed=4)))[0].result.picture


def test_words_and_remedies_of_an_error_arrive() -> None:
    error = OutOfMemoryError("Full.", "Less.", ("smaller-size", "tiled-vae"))
    failed = run(FakeEngine(fault=error), job())[-1]
    assert isinstance(failed, JobFailed)
    assert (failed.message, failed.hint) == ("Full.", "Less.")
    assert failed.remedies == ("smaller-size", "tiled-vae")


def test_memory_error_offers_remedies() -> None:
    """Row 19: the CPU's allocator failing is told with what would help."""
    failed = run(FakeEngine(fault=MemoryError()), job())[-1]
    assert isinstance(failed, JobFailed) and "smaller-size" in failed.remedies


@pytest.mark.parametrize("fault", [Cancelled(), KeyboardInterrupt()])
def test_a_stop_is_not_a_failure(fault: BaseException) -> None:
    assert isinstance(run(FakeEngine(fault=fault, fault_at_step=1), job())[-1], JobCancelled)


def test_a_job_cancelled_before_its_start_never_reaches_the_engine() -> None:
    """Row 30: cancel before the first step."""
    engine, cancelled = FakeEngine(), job()
    cancelled.cancel.cancel()
    assert isinstance(run(engine, cancelled)[-1], JobCancelled)
    assert engine.jobs_run == []


@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_stop_now_in_the_middle(stop_at: int) -> None:
    """Row 30: cancel at the first, a middle and the last step; no picture, next run unharmed."""
    engine, stopped = FakeEngine(), job()
    events: list[JobEvent] = []

    def emit(event: JobEvent) -> None:
        events.append(event)
        if isinstance(event, StepEvent) and event.step == stop_at:
            stopped.cancel.cancel()

    run_job(engine, stopped, emit)
    assert isinstance(events[-1], JobCancelled) and not pictures(events)
    assert len([event for event in events if isinstance(event, StepEvent)]) == stop_at
    assert pictures(run(engine, job())) != []


def test_after_this_picture_counts_what_was_left_out() -> None:
    stopped, events = job(count=5), []

    def emit(event: JobEvent) -> None:
        events.append(event)
        if isinstance(event, StepEvent) and event.picture_index == 1:
            stopped.cancel.cancel_after_picture()

    run_job(FakeEngine(), stopped, emit)
    assert events[-1] == JobFinished(job_id=stopped.id, pictures=2, skipped=3)


def test_a_picture_that_cannot_be_saved_ends_the_run() -> None:
    """Row 24: the one who saves raises; the run ends with its words."""
    events: list[JobEvent] = []

    def emit(event: JobEvent) -> None:
        if isinstance(event, PictureFinished):
            raise OutOfMemoryError("The picture could not be saved.")
        events.append(event)

    run_job(FakeEngine(), job(), emit)
    assert isinstance(events[-1], JobFailed)
    assert events[-1].message == "The picture could not be saved."


def test_training_ends_without_pictures() -> None:
    training = Job(request=TrainingRequest(kind="ddpm", output="o", steps=3))
    assert run(FakeEngine(), training)[-1] == JobFinished(job_id=training.id, pictures=0)


def test_a_lazy_engine_is_built_by_its_first_job() -> None:
    built: list[FakeEngine] = []

    def build() -> FakeEngine:
        built.append(FakeEngine())
        return built[-1]

    lazy = LazyEngine(build)
    lazy.close()
    assert built == []
    run(lazy, job())
    run(lazy, job())
    assert len(built) == 1
    lazy.close()
    assert built[0].is_closed


def test_an_engine_that_cannot_be_built_is_a_failure_too() -> None:
    def build() -> FakeEngine:
        raise ImportError("no torch")

    assert isinstance(run(LazyEngine(build), job())[-1], JobFailed)
