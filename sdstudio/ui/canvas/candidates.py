"""The candidates that lie on the staging strip, and which of them is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from sdstudio.ui.canvas.repaint_request import Candidate

MAX_BYTES = 512 << 20
"""The oldest candidates go when all of them together are larger than this."""


class CandidateList(QObject):
    """Candidates in the order they were made.

    Signals:
        changed: some came or went, or one was used.
        current_changed: another one is looked at, or none.
    """

    changed = Signal()
    current_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._candidates: list[Candidate] = []
        self._used: set[Candidate] = set()
        self._saved: set[Candidate] = set()
        self._current: Candidate | None = None

    def __len__(self) -> int:
        return len(self._candidates)

    def __getitem__(self, index: int) -> Candidate:
        return self._candidates[index]

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._candidates)

    @property
    def current(self) -> Candidate | None:
        """What is laid over the canvas."""
        return self._current

    @property
    def current_index(self) -> int:
        """The place of what is looked at, -1 for none."""
        return -1 if self._current is None else self._candidates.index(self._current)

    def add(self, candidate: Candidate, *, shows: bool = True) -> None:
        """Put a candidate at the end; it is shown unless another one is looked at."""
        self._candidates.append(candidate)
        while len(self) > 1 and sum(_num_bytes(each) for each in self._candidates) > MAX_BYTES:
            self._forget(next(each for each in self._candidates if each is not self._current))
        self.changed.emit()
        if shows and self._current is None:
            self.look_at(candidate)

    def look_at(self, candidate: Candidate | None) -> None:
        """Lay another candidate over the canvas, or none."""
        if candidate is not self._current:
            self._current = candidate
            self.current_changed.emit()

    def step(self, direction: int) -> None:
        """Look at the next (1) or the previous (-1) one, round and round."""
        if not self._candidates:
            return
        index = self.current_index
        start = index if index >= 0 else (-1 if direction > 0 else 0)
        self.look_at(self._candidates[(start + direction) % len(self)])

    def discard(self, candidate: Candidate) -> None:
        """Take one away; the next one is looked at instead."""
        index = self._candidates.index(candidate)
        self._forget(candidate)
        left = self._candidates
        if candidate is self._current:
            self._current = left[min(index, len(left) - 1)] if left else None
            self.current_changed.emit()
        self.changed.emit()

    def clear(self) -> None:
        """Take all away."""
        self._candidates, self._used, self._saved = [], set(), set()
        self.look_at(None)
        self.changed.emit()

    def mark_used(self, candidate: Candidate) -> None:
        """Remember that it became part of the picture."""
        self._used.add(candidate)
        self.changed.emit()

    def mark_saved(self, candidate: Candidate) -> None:
        """Remember that it lies in the gallery."""
        self._saved.add(candidate)
        self.changed.emit()

    def is_used(self, candidate: Candidate) -> bool:
        return candidate in self._used

    def is_saved(self, candidate: Candidate) -> bool:
        return candidate in self._saved

    def move_all(self, dx: int, dy: int, canvas_size: tuple[int, int]) -> None:
        """Follow the document, whose top left pixel went elsewhere."""
        moved = {
            each: replace(
                each,
                box=each.box.moved(dx, dy),
                prepared=replace(each.prepared, canvas_size=canvas_size),
            )
            for each in self._candidates
        }
        self._candidates = [moved[each] for each in self._candidates]
        self._used = {moved[each] for each in self._used if each in moved}
        self._saved = {moved[each] for each in self._saved if each in moved}
        self._current = moved.get(self._current) if self._current is not None else None
        self.changed.emit()

    def _forget(self, candidate: Candidate) -> None:
        self._candidates.remove(candidate)
        self._used.discard(candidate)
        self._saved.discard(candidate)


def _num_bytes(candidate: Candidate) -> int:
    plan = candidate.prepared.plan
    arrays = candidate.blend.nbytes + plan.pixels.nbytes + plan.denoise.nbytes
    return arrays + len(candidate.picture.pixels) + len(candidate.result.picture.pixels)
