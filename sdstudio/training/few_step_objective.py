"""What both ways of teaching a few-step model share: a student, a guided teacher, DDIM's step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import torch
from diffusers import DDIMScheduler, LCMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from sdstudio.training.noise_schedule import NoiseSchedule


class FewStepObjective(nn.Module, ABC):
    """A student that learns, beside a teacher that stays as it is.

    Args:
        student: runs without guidance afterwards.
        teacher: guided by `guidance` (1 + w in Luo et al. 2023, arXiv 2310.04378, section 4.2).
        empty_ids: tokens of "" (1, 77).
    """

    def __init__(
        self,
        student: UNet2DConditionModel,
        teacher: UNet2DConditionModel,
        text_encoder: CLIPTextModel,
        schedule: NoiseSchedule,
        *,
        empty_ids: Tensor,
        guidance: float,
    ) -> None:
        super().__init__()
        self.unet = student
        self.teacher = teacher.requires_grad_(False)
        self.text_encoder = text_encoder.requires_grad_(False)
        self.schedule, self.guidance = schedule, guidance
        self.register_buffer("empty_ids", empty_ids, persistent=False)

    @abstractmethod
    def forward(
        self, latents: Tensor, input_ids: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of scaled latents (B, 4, h, w) and their captions (B, 77)."""

    @abstractmethod
    def scheduler(self) -> DDIMScheduler | LCMScheduler:
        """Return the sampler that the student is taught for."""

    @abstractmethod
    def sample(self, input_ids: Tensor, *, side: int, steps: int, seed: int = 0) -> Tensor:
        """Return scaled latents (B, 4, side, side) in `steps` steps, without guidance.

        Args:
            input_ids: tokens of the prompts (B, 77).
        """

    def original(self, x_t: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Return the x0 (B, 4, h, w) that the student sees in x_t."""
        predicted = self.unet(x_t, timesteps, context).sample.float()
        return self.schedule.pred_original_sample(x_t, predicted, timesteps)

    def teachers_original(self, x_t: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Return the x0 (B, 4, h, w) that the guided teacher sees in x_t."""
        nothing = self.text_encoder(cast(Tensor, self.empty_ids)).last_hidden_state
        both = torch.cat([nothing.expand_as(context), context])
        twice = torch.cat([x_t, x_t]), torch.cat([timesteps, timesteps])
        empty, said = self.teacher(*twice, both).sample.float().chunk(2)
        guided = empty + self.guidance * (said - empty)
        return self.schedule.pred_original_sample(x_t, guided, timesteps)


def jump(
    schedule: NoiseSchedule, x_t: Tensor, x0: Tensor, timesteps: Tensor, ends: Tensor
) -> Tensor:
    """Return x at `ends` if x_t is x0 and noise: one DDIM step (Song et al. 2021, eq. 12, eta 0).

    Args:
        ends: timesteps (B,), -1 for x0 itself.
    """
    rest, moved = _factors(schedule, timesteps, ends, x_t)
    return rest * x_t + moved * x0


def aim(
    schedule: NoiseSchedule, x_t: Tensor, arrival: Tensor, timesteps: Tensor, ends: Tensor
) -> Tensor:
    """Return the x0 with which `jump` from x_t comes to `arrival`.

    Source: Salimans and Ho 2022 (arXiv 2202.00512), appendix G.
    """
    rest, moved = _factors(schedule, timesteps, ends, x_t)
    return (arrival - rest * x_t) / moved


def _factors(
    schedule: NoiseSchedule, timesteps: Tensor, ends: Tensor, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what x_t and x0 are multiplied by in one DDIM step."""
    padded = torch.cat([torch.ones(1), schedule.alphas_cumprod])  # timestep -1 has no noise
    left, last = (padded[t.cpu() + 1].view(-1, 1, 1, 1) for t in (timesteps, ends))
    rest = ((1 - last) / (1 - left)).sqrt()
    moved = last.sqrt() - rest * left.sqrt()
    return rest.to(like.device), moved.to(like.device)
