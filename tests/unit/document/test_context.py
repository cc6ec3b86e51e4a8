"""What the model sees: crop, prefill, colour match."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdstudio.document.context import context_crop, crop_of_box
from sdstudio.document.masks import MaskEdges, blend_mask
from sdstudio.document.paste_back import match_colours, paste_back
from sdstudio.document.prefill import nearest_outside, prefill
from sdstudio.document.rect import Rect
from sdstudio.document.smooth_fill import spread
from sdstudio.errors import InvalidRequestError
from tests.support.random_masks import random_mask


@settings(max_examples=200, deadline=None)
@given(
    width=st.integers(8, 8192),
    height=st.integers(8, 8192),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
    training_side=st.sampled_from([64, 256, 512, 1024]),
    multiple=st.sampled_from([8, 64]),
)
def test_the_crop_holds_the_mask_and_stays_in_the_picture(
    width: int,
    height: int,
    corners: tuple[float, float, float, float],
    training_side: int,
    multiple: int,
) -> None:
    xs = sorted(int(part * (width - 1)) for part in corners[:2])
    ys = sorted(int(part * (height - 1)) for part in corners[2:])
    bounds = Rect(xs[0], ys[0], xs[1] - xs[0] + 1, ys[1] - ys[0] + 1)
    picture = Rect(0, 0, width, height)
    crop = context_crop(bounds, picture, training_side=training_side, multiple=multiple)
    assert picture.contains(crop.box)
    assert crop.box.contains(bounds)
    assert crop.width % multiple == crop.height % multiple == 0
    for side, room in ((crop.box.width, width), (crop.box.height, height)):
        assert side % multiple == 0 or side == room
    scale = training_side / crop.box.area**0.5
    for side, painted in ((crop.box.width, crop.width), (crop.box.height, crop.height)):
        assert abs(painted - side * scale) <= multiple / 2 + 0.06 * painted or painted == multiple


def test_the_crop_gives_context_and_reaches_the_training_size() -> None:
    picture = Rect(0, 0, 4096, 4096)
    small = context_crop(Rect(2000, 2000, 40, 60), picture, training_side=512)
    assert small.box.width == small.box.height == 512
    assert not small.is_scaled
    large = context_crop(Rect(1000, 1000, 1200, 800), picture, training_side=512)
    assert large.box.width >= 1800 and large.box.height >= 1200
    assert large.is_scaled
    assert large.width * large.height == pytest.approx(512 * 512, rel=0.05)
    long = context_crop(Rect(100, 100, 2000, 20), picture, training_side=512)
    assert long.box.width <= 2 * long.box.height


def test_at_the_border_the_crop_moves_instead_of_shrinking() -> None:
    crop = context_crop(Rect(0, 0, 30, 30), Rect(0, 0, 1000, 1000), training_side=256)
    assert crop.box == Rect(0, 0, 256, 256)
    crop = context_crop(Rect(990, 990, 10, 10), Rect(0, 0, 1000, 1000), training_side=256)
    assert crop.box == Rect(744, 744, 256, 256)


def test_a_small_picture_is_seen_whole_and_enlarged() -> None:
    crop = context_crop(Rect(0, 0, 65, 64), Rect(0, 0, 65, 64), training_side=512)
    assert crop.box == Rect(0, 0, 65, 64)
    assert crop.width >= 500 and crop.width % 8 == 0


def test_no_mask_no_crop() -> None:
    with pytest.raises(InvalidRequestError, match=r"^Nothing is masked\."):
        context_crop(Rect(), Rect(0, 0, 100, 100), training_side=512)


def test_a_box_of_nearly_the_training_size_is_not_scaled() -> None:
    assert not crop_of_box(Rect(-64, 0, 520, 504), training_side=512).is_scaled
    assert crop_of_box(Rect(0, 0, 1024, 1024), training_side=512).width == 512


def _scene(height: int = 96, width: int = 120) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([columns, rows * 2, 255 - rows - columns // 2]).astype(np.uint8)


@pytest.mark.parametrize("fill", ["original", "blur", "neutral", "noise", "edge"])
@pytest.mark.parametrize("kind", ["hard", "soft", "pixel", "whole", "edge"])
def test_prefill_changes_nothing_outside_the_mask(fill: str, kind: str) -> None:
    pixels, mask = _scene(), random_mask(kind, 120, 96, np.random.default_rng(4))
    filled = prefill(pixels, mask, fill, np.random.default_rng(1))  # pyright: ignore
    assert np.array_equal(filled[mask == 0], pixels[mask == 0])
    again = prefill(pixels, mask, fill, np.random.default_rng(1))  # pyright: ignore
    assert np.array_equal(filled, again)


def test_each_prefill_does_what_it_says() -> None:
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[:, :40], pixels[:, 40:] = (200, 0, 0), (0, 0, 200)
    mask = np.zeros((80, 80), np.uint8)
    mask[20:60, 20:60] = 255
    rng = np.random.default_rng(0)
    assert np.array_equal(prefill(pixels, mask, "original", rng), pixels)
    assert set(prefill(pixels, mask, "neutral", rng)[mask > 0].flat) == {128}
    noise = prefill(pixels, mask, "noise", rng)[mask > 0].astype(float)
    assert noise.mean() == pytest.approx(127.5, abs=5) and noise.std() == pytest.approx(74, abs=5)
    edge = prefill(pixels, mask, "edge", rng)
    assert (edge == pixels).all()  # the nearest outside is of the same side
    blur = prefill(pixels, mask, "blur", rng)[40, 20:60, 0].astype(int)
    assert (np.diff(blur) <= 0).all() and 60 < blur[20] < 140


def test_the_nearest_pixel_outside_is_the_nearest() -> None:
    inside = random_mask("hard", 60, 45, np.random.default_rng(8)) > 0
    outside = np.argwhere(~inside)
    rows, columns = np.indices(inside.shape)
    row, column = nearest_outside(inside)
    found = np.hypot(rows - row, columns - column)
    squares = (rows[..., None] - outside[:, 0]) ** 2 + (columns[..., None] - outside[:, 1]) ** 2
    # Jump flooding may miss the nearest by a hair (Rong & Tan 2006, section 4).
    assert np.allclose(found, np.sqrt(squares.min(axis=2)), atol=0.5)
    assert not inside[row, column].any()


def test_spreading_keeps_what_is_known_and_is_smooth_between() -> None:
    values = np.zeros((64, 64, 1), np.float32)
    weight = np.zeros((64, 64), np.float32)
    values[:, 0], values[:, -1] = 10, 50
    weight[:, 0] = weight[:, -1] = 1
    filled = spread(values, weight)[..., 0]
    assert np.allclose(filled[:, 0], 10) and np.allclose(filled[:, -1], 50)
    assert filled.min() >= 10 and filled.max() <= 50
    assert np.abs(np.diff(filled[32])).max() < 8
    assert filled[32, 32] == pytest.approx(30, abs=3)
    assert not spread(values, np.zeros_like(weight)).any()


def test_a_colour_shift_is_taken_back_and_the_seam_is_gone() -> None:
    original = _scene(192, 192)
    mask = np.zeros((192, 192), np.uint8)
    mask[60:130, 50:140] = 255
    blend = blend_mask(mask, MaskEdges())
    shifted = (original.astype(int) + np.array([14, -9, 20])).clip(0, 255).astype(np.uint8)
    matched = match_colours(original, shifted, blend)
    inside = blend > 0
    error = np.abs(matched[inside].astype(int) - original[inside])
    assert error.mean() < 1.0
    assert np.abs(shifted[inside].astype(int) - original[inside]).mean() > 10
    pasted = paste_back(original, matched, blend)
    assert np.abs(pasted.astype(int) - original)[inside].mean() < 1.0


def test_other_contents_in_the_ring_do_not_shift_colours() -> None:
    original = _scene(160, 160)
    blend = np.zeros((160, 160), np.uint8)
    blend[60:100, 60:100] = 255
    made = original.copy()
    made[50:110, 100:108] = 255 - made[50:110, 100:108]  # a thing that reaches over the edge
    matched = match_colours(original, made, blend)
    inside = blend > 0
    assert np.abs(matched[inside].astype(int) - made[inside]).max() <= 12
    assert np.abs(matched[inside].astype(int) - made[inside]).mean() <= 1


def test_a_mask_over_everything_leaves_nothing_to_match() -> None:
    made = _scene()
    assert match_colours(255 - made, made, np.full(made.shape[:2], 255, np.uint8)) is made
