"""One undo stack for everything, bounded in bytes.

A step keeps the tiles it replaced and the state before it. Undoing swaps them with what is
there now, which turns the step into its own redo: each tile is held once, and the bytes that
come back are the bytes that were there.
"""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np

from sdstudio.document.state import DocumentState
from sdstudio.document.tiles import TileKey

DEFAULT_BUDGET_BYTES = 512 << 20
DEFAULT_RAW_BYTES = 64 << 20
_STEP_BYTES = 1024  # a step without pixels: names, boxes, opacities

_packer = ThreadPoolExecutor(1, thread_name_prefix="undo-packer")  # zlib releases the GIL

TileRef = tuple[int, TileKey]
"""Layer id and place of a tile."""


class HeldTile:
    """A tile that waits in the undo stack, packed (zlib level 1) once it is old."""

    __slots__ = ("_array", "_dtype", "_packed", "_shape")

    def __init__(self, array: np.ndarray) -> None:
        self._array: np.ndarray | None = array
        self._packed = b""
        self._shape, self._dtype = array.shape, array.dtype

    @property
    def num_bytes(self) -> int:
        array = self._array
        return len(self._packed) if array is None else array.nbytes

    def pack(self) -> None:
        """Compress; may run on another thread than `unpacked`."""
        if self._array is not None:
            self._packed = zlib.compress(self._array, 1)
            self._array = None

    def unpacked(self) -> np.ndarray:
        array = self._array  # the packer may take it away between two looks
        if array is not None:
            return array
        return np.frombuffer(zlib.decompress(self._packed), self._dtype).reshape(self._shape)


@dataclass(slots=True, kw_only=True)
class Step:
    """What must be put back to undo (or redo) one act.

    Attributes:
        merge_key: steps without pixels and of the same key melt into one: a slider's drag.
        tiles: None where no tile was.
    """

    label: str
    state: DocumentState
    tiles: dict[TileRef, HeldTile | None] = field(default_factory=dict)
    merge_key: str = ""
    packing: Future[None] | None = None

    @property
    def num_bytes(self) -> int:
        return _STEP_BYTES + sum(tile.num_bytes for tile in self.tiles.values() if tile)

    def pack(self) -> None:
        for tile in self.tiles.values():
            if tile:
                tile.pack()


class UndoStack:
    """Steps back and forth.

    Args:
        budget_bytes: for all steps together; the oldest are dropped to stay within.
        raw_bytes: the newest steps stay unpacked up to this, so that undo is instant.
    """

    def __init__(
        self,
        *,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        raw_bytes: int = DEFAULT_RAW_BYTES,
    ) -> None:
        self._budget = budget_bytes
        self._raw = min(raw_bytes, budget_bytes // 4)
        self._at_most = 0  # bytes held, were nothing packed since they were last counted
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def undo_label(self) -> str:
        """What undo would take back, or ""."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""

    @property
    def num_bytes(self) -> int:
        return sum(step.num_bytes for step in self._done + self._undone)

    def __len__(self) -> int:
        return len(self._done)

    def push(self, step: Step) -> None:
        """Add what was just done; what had been undone is forgotten."""
        self._undone.clear()
        top = self._done[-1] if self._done else None
        if top and step.merge_key and top.merge_key == step.merge_key and not step.tiles:
            return
        merge_key = step.merge_key
        self.put_undo(step)
        step.merge_key = merge_key

    def seal(self) -> None:
        """End a drag: the next step of the same merge key stands for itself."""
        if self._done:
            self._done[-1].merge_key = ""

    def take_undo(self) -> Step | None:
        """The step to swap with the document; hand it to `put_redo` afterwards."""
        return self._done.pop() if self._done else None

    def take_redo(self) -> Step | None:
        return self._undone.pop() if self._undone else None

    def put_redo(self, step: Step) -> None:
        self._add(self._undone, step)

    def put_undo(self, step: Step) -> None:
        self._add(self._done, step)

    def settle(self) -> None:
        """Wait until everything that should be packed is."""
        wait([step.packing for step in self._done + self._undone if step.packing])

    def _add(self, steps: list[Step], step: Step) -> None:
        step.packing, step.merge_key = None, ""
        steps.append(step)
        self._pack_old(steps)
        self._at_most += step.num_bytes
        if self._at_most > self._budget:
            self._drop_oldest()

    def _pack_old(self, steps: list[Step]) -> None:
        raw = steps[-1].num_bytes  # the newest is never packed
        for step in reversed(steps[:-1]):
            if step.packing:
                return  # all below are packed or on their way
            raw += step.num_bytes
            if raw > self._raw:
                step.packing = _packer.submit(step.pack)

    def _drop_oldest(self) -> None:
        self.settle()
        total = self.num_bytes
        # A little more than needed, so that counting them all stays rare.
        goal = self._budget if total <= self._budget else self._budget * 9 // 10
        for steps in (self._done, self._undone):
            dropped = 0
            while total > goal and dropped < len(steps):
                total -= steps[dropped].num_bytes
                dropped += 1
            del steps[:dropped]
        self._at_most = total
