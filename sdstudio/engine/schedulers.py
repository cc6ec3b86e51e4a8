"""The only table of samplers and schedules: a name becomes a diffusers scheduler and its config."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch

from sdstudio.errors import InvalidRequestError, ModelFileError, UnsupportedRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """One row of the table: the scheduler's class name and what differs from the model's config."""

    class_name: str
    config: Mapping[str, Any] = field(default_factory=dict)


SAMPLERS: dict[str, Sampler] = {
    "ddim": Sampler(class_name="DDIMScheduler"),
    "ddpm": Sampler(class_name="DDPMScheduler"),
    "pndm": Sampler(class_name="PNDMScheduler", config={"skip_prk_steps": True}),
    "euler": Sampler(class_name="EulerDiscreteScheduler"),
    "euler-ancestral": Sampler(class_name="EulerAncestralDiscreteScheduler"),
    "heun": Sampler(class_name="HeunDiscreteScheduler"),
    "dpm-2": Sampler(class_name="KDPM2DiscreteScheduler"),
    "dpm-2-ancestral": Sampler(class_name="KDPM2AncestralDiscreteScheduler"),
    "dpm++-2m": Sampler(
        class_name="DPMSolverMultistepScheduler", config={"algorithm_type": "dpmsolver++"}
    ),
    "dpm++-2m-sde": Sampler(
        class_name="DPMSolverMultistepScheduler", config={"algorithm_type": "sde-dpmsolver++"}
    ),
    "dpm++-3m": Sampler(
        class_name="DPMSolverMultistepScheduler",
        config={"algorithm_type": "dpmsolver++", "solver_order": 3},
    ),
    "dpm++-2s": Sampler(
        class_name="DPMSolverSinglestepScheduler", config={"algorithm_type": "dpmsolver++"}
    ),
    "deis": Sampler(class_name="DEISMultistepScheduler"),
    "unipc": Sampler(class_name="UniPCMultistepScheduler"),
    "lcm": Sampler(class_name="LCMScheduler"),
    "tcd": Sampler(class_name="TCDScheduler"),
}
"""Sampler name -> scheduler; "auto" stands for the model's own.

LMS is left out: diffusers needs SciPy for it, which nothing else here does."""

SCHEDULES: dict[str, Mapping[str, Any]] = {
    "normal": {
        "use_karras_sigmas": False,
        "use_exponential_sigmas": False,
        "use_beta_sigmas": False,
    },
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "leading": {"timestep_spacing": "leading"},
    "linspace": {"timestep_spacing": "linspace"},
    "trailing": {"timestep_spacing": "trailing"},
}
"""Schedule name -> config; "auto" stands for the model's own."""

_OPTIONAL_KEYS = frozenset(SCHEDULES["normal"])


def sampler_names() -> tuple[str, ...]:
    """All samplers, "auto" first."""
    return ("auto", *SAMPLERS)


def schedule_names(sampler: str = "auto") -> tuple[str, ...]:
    """The schedules this sampler can follow, "auto" first."""
    if sampler not in SAMPLERS:
        return ("auto", *SCHEDULES)
    accepted = _config_keys(getattr(diffusers, SAMPLERS[sampler].class_name))
    fitting = (name for name, config in SCHEDULES.items() if set(config) & accepted)
    return ("auto", *fitting)


def make_scheduler(
    model_config: Mapping[str, Any], *, sampler: str = "auto", schedule: str = "auto"
) -> Any:
    """A fresh scheduler; state never travels from one picture to the next.

    Args:
        model_config: the model's scheduler_config.json. Betas, prediction type and zero-SNR
            flags are taken from it whatever the sampler.

    Raises:
        InvalidRequestError: no such sampler or schedule.
        UnsupportedRequestError: the sampler cannot follow the schedule.
        ModelFileError: the model names a scheduler that diffusers does not have.
    """
    chosen = _choose_sampler(model_config, sampler)
    scheduler_class = _scheduler_class(chosen.class_name)
    overrides = dict(chosen.config) | _schedule_config(scheduler_class, sampler, schedule)
    return scheduler_class.from_config(dict(model_config), **overrides)


def plan_timesteps(scheduler: Any, num_inference_steps: int, *, strength: float) -> torch.Tensor:
    """Set the scheduler up and return the timesteps that are run, on the CPU.

    With `strength` below 1 the noisy first part is left out (SDEdit, Meng et al. 2021), counted
    as diffusers' `get_timesteps` does, yet never down to no step at all.

    Raises:
        InvalidRequestError: the sampler cannot make this many steps.
    """
    try:
        scheduler.set_timesteps(num_inference_steps, device="cpu")
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise InvalidRequestError(
            f"This sampler cannot make {num_inference_steps} steps: {error}",
            "Choose another number of steps or another sampler.",
        ) from error
    _check_timesteps(scheduler, num_inference_steps)
    steps = max(1, min(int(num_inference_steps * strength), num_inference_steps))
    begin = (num_inference_steps - steps) * getattr(scheduler, "order", 1)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    return scheduler.timesteps[begin:]


def _check_timesteps(scheduler: Any, num_inference_steps: int) -> None:
    """Refuse a plan that leaves the noise table: `steps_offset` moves a full one past its end."""
    trained = int(scheduler.config.get("num_train_timesteps", 1000))
    if float(scheduler.timesteps.max()) > trained - 1:
        raise InvalidRequestError(
            f"This sampler cannot make {num_inference_steps} steps with this model.",
            f"Choose at most {trained // 2} steps, or another sampler.",
        )


def signal_level(scheduler: Any, timestep: torch.Tensor) -> float:
    """Alpha-bar of the sample that `scale_model_input` hands to the model, in [0, 1].

    Schedulers that count in sigmas hold sigma = sqrt((1 - abar) / abar) (Karras et al. 2022),
    so abar = 1 / (1 + sigma**2); the others index their table of Ho et al. 2020, eq. 4.
    """
    sigma = current_sigma(scheduler)
    if sigma is not None:
        return 1.0 / (1.0 + sigma**2)
    return float(scheduler.alphas_cumprod[int(timestep)])


def current_sigma(scheduler: Any) -> float | None:
    """The noise level the next step starts from, or None if the scheduler has no sigmas."""
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is None or not hasattr(scheduler, "step_index"):
        return None
    index = scheduler.step_index
    if index is None:
        index = scheduler.begin_index or 0
    return float(sigmas[min(index, len(sigmas) - 1)])


def _scheduler_class(name: str) -> Any:
    found = getattr(diffusers, name, None)
    if isinstance(found, type) and issubclass(found, diffusers.SchedulerMixin):
        return found
    raise ModelFileError(
        f"The model asks for the unknown scheduler {name}.", "Choose a sampler by name."
    )


def _choose_sampler(model_config: Mapping[str, Any], sampler: str) -> Sampler:
    if sampler == "auto":
        return Sampler(class_name=str(model_config.get("_class_name", "")))
    if sampler not in SAMPLERS:
        raise InvalidRequestError(
            f"There is no sampler {sampler}.", f"Choose from: {', '.join(sampler_names())}."
        )
    return SAMPLERS[sampler]


def _schedule_config(scheduler_class: type, sampler: str, schedule: str) -> dict[str, Any]:
    if schedule == "auto":
        return {}
    if schedule not in SCHEDULES:
        raise InvalidRequestError(
            f"There is no schedule {schedule}.", f"Choose from: {', '.join(schedule_names())}."
        )
    accepted = _config_keys(scheduler_class)
    config = {k: v for k, v in SCHEDULES[schedule].items() if k in accepted}
    if not config and schedule != "normal":
        raise UnsupportedRequestError(
            f"The sampler {sampler} cannot follow the schedule {schedule}.",
            "Choose the schedule auto, or another sampler.",
        )
    exclusive = {key: False for key in _OPTIONAL_KEYS & accepted if config.get(key) is not True}
    return exclusive | config


def _config_keys(scheduler_class: type) -> frozenset[str]:
    return frozenset(inspect.signature(scheduler_class.__init__).parameters)
