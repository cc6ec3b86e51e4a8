"""Consistency within phases: the way from noise to picture in a few spans, each learnt by itself.

A student that must see the end from pure noise learns long; one that must see the end of a span
learns fast and cannot forget what the spans below it hold. Ordinary DDIM of as many steps as there
are phases samples it, the same picture for the same noise.

Source: Heek et al. 2024, "Multistep Consistency Models" (arXiv 2403.06807), section 3, with the
guided teacher of Luo et al. 2023 (arXiv 2310.04378, section 4.2).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from sdstudio.training.dataset import seeded_generator
from sdstudio.training.few_step_objective import FewStepObjective, aim, jump
from sdstudio.training.noise_schedule import sampling_config, stratified_timesteps

TEACHER_STEPS = 20
"""DDIM steps of the teacher over all phases; as many as the studio makes by default."""

WEIGHTS = (1.0, 5.0)
"""Bounds of the weight of the error of x0, which is the signal-to-noise ratio between them
(Salimans and Ho 2022, arXiv 2202.00512, equation 9; Hang et al. 2023, arXiv 2303.09556)."""


LAST_PHASE = 3.0
"""How many times the last phase counts besides: it makes a picture crisp, and learns last. With
the student in it 18 of 32 pictures in pixel art were seen as such, with the teacher 30."""


def phase_end(timesteps: Tensor, *, total: int, phases: int) -> Tensor:
    """Return the timestep (B,) at which the phase of each timestep ends; -1 is the picture."""
    span = total // phases
    return timesteps // span * span - 1


class PhasedObjective(FewStepObjective):
    """The weighted squared error of x0, against where a neighbour nearer the phase's end arrives.

    Args:
        phases: spans of equal length; `TEACHER_STEPS` is a multiple of them.
    """

    def __init__(self, *networks: Any, phases: int, **values: Any) -> None:
        super().__init__(*networks, **values)
        self.phases = phases

    def forward(
        self, latents: Tensor, input_ids: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses; see `FewStepObjective.forward`."""
        total = len(self.schedule.betas)
        stride = total // TEACHER_STEPS
        later = stratified_timesteps(len(latents), TEACHER_STEPS, generator) * stride + stride - 1
        later = later.to(latents.device)
        ends = phase_end(later, total=total, phases=self.phases)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = self.schedule.add_noise(latents, noise, later)
        with torch.no_grad():
            context = self.text_encoder(input_ids).last_hidden_state
            target = self.target(noisy, later, later - stride, ends, context)
        error = (self.original(noisy, later, context) - target).square().mean(dim=(1, 2, 3))
        weight = self.schedule.snr(later).clamp(*WEIGHTS)
        weight = torch.where(ends < 0, LAST_PHASE * weight, weight)
        return {"loss": (weight * error).mean(), "error": error.mean()}

    def target(
        self, x_t: Tensor, timesteps: Tensor, before: Tensor, ends: Tensor, context: Tensor
    ) -> Tensor:
        """Return the x0 (B, 4, h, w) that leads to the phase's end by way of the teacher's step."""
        way = jump(
            self.schedule, x_t, self.teachers_original(x_t, timesteps, context), timesteps, before
        )
        inside = before.clamp(min=0)
        onward = jump(self.schedule, way, self.original(way, inside, context), inside, ends)
        arrived = torch.where((before == ends).view(-1, 1, 1, 1), way, onward)
        return aim(self.schedule, x_t, arrived, timesteps, ends)

    def scheduler(self) -> DDIMScheduler:
        """Return the sampler that was taught: DDIM, without guidance, in `phases` steps."""
        return DDIMScheduler(**sampling_config(self.schedule))

    @torch.no_grad()
    def sample(self, input_ids: Tensor, *, side: int, steps: int, seed: int = 0) -> Tensor:
        """Return scaled latents (B, 4, side, side); see `FewStepObjective.sample`."""
        scheduler = self.scheduler()
        scheduler.set_timesteps(steps)
        context = self.text_encoder(input_ids.to(self.unet.device)).last_hidden_state
        generator = seeded_generator(seed)
        latents = torch.randn(len(input_ids), 4, side, side, generator=generator)
        latents = latents.to(self.unet.device)
        for timestep in scheduler.timesteps:
            predicted = self.unet(latents, timestep, context).sample.float()
            latents = cast(Any, scheduler.step(predicted, int(timestep), latents)).prev_sample
        return latents
