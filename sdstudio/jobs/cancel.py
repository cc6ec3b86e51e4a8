"""The token by which a running job is told to stop."""

from __future__ import annotations

import threading

from sdstudio.errors import Cancelled


class CancelToken:
    """Set from any thread, polled by the engine at every step.

    A queued cancel slot would reach a busy worker only after all its steps (measured), so the
    wish travels as a flag.
    """

    def __init__(self) -> None:
        self._stop_now = threading.Event()
        self._after_picture = threading.Event()

    def cancel(self) -> None:
        """Stop now: within one step, without decoding."""
        self._stop_now.set()

    def cancel_after_picture(self) -> None:
        """Finish the picture in work, then stop."""
        self._after_picture.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether *Stop now* was asked for."""
        return self._stop_now.is_set()

    @property
    def stops_after_picture(self) -> bool:
        """Whether no further picture should be started."""
        return self._stop_now.is_set() or self._after_picture.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if *Stop now* was asked for."""
        if self._stop_now.is_set():
            raise Cancelled
