"""Seeded noise that is the same on every device."""

from __future__ import annotations

import torch

from sdstudio.messages.generation import MAX_SEED


def picture_seed(seed: int, picture_index: int) -> int:
    """Seed of picture k of a run: `seed + k` modulo 2**64."""
    return (seed + picture_index) % (MAX_SEED + 1)


def seeded_generator(seed: int) -> torch.Generator:
    """A generator on the CPU, whatever the device: the composition must not depend on it.

    Args:
        seed: 0 to 2**64 - 1.
    """
    return torch.Generator("cpu").manual_seed(seed)


def draw_noise(
    shape: tuple[int, ...], generator: torch.Generator, device: torch.device
) -> torch.Tensor:
    """Standard normal noise, float32, drawn on the CPU as diffusers' `randn_tensor` does."""
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(device)
