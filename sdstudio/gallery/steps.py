"""How far a change of many pictures is, and whether it should go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

QUIET_S = 0.5
"""A change that ends sooner is not spoken of."""
EVERY_S = 0.1


class ChangeStoppedError(Exception):
    """A change was stopped before any of it was made."""


class Steps:
    """Counts on the thread that works; may be stopped from any other.

    Args:
        report: told (done, total) now and then, on the working thread.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        report: Callable[[int, int], object] = lambda done, total: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._clock = clock
        self._stop = threading.Event()
        self._due_s = clock() + QUIET_S
        self._done = self._total = 0

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more should be begun."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the change to end early."""
        self._stop.set()

    def raise_if_stopped(self) -> None:
        """End a change of which nothing is made yet.

        Raises:
            ChangeStoppedError: it was stopped.
        """
        if self._stop.is_set():
            raise ChangeStoppedError

    def expect(self, count: int) -> None:
        """So many steps are still to come, beside those known of."""
        self._total += count

    def step(self, count: int = 1) -> None:
        """So many are done."""
        self._done += count
        now = self._clock()
        if now >= self._due_s:
            self._due_s = now + EVERY_S
            self._report(min(self._done, self._total), self._total)
