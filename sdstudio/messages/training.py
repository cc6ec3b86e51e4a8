"""What to train: the request that decides a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sdstudio.errors import InvalidRequestError

TrainingKind = Literal[
    "all",
    "autoencoder",
    "tiny-decoder",
    "clip",
    "latent-diffusion",
    "ddpm",
    "inpainting",
    "few-step",
]
"""What to train; "all" is the built-in model with every part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """One training run of one trainer.

    Attributes:
        output: folder of the run: checkpoints, logs, samples, the exported model.
        data: "world" for the drawn world, or a folder of pictures (with .txt captions beside them).
        steps: optimiser steps in all, resumed ones included.
        batch_size: samples per optimiser step; `accumulation` splits it into that many parts.
        resolution: side of the training pictures, in pixels.
        options: trainer-specific values, each documented by its trainer.
    """

    kind: TrainingKind
    output: str
    data: str = "world"
    steps: int = 1000
    batch_size: int = 16
    accumulation: int = 1
    learning_rate: float = 1e-3
    resolution: int = 256
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    ema_decay: float = 0.999
    checkpoint_every: int = 500
    sample_every: int = 500
    resume: bool = True
    options: dict[str, str | int | float | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1 or self.accumulation < 1:
            raise InvalidRequestError("Steps, batch size and accumulation must be at least 1.")
        if self.batch_size % self.accumulation:
            raise InvalidRequestError(
                f"A batch of {self.batch_size} cannot be split into"
                f" {self.accumulation} equal parts."
            )
