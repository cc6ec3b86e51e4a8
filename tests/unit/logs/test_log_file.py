"""The log stays small, and a full or read-only disk does not stop the program."""

from __future__ import annotations

import errno
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdstudio.logs import log_file
from sdstudio.logs.log_file import last_lines, start_log


@pytest.fixture(autouse=True)
def own_logger() -> Iterator[None]:
    """Leave the program's logger as it was found."""
    logger = logging.getLogger("sdstudio")
    level, handlers = logger.level, list(logger.handlers)
    yield
    for handler in set(logger.handlers) - set(handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_what_rooms_say_is_written(tmp_path: Path) -> None:
    path = start_log(tmp_path / "logs")
    assert path is not None
    logging.getLogger("sdstudio.jobs.runner").info("job %s \ud800", "x")
    assert "sdstudio.jobs.runner: job x \\ud800" in path.read_text()
    assert len(last_lines(tmp_path / "logs")) == 1


def test_the_log_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MAX_LOG_BYTES", 2000)
    start_log(tmp_path)
    for number in range(200):
        logging.getLogger("sdstudio").info("line %d %s", number, "x" * 50)
    files = list(tmp_path.glob("sdstudio.log*"))
    assert len(files) == 1 + log_file.KEPT_LOGS
    assert sum(file.stat().st_size for file in files) < 10_000
    assert "line 199" in last_lines(tmp_path, count=5)[-1]


def test_a_second_start_does_not_write_twice(tmp_path: Path) -> None:
    start_log(tmp_path)
    start_log(tmp_path)
    logging.getLogger("sdstudio").info("once")
    assert len(last_lines(tmp_path)) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Row 50: HOME unwritable: the program runs without a log."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert start_log(blocked / "logs") is None
    logging.getLogger("sdstudio").info("into the void")
    assert last_lines(blocked / "logs") == []


class FullDisk(io.StringIO):
    """A stream on a disk without space."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 24: the log meets a full disk and nothing is printed or raised."""
    start_log(tmp_path)
    (handler,) = (
        h for h in logging.getLogger("sdstudio").handlers if isinstance(h, logging.FileHandler)
    )
    previous = handler.setStream(FullDisk())
    logging.getLogger("sdstudio").info("does not fit")
    handler.setStream(previous)
    logging.getLogger("sdstudio").info("fits")
    assert capsys.readouterr().err == ""
    assert [line.rpartition(" ")[2] for line in last_lines(tmp_path)] == ["fits"]
