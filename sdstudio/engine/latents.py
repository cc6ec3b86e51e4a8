"""Pictures into latents and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sdstudio.engine.devices import available_bytes, free_memory, is_out_of_memory
from sdstudio.errors import InvalidRequestError, NumericalError

TILED_NOTE = "Memory ran short while decoding, so the picture was decoded in tiles."
FLOAT32_NOTE = "The picture was decoded in full precision because half precision broke down."


def vae_scale_factor(vae: Any) -> int:
    """Pixels per latent cell side, 8 for SD 1.x, 2.x and XL."""
    widths = (
        getattr(vae.config, "block_out_channels", None) or vae.config.encoder_block_out_channels
    )
    return 2 ** (len(widths) - 1)


def require_multiple(width: int, height: int, multiple: int) -> None:
    """Refuse a size that the latent grid does not divide.

    Raises:
        InvalidRequestError: names the nearest size that would do.
    """
    if width % multiple == 0 and height % multiple == 0:
        return
    good = [max(multiple, round(side / multiple) * multiple) for side in (width, height)]
    raise InvalidRequestError(
        f"This model makes pictures whose sides are multiples of {multiple} pixels,"
        f" not {width} x {height}.",
        f"The nearest good size is {good[0]} x {good[1]}.",
    )


def encode_pixels(vae: Any, pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw the picture's latents from the VAE's posterior, scaled for the UNet.

    The posterior's noise is drawn in float32 on the CPU whatever the VAE's dtype, so that a
    picture starts from the same latents on every device.

    Args:
        pixels: (1, 3, height, width), float32 in [-1, 1].

    Returns:
        (1, latent channels, height / factor, width / factor), float32.
    """
    posterior = vae.encode(pixels.to(vae.device, vae.dtype))
    if hasattr(posterior, "latents"):  # AutoencoderTiny is deterministic
        raw = posterior.latents.float()
    else:
        mean = posterior.latent_dist.mean.float()
        noise = torch.randn(mean.shape, generator=generator, dtype=torch.float32)
        raw = mean + posterior.latent_dist.std.float() * noise.to(mean.device)
    return normalize(vae, raw)


def normalize(vae: Any, raw: torch.Tensor) -> torch.Tensor:
    """From the VAE's own scale to the UNet's, whose variance is about 1."""
    mean, std = _statistics(vae, raw)
    if mean is not None and std is not None:
        return (raw - mean) * vae.config.scaling_factor / std
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    return (raw - shift) * vae.config.scaling_factor


def denormalize(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """From the UNet's scale to the VAE's own; the inverse of `normalize`."""
    mean, std = _statistics(vae, latents)
    if mean is not None and std is not None:
        return latents * std / vae.config.scaling_factor + mean
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    return latents / vae.config.scaling_factor + shift


def decode_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """(1, 3, height, width), float32, nominally in [-1, 1]."""
    raw = denormalize(vae, latents).to(vae.device, vae.dtype)
    return vae.decode(raw, return_dict=False)[0].float()


def decode_bytes(vae: Any, latents: torch.Tensor) -> int:
    """Rough peak memory of one whole decode, in bytes.

    The decoder's widest maps at full size have the channels of its second level; about eight of
    them are alive at once (input, norm, two convolutions with their workspaces, residual).
    """
    factor = vae_scale_factor(vae)
    channels = vae.config.block_out_channels[:2][-1]
    return 8 * channels * latents.shape[-1] * latents.shape[-2] * factor**2 * vae.dtype.itemsize


def decode_picture(
    vae: Any, latents: torch.Tensor, *, tiling: bool
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Decode, with every second try that can save the picture.

    A decode that would not fit into the free memory is tiled from the start: a CPU's operating
    system hands out memory it does not have and later kills the program.

    Returns:
        The pixels, and notes on what had to be done.

    Raises:
        NumericalError: the pixels are not finite, or all alike, even in float32.
    """
    pixels, notes = _decode_or_tile(vae, latents, tiling=tiling)
    if _is_picture(pixels):
        return pixels, notes
    if vae.dtype != torch.float32:
        with _in_float32(vae):
            pixels, more = _decode_or_tile(vae, latents, tiling=tiling)
        notes = tuple(dict.fromkeys((*notes, *more, FLOAT32_NOTE)))
        if _is_picture(pixels):
            return pixels, notes
    what = "one flat colour" if torch.isfinite(pixels).all() else "not-a-number everywhere"
    raise NumericalError(
        f"The decoded picture came out as {what}.",
        "Try another seed, a lower guidance, or full precision (float32).",
        ("try-again", "float32"),
    )


def _decode_or_tile(
    vae: Any, latents: torch.Tensor, *, tiling: bool
) -> tuple[torch.Tensor, tuple[str, ...]]:
    if tiling or decode_bytes(vae, latents) <= available_bytes(vae.device):
        with _tiling(vae, enabled=tiling):
            try:
                return decode_latents(vae, latents), ()
            except Exception as error:
                if tiling or not is_out_of_memory(error):
                    raise
        # Outside the except block: its traceback would keep the failed decode's tensors alive.
        free_memory(latents.device)
    with _tiling(vae, enabled=True):
        return decode_latents(vae, latents), (TILED_NOTE,)


def _is_picture(pixels: torch.Tensor) -> bool:
    if not torch.isfinite(pixels).all():
        return False
    flattened = pixels.clamp(-1, 1).flatten(2)
    return bool((flattened.amax(2) - flattened.amin(2)).max() > 1 / 255)


@contextmanager
def _tiling(vae: Any, *, enabled: bool) -> Iterator[None]:
    if not enabled or not hasattr(vae, "enable_tiling"):
        yield
        return
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()


@contextmanager
def _in_float32(vae: Any) -> Iterator[None]:
    dtype = vae.dtype
    vae.to(torch.float32)
    try:
        yield
    finally:
        vae.to(dtype)  # exact: the values came from this dtype


def _statistics(vae: Any, like: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    mean = getattr(vae.config, "latents_mean", None)
    std = getattr(vae.config, "latents_std", None)
    if mean is None or std is None:
        return None, None
    shape = (1, -1, 1, 1)
    return (
        torch.tensor(mean, device=like.device).view(shape),
        torch.tensor(std, device=like.device).view(shape),
    )
