"""One repaint from the document to the model and back: what it sees, and what comes of it.

plan = plan_repaint(document, training_side=512)    drawn over the canvas while sliders move
GenerationRequest(start=plan.start(fill, rng), ...)
finished = plan.finish(result)                      colours matched, edges blended
document.accept_result(finished.picture, plan.box, request, blend_mask=finished.blend)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image

from sdstudio.document.context import MIN_CONTEXT, ContextCrop, context_crop, crop_of_box
from sdstudio.document.document import Document
from sdstudio.document.masks import MaskEdges, blend_mask, denoise_mask, grown, require_mask
from sdstudio.document.paste_back import match_colours, paste_back
from sdstudio.document.prefill import prefill
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import FillMode, Inpaint
from sdstudio.messages.raster import Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRepaint:
    """What to lay over the document at the plan's box.

    Attributes:
        picture: "RGB", as large as the box.
        blend: (height, width) uint8, how much of it is seen; 0 keeps the document's bytes.
    """

    picture: Raster
    blend: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPlan:
    """Where the model looks and what it may change.

    Attributes:
        crop: the part of the document and the size the model paints it in.
        denoise: (height, width) uint8, what the model may change.
        blend: (height, width) uint8, what is seen of the result.
        is_outside: (height, width) bool, beyond the document's edges; all of it is new.
    """

    crop: ContextCrop
    denoise: np.ndarray
    blend: np.ndarray
    is_outside: np.ndarray

    @property
    def box(self) -> Rect:
        return self.crop.box


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaintPlan(MaskPlan):
    """What the model will see and what may change, before anything is run.

    Attributes:
        pixels: (height, width, 3), the document in the box; white where nothing is.
    """

    pixels: np.ndarray

    @property
    def mask_image(self) -> Raster:
        """The denoise mask in the request's size, mode "L"."""
        size = self.crop.width, self.crop.height
        return _raster(_resized(self.denoise, size, Image.Resampling.BILINEAR))

    def init_image(self, fill: FillMode, rng: np.random.Generator) -> Raster:
        """The picture in the request's size, its masked part filled, mode "RGB".

        Beyond the edges there is nothing to keep: "original" continues the edge there.
        """
        size = self.crop.width, self.crop.height
        return _raster(_resized(self.filled(fill, rng), size, Image.Resampling.LANCZOS))

    def start(
        self,
        fill: FillMode,
        rng: np.random.Generator,
        *,
        strength: float = 1.0,
        use_inpainting_model: Literal["auto", "off"] = "auto",
    ) -> Inpaint:
        """What a request of the crop's size starts from; the fill is done here, not there."""
        return Inpaint(
            init_image=self.init_image(fill, rng),
            mask_image=self.mask_image,
            strength=strength,
            use_inpainting_model=use_inpainting_model,
        )

    def finish(self, result: Raster, *, matches_colours: bool = True) -> FinishedRepaint:
        """Bring a result back to the box: scaled, its colours matched, blended.

        Args:
            result: of the request's size.
        """
        if result.size != (self.crop.width, self.crop.height) or result.mode != "RGB":
            raise InvalidRequestError("The result is not of the size that was asked for.")
        made = np.frombuffer(result.pixels, np.uint8).reshape(result.height, result.width, 3)
        made = _resized(made, (self.box.width, self.box.height), Image.Resampling.LANCZOS)
        around = self._continued()
        if matches_colours:
            made = match_colours(around, made, self.blend)
        if not self.is_outside.any():
            return FinishedRepaint(picture=_raster(made), blend=self.blend)
        # Nothing lies beneath the new part: it blends with the continued edge, and is opaque.
        pasted = paste_back(around, made, self.blend)
        made = np.where(self.is_outside[..., None], pasted, made)
        blend = np.where(self.is_outside, np.uint8(255), self.blend)
        return FinishedRepaint(picture=_raster(made), blend=blend)

    def _continued(self) -> np.ndarray:
        """The document with its edges continued beyond them."""
        if not self.is_outside.any():
            return self.pixels
        outside = np.where(self.is_outside, np.uint8(255), np.uint8(0))
        return prefill(self.pixels, outside, "edge", np.random.default_rng(0))

    def filled(self, fill: FillMode, rng: np.random.Generator) -> np.ndarray:
        painted = np.where(self.is_outside, np.uint8(255), self.denoise)
        return prefill(self._continued(), painted, fill, rng)


def plan_repaint(
    document: Document,
    *,
    training_side: int,
    multiple: int = 8,
    edges: MaskEdges | None = None,
    strength: float = 1.0,
    context: float = MIN_CONTEXT,
    box: Rect | None = None,
) -> RepaintPlan:
    """Plan a repaint of what is masked, and of what a box covers beyond the edges.

    Args:
        training_side: pixels of a side of the pictures the model was trained on.
        multiple: of the request's width and height.
        strength: of the run, (0, 1].
        box: what the model shall see; None finds the best crop around the mask.

    Raises:
        InvalidRequestError: nothing is masked and the box lies within the picture.
    """
    if box is None:
        crop = context_crop(
            document.mask_bounds(),
            document.bounds,
            training_side=training_side,
            multiple=multiple,
            context=context,
        )
    else:
        crop = crop_of_box(box, training_side=training_side, multiple=multiple)
    return plan_crop(document, crop, edges or MaskEdges(), strength)


def plan_crop(
    document: Document, crop: ContextCrop, edges: MaskEdges, strength: float = 1.0
) -> RepaintPlan:
    """Plan a repaint of what is masked in a crop that was chosen already."""
    return _with_pixels(document, plan_masks(document, crop, edges, strength))


def plan_masks(
    document: Document,
    crop: ContextCrop,
    edges: MaskEdges,
    strength: float = 1.0,
    *,
    step: int = 1,
) -> MaskPlan:
    """The two masks of a repaint in a crop; looks at no pixels.

    Args:
        step: look at every so many-th row and column only: a small drawing of large masks.

    Raises:
        InvalidRequestError: nothing is masked and the crop lies within the picture.
    """
    is_outside = _outside(document, crop.box)[::step, ::step]
    values = document.mask_values(crop.box)[::step, ::step]
    edges = edges.scaled(1 / step)
    painted = np.where(is_outside, np.uint8(0), values)
    mask = np.where(is_outside, np.uint8(255), painted)
    require_mask(mask)
    # The new part's edge lies beyond the border: what is there already keeps its bytes.
    may_change = is_outside | (grown(painted, edges.grow_px) > 0)
    return MaskPlan(
        crop=crop,
        denoise=denoise_mask(mask, edges, strength),
        blend=np.where(may_change, blend_mask(mask, edges), np.uint8(0)),
        is_outside=is_outside,
    )


def plan_all(document: Document, crop: ContextCrop, edges: MaskEdges | None = None) -> RepaintPlan:
    """Plan to make all of a crop anew.

    Args:
        edges: blend the sides at which the picture goes on; None for hard ones.
    """
    everything = np.full((crop.box.height, crop.box.width), 255, np.uint8)
    masks = MaskPlan(
        crop=crop,
        denoise=everything,
        blend=everything if edges is None else _blended_sides(document, crop.box, edges),
        is_outside=_outside(document, crop.box),
    )
    return _with_pixels(document, masks)


def _blended_sides(document: Document, box: Rect, edges: MaskEdges) -> np.ndarray:
    """(height, width) uint8: soft where the picture goes on beyond the box."""
    around = box.grown(1)
    goes_on = ~_outside(document, around)
    goes_on[1:-1, 1:-1] = False
    mask = np.where(goes_on, np.uint8(0), np.uint8(255))
    return blend_mask(mask, replace(edges, grow_px=0))[1:-1, 1:-1]


def _with_pixels(document: Document, masks: MaskPlan) -> RepaintPlan:
    return RepaintPlan(
        crop=masks.crop,
        denoise=masks.denoise,
        blend=masks.blend,
        is_outside=masks.is_outside,
        pixels=document.composite(masks.box, background=(255, 255, 255))[..., :3],
    )


def _outside(document: Document, box: Rect) -> np.ndarray:
    """(height, width) bool, what of the box lies beyond the document's edges."""
    is_outside = np.ones((box.height, box.width), bool)
    inside = box.intersected(document.bounds).moved(-box.x, -box.y)
    is_outside[inside.slices] = False
    return is_outside


def _resized(pixels: np.ndarray, size: tuple[int, int], resampling: Image.Resampling) -> np.ndarray:
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, resampling))


def _raster(pixels: np.ndarray) -> Raster:
    return Raster(
        width=pixels.shape[1],
        height=pixels.shape[0],
        mode="L" if pixels.ndim == 2 else "RGB",
        pixels=pixels.tobytes(),
    )
