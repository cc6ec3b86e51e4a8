"""The stack of layers: what a painter does to whole layers.

Every verb is one step of undo and returns what must be repainted, save those that make a layer:
they return it, it is active, and it says where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sdstudio.document.content import Content
from sdstudio.document.rect import Rect
from sdstudio.document.state import CHANNELS, DocumentState, Layer, LayerKind
from sdstudio.document.tiles import TiledImage
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.raster import Raster

BLOCK_PX = 1024
MAX_LAYERS = 500
_COPIED = ("opacity", "is_visible", "keeps_alpha", "x", "y")
_NAMES: dict[LayerKind, str] = {"raster": "Layer", "mask": "Mask"}


class LayerStack:
    """The layers of a document, from the bottom up."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._content.state.layers)

    def __len__(self) -> int:
        return len(self._content.state.layers)

    def __getitem__(self, index: int) -> Layer:
        return self._content.state.layers[index]

    @property
    def active(self) -> Layer | None:
        """The layer that tools work on."""
        state = self._content.state
        return next((each for each in state.layers if each.id == state.active_id), None)

    def get(self, layer_id: int) -> Layer:
        """The layer of this id.

        Raises:
            InvalidRequestError: there is none.
        """
        return self._content.state.layer(layer_id)

    def bounds(self, layer_id: int) -> Rect:
        """Where the layer is not empty, in the document's coordinates."""
        return self._content.bounds_of(self.get(layer_id))

    def tiles_under(self, layer: Layer, rect: Rect) -> list[tuple[Rect, np.ndarray]]:
        """The tiles of a layer under `rect`, for a window to draw; where none lies it is clear.

        Returns:
            Where each lies in the document, and its pixels: not copied, never to be written to,
            valid until the next change.
        """
        return self._content.tiles_under(layer, rect)

    def editable(self, layer_id: int | None = None) -> Layer:
        """The layer of this id, or the active one, if tools may change it.

        Raises:
            InvalidRequestError: there is none, or it is locked.
        """
        layer = self.active if layer_id is None else self.get(layer_id)
        if layer is None:
            raise InvalidRequestError("There is no layer to work on.", "Add a layer first.")
        if layer.is_locked:
            raise InvalidRequestError(f"The layer “{layer.name}” is locked.", "Unlock it first.")
        return layer

    def activate(self, layer_id: int) -> None:
        """Let tools work on this layer; nothing to undo."""
        self.get(layer_id)
        self._content.state = replace(self._content.state, active_id=layer_id)

    def add(self, name: str = "", *, kind: LayerKind = "raster") -> Layer:
        """An empty layer above the active one."""
        with self._content.edit("Add layer"):
            return self.insert(name, kind=kind)

    def add_picture(
        self, picture: Raster, *, x: int = 0, y: int = 0, name: str = "", label: str = "Add picture"
    ) -> Layer:
        """A layer with a picture whose top left pixel lies at (x, y); "L" makes a mask layer."""
        with self._content.edit(label):
            layer = self.insert(name, kind="mask" if picture.mode == "L" else "raster")
            where = Rect(x, y, picture.width, picture.height)
            self._content.write(layer, where, raster_pixels(picture))
            return layer

    def duplicate(self, layer_id: int) -> Layer:
        """A copy right above the layer; its pixels are shared until one is painted on."""
        source = self.get(layer_id)
        with self._content.edit("Duplicate layer"):
            tiles = self._content.images[layer_id].snapshot()
            self.activate(layer_id)
            copy = self.insert(f"{source.name} copy", kind=source.kind)
            self._content.images[copy.id] = TiledImage(CHANNELS[source.kind], tiles)
            like = {name: getattr(source, name) for name in _COPIED}
            self._content.state = self._content.state.with_layer(copy.id, **like)
            return self.get(copy.id)

    def delete(self, layer_id: int) -> Rect:
        """Take a layer away; the one below it becomes active."""
        self.editable(layer_id)
        state = self._content.state
        index = state.index(layer_id)
        left = tuple(each for each in state.layers if each.id != layer_id)
        active = state.active_id
        if active == layer_id:
            active = left[max(0, index - 1)].id if left else 0
        return self._content.set_state(
            "Delete layer", replace(state, layers=left, active_id=active)
        )

    def move_to(self, layer_id: int, index: int) -> Rect:
        """Put a layer at this place, counted from the bottom."""
        layer = self.get(layer_id)
        left = [each for each in self if each.id != layer_id]
        left.insert(max(0, index), layer)
        return self._set("Reorder layers", replace(self._content.state, layers=tuple(left)))

    def rename(self, layer_id: int, name: str) -> Rect:
        return self._change("Rename layer", layer_id, name=name)

    def set_opacity(self, layer_id: int, opacity: float) -> Rect:
        """From 0 to 1; the steps of a slider's drag are one step of undo."""
        key = f"opacity {layer_id}"
        return self._change("Change opacity", layer_id, merge_key=key, opacity=opacity)

    def set_visible(self, layer_id: int, is_visible: bool) -> Rect:
        label = "Show layer" if is_visible else "Hide layer"
        return self._change(label, layer_id, is_visible=is_visible)

    def set_locked(self, layer_id: int, is_locked: bool) -> Rect:
        label = "Lock layer" if is_locked else "Unlock layer"
        return self._change(label, layer_id, is_locked=is_locked)

    def set_keeps_alpha(self, layer_id: int, keeps_alpha: bool) -> Rect:
        """Whether tools may only colour what is already there."""
        return self._change("Lock transparency", layer_id, keeps_alpha=keeps_alpha)

    def shift(self, layer_id: int, dx: int, dy: int) -> Rect:
        """Move a layer by whole pixels; what leaves the picture is kept."""
        layer = self.editable(layer_id)
        before = self.bounds(layer_id)
        key = f"shift {layer_id}"
        self._change("Move layer", layer_id, merge_key=key, x=layer.x + dx, y=layer.y + dy)
        return before.united(before.moved(dx, dy)).intersected(self._content.bounds)

    def merge_down(self, layer_id: int) -> Rect:
        """Merge a layer into the one below it.

        Raises:
            InvalidRequestError: there is none below, their kinds differ, or one is hidden.
        """
        upper = self.editable(layer_id)
        index = self._content.state.index(layer_id)
        if index == 0:
            raise InvalidRequestError("There is no layer below to merge with.")
        lower = self.editable(self[index - 1].id)
        if upper.kind != lower.kind:
            raise InvalidRequestError("A mask cannot be merged with a painted layer.")
        if not (upper.is_visible and lower.is_visible):
            raise InvalidRequestError("A hidden layer cannot be merged.", "Show it first.")
        with self._content.edit("Merge down") as edit:
            area = self.bounds(upper.id).united(self.bounds(lower.id))
            self._merge((lower, upper), lower, area)
            left = tuple(each for each in self if each.id != upper.id)
            merged = replace(self._content.state, layers=left, active_id=lower.id)
            self._content.state = merged.with_layer(lower.id, opacity=1.0)
            return edit.commit()

    def flatten(self) -> Rect:
        """Merge what is visible into one layer; hidden layers go, masks stay."""
        rasters = [each for each in self if each.kind == "raster"]
        if not rasters:
            raise InvalidRequestError("There is nothing to flatten.")
        for layer in rasters:
            self.editable(layer.id)
        lowest = rasters[0]
        with self._content.edit("Flatten") as edit:
            self._merge(tuple(rasters), lowest, self._content.bounds)
            gone = {each.id for each in rasters[1:]}
            left = tuple(each for each in self if each.id not in gone)
            state = replace(self._content.state, layers=left, active_id=lowest.id)
            self._content.state = state.with_layer(lowest.id, opacity=1.0, is_visible=True)
            return edit.commit()

    def insert(self, name: str = "", *, kind: LayerKind = "raster") -> Layer:
        """Add an empty layer within an edit that is already open."""
        state = self._content.state
        if len(self) >= MAX_LAYERS:
            raise InvalidRequestError(f"A picture can have {MAX_LAYERS} layers at most.")
        layer = Layer(id=state.next_id, name=name or f"{_NAMES[kind]} {state.next_id}", kind=kind)
        layers = list(state.layers)
        layers.insert(state.index(state.active_id) + 1 if self.active else len(layers), layer)
        self._content.state = replace(
            state, layers=tuple(layers), active_id=layer.id, next_id=state.next_id + 1
        )
        self._content.drop_orphans()
        return layer

    def _merge(self, layers: tuple[Layer, ...], target: Layer, area: Rect) -> None:
        for block in area.blocks(BLOCK_PX):
            if target.kind == "raster":
                merged = self._content.composite(block, layers=layers)
            else:
                merged = masks_together(self._content, layers, block)
            self._content.write(target, block, merged)

    def _change(self, label: str, layer_id: int, *, merge_key: str = "", **changes: Any) -> Rect:
        changed = self._content.state.with_layer(layer_id, **changes)
        return self._set(label, changed, merge_key)

    def _set(self, label: str, state: DocumentState, merge_key: str = "") -> Rect:
        return self._content.set_state(label, state, merge_key=merge_key)


def masks_together(content: Content, layers: tuple[Layer, ...], rect: Rect) -> np.ndarray:
    """The strongest of all visible masks, pixel by pixel: (height, width) uint8."""
    strongest = np.zeros((rect.height, rect.width), np.uint8)
    for layer in layers:
        if layer.kind != "mask" or not layer.is_visible:
            continue
        values = content.read(layer, rect)
        if layer.opacity < 1.0:
            values = (values * np.float32(layer.opacity) + np.float32(0.5)).astype(np.uint8)
        np.maximum(strongest, values, out=strongest)
    return strongest


def raster_pixels(picture: Raster) -> np.ndarray:
    """(height, width) of an "L", (height, width, 4) of any other picture."""
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, -1)
    if picture.mode == "L":
        return pixels[..., 0]
    if picture.mode == "RGBA":
        return pixels
    opaque = np.full((picture.height, picture.width, 4), 255, np.uint8)
    opaque[..., :3] = pixels
    return opaque
