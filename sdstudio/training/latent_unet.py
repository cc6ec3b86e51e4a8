"""The network of text-to-picture training: a UNet over latents that reads a text encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextModel, PreTrainedModel

from sdstudio.errors import InvalidRequestError
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.layout_head import LayoutHead
from sdstudio.training.noise_schedule import (
    NoiseSchedule,
    Weighting,
    sampling_config,
    stratified_timesteps,
)

SAMPLE_STEPS = 20
SAMPLE_GUIDANCE = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetShape:
    """The measures of the UNet.

    Attributes:
        channels: of the levels, finest first; multiples of 16, at least 32 for speed.
        layers: residual blocks a level.
        heads: of every attention.
        attention: whether each level reads the text.
        text_width: of the text encoder's states.
    """

    channels: tuple[int, ...] = (96, 192, 256)
    layers: int = 1
    heads: int = 4
    attention: tuple[bool, ...] = (False, True, True)
    text_width: int = 192

    @classmethod
    def of(cls, options: dict[str, Any], *, text_width: int) -> UNetShape:
        """Read the options `channels` ("96,192,256"), `layers`, `heads`, `attention` ("0,1,1").

        Raises:
            InvalidRequestError: they do not fit each other.
        """
        try:
            channels = tuple(int(n) for n in str(options.get("channels", "96,192,256")).split(","))
            attention = tuple(n == "1" for n in str(options.get("attention", "0,1,1")).split(","))
        except ValueError:
            channels, attention = (), ()
        heads = int(options.get("heads", 4))
        if not channels or any(n < 16 or n % 16 or n % heads for n in channels):
            raise InvalidRequestError(
                "The UNet's channels cannot be read.", "Write multiples of 16, like 96,192,256."
            )
        if len(attention) != len(channels):
            raise InvalidRequestError(
                f"{len(channels)} levels need as many marks of attention.", "Write them like 0,1,1."
            )
        layers = int(options.get("layers", 1))
        return cls(
            channels=channels,
            layers=layers,
            heads=heads,
            attention=attention,
            text_width=text_width,
        )


def build_unet(shape: UNetShape, *, sample_size: int) -> UNet2DConditionModel:
    """Return an untrained UNet over 4-channel latents of about `sample_size` cells a side."""
    down = ["CrossAttnDownBlock2D" if on else "DownBlock2D" for on in shape.attention]
    up = ["CrossAttnUpBlock2D" if on else "UpBlock2D" for on in reversed(shape.attention)]
    unet = UNet2DConditionModel(
        sample_size=sample_size,
        block_out_channels=shape.channels,
        layers_per_block=shape.layers,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        cross_attention_dim=shape.text_width,
        attention_head_dim=shape.heads,  # diffusers means the number of heads (its issue 2011)
        norm_num_groups=16,
        use_linear_projection=True,
    )
    prefer_plain_attention(unet)
    return unet


def prefer_plain_attention(model: UNet2DConditionModel | PreTrainedModel) -> None:
    """Have `model` multiply attention out where that is quicker: same numbers, not saved.

    Of a training step on a CPU the backward of torch's fused attention took a fifth.
    """
    if torch.cuda.is_available():
        return
    if isinstance(model, UNet2DConditionModel):
        model.set_attn_processor(AttnProcessor())
    else:
        model.set_attn_implementation("eager")


class LatentDiffusionObjective(nn.Module):
    """The weighted squared error of what the UNet says about a noised latent.

    Args:
        train_text: whether the text encoder learns along; a frozen one is not saved with the run.
        gamma: bound of the signal-to-noise ratio in the weights.
        layout_weight: how much the layout counts beside the error; 0 = there is no such head.
    """

    def __init__(
        self,
        unet: UNet2DConditionModel,
        text_encoder: CLIPTextModel,
        schedule: NoiseSchedule,
        *,
        train_text: bool = True,
        weighting: Weighting = "min-snr+1",
        gamma: float = 5.0,
        layout_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.unet, self.text_encoder = unet, text_encoder.requires_grad_(train_text)
        self.schedule, self.gamma = schedule, gamma
        self.weighting: Weighting = weighting
        self._trains_text = train_text
        self.layout_weight = layout_weight
        self.layout_head = LayoutHead(unet) if layout_weight else None

    def forward(
        self,
        latents: Tensor,
        input_ids: Tensor,
        layout: Tensor | None = None,
        *,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the losses of scaled latents (B, 4, h, w) and their captions (B, 77).

        Args:
            layout: what stands where, (B, CELLS, CELLS), for the layout head.
        """
        count, total = len(latents), len(self.schedule.betas)
        timesteps = stratified_timesteps(count, total, generator).to(latents.device)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        with torch.set_grad_enabled(self._trains_text and torch.is_grad_enabled()):
            context = self.text_encoder(input_ids).last_hidden_state
        predicted = self.unet(noisy, timesteps, context).sample.float()
        target = self.schedule.target(latents, noise, timesteps)
        error = (predicted - target).square().mean(dim=(1, 2, 3))
        weight = self.schedule.loss_weight(timesteps, weighting=self.weighting, gamma=self.gamma)
        early = error[timesteps >= total // 2].mean()
        losses = {"loss": (weight * error).mean(), "error": error.mean(), "error_early": early}
        if self.layout_head is not None and layout is not None:
            losses["layout"] = self.layout_head(layout)
            losses["loss"] = losses["loss"] + self.layout_weight * losses["layout"]
        return losses


@torch.no_grad()
def sample_latents(
    objective: LatentDiffusionObjective,
    input_ids: Tensor,
    empty_ids: Tensor,
    *,
    side: int,
    seed: int = 0,
) -> Tensor:
    """Return scaled latents (B, 4, side, side) by DDIM with classifier-free guidance.

    Args:
        input_ids, empty_ids: tokens of the prompts (B, 77) and of "" (1, 77).
    """
    unet, count = objective.unet, len(input_ids)
    scheduler = DDIMScheduler(**sampling_config(objective.schedule))
    scheduler.set_timesteps(SAMPLE_STEPS)
    ids = torch.cat([empty_ids.expand(count, -1), input_ids]).to(unet.device)
    context = objective.text_encoder(ids).last_hidden_state
    noise = [torch.randn(4, side, side, generator=seeded_generator(seed, i)) for i in range(count)]
    latents = torch.stack(noise).to(unet.device)
    for timestep in scheduler.timesteps:
        twice = torch.cat([latents, latents])
        empty, said = unet(twice, timestep, context).sample.float().chunk(2)
        guided = empty + SAMPLE_GUIDANCE * (said - empty)
        latents = cast(Tensor, scheduler.step(guided, int(timestep), latents).prev_sample)
    return latents
