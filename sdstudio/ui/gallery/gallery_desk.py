"""The gallery as the window uses it: opened, asked and brought up to date in the background."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sdstudio.ui.background import Background
from sdstudio.ui.gallery.cell import Cell, day_starts
from sdstudio.ui.gallery.disk_watch import DiskWatch, folders_below

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.scan import ScanOutcome, ScanProgress

FIRST_IDS = 600
REST_MS = 60
"""A new wish is answered in two strokes: at once the pictures of the first screens, and when those
had this long to be read and painted, all of them. The first does not grow with the gallery."""

LOOK_AGAIN_S = 1.0
"""While many files are read, what was found until then is shown this often."""

REST = 4
"""After a scan the disk has this many times as long to itself as the scan took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What should be shown.

    Attributes:
        text: as typed.
        board: None for all pictures.
        is_unboarded: only those on no board.
    """

    text: str = ""
    board: str | None = None
    is_unboarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What answers a wish.

    Attributes:
        ids: the newest first.
        days: the first row of each day.
        problems: sentences about parts of the text that were left out.
        is_whole: whether `ids` are all; if not, the others follow in a moment.
    """

    wish: Wish
    ids: array[int]
    days: list[int]
    problems: tuple[str, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the side bar tells.

    Attributes:
        boards: in the person's order, with the number of their pictures.
        searches: what was typed, by name.
        choices: values of a column with their numbers, for the filters.
    """

    total: int = 0
    unboarded: int = 0
    trashed: int = 0
    boards: list[tuple[str, int]] = field(default_factory=list)
    searches: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


class GalleryDesk(QObject):
    """Owns the facade and the threads that use it.

    Args:
        folders: tells which are watched now; the first is where new pictures go.
        cache_folder: of the index.

    Signals:
        opened: the facade is there.
        found: a `Found`.
        contents_read: a `Contents`.
        scan_began; scan_progressed: (done, total); scan_ended: a `ScanOutcome`.
        failed: an error that a person should know of.
    """

    opened = Signal()
    found = Signal(object)
    contents_read = Signal(object)
    scan_began = Signal()
    scan_progressed = Signal(int, int)
    scan_ended = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        *,
        cache_folder: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folders = folders
        self._cache_folder = cache_folder
        self._gallery: Gallery | None = None
        self._reading = Background(self)
        self._counting = Background(self)
        self._scanning = Background(self)
        self.work = Background(self)
        """Changes of pictures and marks, one after the other."""
        self._opened_with: tuple[Path, ...] = ()
        self._wish = Wish()
        self._answered: Wish | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._find_all)
        self._is_finding = self._is_find_due = self._is_listing = self._is_list_due = False
        self._is_opening = self._is_resting = self._is_scanning = self._is_scan_due = False
        self._scan_took_s = 0.0
        self._cancelled = threading.Event()
        self._is_closed = False
        self._watch = DiskWatch(self)
        self._watch.changed.connect(self.scan_soon)
        self._looked_at = 0.0
        self.scan_progressed.connect(self._on_progress)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.scan)

    @property
    def gallery(self) -> Gallery:
        """The facade; only after `opened`."""
        assert self._gallery is not None, "the gallery is not open yet"
        return self._gallery

    @property
    def wish(self) -> Wish:
        """What is looked for."""
        return self._wish

    @property
    def is_open(self) -> bool:
        """Whether the facade is there."""
        return self._gallery is not None

    @property
    def is_scanning(self) -> bool:
        """Whether the disk is being read, or will be in a moment."""
        return self._is_scanning or self._is_opening

    def open(self) -> None:
        """Open the gallery, or open it anew after its folders changed."""
        self._opened_with = folders = tuple(self._folders())

        def opened(gallery: Gallery) -> None:
            self._gallery, self._answered = gallery, None
            self._is_opening = True
            self.opened.emit()
            self.find(self._wish)

        self._cancelled.set()
        self._reading.run(lambda: _open(folders, self._cache_folder), opened, self._fail)

    def follow(self) -> None:
        """Look at the disk from now on, and at other folders if others are watched now."""
        self._is_resting = False
        if self._opened_with != tuple(self._folders()):
            self.open()
        else:
            self.scan_soon()

    def close(self) -> None:
        """Stop everything and wait for it."""
        self._is_closed = True
        self._cancelled.set()
        self._timer.stop()
        self._rest.stop()
        for background in (self.work, self._scanning, self._counting, self._reading):
            background.finish()
        if self._gallery is not None:
            self._gallery.close()

    # -- asking ----------------------------------------------------------------------------------

    def find(self, wish: Wish) -> None:
        """Look for pictures; of several wishes at once only the last is looked for."""
        self._wish = wish
        if self._is_finding or self._gallery is None:
            self._is_find_due = True
            return
        self._is_finding, self._is_find_due = True, False
        gallery, limit = self._gallery, FIRST_IDS if wish != self._answered else None
        find = partial(_find, gallery, wish, limit)
        self._reading.run(find, self._on_found, self._on_find_failed)

    def find_again(self) -> None:
        """Look again for what is shown, and count again, because something changed."""
        self.find(self._wish)
        self.list_contents()

    def fetch(self, ids: list[int], deliver: Callable[[list[Cell]], None]) -> None:
        """Read the cells of these ids."""
        gallery = self.gallery

        def failed(error: Exception) -> None:
            self._fail(error)
            deliver([])

        self._reading.run(lambda: [Cell.of(row) for row in gallery.rows(ids)], deliver, failed)

    def list_contents(self) -> None:
        """Count what the side bar tells."""
        if self._is_listing or self._gallery is None:
            self._is_list_due = True
            return
        self._is_listing, self._is_list_due = True, False
        gallery = self._gallery
        self._counting.run(lambda: _contents(gallery), self._on_contents, self._on_contents_failed)

    # -- following the disk ----------------------------------------------------------------------

    def scan(self, *, read_all: bool = False) -> None:
        """Bring the index in line with the disk; a scan that runs is followed by another."""
        if self._is_scanning or self._gallery is None or self._is_closed:
            self._is_scan_due = True
            return
        self._is_scanning, self._is_scan_due = True, False
        self._cancelled = cancelled = threading.Event()
        gallery = self._gallery
        began = time.monotonic()

        def report(progress: ScanProgress) -> None:
            self.scan_progressed.emit(progress.done, progress.total)

        def work() -> tuple[ScanOutcome, list[str], float]:
            outcome = gallery.scan(report=report, cancelled=cancelled.is_set, read_all=read_all)
            return outcome, folders_below(gallery.folders), time.monotonic() - began

        self.scan_began.emit()
        self._scanning.run(work, self._on_scanned, self._on_scan_failed)

    def rest(self) -> None:
        """Nobody looks at the pictures: what happens on the disk can wait until `follow`."""
        self._is_resting = True
        self._timer.stop()

    def scan_soon(self) -> None:
        """Scan when the disk has been quiet for a moment."""
        if self._is_resting:
            return
        self._timer.start(round(max(0.4, REST * self._scan_took_s) * 1000))

    def cancel_scan(self) -> None:
        """Stop reading; what was read until now stays."""
        self._is_scan_due = False
        self._cancelled.set()

    # -- answers ---------------------------------------------------------------------------------

    def _on_found(self, found: Found) -> None:
        self._is_finding = False
        if not self._is_find_due or found.wish == self._wish:
            self._answered = found.wish
            self.found.emit(found)
        if self._is_find_due:
            self.find(self._wish)
        elif not found.is_whole or self._is_opening:
            self._rest.start()

    def _find_all(self) -> None:
        """What the first screen does not need."""
        self.find(self._wish)
        self._end_opening()

    def _end_opening(self) -> None:
        if self._is_opening:
            self._is_opening = False
            self.list_contents()
            self.scan()

    def _on_find_failed(self, error: Exception) -> None:
        self._is_finding = False
        self._fail(error)
        if self._is_find_due:  # what was wished meanwhile may well be answered
            self.find(self._wish)
        self._end_opening()

    def _on_contents(self, contents: Contents) -> None:
        self._is_listing = False
        self.contents_read.emit(contents)
        if self._is_list_due:
            self.list_contents()

    def _on_contents_failed(self, error: Exception) -> None:
        self._is_listing = False
        self._fail(error)
        if self._is_list_due:
            self.list_contents()

    def _on_progress(self, done: int, total: int) -> None:
        if done < total and time.monotonic() - self._looked_at > LOOK_AGAIN_S:
            self._looked_at = time.monotonic()
            self.find_again()

    def _on_scanned(self, answer: tuple[ScanOutcome, list[str], float]) -> None:
        outcome, folders, self._scan_took_s = answer
        self._is_scanning = False
        if self._watch.watch(folders):
            self._is_scan_due = True  # what came before they were watched
        self.scan_ended.emit(outcome)
        self.find_again()
        if self._is_scan_due:
            self.scan_soon()

    def _on_scan_failed(self, error: Exception) -> None:
        self._is_scanning = False
        self.scan_ended.emit(None)
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._is_closed:
            self.failed.emit(error)


def _open(folders: Sequence[Path], cache_folder: Path) -> Gallery:
    import contextlib

    from sdstudio.gallery.gallery import Gallery

    with contextlib.suppress(OSError):  # a scan says what is wrong with it
        folders[0].mkdir(parents=True, exist_ok=True)
    return Gallery(folders, cache_folder=cache_folder)


def _find(gallery: Gallery, wish: Wish, limit: int | None) -> Found:
    from sdstudio.gallery.search import within

    typed = gallery.query(wish.text)
    query = within(typed, board=wish.board, is_unboarded=wish.is_unboarded)
    ids = gallery.index.ids(query, limit=limit)
    is_whole = limit is None or len(ids) < limit
    days = day_starts(ids)
    return Found(wish=wish, ids=ids, days=days, problems=typed.problems, is_whole=is_whole)


def _contents(gallery: Gallery) -> Contents:
    return Contents(
        total=gallery.count(),
        unboarded=gallery.count("is:unboarded"),
        trashed=sum(len(deletion.pictures) for _, deletion in gallery.shelf()),
        boards=gallery.marks.boards(),
        searches=gallery.marks.searches(),
        choices={name: gallery.index.choices(name) for name in ("model", "sampler", "source")},
    )
