"""The document: the one object a window drives; its methods are a painter's verbs.

A verb is one step of undo, unless it says otherwise, and returns the rectangle to repaint.
Coordinates are the document's pixels, (0, 0) the top left one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdstudio.document.blend import Colour, over
from sdstudio.document.content import Content
from sdstudio.document.layers import LayerStack, masks_together, raster_pixels
from sdstudio.document.painter import Painter
from sdstudio.document.rect import Rect
from sdstudio.document.selection import Selection
from sdstudio.document.state import (
    SELECTION_ID,
    AcceptedResult,
    DocumentSnapshot,
    DocumentState,
    Layer,
    check_size,
)
from sdstudio.document.tiles import TiledImage
from sdstudio.document.undo import UndoStack
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster

WHITE: Colour = (255, 255, 255)


class Document:
    """Layers, masks, selection, generation box, accepted results, and their undo.

    Attributes:
        layers: the stack of layers and its verbs.
        selection: what tools may touch, and its verbs.
        paint: the tools that change a layer's pixels.
        undo_stack: labels and size of what can be undone.
    """

    def __init__(self, width: int, height: int, *, undo_stack: UndoStack | None = None) -> None:
        box = Rect(0, 0, width, height)
        self._open(Content(DocumentState(width=width, height=height, box=box), undo_stack))

    @classmethod
    def from_picture(cls, picture: Raster, name: str = "Background") -> Document:
        """A document of one layer that shows the picture; nothing to undo yet."""
        document = cls(picture.width, picture.height)
        if picture.mode == "L":
            grey = np.frombuffer(picture.pixels, np.uint8).repeat(3).tobytes()
            picture = Raster(width=picture.width, height=picture.height, mode="RGB", pixels=grey)
        document.layers.add_picture(picture, name=name)
        return cls.from_snapshot(document.snapshot())

    @classmethod
    def from_snapshot(
        cls, snapshot: DocumentSnapshot, *, undo_stack: UndoStack | None = None
    ) -> Document:
        """The document as it was when the snapshot was taken."""
        document = cls.__new__(cls)
        content = Content(snapshot.state, undo_stack)
        for layer_id, image in content.images.items():
            tiles = snapshot.tiles.get(layer_id, {})
            content.images[layer_id] = TiledImage(image.channels, tiles)
        document._open(content)
        return document

    def _open(self, content: Content) -> None:
        self._content = content
        self._saved_revision = content.revision
        self.layers = LayerStack(content)
        self.selection = Selection(content)
        self.paint = Painter(content, self.layers)

    # --- looking ---

    @property
    def state(self) -> DocumentState:
        return self._content.state

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.state.width, self.state.height

    @property
    def bounds(self) -> Rect:
        return self.state.bounds

    @property
    def box(self) -> Rect:
        """The generation box; may reach beyond the picture."""
        return self.state.box

    @property
    def undo_stack(self) -> UndoStack:
        return self._content.undo_stack

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._content.revision

    @property
    def is_modified(self) -> bool:
        """Whether something changed since `mark_saved`."""
        return self._content.revision != self._saved_revision

    def mark_saved(self, revision: int | None = None) -> None:
        """Remember that it is on disk, as it was at this revision (now, if None)."""
        self._saved_revision = self._content.revision if revision is None else revision

    def snapshot(self) -> DocumentSnapshot:
        """The document at this moment; takes microseconds, and any thread may save it."""
        return self._content.snapshot()

    def composite(self, rect: Rect, *, background: Colour | None = None) -> np.ndarray:
        """What is seen in `rect`: (height, width, 4) uint8, straight alpha.

        Args:
            background: an opaque colour below all layers; the alpha is 255 then.
        """
        return self._content.composite(rect, background=background)

    def layer_pixels(self, layer_id: int, rect: Rect) -> np.ndarray:
        """One layer alone: (height, width) of a mask, else (height, width, 4)."""
        return self._content.read(self.layers.get(layer_id), rect)

    def picture_raster(self, rect: Rect, *, background: Colour = WHITE) -> Raster:
        """What is seen in `rect`, as an opaque "RGB" picture over one colour."""
        pixels = self._content.composite(rect, background=background)[..., :3]
        return Raster(width=rect.width, height=rect.height, mode="RGB", pixels=pixels.tobytes())

    def mask_values(self, rect: Rect) -> np.ndarray:
        """What is to be repainted: (height, width) uint8, 255 = repaint.

        The strongest of the visible mask layers; where no mask layer is painted on, the selection.
        """
        masks = masks_together(self._content, self.state.layers, rect)
        if masks.any() or not self.selection.is_active:
            return masks
        painted = any(
            each.kind == "mask" and each.is_visible and self.layers.bounds(each.id).area
            for each in self.layers
        )
        return masks if painted else self.selection.values(rect)

    def mask_raster(self, rect: Rect) -> Raster:
        """`mask_values` as an "L" picture."""
        pixels = self.mask_values(rect).tobytes()
        return Raster(width=rect.width, height=rect.height, mode="L", pixels=pixels)

    def mask_bounds(self) -> Rect:
        """Around all that is to be repainted; empty where nothing is."""
        painted = [each for each in self.layers if each.kind == "mask" and each.is_visible]
        around = Rect()
        for layer in painted:
            around = around.united(self.layers.bounds(layer.id))
        around = around.intersected(self.bounds)
        return around if around.area else self.selection.bounds

    def pick_colour(self, x: int, y: int, *, layer_id: int | None = None) -> Colour | None:
        """The colour seen at a pixel, or that of one layer; None where nothing is."""
        spot = Rect(x, y, 1, 1)
        if not self.bounds.contains(spot):
            return None
        pixels = self.composite(spot) if layer_id is None else self.layer_pixels(layer_id, spot)
        if pixels.ndim == 2:
            grey = int(pixels[0, 0])
            return grey, grey, grey
        red, green, blue, alpha = (int(value) for value in pixels[0, 0])
        return (red, green, blue) if alpha else None

    # --- changing ---

    def undo(self) -> Rect:
        """Take the last step back."""
        return self._content.undo()

    def redo(self) -> Rect:
        """Do again what was undone last."""
        return self._content.redo()

    def set_box(self, box: Rect) -> None:
        """Put the generation box; the moves of one drag are one step (`undo_stack.seal`)."""
        check_size(box.width, box.height)
        self._content.set_state("Move box", replace(self.state, box=box), merge_key="box")

    def resize_canvas(self, new_bounds: Rect, *, label: str = "Resize picture") -> Rect:
        """Give the picture other edges, in its present coordinates; no pixel of a layer is lost.

        Everything moves so that the new top left pixel is (0, 0) again.
        """
        check_size(new_bounds.width, new_bounds.height)
        with self._content.edit(label):
            self._set_bounds(new_bounds)
        return self.bounds

    def accept_result(
        self,
        picture: Raster,
        box: Rect,
        request: GenerationRequest,
        *,
        blend_mask: np.ndarray | None = None,
        merges: bool = False,
        name: str = "",
    ) -> Layer:
        """Make a generated picture part of the document, in one step.

        A box beyond the picture's edges makes the picture larger (outpainting). Mask layers are
        hidden: what they asked for is done, and the result should be seen.

        Args:
            picture: as large as the box.
            blend_mask: (height, width) uint8, how much of the result is seen; None = all.
                Where it is 0 the document keeps its bytes.
            merges: lay it onto the active layer instead of a new one.

        Returns:
            The layer that holds it.
        """
        if picture.size != (box.width, box.height):
            raise InvalidRequestError(
                f"The result has {picture.width} x {picture.height} pixels, its box"
                f" {box.width} x {box.height}."
            )
        target = self.layers.editable() if merges else None
        if target and target.kind != "raster":
            raise InvalidRequestError("A result cannot be merged into a mask.", "Choose a layer.")
        with self._content.edit("Accept result"):
            grown = self.bounds.united(box)
            if grown != self.bounds:
                self._set_bounds(grown)
                box = box.moved(-grown.x, -grown.y)
            pixels = _seen_through(raster_pixels(picture), blend_mask)
            if target:
                target = self.layers.get(target.id)
                pixels = over(self._content.read(target, box), pixels)
            else:
                target = self._insert_result_layer(name)
            self._content.write(target, box, pixels)
            accepted = AcceptedResult(layer_id=target.id, box=box, request=request)
            results = (*self.state.accepted, accepted)
            layers = _without_visible_masks(self.state.layers)
            self._content.state = replace(self.state, accepted=results, layers=layers)
        return target

    def _insert_result_layer(self, name: str) -> Layer:
        """Above the active layer, or above the topmost painted one if that is a mask."""
        active = self.layers.active
        rasters = [each for each in self.layers if each.kind == "raster"]
        if active and active.kind == "mask" and rasters:
            self.layers.activate(rasters[-1].id)
        return self.layers.insert(name or "Result")

    def _set_bounds(self, new_bounds: Rect) -> None:
        dx, dy = -new_bounds.x, -new_bounds.y
        state = self.state
        selected = self._content.images[SELECTION_ID]
        where = selected.bounds()
        if where.area and (dx or dy or not new_bounds.contains(where)):
            values = selected.read(where)
            selected.write(where, np.zeros_like(values))
            kept = where.intersected(new_bounds)
            selected.write(kept.moved(dx, dy), values[kept.moved(-where.x, -where.y).slices])
        self._content.state = replace(
            state,
            width=new_bounds.width,
            height=new_bounds.height,
            layers=tuple(replace(each, x=each.x + dx, y=each.y + dy) for each in state.layers),
            box=state.box.moved(dx, dy),
            accepted=tuple(replace(each, box=each.box.moved(dx, dy)) for each in state.accepted),
        )


def _without_visible_masks(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    return tuple(
        replace(each, is_visible=False) if each.kind == "mask" else each for each in layers
    )


def _seen_through(pixels: np.ndarray, blend_mask: np.ndarray | None) -> np.ndarray:
    if blend_mask is None:
        return pixels
    if blend_mask.shape != pixels.shape[:2]:
        raise InvalidRequestError("The blend mask and the result differ in size.")
    seen = pixels.copy()
    seen[..., 3] = np.rint(pixels[..., 3] * (blend_mask / np.float32(255)))
    seen[seen[..., 3] == 0] = 0
    return seen
