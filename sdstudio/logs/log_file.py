"""The program's log: a few files of bounded size in the data folder."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
from pathlib import Path

LOG_NAME = "sdstudio.log"
MAX_LOG_BYTES = 1_000_000
KEPT_LOGS = 3
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


def start_log(folder: Path, *, level: int = logging.INFO) -> Path | None:
    """Send the program's log to a rotating file; None where the folder cannot be written.

    Calling it again moves the log.
    """
    logger = logging.getLogger("sdstudio")
    logger.setLevel(level)
    for old in [h for h in logger.handlers if isinstance(h, logging.FileHandler)]:
        logger.removeHandler(old)
        old.close()
    path = folder / LOG_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path,
            maxBytes=MAX_LOG_BYTES,
            backupCount=KEPT_LOGS,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.handleError = lambda record: None  # a full disk must not stop the program
    logger.addHandler(handler)
    return path


def last_lines(folder: Path, *, count: int = 60) -> list[str]:
    """Return the last lines of the log, fewer if it has not as many."""
    with contextlib.suppress(OSError), (folder / LOG_NAME).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 500 * count))
        return file.read().decode("utf-8", "replace").splitlines()[-count:]
    return []
