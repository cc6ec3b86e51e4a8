"""The waiting line."""

from __future__ import annotations

import gc
import weakref

import pytest

from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.job import Job
from sdstudio.jobs.queue import MAX_WAITING, JobQueue
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.raster import Raster


def job(prompt: str = "") -> Job:
    return Job(request=GenerationRequest(prompt=prompt))


def prompts(queue: JobQueue) -> str:
    return "".join(waiting.request.prompt for waiting in queue.waiting)


@pytest.fixture
def queue() -> JobQueue:
    queue = JobQueue()
    queue.extend([job("a"), job("b"), job("c")])
    return queue


def test_jobs_come_out_one_by_one_in_order(queue: JobQueue) -> None:
    """Row 32: a second job is not handed out while one runs."""
    first = queue.next()
    assert first is not None and first.request.prompt == "a"
    assert queue.running is first and queue.next() is None
    queue.finish("someone else")
    assert queue.running is first
    queue.finish(first.id)
    second = queue.next()
    assert second is not None and second.request.prompt == "b"
    assert [each.request.prompt for each in queue.unfinished] == ["b", "c"]


def test_first_goes_before_the_waiting(queue: JobQueue) -> None:
    queue.add(job("x"), first=True)
    assert prompts(queue) == "xabc"


@pytest.mark.parametrize("index, order", [(0, "cab"), (1, "acb"), (-5, "cab"), (99, "abc")])
def test_move(queue: JobQueue, index: int, order: str) -> None:
    queue.move(queue.waiting[2].id, index)
    assert prompts(queue) == order


def test_remove_cancels_what_waits_and_ignores_the_rest(queue: JobQueue) -> None:
    waiting = queue.waiting[1]
    assert queue.remove(waiting.id) is waiting and waiting.cancel.is_cancelled
    assert queue.remove(waiting.id) is None
    assert prompts(queue) == "ac"
    with pytest.raises(KeyError):
        queue.move(waiting.id, 0)


def test_a_pause_holds_back_the_next_job_only(queue: JobQueue) -> None:
    running = queue.next()
    queue.pause()
    assert queue.is_paused and queue.running is running
    assert running is not None
    queue.finish(running.id)
    assert queue.next() is None
    queue.resume()
    assert queue.next() is not None


def test_every_change_is_told_once() -> None:
    changes: list[int] = []
    queue = JobQueue(on_change=lambda: changes.append(len(queue)))
    queue.add(job())
    queue.extend([job(), job()])
    queue.pause()
    queue.pause()
    queue.resume()
    running = queue.next()
    assert running is not None
    queue.finish(running.id)
    queue.clear()
    queue.clear()
    assert changes == [1, 3, 3, 3, 2, 2, 0]


def test_a_job_is_queued_only_once(queue: JobQueue) -> None:
    with pytest.raises(ValueError, match="once"):
        queue.add(queue.waiting[0])
    running = queue.next()
    assert running is not None
    with pytest.raises(ValueError, match="once"):
        queue.add(running)


def test_a_full_queue_says_so() -> None:
    queue = JobQueue()
    queue.extend([job() for _ in range(MAX_WAITING)])
    with pytest.raises(InvalidRequestError, match="full"):
        queue.add(job())
    assert len(queue) == MAX_WAITING


def test_a_thousand_jobs_are_cleared_in_one_change() -> None:
    """Row 33: 1,000 queued jobs with pictures; all cancelled, one change, memory given back."""
    changes: list[int] = []
    queue = JobQueue(on_change=lambda: changes.append(len(queue)))
    picture = Raster(width=64, height=64, mode="RGB", pixels=bytes(64 * 64 * 3))
    request = GenerationRequest(prompt="", start=ImageToImage(init_image=picture))
    queue.extend([Job(request=request) for _ in range(1000)])
    running = queue.next()
    tokens = [waiting.cancel for waiting in queue.waiting]
    traces = [weakref.ref(token) for token in tokens]
    queue.clear()
    assert all(token.is_cancelled for token in tokens)
    assert changes == [1000, 999, 0]
    assert queue.running is running and running is not None and not running.cancel.is_cancelled
    del tokens
    gc.collect()
    assert not any(trace() for trace in traces)
