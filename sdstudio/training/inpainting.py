"""Teaches a finished model to repaint: it learns to see the mask and what is left of the picture.

Source: Nichol et al. 2021, GLIDE (arXiv 2112.10741), section 2.4; channels in the order of Stable
Diffusion's inpainting models: noisy latents (4), mask (1), latents of the masked picture (4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import reduce_to
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.export import export_pipeline
from sdstudio.training.fine_tuning import (
    Lessons,
    Parts,
    decode_pictures,
    open_parts,
    prepare_lessons,
)
from sdstudio.training.latent_cache import encode
from sdstudio.training.latent_unet import SAMPLE_GUIDANCE, SAMPLE_STEPS, prefer_plain_attention
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop, choose_precision
from sdstudio.training.low_rank import merged
from sdstudio.training.noise_schedule import Weighting, sampling_config, stratified_timesteps
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.random_masks import Box, random_mask
from sdstudio.training.run_folder import RunFolder
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.tokenizer import token_ids

CHANNELS = 9
NEW_CHANNELS_GAIN = 10.0
CELL_PX = 8
SHOWN = 8


@torch.no_grad()
def widen_input(unet: UNet2DConditionModel, channels: int = CHANNELS) -> UNet2DConditionModel:
    """Return a copy that takes `channels` channels; the new ones count for nothing yet."""
    wide: Any = UNet2DConditionModel.from_config(dict(unet.config) | {"in_channels": channels})
    weights = dict(unet.state_dict())
    kernel = weights["conv_in.weight"]
    missing = kernel.new_zeros(len(kernel), channels - kernel.shape[1], *kernel.shape[2:])
    wide.load_state_dict(weights | {"conv_in.weight": torch.cat([kernel, missing], dim=1)})
    prefer_plain_attention(wide)
    return wide


class NewChannelsGain(nn.Module):
    """The weights of the new channels count `NEW_CHANNELS_GAIN` times what is learnt.

    AdamW moves every weight by about the learning rate. That suits weights which have their size;
    those that start at zero had not found theirs after 200 steps.
    """

    gain: Tensor

    def __init__(self, channels: int, old_channels: int) -> None:
        super().__init__()
        gain = torch.ones(1, channels, 1, 1)
        gain[:, old_channels:] = NEW_CHANNELS_GAIN
        self.register_buffer("gain", gain, persistent=False)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight (out, channels, height, width) that the convolution uses."""
        return weight * self.gain


def learn_new_channels_sooner(unet: UNet2DConditionModel, old_channels: int) -> None:
    """Have the input channels beyond `old_channels` learn faster; `merged` makes it plain again."""
    gain = NewChannelsGain(unet.conv_in.in_channels, old_channels)
    parametrize.register_parametrization(unet.conv_in, "weight", gain)


def mask_channels(parts: Parts, pictures: Tensor, masks: Tensor) -> Tensor:
    """Return the five channels (B, 5, h, w) beside the noisy latents.

    Whole cells are blanked, as the engine does: half-masked ones would show what is unknown.

    Args:
        pictures: (B, 3, H, W) in [-1, 1].
        masks: (B, 1, H, W), 1 = repaint, 0 = keep.
    """
    covered = F.max_pool2d(masks.float(), CELL_PX)
    seen = pictures * (1 - F.interpolate(covered, scale_factor=CELL_PX))
    return torch.cat([covered, encode(parts.vae, seen) * parts.scaling_factor], dim=1)


class InpaintingObjective(nn.Module):
    """The weighted squared error of a UNet that is shown the mask and what it leaves.

    Args:
        unet: with nine input channels; the only part that learns.
    """

    def __init__(
        self,
        unet: UNet2DConditionModel,
        parts: Parts,
        *,
        weighting: Weighting = "min-snr+1",
        gamma: float = 5.0,
    ) -> None:
        super().__init__()
        self.unet, self.text_encoder, self.vae = unet, parts.text_encoder, parts.vae
        self.parts, self.gamma = parts, gamma
        self.weighting: Weighting = weighting

    def forward(
        self,
        latents: Tensor,
        input_ids: Tensor,
        levels: Tensor,
        masks: Tensor,
        *,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the losses of scaled latents (B, 4, h, w), captions (B, 77) and their masks.

        Args:
            levels: the pictures, uint8 (B, 3, H, W).
            masks: uint8 (B, 1, H, W), 1 = repaint, 0 = keep.
        """
        schedule = self.parts.schedule
        timesteps = stratified_timesteps(len(latents), len(schedule.betas), generator)
        timesteps = timesteps.to(latents.device)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = schedule.add_noise(latents, noise, timesteps)
        with torch.no_grad():
            context = self.text_encoder(input_ids).last_hidden_state
            extra = mask_channels(self.parts, levels.float() / 127.5 - 1, masks)
        predicted = self.unet(torch.cat([noisy, extra], dim=1), timesteps, context).sample.float()
        errors = (predicted - schedule.target(latents, noise, timesteps)).square()
        weight = schedule.loss_weight(timesteps, weighting=self.weighting, gamma=self.gamma)
        inside = (errors * extra[:, :1]).sum() / (4 * extra[:, :1].sum())
        error = errors.mean(dim=(1, 2, 3))
        return {"loss": (weight * error).mean(), "error": error.mean(), "error_inside": inside}


@torch.no_grad()
def repaint(
    objective: InpaintingObjective, extra: Tensor, input_ids: Tensor, *, seed: int = 0
) -> Tensor:
    """Return scaled latents (B, 4, h, w) by DDIM with guidance, as stock diffusers repaints.

    Args:
        extra: mask and masked latents (B, 5, h, w).
        input_ids: tokens of the prompts, then of "" (B + 1, 77).
    """
    unet, count = objective.unet, len(extra)
    scheduler = DDIMScheduler(**sampling_config(objective.parts.schedule))
    scheduler.set_timesteps(SAMPLE_STEPS)
    context = objective.text_encoder(input_ids.to(unet.device)).last_hidden_state
    context = torch.cat([context[-1:].expand(count, -1, -1), context[:-1]])
    shape = (4, *extra.shape[2:])
    noise = [torch.randn(shape, generator=seeded_generator(seed, i)) for i in range(count)]
    latents = torch.stack(noise).to(unet.device)
    for timestep in scheduler.timesteps:
        shown = torch.cat([latents, extra], dim=1)
        both = unet(torch.cat([shown, shown]), timestep, context).sample.float()
        empty, said = both.chunk(2)
        guided = empty + SAMPLE_GUIDANCE * (said - empty)
        latents = cast(Tensor, scheduler.step(guided, int(timestep), latents).prev_sample)
    return latents


class InpaintingTrainer:
    """Fine-tunes a finished pipeline to repaint; saves `output`/pipeline for stock diffusers.

    Options of the request:
        init_from: folder of the finished pipeline; its text encoder and autoencoder stay.
        weighting: "min-snr+1", "min-snr" or "constant"; gamma: 5.
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
        unet = widen_input(parts.unet)
        learn_new_channels_sooner(unet, parts.unet.conv_in.in_channels)
        objective = InpaintingObjective(
            unet,
            parts,
            weighting=cast(Weighting, request.options.get("weighting", "min-snr+1")),
            gamma=float(request.options.get("gamma", 5.0)),
        ).to(parts.vae.device)
        settings = LoopSettings.of(request)
        loop = TrainingLoop(
            objective,
            _fetch(request, lessons),
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
            size = export_inpainting(objective, folder.path / "pipeline", side=request.resolution)
        text = f"Saved {folder.path / 'pipeline'}, {size / 1e6:.1f} MB"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def export_inpainting(objective: InpaintingObjective, output: Path, *, side: int) -> int:
    """Save a StableDiffusionInpaintPipeline with the weights as they are; return its bytes.

    Args:
        side: of the pictures it was taught with, in pixels.
    """
    parts = objective.parts
    return export_pipeline(
        output,
        unet=merged(objective.unet),
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        vae=parts.vae,
        scheduler=sampling_config(parts.schedule),
        pipeline_class="StableDiffusionInpaintPipeline",
        settings={
            "width": side,
            "height": side,
            "num_inference_steps": SAMPLE_STEPS,
            "guidance_scale": SAMPLE_GUIDANCE,
        },
    )


def draw_masks(
    rng: np.random.Generator, size: tuple[int, int], things: Sequence[Sequence[Box]]
) -> Tensor:
    """Return uint8 (B, 1, height, width) of random masks.

    Args:
        size: (width, height).
        things: of each of the B pictures, where its things stand; see `random_mask`.
    """
    masks = [random_mask(rng, width=size[0], height=size[1], things=each) for each in things]
    return torch.from_numpy(np.stack(masks))[:, None]


def _things(lessons: Lessons, places: Tensor) -> list[list[Box]]:
    """Return where the things of each picture stand, as far as it is known."""
    scenes = [lessons.pictures.attributes[int(place)] for place in places]
    return [
        [
            (
                left / scene["width"],
                top / scene["height"],
                right / scene["width"],
                bottom / scene["height"],
            )
            for thing in scene.get("things", ())
            for left, top, right, bottom in thing["boxes"]
        ]
        for scene in scenes
    ]


def _levels(lessons: Lessons, places: Tensor, side: int) -> Tensor:
    """Return the pictures as uint8 (B, 3, H, side)."""
    pictures = reduce_to(lessons.pictures.batch(places), side)
    return ((pictures + 1) * 127.5).round().to(torch.uint8)


def _fetch(request: TrainingRequest, lessons: Lessons) -> FetchBatch:
    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        places = lessons.places(step, part)
        levels = _levels(lessons, places, request.resolution)
        size = (levels.shape[3], levels.shape[2])
        masks = draw_masks(lessons.rng(step, part, 1), size, _things(lessons, places))
        tokens = lessons.tokens(places, lessons.rng(step, part, 0))
        return lessons.scaled(places), tokens, levels, masks

    return fetch


def _hooks(request: TrainingRequest, objective: InpaintingObjective, lessons: Lessons) -> Hooks:
    """Return the held-out error at always the same masks and noise, and repainted pictures."""
    parts, places = lessons.parts, lessons.held_out()
    device = objective.unet.device
    levels = _levels(lessons, places, request.resolution)
    size = (levels.shape[3], levels.shape[2])
    masks = draw_masks(np.random.default_rng(0), size, _things(lessons, places))
    tokens = token_ids(parts.tokenizer, [*lessons.captions.plain(places), ""])
    fast = choose_precision(request.precision, device) == "bfloat16"

    def evaluate() -> dict[str, float]:
        batch = (lessons.scaled(places), tokens[:-1], levels, masks)
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            losses = objective(*(t.to(device) for t in batch), generator=seeded_generator(0))
        return {f"held_out_{name}": float(value) for name, value in losses.items()}

    def sample() -> Image.Image:
        shown = levels[:SHOWN].to(device).float() / 127.5 - 1
        holes = masks[:SHOWN].to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            extra = mask_channels(parts, shown, holes)
            words = torch.cat([tokens[: len(shown)], tokens[-1:]])
            made = decode_pictures(parts, repaint(objective, extra, words))
        return picture_grid(torch.cat([shown * (1 - holes.float()), made]), columns=len(shown))

    return Hooks(evaluate=evaluate, sample=sample)
