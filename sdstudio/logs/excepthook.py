"""What happens to an error nobody caught: it is logged and told, and the program goes on."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from sdstudio.errors import SdstudioError

_log = logging.getLogger(__name__)

Tell = Callable[[str, str], None]
"""Gets one sentence for a person and the details for a report; called on any thread."""


def install_excepthooks(tell: Tell) -> None:
    """Catch what reaches the top of the main thread, another thread or a finaliser.

    This is, beside `run_job`, the only broad except of the program.
    """

    def hook(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or issubclass(kind, (KeyboardInterrupt, SystemExit)):
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _log.error("nobody caught this:\n%s", details)
        try:
            tell(sentence_of(error), details)
        except Exception:  # telling must never hide the error itself
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
    threading.excepthook = lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback)


def sentence_of(error: BaseException) -> str:
    """Return what to tell a person about an error."""
    if isinstance(error, SdstudioError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory. Close other programs or choose a smaller size."
    return f"Something unexpected happened: {type(error).__name__}. Please report it."
