"""From a painted mask through a real engine and back: bytes that were not masked stay."""

from __future__ import annotations

import numpy as np
import pytest

from sdstudio.document.document import Document
from sdstudio.document.masks import MaskEdges, grown
from sdstudio.document.rect import Rect
from sdstudio.document.repaint import plan_repaint
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.raster import Raster
from tests.support.engine_runs import generate, request
from tests.support.random_masks import KINDS, random_mask

TRAINING_SIDE = 64
FILLS = ("original", "blur", "neutral", "noise", "edge")
EDGES = (
    MaskEdges(),
    MaskEdges(grow_px=0, feather=0.0, min_feather_px=0, blend_px=0),
    MaskEdges(grow_px=9, feather=0.3, min_feather_px=4, blend_px=60),
)


def _raster(pixels: np.ndarray) -> Raster:
    mode = "L" if pixels.ndim == 2 else "RGB"
    height, width = pixels.shape[:2]
    return Raster(width=width, height=height, mode=mode, pixels=pixels.tobytes())


def _random_document(rng: np.random.Generator, kind: str) -> tuple[Document, np.ndarray]:
    """A noisy picture of any size with a mask layer; the mask as it was painted."""
    width, height = (int(side) for side in rng.integers(8, 150, 2))
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = random_mask(kind, width, height, rng)
    document = Document.from_picture(_raster(picture))
    document.layers.add_picture(_raster(mask))
    return document, mask


def _repaint(document: Document, engine: DiffusionEngine, number: int) -> np.ndarray:
    """Plan, run, finish and accept; returns the plan's blend mask over the whole document."""
    rng = np.random.default_rng(number)
    edges = EDGES[number % len(EDGES)]
    strength = (1.0, 0.5)[number % 2]
    box = None
    if number % 11 == 10:  # now and then the picture grows at its left and its bottom
        box = Rect(-16, 0, document.bounds.width + 16, document.bounds.height + 24)
    plan = plan_repaint(
        document, training_side=TRAINING_SIDE, edges=edges, strength=strength, box=box
    )
    start = plan.start(FILLS[number % len(FILLS)], rng, strength=strength)
    wanted = request(
        width=plan.crop.width,
        height=plan.crop.height,
        num_inference_steps=2,
        seed=number,
        start=start,
    )
    finished = plan.finish(generate(engine, wanted).results[0].picture)
    whole = document.bounds.united(plan.box)
    blend = np.zeros((whole.height, whole.width), np.uint8)
    blend[plan.box.moved(-whole.x, -whole.y).slices] = finished.blend
    document.accept_result(finished.picture, plan.box, wanted, blend_mask=finished.blend)
    return blend


def test_200_random_masks_keep_every_byte_they_do_not_cover(engine: DiffusionEngine) -> None:
    """Hard, soft, one pixel, touching edges, whole, ramps, speckles; empty ones are refused."""
    rng = np.random.default_rng(200)
    changed = refused = 0
    for number in range(200):
        kind = KINDS[number % len(KINDS)]
        document, mask = _random_document(rng, kind)
        before = document.composite(document.bounds)
        if kind == "empty":
            with pytest.raises(InvalidRequestError, match=r"^Nothing is masked\."):
                plan_repaint(document, training_side=TRAINING_SIDE)
            refused += 1
            continue
        blend = _repaint(document, engine, number)
        after = document.composite(document.bounds)
        grown_by = 0 if after.shape[1] == before.shape[1] else 16
        old = after[: before.shape[0], grown_by : grown_by + before.shape[1]]
        seen = blend[: before.shape[0], grown_by : grown_by + before.shape[1]]
        assert (old[seen == 0] == before[seen == 0]).all(), (number, kind)
        reach = EDGES[number % len(EDGES)].grow_px
        assert not seen[grown(mask, reach) == 0].any(), (number, kind)
        changed += bool((old != before).any())
    assert refused == 25
    assert changed > 150  # one pixel may come out as it was; most masks change something
