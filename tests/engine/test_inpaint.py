"""Masks: the latent grid, differential release, fills, and pixels that must not change."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdstudio.engine import starting_point
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.inpaint import (
    fill_masked,
    nearest_outside,
    noise_angles,
    paste_back,
    released_share,
    restore_detail,
    to_latent_mask,
    unknown_cells,
)
from sdstudio.engine.rasters import image_to_raster, raster_to_image
from sdstudio.engine.schedulers import make_scheduler, plan_timesteps
from sdstudio.errors import InvalidRequestError, NumericalError
from sdstudio.messages.generation import ImageToImage, Inpaint
from sdstudio.messages.raster import Raster
from sdstudio.paths import resource_path
from tests.support.engine_runs import box_mask, drawing, generate, request

_SD_SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def as_mask(array: np.ndarray) -> Raster:
    return image_to_raster(Image.fromarray(array.astype(np.uint8)))


def test_a_cell_is_repainted_if_any_of_its_pixels_is() -> None:
    array = np.zeros((16, 24), np.uint8)
    array[7, 8] = 255
    array[15, 0] = 51
    mask = to_latent_mask(as_mask(array), vae_scale_factor=8)
    assert mask.shape == (1, 1, 2, 3)
    assert mask[0, 0].tolist() == [[0.0, 1.0, 0.0], [pytest.approx(0.2), 0.0, 0.0]]


def test_a_mask_off_the_grid_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        to_latent_mask(as_mask(np.full((16, 20), 255)), vae_scale_factor=8)


@given(
    grey=st.integers(0, 255),
    num_steps=st.integers(2, 50),
    sampler=st.sampled_from(["ddim", "euler", "dpm++-2m", "heun", "pndm"]),
    strength=st.sampled_from([1.0, 0.6]),
)
@settings(max_examples=100, deadline=None)
def test_a_cell_turns_from_the_picture_by_its_greys_share(
    grey: int, num_steps: int, sampler: str, strength: float
) -> None:
    """Levin & Fried 2023: once released never held again; ours by angle, to the last part."""
    scheduler = make_scheduler(_SD_SCHEDULER, sampler=sampler)
    timesteps = plan_timesteps(scheduler, num_steps, strength=strength)
    angles = noise_angles(scheduler, timesteps)
    assert len(angles) == len(timesteps) + 1
    assert angles[0] == 1.0 and angles[-1] == 0.0
    cell = torch.tensor([[[[grey / 255.0]]]], dtype=torch.float64)
    shares = [released_share(cell, angles, i).item() for i in range(len(timesteps))]
    assert shares == sorted(shares)
    turned = sum(
        share * (begin - end)
        for share, begin, end in zip(shares, angles[:-1], angles[1:], strict=True)
    )
    assert turned == pytest.approx(grey / 255.0, abs=1e-5)


def test_half_way_to_noise_the_picture_is_as_strong_as_the_noise() -> None:
    """Zero terminal SNR, so that all the way is a quarter turn: alpha-bar is 1/2 at 1/2."""
    scheduler = make_scheduler(_SD_SCHEDULER | {"rescale_betas_zero_snr": True}, sampler="ddim")
    timesteps = torch.arange(999, -1, -1)
    angles = np.array(noise_angles(scheduler, timesteps))
    half = int(timesteps[np.abs(angles[:-1] - 0.5).argmin()])
    assert float(scheduler.alphas_cumprod[half]) == pytest.approx(0.5, abs=0.002)


def test_no_two_greys_are_alike_in_four_steps() -> None:
    scheduler = make_scheduler(_SD_SCHEDULER, sampler="lcm")
    angles = noise_angles(scheduler, plan_timesteps(scheduler, 4, strength=1.0))
    greys = (torch.arange(256) / 255.0).view(1, 1, 16, 16)
    freedom = torch.stack([released_share(greys, angles, i) for i in range(4)]).sum(0).flatten()
    assert (freedom.diff() > 0).all()


def test_what_the_vae_loses_is_given_back_where_the_picture_stayed() -> None:
    generator = torch.Generator().manual_seed(0)
    original = torch.rand(1, 3, 32, 32, generator=generator) * 2 - 1
    decoded = original * 0.8
    greys = torch.tensor([0.0, 0.25, 0.5, 1.0])
    lost = []
    for grey in greys:
        restored = restore_detail(
            decoded,
            original=original,
            decoded_original=decoded,
            mask=grey.expand(1, 1, 32, 32),
        )
        lost.append((restored - original).abs().mean() / (decoded - original).abs().mean())
    assert torch.allclose(torch.stack(lost), greys, atol=1e-6)


def test_no_ghost_of_what_was_there_is_given_back() -> None:
    original = torch.zeros(1, 3, 32, 32)
    original[..., ::2] = 0.5
    decoded, made = torch.zeros_like(original), torch.full_like(original, -0.9)
    mask = torch.full((1, 1, 32, 32), 0.1)
    restored = restore_detail(made, original=original, decoded_original=decoded, mask=mask)
    assert (restored - made).abs().max() < 0.02


def test_an_inpainting_model_sees_the_falloff_and_makes_up_the_rest() -> None:
    mask = torch.tensor([[[[0.0, 0.2, 0.49, 0.5, 1.0]]]])
    assert unknown_cells(mask).tolist() == [[[[0, 0, 0, 1, 1]]]]
    assert unknown_cells(mask * 0.4).tolist() == [[[[0, 1, 1, 1, 1]]]]
    hard = (mask > 0).float()
    assert torch.equal(unknown_cells(hard), hard)


def test_jump_flooding_finds_the_nearest_pixel_outside() -> None:
    """Against brute force; jump flooding may err by a pixel in rare corners (Rong & Tan 2006)."""
    rng = np.random.default_rng(3)
    inside = rng.random((23, 31)) < 0.9
    rows, columns = nearest_outside(inside)
    outside = np.argwhere(~inside)
    assert not inside[rows, columns].any()
    for row, column in np.argwhere(inside):
        best = np.hypot(*(outside - (row, column)).T).min()
        found = np.hypot(rows[row, column] - row, columns[row, column] - column)
        assert found <= best + 1.0


@pytest.mark.parametrize("fill", ["original", "blur", "neutral", "noise", "edge"])
def test_fills_change_only_what_is_masked(fill: str) -> None:
    image = raster_to_image(drawing())
    mask = box_mask(10, 20, 30, 50)
    filled = np.asarray(fill_masked(image, mask, fill, seed=1))  # type: ignore[arg-type]
    painted = np.frombuffer(mask.pixels, np.uint8).reshape(64, 64) > 0
    assert (filled[~painted] == np.asarray(image)[~painted]).all()
    assert (filled == np.asarray(image)).all() == (fill == "original")


def test_edge_fill_continues_the_border() -> None:
    array = np.zeros((32, 32, 3), np.uint8)
    array[:, :16] = (200, 10, 10)
    array[:, 16:] = (10, 10, 200)
    filled = np.asarray(
        fill_masked(Image.fromarray(array), box_mask(8, 8, 24, 24, size=32), "edge", 0)
    )
    assert (filled[16, 9] == (200, 10, 10)).all()
    assert (filled[16, 22] == (10, 10, 200)).all()


def random_mask(rng: random.Random, width: int, height: int) -> np.ndarray:
    """Hard, soft, one pixel, touching the edge, or everything."""
    kind = rng.choice(["box", "soft", "pixel", "edge", "all"])
    mask = np.zeros((height, width), np.uint8)
    if kind == "all":
        return mask + 255
    if kind == "pixel":
        mask[rng.randrange(height), rng.randrange(width)] = rng.choice([1, 128, 255])
        return mask
    if kind == "soft":
        noise = np.random.default_rng(rng.randrange(2**32)).integers(0, 256, mask.shape)
        return np.where(noise > 90, noise, 0).astype(np.uint8)
    left = 0 if kind == "edge" else rng.randrange(width)
    top = rng.randrange(height)
    mask[top : top + rng.randint(1, height), left : left + rng.randint(1, width)] = 255
    return mask


def test_unmasked_pixels_come_back_bit_identical_for_200_masks() -> None:
    rng = random.Random(0)
    for _ in range(200):
        width, height = rng.randint(1, 90), rng.randint(1, 90)
        noise = np.random.default_rng(rng.randrange(2**32))
        original = Image.fromarray(noise.integers(0, 256, (height, width, 3), np.uint8))
        made = Raster(
            width=width, height=height, mode="RGB", pixels=noise.bytes(width * height * 3)
        )
        mask = random_mask(rng, width, height)
        pasted = paste_back(original, made, as_mask(mask))
        result = np.frombuffer(pasted.pixels, np.uint8).reshape(height, width, 3)
        assert (result[mask == 0] == np.asarray(original)[mask == 0]).all()


@pytest.mark.parametrize("model", ["sd1", "inpainting", "sdxl"])
@pytest.mark.parametrize("value", [255, 130, 3])
def test_a_run_keeps_every_unmasked_byte(engine: DiffusionEngine, model: str, value: int) -> None:
    original = drawing()
    mask = box_mask(13, 21, 44, 50, value=value)
    start = Inpaint(init_image=original, mask_image=mask, fill="edge")
    made = generate(engine, request(model, start=start)).results[0].picture
    kept = np.frombuffer(mask.pixels, np.uint8) == 0
    before = np.frombuffer(original.pixels, np.uint8).reshape(-1, 3)
    after = np.frombuffer(made.pixels, np.uint8).reshape(-1, 3)
    assert (before[kept] == after[kept]).all()
    if value == 255:
        assert (before[~kept] != after[~kept]).any()


def _change(engine: DiffusionEngine, model: str, grey: int) -> float:
    """Mean absolute difference that one grey over the whole picture makes, in 255ths."""
    mask = box_mask(0, 0, 64, 64, value=grey)
    start = Inpaint(init_image=drawing(), mask_image=mask)
    made = generate(engine, request(model, start=start)).results[0].picture
    before, after = (np.frombuffer(each.pixels, np.uint8) for each in (drawing(), made))
    return float(np.abs(after.astype(float) - before).mean())


@pytest.fixture(scope="module")
def painter() -> DiffusionEngine:
    """A trained model, for a random one paints noise."""
    starter = resource_path("models", "starter")
    return DiffusionEngine(resolve_model=lambda _: starter, dtype="float32")


def test_the_lighter_the_grey_the_more_changes(painter: DiffusionEngine) -> None:
    """Eight greys in four steps."""
    changes = [_change(painter, "starter", int(grey)) for grey in np.linspace(0, 255, 9)[1:]]
    assert (np.diff(changes) > 0).all(), changes


def test_a_dark_grey_keeps_the_detail_that_the_vae_would_lose(
    painter: DiffusionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored = _change(painter, "starter", 16)
    monkeypatch.setattr(starting_point, "restore_detail", lambda pixels, **_: pixels)
    assert restored < 0.8 * _change(painter, "starter", 16)


def test_a_page_that_decodes_to_one_colour_can_be_repainted_in_grey(
    engine: DiffusionEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_colour(*arguments: object, **options: object) -> None:
        raise NumericalError("The decoded picture came out as one flat colour.")

    monkeypatch.setattr(starting_point, "decode_picture", one_colour)
    assert _change(engine, "sd1", 128) > 0


@pytest.mark.parametrize("model", ["sd1", "inpainting"])
def test_a_full_mask_at_full_strength_ignores_the_picture(
    engine: DiffusionEngine, model: str
) -> None:
    """Row 14: all masked. The picture below must not shine through (strength 1)."""
    full = Raster(width=64, height=64, mode="L", pixels=b"\xff" * 64 * 64)
    start = Inpaint(init_image=drawing(), mask_image=full)
    other = Raster(width=64, height=64, mode="RGB", pixels=bytes(64 * 64 * 3))
    first = generate(engine, request(model, start=start)).results[0].picture
    second = (
        generate(engine, request(model, start=replace(start, init_image=other))).results[0].picture
    )
    assert first == second


def test_an_empty_mask_is_refused_in_one_sentence() -> None:
    """Row 14: nothing masked."""
    empty = Raster(width=64, height=64, mode="L", pixels=bytes(64 * 64))
    with pytest.raises(InvalidRequestError, match="Nothing is masked"):
        Inpaint(init_image=drawing(), mask_image=empty)


def test_a_one_pixel_mask_runs(engine: DiffusionEngine) -> None:
    """Row 14: one pixel."""
    original = drawing()
    start = Inpaint(init_image=original, mask_image=box_mask(33, 33, 34, 34))
    made = generate(engine, request(start=start)).results[0].picture
    differing = [
        i
        for i in range(64 * 64)
        if made.pixels[3 * i : 3 * i + 3] != original.pixels[3 * i : 3 * i + 3]
    ]
    assert differing in ([], [33 * 64 + 33])


def test_masks_and_pictures_of_another_size_are_fitted(engine: DiffusionEngine) -> None:
    """Row 14: the pair is resized to the request, the mask by nearest neighbour."""
    start = Inpaint(
        init_image=drawing(100, 90),
        mask_image=Raster(
            width=100, height=90, mode="L", pixels=b"\xff" * 50 * 90 + bytes(50 * 90)
        ),
    )
    assert generate(engine, request(start=start)).results[0].picture.size == (64, 64)


def test_image_to_image_accepts_every_mode(engine: DiffusionEngine) -> None:
    for mode, channels in (("L", 1), ("RGB", 3), ("RGBA", 4)):
        raster = Raster(width=64, height=64, mode=mode, pixels=bytes(range(64)) * 64 * channels)  # type: ignore[arg-type]
        start = ImageToImage(init_image=raster, strength=0.3)
        assert generate(engine, request(start=start)).results
