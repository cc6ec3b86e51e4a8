"""The noise of diffusion training: its variances, targets and weights, as in the papers.

Notation of Ho et al. 2020 (DDPM, arXiv 2006.11239): beta_t is the variance that step t adds,
alpha_t = 1 - beta_t, alphas_cumprod_t (abar_t) their product up to t; t counts from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from torch import Tensor

BetaSchedule = Literal["linear", "scaled_linear"]
Weighting = Literal["constant", "min-snr", "min-snr+1"]
PredictionType = Literal["epsilon", "v_prediction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSchedule:
    """How much noise each timestep holds and what the network is to predict.

    Attributes:
        betas: float32 (T,).
        alphas_cumprod: float32 (T,); share of the picture's variance that is left.
    """

    betas: Tensor
    alphas_cumprod: Tensor
    prediction_type: PredictionType
    config: dict[str, Any]

    def add_noise(self, x0: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Return x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) noise (DDPM, equation 4)."""
        signal, spread = self._scales(timesteps, x0)
        return signal * x0 + spread * noise

    def target(self, x0: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Return what the network should say: the noise, or v.

        v = sqrt(abar) noise - sqrt(1 - abar) x0: Salimans and Ho 2022 (arXiv 2202.00512), app. D.
        """
        if self.prediction_type == "epsilon":
            return noise
        signal, spread = self._scales(timesteps, x0)
        return signal * noise - spread * x0

    def pred_original_sample(self, x_t: Tensor, predicted: Tensor, timesteps: Tensor) -> Tensor:
        """Return the x0 that the network's answer stands for."""
        signal, spread = self._scales(timesteps, x_t)
        if self.prediction_type == "epsilon":
            return (x_t - spread * predicted) / signal
        return signal * x_t - spread * predicted

    def snr(self, timesteps: Tensor) -> Tensor:
        """Return abar / (1 - abar) of each timestep, (B,)."""
        left = self.alphas_cumprod[timesteps.cpu()].to(timesteps.device)
        return left / (1 - left)

    def loss_weight(self, timesteps: Tensor, *, weighting: Weighting, gamma: float) -> Tensor:
        """Return the weights (B,) of the squared errors of `target`.

        "min-snr" counts the error of x0 min(snr, gamma) times, so that fine detail does not
        outweigh all else (Hang et al. 2023, arXiv 2303.09556, section 3.4). It all but ignores
        the noisiest half of the timesteps, where a small model decides what the picture shows:
        "min-snr+1" counts min(snr, gamma) + 1 times. "constant" weighs the target alike.
        """
        snr = self.snr(timesteps)
        if weighting == "constant":
            return torch.ones_like(snr)
        of_x0 = snr.clamp(max=gamma) + (1.0 if weighting == "min-snr+1" else 0.0)
        return of_x0 / (snr if self.prediction_type == "epsilon" else snr + 1)

    def _scales(self, timesteps: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        left = self.alphas_cumprod[timesteps.cpu()].to(like.device, torch.float32)
        left = left.view(-1, *(1,) * (like.ndim - 1))
        return left.sqrt(), (1 - left).sqrt()


def stratified_timesteps(count: int, total: int, generator: torch.Generator) -> Tensor:
    """Return `count` of `total` timesteps, one from each equal span, in random order.

    The mean loss of a batch then varies less from step to step than with free draws.
    Source: Kingma et al. 2021, "Variational Diffusion Models" (arXiv 2107.00630), appendix I.1.
    """
    spans = torch.randperm(count, generator=generator) + torch.rand(count, generator=generator)
    return (spans / count * total).long().clamp(max=total - 1)


def noise_schedule(
    *,
    num_train_timesteps: int = 1000,
    beta_start: float = 0.00085,
    beta_end: float = 0.012,
    beta_schedule: BetaSchedule = "scaled_linear",
    prediction_type: PredictionType = "v_prediction",
    rescale_betas_zero_snr: bool = False,
) -> NoiseSchedule:
    """Return the schedule with `num_train_timesteps` betas from `beta_start` to `beta_end`.

    "linear" is DDPM's; "scaled_linear", linear in sqrt(beta), is latent diffusion's.

    Args:
        rescale_betas_zero_snr: the last timestep is pure noise, so that very dark and very bright
            pictures can be made (Lin et al. 2023, arXiv 2305.08891, algorithm 1).
    """
    if beta_schedule == "linear":
        betas = torch.linspace(beta_start, beta_end, num_train_timesteps)
    else:
        betas = torch.linspace(beta_start**0.5, beta_end**0.5, num_train_timesteps) ** 2
    if rescale_betas_zero_snr:
        betas = rescale_zero_terminal_snr(betas)
    config = {
        "num_train_timesteps": num_train_timesteps,
        "beta_start": beta_start,
        "beta_end": beta_end,
        "beta_schedule": beta_schedule,
        "prediction_type": prediction_type,
        "rescale_betas_zero_snr": rescale_betas_zero_snr,
    }
    return NoiseSchedule(
        betas=betas,
        alphas_cumprod=torch.cumprod(1 - betas, dim=0),
        prediction_type=prediction_type,
        config=config,
    )


def sampling_config(schedule: NoiseSchedule) -> dict[str, Any]:
    """Return the diffusers scheduler configuration that samples as this schedule trains.

    Steps are counted back from the last timestep ("trailing"), where training saw pure noise.
    """
    return schedule.config | {
        "timestep_spacing": "trailing",
        "clip_sample": False,
        "set_alpha_to_one": True,
        "steps_offset": 1,
    }


def posterior_mean(schedule: NoiseSchedule, x0: Tensor, x_t: Tensor, timestep: int) -> Tensor:
    """Return the mean of q(x_{t-1} | x_t, x0) (DDPM, equation 7)."""
    left, before, beta = _around(schedule, timestep)
    from_x0 = before.sqrt() * beta / (1 - left)
    from_x_t = (1 - beta).sqrt() * (1 - before) / (1 - left)
    return from_x0 * x0 + from_x_t * x_t


def posterior_variance(schedule: NoiseSchedule, timestep: int) -> Tensor:
    """Return the variance of q(x_{t-1} | x_t, x0) (DDPM, equation 7): 0 at timestep 0."""
    left, before, beta = _around(schedule, timestep)
    return (1 - before) / (1 - left) * beta


def _around(schedule: NoiseSchedule, timestep: int) -> tuple[Tensor, Tensor, Tensor]:
    left = schedule.alphas_cumprod[timestep]
    before = schedule.alphas_cumprod[timestep - 1] if timestep else torch.ones_like(left)
    return left, before, schedule.betas[timestep]
