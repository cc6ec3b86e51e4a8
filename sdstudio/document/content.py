"""State, pixels and undo of a document, and the one way to change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter

import numpy as np

from sdstudio.document.blend import Colour, Composite
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.state import (
    CHANNELS,
    SELECTION_ID,
    DocumentSnapshot,
    DocumentState,
    Layer,
)
from sdstudio.document.tiles import TiledImage, Tiles, is_even_tile, parts_in_tiles, tile_rect
from sdstudio.document.undo import HeldTile, Step, TileRef, UndoStack

_BLOCK_PX = 512  # larger areas are composited piece by piece: floats take four times the memory


class Edit:
    """A change under way; everything done to the content until `commit` is one undo step."""

    def __init__(self, content: Content, label: str, merge_key: str = "") -> None:
        self.is_open = True
        self.state = content.state
        self._content = content
        self._label = label
        self._merge_key = merge_key
        self._versions = {name: image.version for name, image in content.images.items()}
        self._tiles = {name: image.snapshot() for name, image in content.images.items()}

    def tiles_before(self, layer_id: int) -> Tiles:
        """The layer as it was when the edit began."""
        return self._tiles.get(layer_id, {})

    def commit(self) -> Rect:
        """Make it one step of the undo stack; return what it changed."""
        if not self.is_open:
            return EMPTY
        self.is_open = False
        content = self._content
        content.drop_orphans()  # first: the pixels of layers that went belong to the step
        tiles = self._replaced_tiles()
        if not tiles and content.state == self.state:
            return EMPTY
        step = Step(label=self._label, state=self.state, tiles=tiles, merge_key=self._merge_key)
        content.undo_stack.push(step)
        content.revision += 1
        return content.changed_area(step)

    def roll_back(self) -> Rect:
        """Put everything back as it was; return what that changed."""
        if not self.is_open:
            return EMPTY
        self.is_open = False
        step = Step(label=self._label, state=self.state, tiles=self._replaced_tiles())
        return self._content.swap(step)

    def _replaced_tiles(self) -> dict[TileRef, HeldTile | None]:
        images = self._content.images
        held: dict[TileRef, HeldTile | None] = {}
        for name in images.keys() | self._tiles.keys():
            image = images.get(name)
            if image is not None and image.version == self._versions.get(name):
                continue
            before = self._tiles.get(name, {})
            old = before if image is None else image.changed_since(before)
            held |= {
                (name, key): None if tile is None else HeldTile(tile) for key, tile in old.items()
            }
        return held


class Content:
    """What a document is made of; `edit` is the only door to change it.

    Attributes:
        revision: grows with every change, undo and redo.
    """

    def __init__(self, state: DocumentState, undo_stack: UndoStack | None = None) -> None:
        self.state = state
        self.images: dict[int, TiledImage] = {SELECTION_ID: TiledImage(1)}
        for layer in state.layers:
            self.images[layer.id] = TiledImage(CHANNELS[layer.kind])
        self.undo_stack = UndoStack() if undo_stack is None else undo_stack
        self.revision = 0
        self._open_edit: Edit | None = None

    @property
    def bounds(self) -> Rect:
        return self.state.bounds

    def begin(self, label: str, *, merge_key: str = "") -> Edit:
        """Open an edit; one that is still open is committed first."""
        if self._open_edit:
            self._open_edit.commit()
        self._open_edit = Edit(self, label, merge_key)
        return self._open_edit

    @contextmanager
    def edit(self, label: str, *, merge_key: str = "") -> Iterator[Edit]:
        """An edit that is committed at the end, or rolled back by an error."""
        edit = self.begin(label, merge_key=merge_key)
        try:
            yield edit
        except BaseException:
            edit.roll_back()
            raise
        edit.commit()

    def set_state(self, label: str, state: DocumentState, *, merge_key: str = "") -> Rect:
        """An edit that changes no pixels."""
        edit = self.begin(label, merge_key=merge_key)
        self.state = state
        return edit.commit()

    def adopt(self, label: str, layer_id: int, tiles: Tiles, *, as_of: int) -> Rect | None:
        """Take over what a layer became in a copy of this, as one step of undo.

        Args:
            as_of: the revision that was copied.

        Returns:
            what changed; None, and nothing is done, where something else changed meanwhile.
        """
        if self._open_edit:
            self._open_edit.commit()
        if self.revision != as_of:
            return None
        with self.edit(label) as edit:
            self.images[layer_id].put_tiles(tiles)
            return edit.commit()

    def undo(self) -> Rect:
        """Take the last step back; return what changed."""
        if self._open_edit:
            self._open_edit.commit()
        return self._exchange(self.undo_stack.take_undo(), self.undo_stack.put_redo)

    def redo(self) -> Rect:
        if self._open_edit:
            self._open_edit.commit()
        return self._exchange(self.undo_stack.take_redo(), self.undo_stack.put_undo)

    def swap(self, step: Step) -> Rect:
        """Exchange the step's tiles and state with the content's; return what changed."""
        new_state, step.state = step.state, self.state
        channels = {
            layer.id: CHANNELS[layer.kind] for layer in (*new_state.layers, *self.state.layers)
        }
        for layer_id in {name for name, _ in step.tiles} - self.images.keys():
            self.images[layer_id] = TiledImage(channels[layer_id])
        for (layer_id, key), held in step.tiles.items():
            old = self.images[layer_id].swap_tile(key, held.unpacked() if held else None)
            step.tiles[layer_id, key] = None if old is None else HeldTile(old)
        self.state = new_state
        self.drop_orphans()
        self.revision += 1
        return self.changed_area(step)

    def drop_orphans(self) -> None:
        """Make the pixels match the list of layers: none missing, none left over."""
        wanted = {layer.id: CHANNELS[layer.kind] for layer in self.state.layers}
        wanted[SELECTION_ID] = 1
        for layer_id in self.images.keys() - wanted.keys():
            del self.images[layer_id]
        for layer_id in wanted.keys() - self.images.keys():
            self.images[layer_id] = TiledImage(wanted[layer_id])

    def changed_area(self, step: Step) -> Rect:
        """Where the picture may differ between the step's state and now."""
        if _look(step.state) != _look(self.state):
            return step.state.bounds.united(self.bounds)
        offsets = {layer.id: (layer.x, layer.y) for layer in self.state.layers}
        area = EMPTY
        for layer_id, key in step.tiles:
            area = area.united(tile_rect(key).moved(*offsets.get(layer_id, (0, 0))))
        return area.intersected(self.bounds)

    def snapshot(self) -> DocumentSnapshot:
        tiles = {name: image.snapshot() for name, image in self.images.items()}
        return DocumentSnapshot(state=self.state, tiles=tiles)

    def read(self, layer: Layer, rect: Rect) -> np.ndarray:
        """Pixels of a layer in the document's coordinates."""
        return self.images[layer.id].read(rect.moved(-layer.x, -layer.y))

    def tiles_under(self, layer: Layer, rect: Rect) -> list[tuple[Rect, np.ndarray]]:
        """Where the tiles of a layer under `rect` lie, and the tiles; not copied."""
        tiles = self.images[layer.id].tiles_under(rect.moved(-layer.x, -layer.y))
        return [(where.moved(layer.x, layer.y), tile) for where, tile in tiles]

    def write(self, layer: Layer, rect: Rect, pixels: np.ndarray) -> None:
        self.images[layer.id].write(rect.moved(-layer.x, -layer.y), pixels)

    def parts_in_tiles(self, layer: Layer, rect: Rect) -> Iterator[Rect]:
        """The parts of `rect` that lie in one tile of the layer each."""
        for part in parts_in_tiles(rect.moved(-layer.x, -layer.y)):
            yield part.moved(layer.x, layer.y)

    def is_even(self, layer: Layer, rect: Rect) -> bool:
        """Whether the pixels in `rect`, which lie in one tile, are known to be alike."""
        return all(is_even_tile(tile) for _, tile in self.tiles_under(layer, rect))

    def bounds_of(self, layer: Layer) -> Rect:
        """Where the layer is not empty, in the document's coordinates."""
        return self.images[layer.id].bounds().moved(layer.x, layer.y)

    def composite(
        self,
        rect: Rect,
        *,
        layers: tuple[Layer, ...] | None = None,
        background: Colour | None = None,
    ) -> np.ndarray:
        """The visible raster layers in `rect`: (height, width, 4), straight alpha.

        Args:
            layers: from the bottom up; all of the document if None.
            background: an opaque colour below them all.
        """
        seen = tuple(
            each
            for each in (self.state.layers if layers is None else layers)
            if each.kind == "raster" and each.is_visible and each.opacity > 0
        )
        if rect.area <= _BLOCK_PX**2:
            return self._composite_block(rect, seen, background)
        pixels = np.empty((rect.height, rect.width, 4), np.uint8)
        for block in rect.blocks(_BLOCK_PX):
            where = block.moved(-rect.x, -rect.y).slices
            pixels[where] = self._composite_block(block, seen, background)
        return pixels

    def _composite_block(
        self, rect: Rect, layers: tuple[Layer, ...], background: Colour | None
    ) -> np.ndarray:
        composite = Composite(rect.height, rect.width)
        if background is not None:
            backdrop = np.empty((rect.height, rect.width, 4), np.uint8)
            backdrop[:] = (*background, 255)
            composite.add(backdrop, 1.0)
        for layer in layers:
            if self.images[layer.id].holds_any(rect.moved(-layer.x, -layer.y)):
                composite.add(self.read(layer, rect), layer.opacity)
        return composite.pixels()

    def selection(self, rect: Rect) -> np.ndarray | None:
        """(height, width) float32 in [0, 1], or None where everything may be painted on."""
        if not self.state.has_selection:
            return None
        return self.images[SELECTION_ID].read(rect).astype(np.float32) * np.float32(1 / 255)

    def _exchange(self, step: Step | None, put_back: Callable[[Step], None]) -> Rect:
        if step is None:
            return EMPTY
        area = self.swap(step)
        put_back(step)
        return area


_looks_of = attrgetter("id", "kind", "opacity", "is_visible", "x", "y")


def _look(state: DocumentState) -> tuple[object, ...]:
    """What of a state decides the picture beyond its pixels."""
    return state.width, state.height, [_looks_of(layer) for layer in state.layers]
