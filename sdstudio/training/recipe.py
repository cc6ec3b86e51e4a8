"""How the built-in model was made: its stages, in order, with all their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sdstudio.messages.training import TrainingKind, TrainingRequest

Values = Mapping[str, Any]

WORLD = "world"
"""Folder of the drawn pictures, shared by the stages."""


def _nothing() -> Values:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One training run on the way to the model.

    Attributes:
        name: its folder within the output.
        values: fields of `TrainingRequest` that differ from its own.
        options: the trainer's own options.
        needs: options that name what an earlier stage left, as paths within the output.
        product: what it leaves, within its folder.
        shares_world: whether it reads the common drawings; else it draws its own.
    """

    name: str
    kind: TrainingKind
    product: str
    values: Values = field(default_factory=_nothing)
    options: Values = field(default_factory=_nothing)
    needs: Mapping[str, str] = field(default_factory=_nothing)
    shares_world: bool = True

    def request(self, output: Path, *, pictures: int, seed: int, precision: Any) -> TrainingRequest:
        """Return the training request of this stage within the folder `output`."""
        options = dict(self.options)
        if self.shares_world:
            options |= {"pictures": pictures, "data_folder": str(output / WORLD)}
        options |= {name: str(output / place) for name, place in self.needs.items()}
        return TrainingRequest(
            kind=self.kind,
            output=str(output / self.name),
            seed=seed,
            precision=precision,
            options=options,
            **self.values,
        )

    def command(self) -> str:
        """Return the command that trains this stage alone, as a person would type it."""
        said = {**self.values, **self.options, **dict.fromkeys(self.needs, "...")}
        spelled = (f"--{name.replace('_', '-')} {_text(value)}" for name, value in said.items())
        return " ".join(("sdstudio train", self.kind, *spelled))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All stages; the last latent-diffusion run is the model, the last few-step run its companion.

    Attributes:
        pictures: drawings that the stages share.
    """

    pictures: int
    stages: tuple[Stage, ...]

    def stage(self, kind: TrainingKind) -> Stage:
        """Return the last stage of a kind."""
        return [stage for stage in self.stages if stage.kind == kind][-1]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_VAE = {"vae": "autoencoder-refining/vae"}
_PARTS = _VAE | {"clip": "clip/clip"}
_PAINTING = {"optimizer": "muon", "zero_snr": True}
_LARGE = {"resolution": 256, "batch_size": 32, "learning_rate": 2e-3}
_GROWN = _PAINTING | {
    "channels": "48,96,192,256",
    "attention": "0,0,1,1",
    "layout_weight": 0.1,
}

_FEW_STEPS = {"resolution": 256, "batch_size": 16}
_SETTLING = _GROWN | {"decay": "linear", "warmup_steps": 40, "text_lr_scale": 0.5}
_FINISHED = {
    "init_from": "latent-diffusion-finish/pipeline",
    "latents": "latent-diffusion-finish/latents",
}

BUILT_IN = Recipe(
    pictures=28_000,
    stages=(
        Stage(
            name="autoencoder",
            kind="autoencoder",
            product="vae",
            values={"steps": 3000, "batch_size": 4, "ema_decay": 0.995},
            options={"sizes": "128:0.75,256:0.25", "kl_weight": 3e-4},
        ),
        Stage(
            name="autoencoder-refining",
            kind="autoencoder",
            product="vae",
            values={"steps": 3400, "batch_size": 4, "learning_rate": 6e-4, "ema_decay": 0.998},
            options={
                "sizes": "256:1",
                "kl_weight": 1e-4,
                "psnr_weight": 0.04,
                "anchor_weight": 0.3,
                "optimizer": "muon",
                "warmup_steps": 10,
            },
            needs={"init_from": "autoencoder/vae"},
        ),
        Stage(
            name="clip",
            kind="clip",
            product="clip",
            values={"steps": 560, "batch_size": 128, "learning_rate": 1.2e-3, "ema_decay": 0.99},
        ),
        Stage(
            name="latent-diffusion-128",
            kind="latent-diffusion",
            product="pipeline",
            values={
                "resolution": 128,
                "steps": 1500,
                "batch_size": 32,
                "learning_rate": 2e-3,
                "ema_decay": 0.995,
            },
            options=_PAINTING,
            needs=_PARTS,
        ),
        Stage(
            name="latent-diffusion-256",
            kind="latent-diffusion",
            product="pipeline",
            values=_LARGE | {"steps": 4117, "ema_decay": 0.998},
            options=_GROWN | {"decay": "constant"},
            needs=_PARTS | {"grow_from": "latent-diffusion-128"},
        ),
        Stage(
            name="latent-diffusion-settling",
            kind="latent-diffusion",
            product="pipeline",
            values=_LARGE | {"steps": 1600, "ema_decay": 0.995},
            options=_SETTLING,
            needs=_PARTS | {"init_from": "latent-diffusion-256"},
        ),
        Stage(
            name="latent-diffusion-finish",
            kind="latent-diffusion",
            product="pipeline",
            values=_LARGE | {"steps": 1500, "ema_decay": 0.995},
            options=_SETTLING,
            needs=_PARTS | {"init_from": "latent-diffusion-settling"},
        ),
        Stage(
            name="few-step",
            kind="few-step",
            product="few_step",
            values=_FEW_STEPS | {"steps": 260, "learning_rate": 5e-4, "ema_decay": 0.95},
            options={"decay": "linear", "warmup_steps": 15},
            needs=_FINISHED,
        ),
        Stage(
            name="few-step-settling",
            kind="few-step",
            product="few_step",
            values=_FEW_STEPS | {"steps": 280, "learning_rate": 2e-3, "ema_decay": 0.96},
            options={"optimizer": "muon", "decay": "linear", "warmup_steps": 12},
            needs=_FINISHED | {"lora": "few-step/few_step"},
        ),
        Stage(
            name="tiny-decoder",
            kind="tiny-decoder",
            product="tiny_vae",
            values={"steps": 4000, "batch_size": 8, "ema_decay": 0.998},
            options={"pictures": 1500},
            needs=_VAE,
            shares_world=False,
        ),
    ),
)
