"""The formulas of diffusion, against diffusers' schedulers and the papers."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.training_utils import compute_snr

from sdstudio.training.ddpm import ddim_step, ddpm_step
from sdstudio.training.noise_schedule import (
    BetaSchedule,
    NoiseSchedule,
    PredictionType,
    noise_schedule,
    posterior_mean,
    posterior_variance,
    sampling_config,
    stratified_timesteps,
)

CASES = [("linear", False), ("scaled_linear", False), ("scaled_linear", True)]
TIMESTEPS = torch.tensor([0, 1, 250, 998])

ROUNDING = 2e-5
"""Relative; float32 products of a thousand factors, in another order."""


@pytest.fixture
def x0() -> torch.Tensor:
    return torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("beta_schedule, zero_snr", CASES)
def test_alphas_and_noised_pictures_are_those_of_diffusers(
    beta_schedule: BetaSchedule, zero_snr: bool, x0: torch.Tensor, noise: torch.Tensor
) -> None:
    ours = noise_schedule(beta_schedule=beta_schedule, rescale_betas_zero_snr=zero_snr)
    theirs = DDIMScheduler(**ours.config)
    torch.testing.assert_close(ours.alphas_cumprod, theirs.alphas_cumprod, rtol=ROUNDING, atol=0)
    torch.testing.assert_close(
        ours.add_noise(x0, noise, TIMESTEPS), theirs.add_noise(x0, noise, TIMESTEPS)
    )
    torch.testing.assert_close(
        ours.target(x0, noise, TIMESTEPS), theirs.get_velocity(x0, noise, TIMESTEPS)
    )


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_the_picture_is_found_again_from_a_true_answer(
    prediction_type: PredictionType, x0: torch.Tensor, noise: torch.Tensor
) -> None:
    schedule = noise_schedule(prediction_type=prediction_type)
    x_t = schedule.add_noise(x0, noise, TIMESTEPS)
    answer = schedule.target(x0, noise, TIMESTEPS)
    found = schedule.pred_original_sample(x_t, answer, TIMESTEPS)
    # at timestep 998 epsilon's rounding is divided by sqrt(abar) = 0.07
    torch.testing.assert_close(found, x0, rtol=1e-4, atol=1e-4)


def test_zero_terminal_snr_leaves_nothing_of_the_picture(
    x0: torch.Tensor, noise: torch.Tensor
) -> None:
    schedule = noise_schedule(rescale_betas_zero_snr=True)
    last = torch.full((4,), 999)
    assert float(schedule.alphas_cumprod[-1]) == 0
    torch.testing.assert_close(schedule.add_noise(x0, noise, last), noise)
    torch.testing.assert_close(schedule.target(x0, noise, last), -x0)


@pytest.mark.parametrize("timestep", [0, 1, 500, 999])
def test_the_posterior_is_the_papers(timestep: int, x0: torch.Tensor, noise: torch.Tensor) -> None:
    schedule = _ddpm_schedule()
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    alphas = 1 - betas
    left = alphas[: timestep + 1].prod()
    before = alphas[:timestep].prod()  # 1 at timestep 0
    x_t = schedule.add_noise(x0, noise, torch.full((4,), timestep))
    mean = before.sqrt() * betas[timestep] / (1 - left) * x0.double()
    mean = mean + alphas[timestep].sqrt() * (1 - before) / (1 - left) * x_t.double()
    variance = (1 - before) / (1 - left) * betas[timestep]
    # 1 - abar loses digits in float32 where abar is close to 1
    torch.testing.assert_close(
        posterior_mean(schedule, x0, x_t, timestep).double(), mean, rtol=1e-3, atol=1e-4
    )
    torch.testing.assert_close(
        posterior_variance(schedule, timestep).double(), variance, rtol=1e-3, atol=1e-7
    )


@pytest.mark.parametrize("timestep", [1, 500, 999])
def test_a_ddpm_step_is_that_of_diffusers(
    timestep: int, x0: torch.Tensor, noise: torch.Tensor
) -> None:
    schedule = _ddpm_schedule()
    theirs = DDPMScheduler(**schedule.config, clip_sample=False)
    x_t = schedule.add_noise(x0, noise, torch.full((4,), timestep))
    wanted = theirs.step(noise, timestep, x_t, generator=torch.Generator().manual_seed(7))
    drawn = torch.randn(x_t.shape, generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(
        ddpm_step(schedule, x0, x_t, timestep, drawn), wanted.prev_sample, rtol=1e-3, atol=1e-4
    )


def test_a_ddim_step_is_that_of_diffusers(x0: torch.Tensor, noise: torch.Tensor) -> None:
    schedule = _ddpm_schedule()
    theirs = DDIMScheduler(**schedule.config, clip_sample=False)
    theirs.set_timesteps(10)  # 900, 800 ... 0
    x_t = schedule.add_noise(x0, noise, torch.full((4,), 500))
    wanted = theirs.step(noise, 500, x_t).prev_sample
    torch.testing.assert_close(ddim_step(schedule, x0, x_t, 500, 400), wanted, rtol=1e-4, atol=1e-4)
    assert ddim_step(schedule, x0, x_t, 0, None) is x0


def test_the_weights_bound_how_often_the_picture_counts() -> None:
    schedule = noise_schedule()
    every = torch.arange(1000)
    snr = compute_snr(DDPMScheduler(**schedule.config), every)
    torch.testing.assert_close(schedule.snr(every), snr, rtol=1e-3, atol=0)
    weights = {
        name: schedule.loss_weight(every, weighting=name, gamma=5.0)
        for name in ("constant", "min-snr", "min-snr+1")
    }
    # the error of v is the error of x0 times (snr + 1)
    of_x0 = {name: weight * (snr + 1) for name, weight in weights.items()}
    torch.testing.assert_close(of_x0["min-snr"], snr.clamp(max=5), rtol=1e-3, atol=0)
    torch.testing.assert_close(of_x0["min-snr+1"], snr.clamp(max=5) + 1, rtol=1e-3, atol=0)
    assert (weights["constant"] == 1).all()


def test_stratified_timesteps_cover_every_span_once() -> None:
    drawn = stratified_timesteps(10, 1000, torch.Generator().manual_seed(0))
    assert sorted((drawn // 100).tolist()) == list(range(10))
    assert drawn.tolist() != sorted(drawn.tolist())


def test_the_sampler_starts_where_training_saw_pure_noise() -> None:
    scheduler = DDIMScheduler(**sampling_config(noise_schedule(rescale_betas_zero_snr=True)))
    scheduler.set_timesteps(20)
    assert int(scheduler.timesteps[0]) == 999
    assert scheduler.config["prediction_type"] == "v_prediction"


def _ddpm_schedule() -> NoiseSchedule:
    return noise_schedule(
        beta_start=1e-4, beta_end=0.02, beta_schedule="linear", prediction_type="epsilon"
    )
