"""Unconditional models that denoise pixels: any UNet2DModel repository (DDPM, Ho et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import UNet2DModel

PROMPT_NOTE = "This model makes pictures without words, so the prompt was not used."


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconditionalUnet:
    """A UNet2DModel as a function of pixels and timestep."""

    unet: UNet2DModel

    def __call__(self, pixels: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Predict, for pixels (1, c, h, w) in [-1, 1], in float32."""
        return self.unet(pixels.to(self.unet.dtype), timestep, return_dict=False)[0].float()
