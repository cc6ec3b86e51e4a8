"""From a wish to the request that carries it out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest, ImageToImage, Inpaint
from sdstudio.ui.canvas.repaint_request import (
    MIN_FEW_STEPS,
    MIN_STEPS,
    RepaintWish,
    prepare,
    steps_for,
)
from tests.support.paint_desk import WHITE, smooth_document

BASE = GenerationRequest(prompt="a red house", seed=5, count=3, num_inference_steps=20)


def _masked(document: Document | None = None) -> Document:
    document = document or smooth_document(800, 600)
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (300, 200, 360, 260), WHITE)
    return document


def test_generate_makes_all_of_the_box_from_noise() -> None:
    document = smooth_document(800, 600)
    document.set_box(Rect(100, 100, 320, 256))
    prepared = prepare(document.snapshot(), RepaintWish(intent="generate"), BASE)
    assert prepared.request.start is None
    assert prepared.plan.box == (100, 100, 320, 256)
    assert (prepared.request.width % 8, prepared.request.count) == (0, 3)
    assert (prepared.plan.blend == 255).all()


def test_refine_without_a_mask_starts_from_the_box() -> None:
    document = smooth_document()
    prepared = prepare(document.snapshot(), RepaintWish(intent="refine", strength=0.4), BASE)
    start = prepared.request.start
    assert isinstance(start, ImageToImage)
    assert start.strength == 0.4
    assert start.init_image.size == (prepared.request.width, prepared.request.height)


@pytest.mark.parametrize("intent", ["fill", "add", "remove", "refine", "replace-background"])
def test_a_mask_becomes_an_inpainting_request(intent: str) -> None:
    wish = RepaintWish(intent=intent, fill="blur", use_inpainting_model="off")  # type: ignore[arg-type]
    prepared = prepare(_masked().snapshot(), wish, BASE)
    start = prepared.request.start
    assert isinstance(start, Inpaint)
    assert start.use_inpainting_model == "off"
    assert (prepared.request.prompt == "") == (intent == "remove")
    sees_all = prepared.plan.box == (0, 0, 800, 600)
    assert sees_all == (intent == "replace-background")


def test_what_the_model_sees_can_be_chosen() -> None:
    document = _masked()
    document.set_box(Rect(200, 100, 400, 400))
    boxes = {
        sight: prepare(document.snapshot(), RepaintWish(intent="fill", sight=sight), BASE).plan.box
        for sight in ("auto", "box", "picture")
    }
    assert boxes["box"] == (200, 100, 400, 400)
    assert boxes["picture"] == (0, 0, 800, 600)
    assert boxes["auto"].contains(document.mask_bounds())
    assert boxes["auto"].area < boxes["box"].area


def test_expand_sees_the_box_and_needs_no_mask() -> None:
    document = smooth_document(256, 256)
    document.set_box(Rect(-128, 0, 384, 256))
    prepared = prepare(document.snapshot(), RepaintWish(intent="expand", fill="edge"), BASE)
    assert prepared.plan.box == (-128, 0, 384, 256)
    assert isinstance(prepared.request.start, Inpaint)
    assert not prepared.plan.blend[:, 128:].any()


def test_more_candidates_have_the_seeds_that_follow() -> None:
    prepared = prepare(_masked().snapshot(), RepaintWish(intent="fill"), BASE)
    more = prepared.again(asked=3, count=2)
    assert (more.request.seed, more.request.count) == (8, 2)
    assert more.again(asked=5, count=1).request.seed == 10
    last = prepare(
        _masked().snapshot(),
        RepaintWish(intent="fill"),
        GenerationRequest(prompt="x", seed=2**64 - 1),
    )
    assert last.again(asked=1, count=1).request.seed == 0


def test_low_strengths_still_run_some_steps() -> None:
    assert steps_for(20, 1.0) == 20
    for strength in (0.01, 0.05, 0.3, 0.33, 0.6, 1.0):
        assert int(steps_for(1, strength) * strength + 1e-9) >= MIN_STEPS


def test_a_few_step_companion_runs_fewer() -> None:
    quick = replace(BASE, few_step=True, num_inference_steps=4)
    for strength in (0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.95):
        wish = RepaintWish(intent="refine", strength=strength)
        steps = prepare(smooth_document().snapshot(), wish, quick).request.num_inference_steps
        assert steps >= 4
        run = int(steps * strength + 1e-9)
        assert max(MIN_FEW_STEPS, 4 * strength) <= run <= 4
        assert strength - 0.15 <= run / steps <= strength, "as much is left as was asked for"


def test_nothing_masked_and_no_words_are_refused_in_a_sentence() -> None:
    document = smooth_document()
    with pytest.raises(InvalidRequestError, match=r"^Nothing is masked\."):
        prepare(document.snapshot(), RepaintWish(intent="fill"), BASE)
    wordless = GenerationRequest(prompt="  ")
    with pytest.raises(InvalidRequestError, match=r"^The prompt is empty\."):
        prepare(document.snapshot(), RepaintWish(intent="generate"), wordless)
    prepare(_masked().snapshot(), RepaintWish(intent="fill"), wordless)
