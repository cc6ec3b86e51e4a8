"""Latent consistency: a student that says at any noise where its teacher would end.

Source: Luo et al. 2023, "Latent Consistency Models" (arXiv 2310.04378), sections 3 and 4. The
student's copy without gradients is its own target, as in Song and Dhariwal 2023 (arXiv 2310.14189,
section 3.2), which found no average of it better.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import LCMScheduler
from torch import Tensor

from sdstudio.training.dataset import seeded_generator
from sdstudio.training.few_step_objective import FewStepObjective, jump
from sdstudio.training.noise_schedule import stratified_timesteps

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


class ConsistencyObjective(FewStepObjective):
    """The pseudo-Huber distance of what the student says at two neighbours on the teacher's way."""

    def forward(
        self, latents: Tensor, input_ids: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses; see `FewStepObjective.forward`."""
        choices = teacher_timesteps(len(self.schedule.betas))
        later = choices[stratified_timesteps(len(latents), DDIM_STEPS, generator)]
        later = later.to(latents.device)
        sooner = (later - len(self.schedule.betas) // DDIM_STEPS).clamp(min=0)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = self.schedule.add_noise(latents, noise, later)
        with torch.no_grad():
            context = self.text_encoder(input_ids).last_hidden_state
            x0 = self.teachers_original(noisy, later, context)
            way = jump(self.schedule, noisy, x0, later, sooner)
            target = self.consistent(way, sooner, context)
        error = (self.consistent(noisy, later, context) - target).square()
        loss = ((error + HUBER**2).sqrt() - HUBER).mean()
        return {"loss": loss, "error": error.mean()}

    def consistent(self, x_t: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Return f(x_t, t) = c_skip x_t + c_out x0(x_t, t), (B, 4, h, w)."""
        skip, out = (scale.view(-1, 1, 1, 1) for scale in boundary_scalings(timesteps))
        return skip * x_t + out * self.original(x_t, timesteps, context)

    def scheduler(self) -> LCMScheduler:
        """Return the sampler that was taught; it adds new noise between steps."""
        return LCMScheduler(
            **self.schedule.config,
            original_inference_steps=DDIM_STEPS,
            timestep_scaling=TIMESTEP_SCALING,
            clip_sample=False,
            set_alpha_to_one=True,
            steps_offset=1,  # not used, but diffusers warns of other values
        )

    @torch.no_grad()
    def sample(self, input_ids: Tensor, *, side: int, steps: int, seed: int = 0) -> Tensor:
        """Return scaled latents (B, 4, side, side); see `FewStepObjective.sample`."""
        scheduler = self.scheduler()
        scheduler.set_timesteps(steps)
        context = self.text_encoder(input_ids.to(self.unet.device)).last_hidden_state
        generator = seeded_generator(seed)
        latents = torch.randn(len(input_ids), 4, side, side, generator=generator)
        latents = final = latents.to(self.unet.device)
        for timestep in scheduler.timesteps:
            predicted = self.unet(latents, timestep, context).sample.float()
            step: Any = scheduler.step(predicted, int(timestep), latents, generator=generator)
            latents, final = step.prev_sample, step.denoised
        return final
