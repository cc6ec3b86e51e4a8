"""The engine's threads beside the window's: who goes first where both want the same core.

Only Linux knows niceness and cores by thread; elsewhere nothing here has an effect.
"""

from __future__ import annotations

import contextlib
import ctypes
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


class CoreForTheHand:
    """Keeps the engine off one of the window's cores while it is taken.

    As many threads as before work on fewer cores: with fewer threads torch would round its sums
    otherwise, and a picture made meanwhile could not be made again.
    """

    def __init__(self) -> None:
        self.is_taken = False
        self._crowd: OpenMPCrowd | None = None

    def take(self) -> None:
        """Confine the engine's threads, also those that came since it was taken before."""
        if sys.platform != "linux":
            return
        cores = os.sched_getaffinity(os.getpid())
        if len(cores) < 2:
            return
        self.is_taken = True
        if self._crowd is None:
            self._crowd = OpenMPCrowd((os.cpu_count() or 1) + 1)
        _confine(cores - {max(cores)})

    def give_back(self) -> None:
        """Let the engine work on every core that the window may use."""
        if not self.is_taken:
            return
        self.is_taken = False
        _confine(os.sched_getaffinity(os.getpid()))
        if self._crowd is not None:
            self._crowd.disperse()
            self._crowd = None


class OpenMPCrowd:
    """Threads of GNU's OpenMP that sleep, more than there are cores.

    Threads of a team that wait for one another spin, as a rule, for some milliseconds; on one core
    each would take it from the one it waits for, and the built-in model was 140 times slower. If
    OpenMP has more threads than cores they sleep almost at once (libgomp's config/linux/wait.h),
    and it is 1.7 times slower, which is what one core of two costs.

    Args:
        count: how many threads.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._may_end = threading.Event()
        self._leader = threading.Thread(target=self._gather, name="openmp-crowd", daemon=True)
        self._leader.start()

    def disperse(self) -> None:
        """Let them end."""
        self._may_end.set()

    def _gather(self) -> None:
        openmp = _loaded_openmp()
        if openmp is None:
            return
        work = ctypes.cast(openmp.omp_get_thread_num, ctypes.c_void_p)  # as good as none
        openmp.GOMP_parallel(work, None, ctypes.c_uint(self._count), ctypes.c_uint(0))
        self._may_end.wait()  # a team lives as long as the thread that called it together


def _loaded_openmp() -> ctypes.CDLL | None:
    """GNU's OpenMP, if torch has brought it into this process."""
    with open("/proc/self/maps") as maps:
        path = next((line.split()[-1] for line in maps if "libgomp" in line), None)
    return None if path is None else ctypes.CDLL(path)


def _confine(cores: Iterable[int]) -> None:
    for task in _TASKS.iterdir():
        with contextlib.suppress(OSError):  # a thread may end meanwhile
            if (task / "comm").read_text().strip() == ENGINE_THREAD:
                os.sched_setaffinity(int(task.name), cores)
