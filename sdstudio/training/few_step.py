"""Teaches a finished model to paint in one to four steps, to keep up with a painting hand."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sdstudio.engine.few_step import CONFIG_FILE, FEW_STEP, LORA_FILE
from sdstudio.errors import InvalidRequestError, ModelFileError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.consistency import ConsistencyObjective
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.export import export_pipeline
from sdstudio.training.few_step_objective import FewStepObjective
from sdstudio.training.fine_tuning import (
    Lessons,
    Parts,
    decode_pictures,
    open_parts,
    prepare_lessons,
)
from sdstudio.training.latent_unet import prefer_plain_attention
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop, choose_precision
from sdstudio.training.low_rank import add_low_rank, begin_from, lora_weights, merged
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.phased_consistency import TEACHER_STEPS, PhasedObjective
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.tokenizer import token_ids
from sdstudio.training.world.vocabulary import EXAMPLE_PROMPTS

DEFAULT_RANK = 16
DEFAULT_GUIDANCE = 4.0
DEFAULT_PHASES = 4
SHOWN_STEPS = (1, 2, 4)
SETTINGS = {"num_inference_steps": 4, "guidance_scale": 1.0}
"""What the studio is to paint with; the student has the guidance in its weights."""


class FewStepTrainer:
    """Distils a finished pipeline; saves `output`/pipeline, with its sampler, and a LoRA.

    `output`/few_step holds the change alone, as a LoRA: laid into the folder of the pipeline it
    started from, it is that model's few-step companion.

    Options of the request:
        init_from: folder of the finished pipeline that teaches.
        phases: 1 is latent consistency, for an LCMScheduler and 1 to 4 steps; more are spans
            that are learnt each by itself, far sooner, for DDIM in as many steps; 4.
        rank: of the LoRA, 16; 0 trains all weights and saves no LoRA.
        lora: the few_step folder of an earlier run to begin from, of any rank.
        guidance: the guidance scale that the student learns by heart, 4.
        optimizer: "adamw" or "muon".
        latents: folder of the cached latents, `output`/latents.
        pictures: scenes to draw when data is "world", 6000; data_folder: where they lie.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then export the pipeline."""
        request = cast(TrainingRequest, job.request)
        parts = open_parts(request)
        folder = RunFolder(Path(request.output))
        folder.claim(asdict(request), resume=request.resume)
        lessons = prepare_lessons(request, parts, job, emit)
        objective = build_objective(request, parts)
        settings = LoopSettings.of(request)
        loop = TrainingLoop(
            objective,
            _fetch(lessons),
            settings=settings,
            folder=folder,
            hooks=_hooks(request, objective, lessons),
            optimizer=build_optimizer(
                [TrainedModule(module=objective.unet)],
                name=str(request.options.get("optimizer", "adamw")),
                betas=settings.betas,
                weight_decay=settings.weight_decay,
            ),
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            size = export_few_step(objective, parts, folder.path, side=request.resolution)
        text = f"Saved {folder.path / 'pipeline'}, {size / 1e6:.1f} MB"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def build_objective(request: TrainingRequest, parts: Parts) -> FewStepObjective:
    """Return teacher and student, who begin alike.

    Raises:
        InvalidRequestError: rank, guidance or phases are out of range.
    """
    rank, phases = (
        int(request.options.get(name, value))
        for name, value in (("rank", DEFAULT_RANK), ("phases", DEFAULT_PHASES))
    )
    guidance = float(request.options.get("guidance", DEFAULT_GUIDANCE))
    if rank < 0 or guidance < 1:
        raise InvalidRequestError(
            "The rank must be 0 or more and the guidance at least 1.",
            f"Leave them at {DEFAULT_RANK} and {DEFAULT_GUIDANCE:.0f}.",
        )
    if phases < 1 or TEACHER_STEPS % phases:
        raise InvalidRequestError(
            f"{TEACHER_STEPS} steps cannot be split into {phases} phases.", "Choose 1, 2, 4 or 5."
        )
    student = copy.deepcopy(parts.unet)
    prefer_plain_attention(student)
    if rank:
        add_low_rank(student, rank)
        if "lora" in request.options:
            begin_from(student, _read_lora(Path(str(request.options["lora"]))))
    networks = (student, parts.unet, parts.text_encoder, parts.schedule)
    empty = token_ids(parts.tokenizer, [""])
    objective: FewStepObjective = (
        ConsistencyObjective(*networks, empty_ids=empty, guidance=guidance)
        if phases == 1
        else PhasedObjective(*networks, phases=phases, empty_ids=empty, guidance=guidance)
    )
    return objective.to(parts.vae.device)


def _read_lora(folder: Path) -> dict[str, Tensor]:
    try:
        return load_file(folder / LORA_FILE)
    except (OSError, SafetensorError) as error:
        raise ModelFileError(
            f"There is no LoRA in {folder} that can be read.", f"It should hold a {LORA_FILE}."
        ) from error


def export_few_step(objective: FewStepObjective, parts: Parts, output: Path, *, side: int) -> int:
    """Save the pipeline, and the companion if there is one; return the pipeline's size in bytes.

    Args:
        side: of the pictures it was taught with, in pixels.
    """
    if lora_weights(objective.unet):
        publish_folder(output / FEW_STEP, lambda part: write_companion(objective, part))
    return export_pipeline(
        output / "pipeline",
        unet=merged(objective.unet),
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        vae=parts.vae,
        scheduler=objective.scheduler(),
        settings=SETTINGS | {"width": side, "height": side},
    )


def write_companion(objective: FewStepObjective, folder: Path) -> None:
    """Write config.json and the LoRA."""
    scheduler = json.loads(objective.scheduler().to_json_string())
    config = json.dumps(SETTINGS | {"scheduler": scheduler}, indent=2)
    (folder / CONFIG_FILE).write_text(config + "\n")
    save_file(lora_weights(objective.unet), folder / LORA_FILE, metadata={"format": "pt"})


def _fetch(lessons: Lessons) -> FetchBatch:
    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        places = lessons.places(step, part)
        return lessons.scaled(places), lessons.tokens(places, lessons.rng(step, part, 0))

    return fetch


def _hooks(request: TrainingRequest, objective: FewStepObjective, lessons: Lessons) -> Hooks:
    """Return the held-out error at always the same noise, and pictures of 1, 2 and 4 steps."""
    parts, places = lessons.parts, lessons.held_out()
    device = parts.vae.device
    tokens = token_ids(parts.tokenizer, lessons.captions.plain(places))
    prompts = token_ids(parts.tokenizer, list(EXAMPLE_PROMPTS))
    fast = choose_precision(request.precision, device) == "bfloat16"

    def evaluate() -> dict[str, float]:
        batch = (lessons.scaled(places).to(device), tokens.to(device))
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            losses = objective(*batch, generator=seeded_generator(0))
        return {f"held_out_{name}": float(value) for name, value in losses.items()}

    def sample() -> Image.Image:
        side = request.resolution // 8
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            made = [objective.sample(prompts, side=side, steps=n) for n in SHOWN_STEPS]
            pictures = decode_pictures(parts, torch.cat(made))
        return picture_grid(pictures, columns=len(prompts))

    return Hooks(evaluate=evaluate, sample=sample)
