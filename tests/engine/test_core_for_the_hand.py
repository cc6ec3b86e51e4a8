"""What torch computes while the hand has a core for itself is what it computes otherwise."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from sdstudio.ui.engine_threads import ENGINE_THREAD, CoreForTheHand

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cores by thread")

PATIENCE_S = 60


@pytest.fixture
def engine() -> Iterator[ThreadPoolExecutor]:
    """A thread that bears the engine's name and computes with two."""

    def begin() -> None:
        with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as comm:
            comm.write(ENGINE_THREAD)
        torch.set_num_threads(2)

    with ThreadPoolExecutor(1, initializer=begin) as pool:
        yield pool


def _network() -> bytes:
    torch.manual_seed(0)
    values = torch.randn(1, 64, 48, 48)
    for _ in range(4):
        values = torch.nn.functional.conv2d(values, torch.randn(64, 64, 3, 3) / 24, padding=1)
        values = torch.nn.functional.group_norm(values, 8)
    return (values.mean(dim=1) @ torch.randn(48, 48)).numpy().tobytes()


def _num_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _comes_true(is_so: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(is_so() or waiting.wait(0.01) for _ in range(100 * PATIENCE_S))


def test_the_same_numbers_come_out_on_fewer_cores(
    engine: ThreadPoolExecutor, all_cores: set[int]
) -> None:
    free = engine.submit(_network).result()
    threads = _num_threads()
    core = CoreForTheHand()
    core.take()
    try:
        assert _comes_true(lambda: _num_threads() > threads + len(all_cores))
        confined = engine.submit(os.sched_getaffinity, 0).result()
        assert confined == all_cores - {max(all_cores)}
        assert engine.submit(torch.get_num_threads).result() == 2
        assert engine.submit(_network).result() == free
    finally:
        core.give_back()
    assert engine.submit(os.sched_getaffinity, 0).result() == all_cores
    assert _comes_true(lambda: _num_threads() <= threads)
    assert engine.submit(_network).result() == free


def test_a_core_is_taken_again_and_again_without_piling_up_threads(all_cores: set[int]) -> None:
    core = CoreForTheHand()
    core.give_back()
    threads = _num_threads()
    for _ in range(20):
        core.take()
        core.take()
        core.give_back()
    assert _comes_true(lambda: _num_threads() <= threads)
