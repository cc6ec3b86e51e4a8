"""Repainting a part of a picture: masks, fills, the blend at every step, and paste-back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter

from sdstudio.engine.latents import require_multiple
from sdstudio.messages.generation import FillMode
from sdstudio.messages.raster import Raster

PASTE_FADE = 32
"""Mask values below this fade the result into the original, so that a soft stroke has no rim."""

SAME_PICTURE = 20 / 127.5
"""A change of the pixels, which span 2, that halves how much lost detail is given back."""

_AROUND_PX = 3


def to_latent_mask(mask_image: Raster, *, vae_scale_factor: int) -> torch.Tensor:
    """Shrink a pixel mask to the grid the UNet denoises.

    A cell is repainted if any of its pixels is: thin strokes must not vanish.

    Args:
        mask_image: mode "L"; 255 = repaint, 0 = keep.
        vae_scale_factor: pixels per latent cell side, 8 for SD 1.x, 2.x and XL.

    Returns:
        (1, 1, height / factor, width / factor), float32 in [0, 1].

    Raises:
        InvalidRequestError: a side is not a multiple of the factor.
    """
    require_multiple(mask_image.width, mask_image.height, vae_scale_factor)
    return torch.nn.functional.max_pool2d(mask_to_tensor(mask_image), vae_scale_factor)


def mask_to_tensor(mask_image: Raster) -> torch.Tensor:
    """(1, 1, height, width), float32 in [0, 1]."""
    array = np.frombuffer(mask_image.pixels, np.uint8).reshape(mask_image.size[::-1])
    return torch.from_numpy(array.astype(np.float32) / 255.0)[None, None]


def is_hard(latent_mask: torch.Tensor) -> bool:
    """Whether the mask knows only repaint and keep, no greys."""
    return bool(((latent_mask == 0) | (latent_mask == 1)).all())


def unknown_cells(latent_mask: torch.Tensor) -> torch.Tensor:
    """What an inpainting UNet has to make up: every cell that may change by half or more.

    It sees the picture under a softer grey, so that a mask's falloff does not hide the very
    surroundings it should continue (ComfyUI's InpaintModelConditioning rounds alike). Where
    nothing may change by half, all that may change at all is unknown.

    Returns:
        Like `latent_mask`, 1 or 0.
    """
    most = latent_mask >= 0.5
    return (most if most.any() else latent_mask > 0).to(latent_mask.dtype)


def noise_angles(scheduler: Any, timesteps: torch.Tensor) -> list[float]:
    """How far each step starts from the picture, against the first one; at last 0, the picture.

    x_t = cos(phi) x_0 + sin(phi) eps: a quarter turn from the picture to pure noise (Salimans &
    Ho 2022, app. D), with cos(phi)**2 = alpha-bar.

    Returns:
        One number more than timesteps, from 1 down to 0.
    """
    table = np.asarray(scheduler.alphas_cumprod, np.float64)
    alpha_bar = np.interp(timesteps.double().numpy(), np.arange(len(table)), table)
    angles = np.arccos(np.sqrt(alpha_bar.clip(0.0, 1.0)))
    return [*np.minimum.accumulate(angles / angles[0]).tolist(), 0.0]


def released_share(latent_mask: torch.Tensor, angles: list[float], step_index: int) -> torch.Tensor:
    """How much of what step i (from 0) makes is kept: all where grey >= the step's first angle.

    Differential diffusion (Levin & Fried 2023, alg. 1): a cell follows the noised original until
    its grey releases it. Their cell of grey g is free for g of the steps; ours for g of the way
    from noise to picture, since the first steps see next to nothing of the original: with them
    the lightest greys would do what white does. A grey that falls within a step takes part in
    as much of it as is left, so that no two greys are alike, however few the steps.

    Args:
        angles: of `noise_angles`.

    Returns:
        Like `latent_mask`, in [0, 1]; white is free from the start, black never.
    """
    begin, end = angles[step_index], angles[step_index + 1]
    return ((latent_mask - end) / max(begin - end, 1e-6)).clamp(0, 1)


def masked_blend(
    scheduler: Any,
    timesteps: torch.Tensor,
    *,
    latent_mask: torch.Tensor,
    image_latents: torch.Tensor,
    noise: torch.Tensor,
) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """What to do after every step so that an ordinary UNet repaints only the mask.

    Outside the mask the latents are the original's, noised to the level the next step starts
    from; for hard masks this is diffusers' StableDiffusionInpaintPipeline.
    """
    num_steps, angles = len(timesteps), noise_angles(scheduler, timesteps)

    def blend(latents: torch.Tensor, step_index: int) -> torch.Tensor:
        kept = image_latents
        if step_index < num_steps - 1:
            kept = scheduler.add_noise(image_latents, noise, timesteps[step_index + 1].reshape(1))
        free = released_share(latent_mask, angles, step_index)
        return (1 - free) * kept + free * latents

    return blend


def fill_masked(image: Image.Image, mask_image: Raster, fill: FillMode, seed: int) -> Image.Image:
    """What lies under the mask before noise is added.

    Args:
        fill: "original" keeps it; "neutral" is middle grey; "noise" is uniform noise; "blur"
            the far-blurred surroundings; "edge" the nearest pixel outside the mask.
    """
    if fill == "original":
        return image
    pixels = np.asarray(image, np.float32)
    mask = np.frombuffer(mask_image.pixels, np.uint8).reshape(mask_image.size[::-1])
    under = {
        "neutral": lambda: np.full_like(pixels, 127.5),
        "noise": lambda: np.random.default_rng(seed).uniform(0, 255, pixels.shape),
        "blur": lambda: _blurred_surroundings(image, mask),
        "edge": lambda: pixels[nearest_outside(mask > 0)],
    }[fill]()
    weight = (mask / 255.0)[..., None]
    mixed = pixels * (1 - weight) + under * weight
    return Image.fromarray(mixed.round().clip(0, 255).astype(np.uint8))


def nearest_outside(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every pixel, row and column of the nearest pixel outside, by jump flooding.

    Rong & Tan 2006: every pixel asks neighbours at halving distances whose seed is nearest.

    Args:
        inside: (height, width), bool; all True leaves every pixel its own.
    """
    height, width = inside.shape
    rows, columns = np.indices(inside.shape)
    far = 4 * max(height, width)
    seed_row = np.where(inside, -far, rows)
    seed_column = np.where(inside, -far, columns)
    jump = 1 << max(height, width).bit_length()
    while jump := jump // 2:
        for step_row, step_column in _AROUND:
            near_row = (rows + step_row * jump).clip(0, height - 1)
            near_column = (columns + step_column * jump).clip(0, width - 1)
            row, column = seed_row[near_row, near_column], seed_column[near_row, near_column]
            old = (rows - seed_row) ** 2 + (columns - seed_column) ** 2
            nearer = (rows - row) ** 2 + (columns - column) ** 2 < old
            seed_row = np.where(nearer, row, seed_row)
            seed_column = np.where(nearer, column, seed_column)
    lost = seed_row < 0
    return np.where(lost, rows, seed_row), np.where(lost, columns, seed_column)


_AROUND = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def restore_detail(
    pixels: torch.Tensor,
    *,
    original: torch.Tensor,
    decoded_original: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """Give back what the VAE lost of the original, in the share that the greys keep.

    A light grey lets little change, yet the way through the VAE alone would blur it. Where the
    model did change the picture, nothing is given back: it would be a ghost of what was there.

    Args:
        pixels: the result, (1, 3, height, width) in [-1, 1], as are the two others.
        decoded_original: the original after encoding and decoding.
        mask: (1, 1, height, width) in [0, 1]; where it is 1 nothing is given back.
    """
    change = (pixels - decoded_original).abs().amax(1, keepdim=True)
    size = 2 * _AROUND_PX + 1
    around = torch.nn.functional.pad(change, (_AROUND_PX,) * 4, mode="replicate")
    change = torch.nn.functional.avg_pool2d(around, size, stride=1)
    share = (1 - mask) / (1 + (change / SAME_PICTURE) ** 2)
    return pixels + share * (original - decoded_original)


def paste_back(original: Image.Image, result: Raster, mask_image: Raster) -> Raster:
    """Lay the result over the original; where the mask is 0 every byte is the original's.

    Greys already decided how much a place may change, so from `PASTE_FADE` on the result is
    taken as it is.
    """
    kept = np.asarray(original, np.uint8)
    made = np.frombuffer(result.pixels, np.uint8).reshape(kept.shape)
    mask = np.frombuffer(mask_image.pixels, np.uint8).reshape(kept.shape[:2])
    weight = (mask.astype(np.float32) / PASTE_FADE).clip(0, 1)[..., None]
    mixed = (kept * (1 - weight) + made * weight).round().astype(np.uint8)
    pixels = np.where(mask[..., None] == 0, kept, mixed)
    return Raster(width=result.width, height=result.height, mode="RGB", pixels=pixels.tobytes())


def _blurred_surroundings(image: Image.Image, mask: np.ndarray) -> np.ndarray:
    """Normalised convolution: blur only what is outside, then divide by how much that was."""
    radius = max(image.size) / 8
    outside = (255 - mask.astype(np.float32)) / 255.0
    blurred = _blur(np.asarray(image, np.float32) * outside[..., None], radius)
    share = _blur((outside * 255.0)[..., None].repeat(3, 2), radius) / 255.0
    return np.where(share > 1 / 255, blurred / np.maximum(share, 1 / 255), 127.5)


def _blur(pixels: np.ndarray, radius: float) -> np.ndarray:
    image = Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32)
