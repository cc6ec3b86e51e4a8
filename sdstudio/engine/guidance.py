"""Guidance as functions of noise_pred, and the UNet as a function of latents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel


def classifier_free(
    noise_pred_uncond: torch.Tensor, noise_pred_text: torch.Tensor, guidance_scale: float
) -> torch.Tensor:
    """Ho & Salimans 2022, eq. 6 with s = 1 + w: eps(null) + s (eps(c) - eps(null))."""
    return noise_pred_uncond + guidance_scale * (noise_pred_text - noise_pred_uncond)


def rescale(
    noise_pred: torch.Tensor, noise_pred_text: torch.Tensor, guidance_rescale: float
) -> torch.Tensor:
    """Bring the guided prediction's contrast back towards the text's own.

    Lin et al. 2023, eq. 15-16: x' = x std(x_text) / std(x), then phi x' + (1 - phi) x, with the
    standard deviation over each picture.
    """
    axes = tuple(range(1, noise_pred.ndim))
    std_text = noise_pred_text.std(dim=axes, keepdim=True)
    std_guided = noise_pred.std(dim=axes, keepdim=True)
    rescaled = noise_pred * (std_text / std_guided)
    return guidance_rescale * rescaled + (1 - guidance_rescale) * noise_pred


def embed_guidance_scale(guidance_scale: float, embedding_dim: int) -> torch.Tensor:
    """Fourier features of the guidance scale, for UNets distilled to take it as an input.

    Luo et al. 2023 (LCM), after VDM's `get_timestep_embedding` (Kingma et al. 2021).

    Returns:
        (1, embedding_dim), float32.
    """
    half = embedding_dim // 2
    frequencies = torch.exp(torch.arange(half) * -(math.log(10_000.0) / (half - 1)))
    angles = 1000.0 * (guidance_scale - 1.0) * frequencies
    features = torch.cat([angles.sin(), angles.cos()])
    return torch.nn.functional.pad(features, (0, embedding_dim % 2))[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """What the UNet is told besides latents and timestep; the uncond half first if guided.

    Attributes:
        prompt_embeds: (1 or 2, tokens, width).
        added: "text_embeds" and "time_ids" of SD XL, else empty.
        extra_channels: (1, c, h, w) put after the latents (mask and masked picture), or None.
        timestep_cond: the embedded guidance scale of distilled UNets, or None.
    """

    prompt_embeds: torch.Tensor
    added: dict[str, torch.Tensor]
    extra_channels: torch.Tensor | None = None
    timestep_cond: torch.Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedUnet:
    """The UNet with classifier-free guidance, both halves in one batch.

    Weights and activations are in the UNet's own dtype; guidance is computed in float32.
    """

    unet: UNet2DConditionModel
    conditioning: Conditioning
    guidance_scale: float
    guidance_rescale: float = 0.0

    def __call__(self, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Predict, for one picture's scaled latents (1, c, h, w), in float32."""
        told = self.conditioning
        halves = told.prompt_embeds.shape[0]
        model_input = latents
        if told.extra_channels is not None:
            model_input = torch.cat([latents, told.extra_channels], dim=1)
        noise_pred = self.unet(
            model_input.to(self.unet.dtype).expand(halves, -1, -1, -1),
            timestep,
            encoder_hidden_states=told.prompt_embeds,
            timestep_cond=told.timestep_cond,
            added_cond_kwargs=told.added or None,
            return_dict=False,
        )[0].float()
        if halves == 1:
            return noise_pred
        noise_pred_uncond, noise_pred_text = noise_pred.chunk(2)
        guided = classifier_free(noise_pred_uncond, noise_pred_text, self.guidance_scale)
        if self.guidance_rescale:
            guided = rescale(guided, noise_pred_text, self.guidance_rescale)
        return guided
