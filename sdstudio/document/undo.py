"""One undo stack for everything, bounded in bytes.

A step keeps the tiles it replaced and the state before it. Undoing swaps them with what is
there now, which turns the step into its own redo: each tile is held once, and the bytes that
come back are the bytes that were there.
"""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from sdstudio.document.state import DocumentState
from sdstudio.document.tiles import TileKey, is_even_tile

DEFAULT_BUDGET_BYTES = 512 << 20
DEFAULT_RAW_BYTES = 64 << 20
_STEP_BYTES = 1024  # a step without pixels: names, boxes, opacities

_packer = ThreadPoolExecutor(1, thread_name_prefix="undo-packer")  # zlib releases the GIL

TileRef = tuple[int, TileKey]
"""Layer id and place of a tile."""


class HeldTile:
    """A tile that waits in the undo stack, packed (zlib level 1) once it is old."""

    __slots__ = ("_array", "_dtype", "_is_even", "_packed", "_shape")

    def __init__(self, array: np.ndarray) -> None:
        self._array: np.ndarray | None = array
        self._packed = b""
        self._is_even = is_even_tile(array)  # shared by all: holding it takes nothing
        self._shape, self._dtype = array.shape, array.dtype

    @property
    def num_bytes(self) -> int:
        if self._is_even:
            return 0
        array = self._array
        return len(self._packed) if array is None else array.nbytes

    def pack(self) -> None:
        """Compress; may run on another thread than `unpacked`."""
        if self._array is not None and not self._is_even:
            self._packed = zlib.compress(self._array.data, 1)
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
    raw_bytes: int = 0

    @property
    def num_bytes(self) -> int:
        return _STEP_BYTES + sum(tile.num_bytes for tile in self.tiles.values() if tile)

    def pack(self) -> None:
        for tile in self.tiles.values():
            if tile:
                tile.pack()


class Pile:
    """Steps, newest last; all but the newest `raw_limit` bytes of them are packed."""

    def __init__(self, raw_limit: int) -> None:
        self.steps: list[Step] = []
        self._raw_limit = raw_limit
        self._num_raw = 0
        self._raw_bytes = 0

    def append(self, step: Step) -> None:
        step.raw_bytes, step.packing = step.num_bytes, None
        self.steps.append(step)
        self._num_raw += 1
        self._raw_bytes += step.raw_bytes
        while self._raw_bytes > self._raw_limit and self._num_raw > 1:
            oldest = self.steps[-self._num_raw]
            oldest.packing = _packer.submit(oldest.pack)
            self._num_raw -= 1
            self._raw_bytes -= oldest.raw_bytes

    def pop(self) -> Step | None:
        if not self.steps:
            return None
        step = self.steps.pop()
        if self._num_raw:
            self._num_raw -= 1
            self._raw_bytes -= step.raw_bytes
        return step

    def drop_oldest(self, excess: int) -> int:
        """Forget the oldest steps until `excess` bytes are gone, or all; return how many went."""
        gone, count = 0, 0
        while gone < excess and count < len(self.steps):
            gone += self.steps[count].num_bytes
            count += 1
        del self.steps[:count]
        if self._num_raw > len(self.steps):
            self._num_raw = len(self.steps)
            self._raw_bytes = sum(step.raw_bytes for step in self.steps)
        return gone

    def clear(self) -> None:
        for step in self.steps:
            if step.packing:
                step.packing.cancel()
        self.steps.clear()
        self._num_raw = self._raw_bytes = 0


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
        self._at_most = 0  # bytes held, were nothing packed since they were last counted
        self._done = Pile(min(raw_bytes, budget_bytes // 4))
        self._undone = Pile(min(raw_bytes, budget_bytes // 4))

    @property
    def undo_label(self) -> str:
        """What undo would take back, or ""."""
        return self._done.steps[-1].label if self._done.steps else ""

    @property
    def redo_label(self) -> str:
        return self._undone.steps[-1].label if self._undone.steps else ""

    @property
    def num_bytes(self) -> int:
        return sum(step.num_bytes for step in self._all_steps())

    @property
    def num_steps(self) -> int:
        """How many steps can be undone."""
        return len(self._done.steps)

    def push(self, step: Step) -> None:
        """Add what was just done; what had been undone is forgotten."""
        self._undone.clear()
        top = self._done.steps[-1] if self._done.steps else None
        if top and step.merge_key and top.merge_key == step.merge_key and not step.tiles:
            return
        self._add(self._done, step)

    def seal(self) -> None:
        """End a drag: the next step of the same merge key stands for itself."""
        if self._done.steps:
            self._done.steps[-1].merge_key = ""

    def take_undo(self) -> Step | None:
        """The step to swap with the document; hand it to `put_redo` afterwards."""
        return self._done.pop()

    def take_redo(self) -> Step | None:
        return self._undone.pop()

    def put_redo(self, step: Step) -> None:
        self.seal()
        self._add(self._undone, step)

    def put_undo(self, step: Step) -> None:
        step.merge_key = ""
        self._add(self._done, step)

    def clear(self) -> None:
        """Forget everything, also what still waits to be packed: the document is closed."""
        self._done.clear()
        self._undone.clear()
        self._at_most = 0

    def settle(self) -> None:
        """Wait until everything that should be packed is."""
        for step in self._all_steps():
            if step.packing:
                step.packing.result()

    def _all_steps(self) -> list[Step]:
        return self._done.steps + self._undone.steps

    def _add(self, pile: Pile, step: Step) -> None:
        pile.append(step)
        self._at_most += step.raw_bytes
        if self._at_most > self._budget:
            self._keep_within_budget()

    def _keep_within_budget(self) -> None:
        self.settle()
        total = self.num_bytes
        if total > self._budget:
            # A tenth more than needed, so that counting them all stays rare.
            excess = total - self._budget * 9 // 10
            gone = self._done.drop_oldest(excess)
            total -= gone + self._undone.drop_oldest(excess - gone)
        self._at_most = total
