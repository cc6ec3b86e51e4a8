"""The engine's thread gives way to the window's."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from sdstudio.ui.engine_worker import ENGINE_NICENESS, give_way_to_the_window

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="niceness by thread")


def test_a_thread_that_gives_way_hands_it_on_and_leaves_others_alone() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen: list[int] = []

    def note() -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def work() -> None:
        give_way_to_the_window()
        give_way_to_the_window()
        note()
        child = threading.Thread(target=note)
        child.start()
        child.join()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert seen == [max(before, ENGINE_NICENESS)] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
