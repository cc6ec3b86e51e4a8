"""Trains a diffusion model on the pixels of small pictures, with or without classes.

Sources: Ho et al. 2020 (DDPM, arXiv 2006.11239), Song et al. 2021 (DDIM, arXiv 2010.02502),
Ho and Salimans 2022 (classifier-free guidance, arXiv 2207.12598).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.models.attention_processor import Attention, AttnProcessor
from PIL import Image
from torch import Tensor, nn

from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import half_precision_copy, load_pictures
from sdstudio.training.class_pictures import ClassPictures, by_folder, draw_classes
from sdstudio.training.dataset import batch_indices, seeded_generator
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop, choose_precision
from sdstudio.training.noise_schedule import (
    NoiseSchedule,
    PredictionType,
    noise_schedule,
    posterior_mean,
    posterior_variance,
    stratified_timesteps,
)
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.sample_grid import picture_grid

DROPPED_CLASSES = 0.1
SAMPLE_STEPS = 25
FILM_FRAMES = 8
CHANNELS = (32, 96, 192)
CLASSES = "castle,cactus,cat,fish,snowman,car,sailboat,umbrella"


def build_pixel_unet(
    side: int, *, classes: int, channels: tuple[int, ...] = CHANNELS
) -> UNet2DModel:
    """Return an untrained UNet over (B, 3, side, side); class `classes` means "no class".

    Attention at the innermost level alone, and on a CPU multiplied out: a quarter of a step less.
    """
    outer = len(channels) - 1
    unet = UNet2DModel(
        sample_size=side,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=(*("DownBlock2D",) * outer, "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", *("UpBlock2D",) * outer),
        attention_head_dim=32,
        norm_num_groups=16,
        num_class_embeds=classes + 1,
    )
    if not torch.cuda.is_available():
        for part in unet.modules():
            if isinstance(part, Attention):
                part.set_processor(AttnProcessor())
    return unet


class PixelDiffusionObjective(nn.Module):
    """The squared error of the noise (or v) that the UNet sees in a picture (DDPM, equation 14).

    A tenth of the labels is replaced by "no class", so that the same network knows both.
    """

    def __init__(self, unet: UNet2DModel, schedule: NoiseSchedule) -> None:
        super().__init__()
        self.unet, self.schedule = unet, schedule
        self.no_class = int(unet.config["num_class_embeds"]) - 1

    def forward(
        self, pictures: Tensor, labels: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss of pictures (B, 3, H, W) in [-1, 1] and labels (B,)."""
        count, total, device = len(pictures), len(self.schedule.betas), pictures.device
        timesteps = stratified_timesteps(count, total, generator).to(device)
        noise = torch.randn(pictures.shape, generator=generator).to(device)
        dropped = (torch.rand(count, generator=generator) < DROPPED_CLASSES).to(device)
        noisy = self.schedule.add_noise(pictures, noise, timesteps)
        predicted = self.unet(noisy, timesteps, labels.masked_fill(dropped, self.no_class)).sample
        target = self.schedule.target(pictures, noise, timesteps)
        return {"loss": (predicted.float() - target).square().mean()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """What sampling made: pictures (B, 3, H, W) and the x0 guesses on the way, oldest first."""

    pictures: Tensor
    guesses: tuple[Tensor, ...]


@torch.no_grad()
def sample_pixels(
    objective: PixelDiffusionObjective,
    labels: Tensor,
    *,
    side: int,
    guidance_scale: float = 2.0,
    num_inference_steps: int | None = None,
    seed: int = 0,
) -> Trajectory:
    """Return pictures of the classes `labels` (B,): `objective.no_class` for any.

    Args:
        guidance_scale: 1 = none.
        num_inference_steps: by DDIM in so many steps; None = every timestep, by DDPM.
    """
    schedule, device = objective.schedule, objective.unet.device
    generator = seeded_generator(seed)
    total = len(schedule.betas)
    count = num_inference_steps or total
    timesteps = torch.linspace(total - 1, 0, count).round().long().tolist()
    x = torch.randn(len(labels), 3, side, side, generator=generator).to(device)
    kept = {round(i * (count - 1) / (FILM_FRAMES - 1)) for i in range(FILM_FRAMES)}
    guesses = []
    for index, timestep in enumerate(timesteps):
        x0 = _guess(objective, x, labels.to(device), timestep, guidance_scale)
        if num_inference_steps is None:
            noise = torch.randn(x.shape, generator=generator).to(device)
            x = ddpm_step(schedule, x0, x, timestep, noise)
        else:
            following = timesteps[index + 1] if index + 1 < count else None
            x = ddim_step(schedule, x0, x, timestep, following)
        if index in kept:
            guesses.append(x0)
    return Trajectory(pictures=x.clamp(-1, 1), guesses=tuple(guesses))


def ddpm_step(
    schedule: NoiseSchedule, x0: Tensor, x_t: Tensor, timestep: int, noise: Tensor
) -> Tensor:
    """Return x_{t-1} drawn from the posterior that `x0` implies (DDPM, algorithm 2)."""
    spread = posterior_variance(schedule, timestep).sqrt()
    return posterior_mean(schedule, x0, x_t, timestep) + spread * noise


def ddim_step(
    schedule: NoiseSchedule, x0: Tensor, x_t: Tensor, timestep: int, following: int | None
) -> Tensor:
    """Return x at timestep `following` (None = the picture) without new noise (DDIM, eq. 12)."""
    if following is None:
        return x0
    left, next_left = schedule.alphas_cumprod[timestep], schedule.alphas_cumprod[following]
    noise = (x_t - left.sqrt() * x0) / (1 - left).sqrt()
    return next_left.sqrt() * x0 + (1 - next_left).sqrt() * noise


def film_strip(trajectory: Trajectory, *, rows: int = 4) -> Image.Image:
    """Lay the x0 guesses of the first pictures out, one picture a row, time to the right."""
    rows = min(rows, len(trajectory.pictures))
    frames = torch.stack([guess[:rows] for guess in trajectory.guesses], dim=1)
    return picture_grid(frames.flatten(0, 1).cpu(), columns=len(trajectory.guesses))


class DdpmTrainer:
    """Trains a `UNet2DModel` and saves it as `output`/pipeline, a diffusers DDPMPipeline.

    `output`/pipeline/classes.json names the classes; the number after the last means "no class".

    Options of the request:
        classes: subjects of the world, drawn close by; "" for pictures without classes.
        channels: of the levels, "32,96,192".
        prediction_type: "v_prediction" or "epsilon".
        optimizer: "muon" or "adamw".
        pictures: drawings when data is "world", 6000. Of a folder, each sub-folder is a class.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then save the model."""
        request = cast(TrainingRequest, job.request)
        folder = RunFolder(Path(request.output))
        folder.claim(asdict(request), resume=request.resume)
        pictures = _pictures(request, job, emit)
        objective = _build(request, pictures)
        settings = LoopSettings.of(request)
        loop = TrainingLoop(
            objective,
            _fetch(request, pictures),
            settings=settings,
            folder=folder,
            hooks=Hooks(sample=_sampler(request, objective, pictures)),
            optimizer=build_optimizer(
                [TrainedModule(module=objective.unet)],
                name=str(request.options.get("optimizer", "muon")),
                betas=settings.betas,
                weight_decay=settings.weight_decay,
            ),
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            save_ddpm(objective, pictures.names, folder.path / "pipeline")
        text = f"Saved {folder.path / 'pipeline'}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def save_ddpm(objective: PixelDiffusionObjective, names: tuple[str, ...], path: Path) -> None:
    """Save as diffusers' DDPMPipeline reads it, in float16, with the classes' names."""
    schedule = DDPMScheduler(**objective.schedule.config)

    def write(part: Path) -> None:
        unet = half_precision_copy(objective.unet)
        DDPMPipeline(unet=unet, scheduler=schedule).save_pretrained(part)
        (part / "classes.json").write_text(json.dumps(names))

    publish_folder(path, write)


def _guess(
    objective: PixelDiffusionObjective, x: Tensor, labels: Tensor, timestep: int, scale: float
) -> Tensor:
    """Return the guided x0, kept within the range of pictures (DDPM, section 3.3)."""
    timesteps = torch.full((len(x),), timestep, device=x.device)
    predicted = objective.unet(x, timesteps, labels).sample.float()
    if scale != 1:
        unsaid = torch.full_like(labels, objective.no_class)
        empty = objective.unet(x, timesteps, unsaid).sample.float()
        predicted = empty + scale * (predicted - empty)
    return objective.schedule.pred_original_sample(x, predicted, timesteps).clamp(-1, 1)


def _pictures(request: TrainingRequest, job: Job, emit: Emit) -> ClassPictures:
    if request.data != "world":
        return by_folder(load_pictures(request, job, emit))

    def report(done: int, count: int) -> None:
        job.cancel.raise_if_cancelled()
        text = f"Preparing pictures: {done} of {count}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

    asked = str(request.options.get("classes", CLASSES))
    return draw_classes(
        tuple(name.strip() for name in asked.split(",") if name.strip()),
        count=int(request.options.get("pictures", 6000)),
        side=request.resolution,
        seed=request.seed,
        path=Path(request.output) / "data" / "pictures.npz",
        report=report,
    )


def _build(request: TrainingRequest, pictures: ClassPictures) -> PixelDiffusionObjective:
    options = request.options
    text = str(options.get("channels", ",".join(map(str, CHANNELS))))
    try:
        channels = tuple(int(n) for n in text.split(","))
    except ValueError:
        channels = ()
    if not channels or any(n < 32 or n % 32 for n in channels):
        raise InvalidRequestError(
            f'The channels "{text}" do not fit.', "Write multiples of 32, like 64,128,192."
        )
    if request.resolution % 2 ** (len(channels) - 1):
        raise InvalidRequestError(
            f"{request.resolution} pixels cannot be halved {len(channels) - 1} times.",
            "Take 32 or 64.",
        )
    torch.manual_seed(request.seed)
    unet = build_pixel_unet(request.resolution, classes=len(pictures.names), channels=channels)
    schedule = noise_schedule(
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        prediction_type=cast(PredictionType, options.get("prediction_type", "v_prediction")),
    )
    return PixelDiffusionObjective(unet, schedule)


def _fetch(request: TrainingRequest, pictures: ClassPictures) -> FetchBatch:
    def fetch(step: int, part: slice) -> tuple[Any, ...]:
        places = batch_indices(
            step, batch_size=request.batch_size, length=len(pictures.labels), seed=request.seed
        )[part]
        return pictures.levels[places].float() / 127.5 - 1, pictures.labels[places]

    return fetch


def _sampler(
    request: TrainingRequest, objective: PixelDiffusionObjective, pictures: ClassPictures
) -> Callable[[], Image.Image]:
    """Return a way to a sheet: four pictures a class, and the film strip below."""

    def sample() -> Image.Image:
        device = objective.unet.device
        fast = choose_precision(request.precision, device) == "bfloat16"
        kinds = max(1, len(pictures.names))
        labels = torch.arange(4 * kinds) % kinds
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            made = sample_pixels(
                objective, labels, side=request.resolution, num_inference_steps=SAMPLE_STEPS
            )
        grid = picture_grid(made.pictures.cpu(), columns=kinds if kinds > 1 else 4)
        strip = film_strip(made)
        sheet = Image.new("RGB", (max(grid.width, strip.width), grid.height + 8 + strip.height))
        sheet.paste(grid, (0, 0))
        sheet.paste(strip, (0, grid.height + 8))
        return sheet

    return sample
