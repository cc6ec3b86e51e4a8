"""From the document to the model and back, with a model that paints what it is told."""

from __future__ import annotations

import numpy as np
import pytest

from sdstudio.document.blend import Ink
from sdstudio.document.context import crop_of_box
from sdstudio.document.document import Document
from sdstudio.document.masks import MaskEdges, grown
from sdstudio.document.paste_back import paste_back
from sdstudio.document.rect import Rect
from sdstudio.document.repaint import RepaintPlan, plan_all, plan_masks, plan_repaint
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest, Inpaint
from sdstudio.messages.raster import Raster
from tests.support.random_masks import KINDS, random_mask
from tests.support.seams import step_across

WHITE = Ink(colour=(255, 255, 255))


def _raster(pixels: np.ndarray) -> Raster:
    height, width = pixels.shape[:2]
    mode = "L" if pixels.ndim == 2 else "RGB"
    return Raster(width=width, height=height, mode=mode, pixels=pixels.tobytes())


def _pixels(raster: Raster) -> np.ndarray:
    return np.frombuffer(raster.pixels, np.uint8).reshape(raster.height, raster.width, -1)


def _scene(width: int = 300, height: int = 240) -> Document:
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.dstack([columns // 2, rows, 200 - rows // 3]).astype(np.uint8)
    return Document.from_picture(_raster(pixels))


def _run(plan: RepaintPlan, shift: int = 0) -> Raster:
    """A "model" that gives back what it was given, its colours a little off."""
    given = _pixels(plan.init_image("original", np.random.default_rng(0))).astype(int)
    return _raster((given + shift).clip(0, 255).astype(np.uint8))


def test_the_request_is_one_the_engine_takes() -> None:
    document = _scene()
    document.layers.add(kind="mask")
    document.paint.draw_shape("ellipse", (100, 80, 160, 150), WHITE)
    plan = plan_repaint(document, training_side=128)
    assert document.bounds.contains(plan.box)
    assert plan.box.contains(document.mask_bounds())
    for fill in ("original", "blur", "neutral", "noise", "edge"):
        init_image = plan.init_image(fill, np.random.default_rng(1))
        start = Inpaint(init_image=init_image, mask_image=plan.mask_image)
        request = GenerationRequest(
            prompt="", width=plan.crop.width, height=plan.crop.height, start=start
        )
        assert request.width % 8 == 0
        assert init_image.size == (request.width, request.height)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
def test_what_is_not_masked_keeps_its_bytes_whatever_the_model_paints(kind: str) -> None:
    document = _scene()
    rng = np.random.default_rng(6)
    mask = random_mask(kind, 300, 240, rng)
    document.layers.add_picture(_raster(mask))
    before = document.composite(document.bounds)
    plan = plan_repaint(document, training_side=96)
    noise = rng.integers(0, 256, (plan.crop.height, plan.crop.width, 3), dtype=np.uint8)
    finished = plan.finish(_raster(noise))
    document.accept_result(
        finished.picture, plan.box, GenerationRequest(prompt=""), blend_mask=finished.blend
    )
    after = document.composite(document.bounds)
    far = grown(mask, 4) == 0
    assert np.array_equal(after[far], before[far])
    assert (after[~far] != before[~far]).any()


def test_a_colour_shift_of_the_model_is_not_seen() -> None:
    document = _scene()
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (100, 80, 180, 150), WHITE)
    plan = plan_repaint(document, training_side=160)
    finished = plan.finish(_run(plan, shift=12))
    off = np.abs(_pixels(finished.picture).astype(int) - plan.pixels)[finished.blend > 0]
    assert off.mean() < 1
    plain = plan.finish(_run(plan, shift=12), matches_colours=False)
    assert np.abs(_pixels(plain.picture).astype(int) - plan.pixels).mean() > 10


def test_a_box_beyond_the_edges_keeps_the_picture_and_is_opaque() -> None:
    document = _scene(128, 128)
    before = document.composite(document.bounds)
    box = Rect(-64, -64, 256, 256)
    plan = plan_repaint(document, training_side=256, box=box)
    assert plan.is_outside.sum() == 256 * 256 - 128 * 128
    finished = plan.finish(_run(plan, shift=9))
    document.accept_result(
        finished.picture, box, GenerationRequest(prompt=""), blend_mask=finished.blend
    )
    after = document.composite(document.bounds)
    assert after.shape[:2] == (256, 256)
    assert np.array_equal(after[64:192, 64:192], before)
    assert (after[..., 3] == 255).all()
    seam = np.abs(after[64:192, 63].astype(int) - after[64:192, 64]).max()
    assert seam <= 3  # the new part starts where the old one ends


def test_outpainting_and_a_painted_mask_work_together() -> None:
    document = _scene(128, 128)
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (90, 40, 128, 80), WHITE)
    before = document.composite(document.bounds)
    plan = plan_repaint(document, training_side=192, box=Rect(0, 0, 192, 128))
    seen = plan.blend > 0
    assert seen[:, 128:].all() and seen[45:75, 95:128].all()
    assert not seen[:, :80].any() and not seen[100:, :128].any()
    finished = plan.finish(_raster(np.zeros((plan.crop.height, plan.crop.width, 3), np.uint8)))
    document.accept_result(
        finished.picture, plan.box, GenerationRequest(prompt=""), blend_mask=finished.blend
    )
    after = document.composite(document.bounds)
    assert np.array_equal(after[100:, :128], before[100:])


def test_nothing_masked_is_said() -> None:
    for box in (None, Rect(10, 10, 64, 64)):
        with pytest.raises(InvalidRequestError, match=r"^Nothing is masked\."):
            plan_repaint(_scene(), training_side=128, box=box)


def test_without_edges_the_mask_is_used_as_it_is() -> None:
    document = _scene()
    mask = random_mask("soft", 300, 240, np.random.default_rng(2))
    document.layers.add_picture(_raster(mask))
    edges = MaskEdges(grow_px=0, feather=0.0, min_feather_px=0, blend_px=0)
    plan = plan_repaint(document, training_side=128, edges=edges)
    assert np.array_equal(plan.denoise, mask[plan.box.slices])
    assert np.array_equal(plan.blend, np.where(plan.denoise > 0, 255, 0))


def test_a_result_of_another_size_is_refused() -> None:
    document = _scene()
    document.layers.add_picture(_raster(random_mask("hard", 300, 240, np.random.default_rng(2))))
    plan = plan_repaint(document, training_side=128)
    with pytest.raises(InvalidRequestError, match="not of the size"):
        plan.finish(_raster(np.zeros((8, 8, 3), np.uint8)))


def test_a_result_of_another_colour_begins_like_its_surroundings_and_keeps_its_own() -> None:
    """Hardly a step at the border; in the middle, also of a thin stroke, nothing is lost."""
    document = Document.from_picture(_raster(np.full((240, 300, 3), (90, 150, 210), np.uint8)))
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (60, 60, 180, 180), WHITE)
    document.paint.draw_shape("rectangle", (220, 40, 250, 200), WHITE)
    plan = plan_repaint(document, training_side=160)
    made = np.full((plan.crop.height, plan.crop.width, 3), (230, 200, 40), np.uint8)
    finished = plan.finish(_raster(made))
    seen = paste_back(plan.pixels, _pixels(finished.picture), finished.blend).astype(int)
    inside = document.mask_values(plan.box) > 0
    bare = np.where(inside[..., None], (230, 200, 40), plan.pixels).astype(np.uint8)
    assert step_across(seen.astype(np.uint8), inside) < step_across(bare, inside) / 6
    for x, y in ((120, 120), (235, 120)):
        middle = seen[y - plan.box.y, x - plan.box.x]
        assert np.abs(middle - (230, 200, 40)).max() < 30


def test_a_small_drawing_of_the_masks_looks_like_the_masks() -> None:
    document = _scene(900, 800)
    document.layers.add(kind="mask")
    document.paint.draw_shape("ellipse", (200, 150, 700, 600), WHITE)
    crop = plan_repaint(document, training_side=800).crop
    whole = plan_masks(document, crop, MaskEdges())
    small = plan_masks(document, crop, MaskEdges(), step=3)
    assert small.denoise.shape == whole.denoise[::3, ::3].shape
    for name in ("denoise", "blend"):
        off = getattr(small, name).astype(int) - getattr(whole, name)[::3, ::3]
        assert np.abs(off).mean() < 4


def test_a_box_within_the_picture_is_blended_at_the_sides_where_it_goes_on() -> None:
    document = _scene()
    crop = crop_of_box(Rect(0, 60, 200, 120), training_side=160)
    plan = plan_all(document, crop, MaskEdges())
    assert plan.blend[0, 100] < 10
    assert plan.blend[-1, 100] < 10
    assert plan.blend[60, -1] < 10
    assert plan.blend[60, 0] == plan.blend[60, 100] == 255  # the picture ends at the left
    assert (np.diff(plan.blend[:40, 100].astype(int)) >= 0).all()
    assert (plan_all(document, crop).blend == 255).all()
