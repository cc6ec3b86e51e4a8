"""The engine's threads beside the window's: who goes first where both want the same core.

Only Linux knows niceness and cores by thread; elsewhere nothing here has an effect.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

ENGINE_THREAD = "engine"
"""Name of the engine's thread; those it starts, torch's among them, inherit it."""

ENGINE_NICENESS = 5
"""How much nicer than the window's thread."""

_TASKS = Path("/proc/self/task")
_MOST_NICE = 19


def give_way_to_the_window() -> None:
    """Let the window go first wherever it and this thread want the same core.

    Threads that this one starts later inherit it.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        wanted = os.getpriority(os.PRIO_PROCESS, os.getpid()) + ENGINE_NICENESS
        if os.getpriority(os.PRIO_PROCESS, thread) < wanted:
            os.setpriority(os.PRIO_PROCESS, thread, min(wanted, _MOST_NICE))


def spare_a_core() -> bool:
    """Keep the engine off one of the window's cores, until `share_all_cores`.

    As many threads as before work on fewer cores: with fewer threads, which would be faster,
    torch rounds its sums otherwise, and a picture made meanwhile could not be made again.

    Returns:
        False where that cannot be: the system does not know how, or there is one core only.
    """
    if sys.platform != "linux":
        return False
    cores = os.sched_getaffinity(os.getpid())
    if len(cores) < 2:
        return False
    _confine(cores - {max(cores)})
    return True


def share_all_cores() -> None:
    """Let the engine work on every core that the window may use."""
    if sys.platform == "linux":
        _confine(os.sched_getaffinity(os.getpid()))


def _confine(cores: Iterable[int]) -> None:
    for task in _TASKS.iterdir():
        with contextlib.suppress(OSError):  # a thread may end meanwhile
            if (task / "comm").read_text().strip() == ENGINE_THREAD:
                os.sched_setaffinity(int(task.name), cores)
