"""From the request's words and size to what the UNet is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch

from sdstudio.engine.component_cache import LoadedModel
from sdstudio.engine.devices import resident
from sdstudio.engine.guidance import Conditioning, embed_guidance_scale
from sdstudio.engine.prompt_encoding import PromptEmbeds
from sdstudio.messages.generation import GenerationRequest

AESTHETIC_SCORE = 6.0
NEGATIVE_AESTHETIC_SCORE = 2.5
"""diffusers' defaults for the XL refiner (Podell et al. 2023)."""


def build_conditioning(
    model: LoadedModel,
    request: GenerationRequest,
    *,
    device: torch.device,
    offload: bool,
    poll: Callable[[], None],
) -> Conditioning:
    """Encode the prompts and lay out both halves, the unconditional one first.

    Without guidance (scale 1 or less, or a UNet distilled to take the scale as an input) only
    the prompt's half exists and the UNet does half the work.
    """
    assert model.encoder is not None
    distilled_dim = model.unet.config.time_cond_proj_dim
    guided = request.guidance_scale > 1.0 and distilled_dim is None
    with ExitStack() as stack:
        for text_encoder in model.encoder.text_encoders:
            stack.enter_context(resident(text_encoder, device, offload=offload))
        halves = _encode(model, request, guided, poll)
    prompt_embeds = torch.cat([half.prompt_embeds for half in halves])
    timestep_cond = None
    if distilled_dim is not None:
        timestep_cond = embed_guidance_scale(request.guidance_scale, distilled_dim)
        timestep_cond = timestep_cond.to(device, model.dtype)
    return Conditioning(
        prompt_embeds=prompt_embeds.to(device, model.dtype),
        added=_size_conditioning(model, request, halves, device),
        timestep_cond=timestep_cond,
    )


def _encode(
    model: LoadedModel, request: GenerationRequest, guided: bool, poll: Callable[[], None]
) -> list[PromptEmbeds]:
    assert model.encoder is not None
    if not guided:
        return [model.encoder.encode(request.prompt, clip_skip=request.clip_skip, poll=poll)]
    positive, negative = model.encoder.encode_pair(
        request.prompt, request.negative_prompt, clip_skip=request.clip_skip, poll=poll
    )
    return [negative, positive]


def _size_conditioning(
    model: LoadedModel,
    request: GenerationRequest,
    halves: list[PromptEmbeds],
    device: torch.device,
) -> dict[str, torch.Tensor]:
    """SD XL's size and crop conditioning (Podell et al. 2023, sec. 2.2), else nothing."""
    if model.family != "stable-diffusion-xl":
        return {}
    size = [request.height, request.width]
    rows = [[*size, 0, 0, *size] for _ in halves]
    if model.options.get("requires_aesthetics_score"):
        scores = [NEGATIVE_AESTHETIC_SCORE, AESTHETIC_SCORE][-len(halves) :]
        rows = [[*size, 0, 0, score] for score in scores]
    pooled = torch.cat([half.pooled for half in halves if half.pooled is not None])
    return {
        "text_embeds": pooled.to(device, model.dtype),
        "time_ids": torch.tensor(rows, device=device, dtype=torch.float32),
    }
