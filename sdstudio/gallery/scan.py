"""Brings the index into line with the disk: reads what is new or changed, forgets what is gone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sdstudio.atomic_file import PART_SUFFIX
from sdstudio.errors import PictureFileError
from sdstudio.gallery.index import GalleryIndex, Stamp
from sdstudio.gallery.index_writing import IndexWriter
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.picture_row import ScannedFile
from sdstudio.gallery.store import PICTURE_ENDINGS

_BATCH = 500
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
        problems: a sentence for each folder that could not be read.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    broken: int = 0
    renamed: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    was_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    folder: str
    mtime_ns: int
    num_bytes: int


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
    present, unreachable = _list_all(folders, outcome)
    known: dict[str, Stamp] = {}
    for folder in folders:
        known |= index.stamps(folder)
    gone = {path: stamp for path, stamp in known.items() if path not in present}
    gone = {p: s for p, s in gone.items() if not p.startswith(tuple(unreachable))}
    due = [each for each in present.values() if read_all or not _is_current(each, known)]
    due.sort(key=lambda each: (each.mtime_ns, each.path))
    outcome.seen = len(present)
    _read_due(index, due, known, gone, outcome, report, cancelled)
    if not outcome.was_cancelled and gone:
        index.remove(list(gone))
        outcome.removed = len(gone)
    return outcome


def read_file(path: str, folder: str, mtime_ns: int, num_bytes: int) -> ScannedFile:
    """Read one file's head and texts; what is wrong with it becomes its `fault`."""
    texts, metadata, fault = None, PictureMetadata(), ""
    try:
        metadata, texts = read_metadata(path)
    except PictureFileError as error:
        fault = error.message
    else:
        if not texts.is_whole:
            fault = "The file ends too early."
    return ScannedFile(
        path=path,
        folder=folder,
        mtime_ns=mtime_ns,
        num_bytes=num_bytes,
        texts=texts,
        metadata=metadata,
        fault=fault,
    )


def _read_due(
    index: GalleryIndex,
    due: list[_Found],
    known: dict[str, Stamp],
    gone: dict[str, Stamp],
    outcome: ScanOutcome,
    report: Report,
    cancelled: Callable[[], bool],
) -> None:
    """Read on this thread while the batch before is written on another.

    SQLite works without Python's lock, so on two cores the two cost little more than one.
    """
    writer = IndexWriter(index)
    homeless = {stamp.identity: path for path, stamp in gone.items() if stamp.identity}
    with ThreadPoolExecutor(1, "gallery index") as background:
        writing: Future[None] | None = None
        for first in range(0, len(due), _BATCH):
            batch = _read_batch(due[first : first + _BATCH], outcome, cancelled)
            renames = dict(_renames(batch, known, homeless))
            if writing is not None:
                writing.result()
            writing = background.submit(writer.write, batch, renames=renames)
            for new, old in renames.items():
                del gone[old]
                outcome.renamed.append((old, new))
            outcome.broken += sum(bool(file.fault) for file in batch)
            outcome.changed += sum(file.path in known for file in batch)
            outcome.added += sum(file.path not in known for file in batch) - len(renames)
            report(ScanProgress(done=first + len(batch), total=len(due)))
            if outcome.was_cancelled:
                break
        if writing is not None:
            writing.result()


def _read_batch(
    due: list[_Found], outcome: ScanOutcome, cancelled: Callable[[], bool]
) -> list[ScannedFile]:
    batch: list[ScannedFile] = []
    for found in due:
        if cancelled():
            outcome.was_cancelled = True
            break
        batch.append(read_file(found.path, found.folder, found.mtime_ns, found.num_bytes))
    return batch


def _renames(
    batch: list[ScannedFile], known: dict[str, Stamp], homeless: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """(new, old) paths of files that are new by name and known by what is in them."""
    for file in batch:
        identity = file.texts.identity if file.texts else ""
        if file.path not in known and identity in homeless:
            yield file.path, homeless.pop(identity)


def _is_current(found: _Found, known: dict[str, Stamp]) -> bool:
    stamp = known.get(found.path)
    return (
        stamp is not None
        and stamp.mtime_ns == found.mtime_ns
        and stamp.num_bytes == found.num_bytes
    )


def _list_all(folders: Sequence[Path], outcome: ScanOutcome) -> tuple[dict[str, _Found], list[str]]:
    """Every picture file by path, and the beginnings of paths that could not be reached."""
    roots = {os.path.abspath(folder) for folder in folders}
    present: dict[str, _Found] = {}
    unreachable: list[str] = []
    for folder in folders:
        waiting = [os.path.abspath(folder)]
        while waiting:
            current = waiting.pop()
            try:
                waiting += _list_one(current, str(folder), roots, present, outcome)
            except OSError as error:
                unreachable.append(os.path.join(current, ""))
                reason = error.strerror or "it cannot be read"
                outcome.problems.append(f"The folder {current} was left out: {reason}.")
    return present, unreachable


def _list_one(
    current: str, folder: str, roots: set[str], present: dict[str, _Found], outcome: ScanOutcome
) -> list[str]:
    """Add one folder's pictures to `present` and return its sub-folders."""
    below: list[str] = []
    with os.scandir(current) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                _drop_leftover(entry)
                continue
            if name.lower().endswith(PICTURE_ENDINGS):
                if not _is_text(entry.path):
                    outcome.problems.append(f"{name!a} has a name that is no text.")
                    continue
                try:
                    facts = entry.stat()
                    if not entry.is_file():
                        continue
                except OSError:  # gone in this moment, or a link to nowhere
                    continue
                present[entry.path] = _Found(entry.path, folder, facts.st_mtime_ns, facts.st_size)
            elif entry.is_dir(follow_symlinks=False) and entry.path not in roots:
                below.append(entry.path)
    return below


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
