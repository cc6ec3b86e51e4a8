"""Brings the index into line with the disk: reads what is new or changed, forgets what is gone."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from sdstudio.atomic_file import PART_SUFFIX
from sdstudio.errors import PictureFileError
from sdstudio.gallery.index import GalleryIndex, Stamp
from sdstudio.gallery.index_writing import IndexWriter
from sdstudio.gallery.metadata.file_texts import OutOfReachError
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.picture_row import ScannedFile, scanned
from sdstudio.gallery.store import PICTURE_ENDINGS

_BATCH = 1000
_WRITES_AHEAD = 4
_TURN_S = 0.0005
_OBJECTS_BETWEEN = 50_000
_REPORT_EVERY = 100
_LEFTOVER_AFTER_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanProgress:
    """How far a scan is: `done` of `total` files that have to be read."""

    done: int
    total: int


@dataclass(slots=True, kw_only=True)
class ScanOutcome:
    """What a scan found.

    Attributes:
        renamed: (old, new) paths of files that another program renamed or moved.
        broken: files that are no whole picture; they are in the index with their fault.
        out_of_reach: files that the disk did not give; they are tried again.
        problems: a sentence for each folder that could not be read, and one for files.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    broken: int = 0
    renamed: list[tuple[str, str]] = field(default_factory=list)
    out_of_reach: int = 0
    problems: list[str] = field(default_factory=list)
    was_cancelled: bool = False

    def count(self, pairs: Pairs, renames: int) -> None:
        """Add what was found in those files."""
        known = sum(found.is_known for found, _ in pairs)
        self.broken += sum(bool(file.fault) for _, file in pairs)
        self.changed += known
        self.added += len(pairs) - known - renames


class _Found(NamedTuple):
    """One file that has to be read."""

    mtime_ns: int
    path: str
    folder: str
    num_bytes: int
    is_known: bool


_MOMENT, _PATH = attrgetter("mtime_ns"), attrgetter("path")
Pairs = list[tuple[_Found, ScannedFile]]
Report = Callable[[ScanProgress], None]


def scan(
    index: GalleryIndex,
    folders: Sequence[Path],
    *,
    report: Report = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
    read_all: bool = False,
) -> ScanOutcome:
    """Compare the watched folders with the index and put the index right.

    Only files whose time or length changed are read, and only their heads and texts. Links to
    folders are not followed. What lies in a folder that cannot be reached stays in the index.

    Args:
        report: called now and then, on this thread.
        cancelled: asked often; what was read until then stays.
        read_all: read every file again, as `gallery rebuild` does.

    Raises:
        StorageError: the index cannot be written.
    """
    outcome = ScanOutcome()
    gone: dict[str, Stamp] = {}
    for folder in folders:
        gone |= index.stamps(folder)
    listing = _Listing(known=gone, read_all=read_all, outcome=outcome)
    unreachable = tuple(listing.walk(folders))
    if unreachable:
        gone = {path: stamp for path, stamp in gone.items() if not path.startswith(unreachable)}
    due = _newest_first(listing.due)
    _read_due(index, due, gone, outcome, report, cancelled)
    if outcome.out_of_reach:
        outcome.problems.append(
            f"{outcome.out_of_reach} files cannot be read now; they will be tried again."
        )
    if not outcome.was_cancelled and gone:
        index.remove(list(gone))
        outcome.removed = len(gone)
    return outcome


def read_file(path: str, folder: str, mtime_ns: int, num_bytes: int) -> ScannedFile:
    """Read one file's head and texts; what is wrong with it becomes its `fault`.

    A file that is out of reach gets the length 0, so that the next scan tries again.
    """
    try:
        metadata, texts = read_metadata(path)
    except OutOfReachError as error:
        return ScannedFile(path, folder, mtime_ns, 0, fault=error.message)
    except PictureFileError as error:
        return ScannedFile(path, folder, mtime_ns, num_bytes, fault=error.message)
    return scanned(path, folder, mtime_ns, num_bytes, texts=texts, metadata=metadata)


def _read_due(
    index: GalleryIndex,
    due: list[_Found],
    gone: dict[str, Stamp],
    outcome: ScanOutcome,
    report: Report,
    cancelled: Callable[[], bool],
) -> None:
    """Read on this thread while the batch before is written on another.

    SQLite works without Python's lock, so on two cores the two cost little more than one. That
    needs quick turns: between two statements the writer would wait 5 ms for the lock.
    """
    writer = IndexWriter(index)
    homeless = {each: path for path, each in index.identities(gone).items() if each and due}
    with _quick_turns(), ThreadPoolExecutor(1, "gallery index") as background:
        writing: deque[Future[None]] = deque()
        for first in range(0, len(due), _BATCH):
            batch = due[first : first + _BATCH]
            files: list[ScannedFile] = []
            for found in batch:
                if cancelled():
                    outcome.was_cancelled = True
                    break
                files.append(read_file(found.path, found.folder, found.mtime_ns, found.num_bytes))
                if len(files) % _REPORT_EVERY == 0:
                    report(ScanProgress(done=first + len(files), total=len(due)))
            pairs = _within_reach(list(zip(batch, files, strict=False)), outcome)
            renames = _renames(pairs, homeless)
            if len(writing) == _WRITES_AHEAD:
                writing.popleft().result()
            files = [file for _, file in pairs]
            writing.append(background.submit(writer.write, files, renames=renames))
            for new, old in renames.items():
                del gone[old]
                outcome.renamed.append((old, new))
            outcome.count(pairs, len(renames))
            if outcome.was_cancelled:
                break
        for each in writing:
            each.result()
    report(ScanProgress(done=len(due), total=len(due)))


@contextlib.contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads hand Python's lock on sooner, and seldom look for garbage: a scan makes none."""
    usual_s, usual = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(min(usual_s, _TURN_S))
    if usual[0]:  # 0 stands for never
        gc.set_threshold(max(usual[0], _OBJECTS_BETWEEN), *usual[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)
        gc.set_threshold(*usual)


def _within_reach(pairs: Pairs, outcome: ScanOutcome) -> Pairs:
    """Without known files that cannot be read now: what is known of them stays."""
    missed = [pair for pair in pairs if pair[1].num_bytes != pair[0].num_bytes]
    if not missed:
        return pairs
    outcome.out_of_reach += len(missed)
    return [pair for pair in pairs if not (pair in missed and pair[0].is_known)]


def _renames(pairs: Pairs, homeless: dict[str, str]) -> dict[str, str]:
    """Old path by new, of files that are new by name and known by what is in them."""
    renames = {}
    if homeless:
        for found, file in pairs:
            if not found.is_known and file.identity in homeless:
                renames[file.path] = homeless.pop(file.identity)
    return renames


def _newest_first(due: list[_Found]) -> list[_Found]:
    """A person waits for the newest; each batch is in the order that SQLite likes best."""
    due = sorted(sorted(due, key=_PATH), key=_MOMENT)
    return [
        found for end in range(len(due), 0, -_BATCH) for found in due[max(0, end - _BATCH) : end]
    ]


class _Listing:
    """Walks the watched folders and notes the files that have to be read.

    Attributes:
        due: in no order.

    Args:
        known: by path; what is found on the disk is taken out of it.
        read_all: whether files that did not change are due too.
    """

    def __init__(self, *, known: dict[str, Stamp], read_all: bool, outcome: ScanOutcome) -> None:
        self.due: list[_Found] = []
        self._known = known
        self._read_all = read_all
        self._outcome = outcome

    def walk(self, folders: Sequence[Path]) -> Iterator[str]:
        """Go through all folders; returns the beginnings of paths that could not be reached."""
        roots = {os.path.abspath(folder) for folder in folders}
        for folder in folders:
            waiting = [os.path.abspath(folder)]
            while waiting:
                current = waiting.pop()
                try:
                    waiting += self._list(current, str(folder), roots)
                except OSError as error:
                    yield os.path.join(current, "")
                    reason = error.strerror or "it cannot be read"
                    self._outcome.problems.append(f"The folder {current} was left out: {reason}.")

    def _list(self, current: str, folder: str, roots: set[str]) -> list[str]:
        """Look at one folder's pictures; returns its sub-folders."""
        below: list[str] = []
        with os.scandir(current) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    _drop_leftover(entry)
                elif name.lower().endswith(PICTURE_ENDINGS):
                    self._look_at(entry, folder)
                elif entry.is_dir(follow_symlinks=False) and entry.path not in roots:
                    below.append(entry.path)
        return below

    def _look_at(self, entry: os.DirEntry[str], folder: str) -> None:
        path = entry.path
        if not path.isascii() and not _is_text(path):
            self._outcome.problems.append(f"{entry.name!a} has a name that is no text.")
            return
        try:
            facts = entry.stat()
            if not entry.is_file():
                return
        except OSError:  # gone in this moment, or a link to nowhere
            return
        self._outcome.seen += 1
        stamp = self._known.pop(path, None)
        if self._read_all or stamp != (facts.st_mtime_ns, facts.st_size):
            is_known = stamp is not None
            self.due.append(_Found(facts.st_mtime_ns, path, folder, facts.st_size, is_known))


def _drop_leftover(entry: os.DirEntry[str]) -> None:
    """Remove what a program that was killed while saving left half written."""
    if entry.name.endswith(PART_SUFFIX):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > _LEFTOVER_AFTER_S:
                os.unlink(entry.path)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
