"""The denoising loop, the heart of the house."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from sdstudio.engine.schedulers import current_sigma, signal_level
from sdstudio.errors import NumericalError

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(scaled latents, timestep) -> the model's output, float32, the same shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoisedStep:
    """What one step left behind.

    Attributes:
        step: from 1 to `num_steps`.
        sigma: noise level now, in the scheduler's unit, or None.
        latents: x_t after the step, float32.
        pred_original_sample: the model's guess of x_0 during the step, same shape.
    """

    step: int
    num_steps: int
    sigma: float | None
    latents: torch.Tensor
    pred_original_sample: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopHooks:
    """What others do inside the loop.

    Attributes:
        before_step: called first in every step; raises to stop.
        blend: (latents after step i, i) -> latents, for inpainting.
        on_step: called last in every step.
    """

    before_step: Callable[[], None] = lambda: None
    blend: Callable[[torch.Tensor, int], torch.Tensor] = lambda latents, step_index: latents
    on_step: Callable[[DenoisedStep], None] = lambda step: None


def denoise(
    predict: Predict,
    scheduler: Any,
    timesteps: torch.Tensor,
    latents: torch.Tensor,
    *,
    generator: torch.Generator,
    hooks: LoopHooks,
) -> torch.Tensor:
    """Run the timesteps and return x_0.

    Args:
        latents: x_T, (1, channels, height, width), float32, in the scheduler's own scale.

    Raises:
        NumericalError: the latents are no longer finite.
    """
    arguments = _step_arguments(scheduler, generator)
    timesteps_on_device = timesteps.to(latents.device)
    for index, timestep in enumerate(timesteps):
        # 1. What the model sees, and how much signal is in it
        hooks.before_step()
        scaled = scheduler.scale_model_input(latents, timestep)
        alpha_bar = signal_level(scheduler, timestep)

        # 2. The model's word on it
        model_output = predict(scaled, timesteps_on_device[index])
        pred_original_sample = predict_original_sample(
            scaled, model_output, alpha_bar, scheduler.config.prediction_type
        )

        # 3. One step towards x_0
        latents = scheduler.step(model_output, timestep, latents, return_dict=False, **arguments)[0]
        latents = hooks.blend(latents, index)
        raise_if_not_finite(latents, step=index + 1)
        hooks.on_step(
            DenoisedStep(
                step=index + 1,
                num_steps=len(timesteps),
                sigma=current_sigma(scheduler),
                latents=latents,
                pred_original_sample=pred_original_sample,
            )
        )
    return latents


def predict_original_sample(
    sample: torch.Tensor, model_output: torch.Tensor, alpha_bar: float, prediction_type: str
) -> torch.Tensor:
    """x_0 from the model's output.

    With x_t = sqrt(abar) x_0 + sqrt(1 - abar) eps (Ho et al. 2020, eq. 4):
    epsilon: x_0 = (x_t - sqrt(1 - abar) eps) / sqrt(abar) (Ho et al. 2020, eq. 15);
    v_prediction: x_0 = sqrt(abar) x_t - sqrt(1 - abar) v (Salimans & Ho 2022, app. D).

    Args:
        sample: x_t in the variance-preserving scale, what `scale_model_input` returns.
        model_output: a second half of its channels, a learned variance, is not looked at.
    """
    model_output = model_output[:, : sample.shape[1]]
    signal, noise = alpha_bar**0.5, (1.0 - alpha_bar) ** 0.5
    if prediction_type == "epsilon":
        return (sample - noise * model_output) / max(signal, 1e-8)
    if prediction_type == "v_prediction":
        return signal * sample - noise * model_output
    return model_output


def raise_if_not_finite(latents: torch.Tensor, *, step: int) -> None:
    """Stop a run whose numbers broke, before it becomes a black picture.

    Reading the answer also makes the host wait for the device, so that a cancel takes effect
    within one step.

    Raises:
        NumericalError: a latent is NaN or infinite.
    """
    if not torch.isfinite(latents).all():
        raise NumericalError(
            f"The numbers became NaN at step {step}.",
            "Try again in full precision (float32).",
            ("float32", "try-again"),
        )


def _step_arguments(scheduler: Any, generator: torch.Generator) -> dict[str, torch.Generator]:
    accepts = inspect.signature(scheduler.step).parameters
    return {"generator": generator} if "generator" in accepts else {}
