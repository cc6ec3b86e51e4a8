"""Pictures of many prompts by stock diffusers, in batches, at the model's own settings."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from sdstudio.engine.few_step import few_step_scheduler, few_step_unet, require_few_step
from sdstudio.engine.schedulers import make_scheduler
from sdstudio.messages.generation import FewStep
from sdstudio.model_store.records import read_record
from sdstudio.training.latent_diffusion import export_run
from sdstudio.training.loop import choose_precision

BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the studio does with a model if nothing else is asked for."""

    width: int = 256
    height: int = 256
    num_inference_steps: int = 20
    guidance_scale: float = 4.0

    @classmethod
    def of(cls, model: Path, **asked: float | None) -> Defaults:
        """Read the model's sdstudio.json, then take what was asked for and is not None."""
        note = model / "sdstudio.json"
        card: dict[str, Any] = json.loads(note.read_text()) if note.exists() else {}
        own = cls(**{name: card[name] for name in cls.__dataclass_fields__ if name in card})
        return replace(own, **cast(Any, {k: v for k, v in asked.items() if v is not None}))

    @classmethod
    def of_few_step(cls, model: Path, **asked: float | None) -> Defaults:
        """The same for the model's few-step companion.

        Raises:
            UnsupportedRequestError: it has none.
        """
        require_few_step(model)
        taught = read_record(model, model.name).few_step or FewStep()
        return cls.of(model, **asdict(taught) | {k: v for k, v in asked.items() if v is not None})


@contextlib.contextmanager
def finished_model(folder: Path) -> Iterator[Path]:
    """The model in `folder`, or, of a run in training, what its newest checkpoint exports."""
    if (folder / "model_index.json").is_file():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="sdstudio-benchmark-") as made:
        export_run(folder, Path(made) / "pipeline")
        yield Path(made) / "pipeline"


class Painter:
    """A finished model folder, ready to paint; the engine gives the same pictures one by one.

    Args:
        few_step: paint with the model's few-step companion.
    """

    def __init__(
        self, model: Path, defaults: Defaults | None = None, *, few_step: bool = False
    ) -> None:
        self.defaults = defaults or Defaults.of(model)
        pipeline: Any = StableDiffusionPipeline.from_pretrained(
            model, dtype=torch.float32, local_files_only=True
        )
        if few_step:
            pipeline.unet = few_step_unet(pipeline.unet, model)
            pipeline.scheduler = make_scheduler(
                few_step_scheduler(model) or pipeline.scheduler.config
            )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.pipeline = pipeline.to(self.device)
        self.pipeline.set_progress_bar_config(disable=True)
        for part in (self.pipeline.unet, self.pipeline.vae):
            part.to(memory_format=torch.channels_last)

    def paint(self, prompts: list[str], seeds: list[int], *, show: bool = False) -> Tensor:
        """Return float32 (prompts, 3, height, width) in [-1, 1]; each seed decides its picture."""
        painted = []
        for start in range(0, len(prompts), BATCH):
            chosen = slice(start, start + BATCH)
            painted.append(self._batch(prompts[chosen], seeds[chosen]))
            if show:
                print(f"painted {start + len(painted[-1])} of {len(prompts)}", end="\r", flush=True)
        return torch.cat(painted)

    def _batch(self, prompts: list[str], seeds: list[int]) -> Tensor:
        fast = choose_precision("auto", self.device) == "bfloat16"
        values = self.defaults
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast):
            made = self.pipeline(
                prompts,
                width=values.width,
                height=values.height,
                num_inference_steps=values.num_inference_steps,
                guidance_scale=values.guidance_scale,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds],
                output_type="pt",
            )
        return made.images.float().cpu() * 2 - 1
