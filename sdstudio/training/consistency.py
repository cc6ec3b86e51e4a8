"""Latent consistency: a student that says at any noise where its teacher would end.

Source: Luo et al. 2023, "Latent Consistency Models" (arXiv 2310.04378), sections 3 and 4. The
student's copy without gradients is its own target, as in Song and Dhariwal 2023 (arXiv 2310.14189,
section 3.2), which found no average of it better.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers import LCMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from sdstudio.training.dataset import seeded_generator
from sdstudio.training.noise_schedule import NoiseSchedule, stratified_timesteps

DDIM_STEPS = 50
"""Of the teacher; between two of them lies the skipping step k = T / 50 (section 4.3)."""

SIGMA_DATA = 0.5
TIMESTEP_SCALING = 10.0
HUBER = 0.001


def boundary_scalings(timesteps: Tensor) -> tuple[Tensor, Tensor]:
    """Return c_skip and c_out (B,): at timestep 0 the student must return what it is given.

    c_skip = s^2 / ((10 t)^2 + s^2), c_out = 10 t / sqrt((10 t)^2 + s^2) with s = 0.5, as
    diffusers' `LCMScheduler` has them (Luo et al. 2023, equation 9; Karras et al. 2022).
    """
    scaled = timesteps.float() * TIMESTEP_SCALING
    total = scaled.square() + SIGMA_DATA**2
    return SIGMA_DATA**2 / total, scaled / total.sqrt()


def teacher_timesteps(num_train_timesteps: int) -> Tensor:
    """Return the timesteps (DDIM_STEPS,) of the teacher's DDIM, rising to the last of training."""
    skipped = num_train_timesteps // DDIM_STEPS
    return torch.arange(1, DDIM_STEPS + 1) * skipped - 1


def ddim_step(
    schedule: NoiseSchedule, x_t: Tensor, x0: Tensor, timesteps: Tensor, before: Tensor
) -> Tensor:
    """Return x at the timesteps `before`, if x_t is x0 and noise (Song et al. 2021, eq. 12, eta 0).

    The noise is what is left of x_t without x0; no timestep may be free of noise.
    """
    signal, spread = _scales(schedule, timesteps, x_t)
    noise = (x_t - signal * x0) / spread
    signal, spread = _scales(schedule, before, x_t)
    return signal * x0 + spread * noise


class ConsistencyObjective(nn.Module):
    """The pseudo-Huber distance of what the student says at two neighbours on the teacher's way.

    Args:
        student: the part that learns; runs without guidance afterwards.
        teacher: stays as it is, and is guided by `guidance` (the paper's 1 + w).
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

    def forward(
        self, latents: Tensor, input_ids: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of scaled latents (B, 4, h, w) and their captions (B, 77)."""
        choices = teacher_timesteps(len(self.schedule.betas))
        later = choices[stratified_timesteps(len(latents), DDIM_STEPS, generator)]
        later = later.to(latents.device)
        sooner = (later - len(self.schedule.betas) // DDIM_STEPS).clamp(min=0)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = self.schedule.add_noise(latents, noise, later)
        with torch.no_grad():
            context = self.text_encoder(input_ids).last_hidden_state
            way = self.teachers_step(noisy, later, sooner, context)
            target = self.consistent(way, sooner, context)
        found = self.consistent(noisy, later, context)
        error = (found - target).square()
        loss = ((error + HUBER**2).sqrt() - HUBER).mean()
        return {"loss": loss, "error": error.mean()}

    def consistent(self, x_t: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Return f(x_t, t) = c_skip x_t + c_out x0(x_t, t), (B, 4, h, w)."""
        predicted = self.unet(x_t, timesteps, context).sample.float()
        x0 = self.schedule.pred_original_sample(x_t, predicted, timesteps)
        skip, out = (scale.view(-1, 1, 1, 1) for scale in boundary_scalings(timesteps))
        return skip * x_t + out * x0

    def teachers_step(
        self, x_t: Tensor, timesteps: Tensor, before: Tensor, context: Tensor
    ) -> Tensor:
        """Return where the guided teacher's DDIM goes from x_t, (B, 4, h, w)."""
        nothing = self.text_encoder(cast(Tensor, self.empty_ids)).last_hidden_state
        both = torch.cat([nothing.expand_as(context), context])
        twice = torch.cat([x_t, x_t]), torch.cat([timesteps, timesteps])
        empty, said = self.teacher(*twice, both).sample.float().chunk(2)
        guided = empty + self.guidance * (said - empty)
        x0 = self.schedule.pred_original_sample(x_t, guided, timesteps)
        return ddim_step(self.schedule, x_t, x0, timesteps, before)


def few_step_config(schedule: NoiseSchedule) -> dict[str, Any]:
    """Return the configuration of the `LCMScheduler` that samples as the student was taught."""
    return schedule.config | {
        "original_inference_steps": DDIM_STEPS,
        "timestep_scaling": TIMESTEP_SCALING,
        "clip_sample": False,
        "set_alpha_to_one": True,
        "steps_offset": 1,  # not used, but diffusers warns of other values
    }


@torch.no_grad()
def sample_few(
    objective: ConsistencyObjective, input_ids: Tensor, *, side: int, steps: int = 4, seed: int = 0
) -> Tensor:
    """Return scaled latents (B, 4, side, side) in `steps` steps, without guidance.

    Args:
        input_ids: tokens of the prompts (B, 77).
    """
    unet, count = objective.unet, len(input_ids)
    scheduler = LCMScheduler(**few_step_config(objective.schedule))
    scheduler.set_timesteps(steps)
    context = objective.text_encoder(input_ids.to(unet.device)).last_hidden_state
    generator = seeded_generator(seed)
    latents = torch.randn(count, 4, side, side, generator=generator).to(unet.device)
    for timestep in scheduler.timesteps:
        predicted = unet(latents, timestep, context).sample.float()
        step = scheduler.step(predicted, int(timestep), latents, generator=generator)
        latents, final = cast(Any, step).prev_sample, cast(Any, step).denoised
    return final


def _scales(schedule: NoiseSchedule, timesteps: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    left = schedule.alphas_cumprod[timesteps.cpu()].to(like.device).view(-1, 1, 1, 1)
    return left.sqrt(), (1 - left).sqrt()
