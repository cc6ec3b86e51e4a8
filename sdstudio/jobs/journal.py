"""The queue on disk, so that jobs survive a crash.

The journal is a log of JSON lines: `{"add": id, "request": ...}`, `{"remove": [ids]}` and
`{"order": [ids]}`. Appending keeps a change cheap however many jobs (with their pictures) wait.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.job import Job
from sdstudio.messages import wire
from sdstudio.messages.typed_values import parse_json

COMPACT_ABOVE_BYTES = 4 * 2**20


class QueueJournal:
    """Keeps one file equal to a list of jobs; used from one thread at a time.

    Args:
        path: the file; its folder is made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, bytes] = {}
        self._file_bytes = 0

    def load(self) -> tuple[Job, ...]:
        """Return the jobs that were unfinished when the program ended, in order.

        Put them back into the queue before the first `save`, which would drop them otherwise.
        A line cut short by a crash is left out. A journal with broken lines is kept beside as
        `.bak`, and the jobs that can still be read are returned.
        """
        jobs: dict[str, Job] = {}
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except OSError:
            return ()
        broken = False
        for line in lines:
            try:
                _replay(jobs, parse_json(line, "The journal"))
            except (InvalidRequestError, KeyError, TypeError):
                broken = broken or line.endswith(b"\n")
        if broken:
            with contextlib.suppress(OSError):
                shutil.copyfile(self._path, self._path.with_name(f"{self._path.name}.bak"))
        return tuple(jobs.values())

    def save(self, jobs: Sequence[Job]) -> None:
        """Make the file say that `jobs` are unfinished, in this order.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        lines = {job.id: self._lines.get(job.id) or _add_line(job) for job in jobs}
        appended = self._changes(lines)
        live_bytes = sum(map(len, lines.values()))
        new_size = self._file_bytes + len(appended)
        if not self._file_bytes or not lines or new_size > COMPACT_ABOVE_BYTES + 2 * live_bytes:
            self._rewrite(lines)
        elif appended:
            self._append(appended)
        self._lines = lines

    def _changes(self, lines: dict[str, bytes]) -> bytes:
        """The log lines that turn the saved list into `lines`."""
        kept = [job_id for job_id in self._lines if job_id in lines]
        added = [job_id for job_id in lines if job_id not in self._lines]
        changes = [lines[job_id] for job_id in added]
        if len(kept) < len(self._lines):
            changes.append(_line({"remove": [old for old in self._lines if old not in lines]}))
        if [*kept, *added] != list(lines):
            changes.append(_line({"order": list(lines)}))
        return b"".join(changes)

    def _rewrite(self, lines: dict[str, bytes]) -> None:
        data = b"".join(lines.values())
        if data or self._path.exists():
            write_atomically(self._path, data)
        self._file_bytes = len(data)

    def _append(self, data: bytes) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._file_bytes = 0  # what was written is unknown: the next save starts afresh
            raise storage_error(self._path, error) from error
        self._file_bytes += len(data)


def _line(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain).encode("ascii") + b"\n"


def _add_line(job: Job) -> bytes:
    return _line({"add": job.id, "request": wire.to_dict(job.request)})


def _replay(jobs: dict[str, Job], change: dict[str, Any]) -> None:
    """Carry out one line of the log on `jobs`."""
    if "add" in change:
        job = Job(request=wire.from_dict(change["request"]), id=str(change["add"]))
        jobs[job.id] = job
    elif "remove" in change:
        for job_id in change["remove"]:
            jobs.pop(job_id, None)
    else:
        ordered = {job_id: jobs[job_id] for job_id in change["order"] if job_id in jobs}
        jobs.clear()
        jobs.update(ordered)
