"""The table of samplers, and x0 from every one of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sdstudio.engine.denoise import LoopHooks, denoise, predict_original_sample
from sdstudio.engine.schedulers import (
    SAMPLERS,
    make_scheduler,
    plan_timesteps,
    sampler_names,
    schedule_names,
    signal_level,
)
from sdstudio.errors import InvalidRequestError, ModelFileError, UnsupportedRequestError

CONFIG: dict[str, Any] = {
    "_class_name": "DDIMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "clip_sample": False,
}

EULER = CONFIG | {"_class_name": "EulerDiscreteScheduler"}


def perfect_model(x0: torch.Tensor, scheduler: Any, prediction_type: str) -> Any:
    """A model that knows the answer: from its input it returns exactly the right prediction."""

    def predict(scaled: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        alpha_bar = signal_level(scheduler, timestep)
        signal, noise = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
        epsilon = (scaled - signal * x0) / noise
        if prediction_type == "epsilon":
            return epsilon
        if prediction_type == "v_prediction":
            return signal * epsilon - noise * x0
        return x0

    return predict


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_reaches_what_a_perfect_model_knows(sampler, prediction_type) -> None:
    """Property of diffusion sampling: with the true x0 in every prediction, x0 is the result.

    Tolerance: DDIM's and PNDM's last step stops at alpha-bar of timestep 1, not at 1.
    """
    torch.manual_seed(0)
    x0 = torch.randn(1, 4, 6, 6)
    config = CONFIG | {"prediction_type": prediction_type}
    scheduler = make_scheduler(config, sampler=sampler)
    timesteps = plan_timesteps(scheduler, 12, strength=1.0)
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(x0.shape, generator=generator) * scheduler.init_noise_sigma
    guesses: list[torch.Tensor] = []
    result = denoise(
        perfect_model(x0, scheduler, prediction_type),
        scheduler,
        timesteps,
        noise,
        generator=generator,
        hooks=LoopHooks(on_step=lambda step: guesses.append(step.pred_original_sample)),
    )
    assert all((guess - x0).abs().max() < 2e-3 for guess in guesses)
    assert (result - x0).abs().mean() < 0.12


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "euler", "euler-ancestral"])
def test_x0_equals_the_schedulers_own(sampler, prediction_type) -> None:
    """Against `pred_original_sample` of the schedulers that hand it out (float32, 1e-4)."""
    config = CONFIG | {"prediction_type": prediction_type}
    if sampler == "euler-ancestral" and prediction_type == "sample":
        pytest.skip("diffusers' Euler ancestral has no sample prediction")
    scheduler = make_scheduler(config, sampler=sampler)
    timesteps = plan_timesteps(scheduler, 7, strength=1.0)
    latents = torch.randn(1, 4, 5, 5) * scheduler.init_noise_sigma
    for timestep in timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)
        output = torch.randn_like(latents)
        ours = predict_original_sample(
            scaled, output, signal_level(scheduler, timestep), prediction_type
        )
        step = scheduler.step(output, timestep, latents)
        scale = max(1.0, float(step.pred_original_sample.abs().max()))
        assert (ours - step.pred_original_sample).abs().max() / scale < 1e-4
        latents = step.prev_sample


@pytest.mark.parametrize("sampler", ["ddim", "euler", "dpm++-2m", "unipc"])
def test_zero_snr_flags_of_the_model_are_kept(sampler) -> None:
    """SD 2.x with zero terminal SNR (Lin et al. 2023) starts where there is no signal at all."""
    config = CONFIG | {
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
    scheduler = make_scheduler(config, sampler=sampler)
    if "rescale_betas_zero_snr" not in scheduler.config:
        pytest.skip("this scheduler has no such flag")
    timesteps = plan_timesteps(scheduler, 5, strength=1.0)
    assert signal_level(scheduler, timesteps[0]) < 1e-4
    assert scheduler.config.prediction_type == "v_prediction"


@pytest.mark.parametrize("sampler", sampler_names())
def test_every_offered_schedule_can_be_planned(sampler: str) -> None:
    for schedule in schedule_names(sampler):
        scheduler = make_scheduler(EULER, sampler=sampler, schedule=schedule)
        assert len(plan_timesteps(scheduler, 8, strength=1.0)) >= 8


def test_strength_leaves_out_the_first_steps() -> None:
    scheduler = make_scheduler(CONFIG, sampler="euler")
    whole = plan_timesteps(scheduler, 10, strength=1.0)
    assert torch.equal(plan_timesteps(scheduler, 10, strength=0.35), whole[-3:])
    assert torch.equal(plan_timesteps(scheduler, 10, strength=0.01), whole[-1:])


def test_unknown_names_are_refused_with_the_list() -> None:
    with pytest.raises(InvalidRequestError, match="euler"):
        make_scheduler(CONFIG, sampler="magic")
    with pytest.raises(InvalidRequestError, match="karras"):
        make_scheduler(CONFIG, schedule="magic")
    with pytest.raises(UnsupportedRequestError, match="ddim"):
        make_scheduler(CONFIG, sampler="ddim", schedule="karras")
    with pytest.raises(ModelFileError):
        make_scheduler(CONFIG | {"_class_name": "os.system"})
    with pytest.raises(ModelFileError):
        make_scheduler(CONFIG | {"_class_name": "StableDiffusionPipeline"})


def test_steps_a_sampler_cannot_make_are_refused() -> None:
    scheduler = make_scheduler(CONFIG, sampler="lcm")
    with pytest.raises(InvalidRequestError, match="60 steps"):
        plan_timesteps(scheduler, 60, strength=1.0)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "pndm"])
def test_steps_beyond_the_noise_table_are_refused(sampler: str) -> None:
    """SD 1.x counts its timesteps from 1, so that a thousand of them end at 1000, off the table."""
    scheduler = make_scheduler(CONFIG | {"steps_offset": 1}, sampler=sampler)
    with pytest.raises(InvalidRequestError, match="1000 steps"):
        plan_timesteps(scheduler, 1000, strength=1.0)
    assert len(plan_timesteps(scheduler, 500, strength=1.0)) >= 500
