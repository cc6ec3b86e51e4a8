"""From a document and a wish to a request; runs off the UI thread, knows nothing of Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from sdstudio.document.context import ContextCrop, context_crop, crop_of_box
from sdstudio.document.document import Document
from sdstudio.document.masks import MaskEdges
from sdstudio.document.paste_back import paste_back
from sdstudio.document.rect import Rect
from sdstudio.document.repaint import RepaintPlan, plan_all, plan_crop
from sdstudio.document.state import DocumentSnapshot
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import (
    MAX_SEED,
    MAX_STEPS,
    FillMode,
    GenerationRequest,
    ImageToImage,
    Inpaint,
)
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.canvas.repaint_intent import TRAITS, Intent

SMALL_PX = 256

MIN_STEPS = 4
"""A low strength raises the number of steps until at least these are run."""

MIN_FEW_STEPS = 2
"""The same for a few-step companion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaintWish:
    """What the painter asks for.

    Attributes:
        fill: what lies under the mask before noise is added.
        sight: what the model sees: "auto" around the mask, the "box", or the whole "picture".
        training_side, multiple: of the model: pixels of a side it was trained on, and that its
            pictures' sides are multiples of.
    """

    intent: Intent
    strength: float = 1.0
    fill: FillMode = "original"
    edges: MaskEdges = field(default_factory=MaskEdges)
    sight: Literal["auto", "box", "picture"] = "auto"
    matches_colours: bool = True
    use_inpainting_model: Literal["auto", "off"] = "auto"
    training_side: int = 256
    multiple: int = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedRepaint:
    """A plan and the request that carries it out.

    Attributes:
        canvas_size: of the document when it was planned; the plan's box is in its coordinates.
        first_seed: of the first picture that was asked for with this plan.
    """

    plan: RepaintPlan
    request: GenerationRequest
    wish: RepaintWish
    canvas_size: tuple[int, int]
    first_seed: int

    def again(self, *, asked: int, count: int) -> PreparedRepaint:
        """The same with other seeds: those that follow the first `asked` of the plan."""
        seed = (self.first_seed + asked) % (MAX_SEED + 1)
        return replace(self, request=replace(self.request, seed=seed, count=count))

    def finish(self, result: PictureResult) -> Candidate:
        """Bring a result home: scaled, its colours matched, its edge blended."""
        finished = self.plan.finish(result.picture, matches_colours=self.wish.matches_colours)
        return Candidate(
            picture=finished.picture,
            blend=finished.blend,
            box=self.plan.box,
            small=small_copy(self.plan.pixels, finished.picture, finished.blend),
            result=result,
            prepared=self,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A result at its place, not yet part of the document.

    Attributes:
        picture: "RGB", as large as the box.
        blend: (height, width) uint8, how much of it is seen.
        small: what the box looks like with it, at most `SMALL_PX` a side.
        result: what the engine made, with the request for exactly this picture.
    """

    picture: Raster
    blend: np.ndarray
    box: Rect
    small: Raster
    result: PictureResult
    prepared: PreparedRepaint


def small_copy(around: np.ndarray, picture: Raster, blend: np.ndarray) -> Raster:
    """A small picture of a result at its place.

    Args:
        around: (height, width, 3) uint8, the document in the box.
    """
    made = np.frombuffer(picture.pixels, np.uint8).reshape(around.shape)
    step = max(1, -(-max(around.shape) // SMALL_PX))
    thin = (slice(None, None, step), slice(None, None, step))
    seen = paste_back(around[thin], made[thin], blend[thin])
    height, width = seen.shape[:2]
    return Raster(width=width, height=height, mode="RGB", pixels=seen.tobytes())


def has_mask(document: Document, wish: RepaintWish) -> bool:
    """Whether only a part of what the model sees is to change."""
    if wish.intent == "generate":
        return False
    return wish.intent == "expand" or not document.mask_bounds().is_empty


def crop_for(document: Document, wish: RepaintWish) -> ContextCrop:
    """What the model would see.

    Raises:
        InvalidRequestError: the intent needs a mask and nothing is masked.
    """
    size = {"training_side": wish.training_side, "multiple": wish.multiple}
    box = _sight(document, wish)
    if box is not None:
        return crop_of_box(box, **size)
    return context_crop(document.mask_bounds(), document.bounds, **size)


def make_plan(document: Document, wish: RepaintWish) -> RepaintPlan:
    """What the model would see and might change.

    Raises:
        InvalidRequestError: the intent needs a mask and nothing is masked.
    """
    crop = crop_for(document, wish)
    if not has_mask(document, wish) and wish.intent in ("generate", "refine"):
        return plan_all(document, crop, wish.edges if wish.intent == "refine" else None)
    return plan_crop(document, crop, wish.edges, wish.strength)


def prepare(
    snapshot: DocumentSnapshot, wish: RepaintWish, base: GenerationRequest
) -> PreparedRepaint:
    """Plan and write the request.

    Args:
        base: prompt, model, steps, guidance, seed and count; size and start are replaced.

    Raises:
        InvalidRequestError: nothing is masked, or there are no words where they are needed.
    """
    traits = TRAITS[wish.intent]
    if traits.needs_prompt and not base.prompt.strip():
        raise InvalidRequestError("The prompt is empty.", "Describe what should be there.")
    document = Document.from_snapshot(snapshot)
    plan = make_plan(document, wish)
    words = {} if traits.uses_prompt else {"prompt": "", "negative_prompt": ""}
    start = _start(document, plan, wish, base.seed)
    request = replace(
        base,
        **words,
        width=plan.crop.width,
        height=plan.crop.height,
        num_inference_steps=steps_for(
            base.num_inference_steps, wish.strength, few_step=base.few_step
        ),
        start=start,
        parents=base.parents if start is not None else (),
    )
    return PreparedRepaint(
        plan=plan,
        request=request,
        wish=wish,
        canvas_size=document.size,
        first_seed=request.seed,
    )


def steps_for(num_inference_steps: int, strength: float, *, few_step: bool = False) -> int:
    """Enough steps that `MIN_STEPS` of them are run at this strength.

    A few-step companion runs no fewer than its share of the steps it was taught.
    """
    least = MIN_STEPS
    if few_step:
        least = max(MIN_FEW_STEPS, math.ceil(round(num_inference_steps * strength, 6)))
    needed = math.ceil(round(least / strength, 6))
    return min(MAX_STEPS, max(num_inference_steps, needed))


def _start(
    document: Document, plan: RepaintPlan, wish: RepaintWish, seed: int
) -> ImageToImage | Inpaint | None:
    if wish.intent == "generate":
        return None
    rng = np.random.default_rng(seed)
    if not has_mask(document, wish):
        init_image = plan.init_image("original", rng)
        return ImageToImage(init_image=init_image, strength=wish.strength)
    return plan.start(
        wish.fill,
        rng,
        strength=wish.strength,
        use_inpainting_model=wish.use_inpainting_model,
    )


def _sight(document: Document, wish: RepaintWish) -> Rect | None:
    """The box the model shall see; None for the best crop around the mask."""
    if wish.sight == "box" or wish.intent == "expand" or not has_mask(document, wish):
        return document.box
    sees_all = wish.sight == "picture" or TRAITS[wish.intent].sees_all
    return document.bounds if sees_all else None
