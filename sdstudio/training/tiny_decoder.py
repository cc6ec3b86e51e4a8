"""Trains the tiny autoencoder whose decoder shows previews: it imitates the VAE's own pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image
from torch import Tensor, nn

from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import (
    decode,
    encode,
    half_precision_copy,
    load_autoencoder,
    load_pictures,
    moved,
    psnr,
)
from sdstudio.training.dataset import PictureDataset, batch_indices, hold_out, seeded_generator
from sdstudio.training.loop import Hooks, LoopSettings, TrainingLoop
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.sample_grid import picture_grid, to_uint8

CHANNELS = 16
"""At every level; 32 took 2.1 times as long, a quarter of the VAE's time instead of a ninth."""

ENCODER_BLOCKS = (0, 1, 2, 3)
DECODER_BLOCKS = (3, 3, 1, 0)
"""Residual blocks by level, from the latent up: at full size a block would cost all the others."""

CROP = 16
"""Side of the training crops, in latent cells: without norms a crop is decoded as the whole is."""

SCALE = 8
DEFAULT_PICTURES = 1000
HELD_OUT_COUNT = 32


def build_tiny_autoencoder() -> AutoencoderTiny:
    """Return an untrained AutoencoderTiny; it decodes latents as the UNet has them, scaled."""
    return AutoencoderTiny(
        encoder_block_out_channels=(CHANNELS,) * 4,
        decoder_block_out_channels=(CHANNELS,) * 4,
        num_encoder_blocks=ENCODER_BLOCKS,
        num_decoder_blocks=DECODER_BLOCKS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What the VAE makes of a set of pictures.

    Attributes:
        latents: float32 (N, 4, H / 8, W / 8), times the VAE's `scaling_factor`.
        pictures: uint8 (N, H, W, 3), decoded from them by the VAE.
    """

    latents: Tensor
    pictures: Tensor

    def crops(self, indices: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return latents (B, 4, C, C) and their pictures (B, 3, 8 C, 8 C) in [-1, 1]."""
        height, width = self.latents.shape[-2:]
        side = min(CROP, height, width)
        tops = torch.randint(height - side + 1, indices.shape, generator=generator)
        lefts = torch.randint(width - side + 1, indices.shape, generator=generator)
        latents, pictures = [], []
        for place, top, left in zip(indices, tops, lefts, strict=True):
            latents.append(self.latents[place, :, top : top + side, left : left + side])
            rows = slice(top * SCALE, (top + side) * SCALE)
            columns = slice(left * SCALE, (left + side) * SCALE)
            pictures.append(self.pictures[place, rows, columns])
        return torch.stack(latents), _to_signed(torch.stack(pictures))

    def whole(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return whole latents and pictures, shaped as by `crops`."""
        return self.latents[indices], _to_signed(self.pictures[indices])


@torch.no_grad()
def prepare_lessons(
    vae: AutoencoderKL,
    pictures: PictureDataset,
    *,
    generator: torch.Generator,
    report: Callable[[int, int], None],
) -> Lessons:
    """Encode every picture to a sampled latent and decode that again, eight at a time."""
    latents, decoded = [], []
    for indices in torch.arange(len(pictures)).split(8):
        latent = encode(vae, pictures.batch(indices).to(vae.device)).sample(generator)
        latents.append((latent * vae.config["scaling_factor"]).cpu())
        decoded.append(torch.from_numpy(to_uint8(decode(vae, latent))))
        report(int(indices[-1]) + 1, len(pictures))
    return Lessons(latents=torch.cat(latents), pictures=torch.cat(decoded))


class TinyObjective(nn.Module):
    """Decode as the VAE decodes, by values and edges; encode to the latents it decoded."""

    def __init__(self, tiny: AutoencoderTiny) -> None:
        super().__init__()
        self.tiny = tiny

    def forward(
        self, latents: Tensor, pictures: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of latents (B, 4, h, w) and pictures (B, 3, 8 h, 8 w) in [-1, 1]."""
        del generator  # both were sampled by the lesson
        latents = latents.contiguous(memory_format=torch.channels_last)
        error = self.tiny.decoder(latents).float() - pictures
        value = error.abs().mean()
        edge = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
        latent = (self.tiny.encoder(pictures).float() - latents).abs().mean()
        return {"loss": value + 0.5 * edge + latent, "value": value, "edge": edge, "latent": latent}


class TinyDecoderTrainer:
    """Distils a trained VAE into an `AutoencoderTiny`, saved as `output`/tiny_vae.

    Options of the request:
        vae: folder of the trained autoencoder (required).
        pictures: scenes to draw when data is "world", 1000.
        data_folder: where the drawn pictures lie, `output`/data.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then save the model.

        Raises:
            ModelNotFoundError, ModelFileError: the autoencoder is missing or cannot be read.
        """
        request = cast(TrainingRequest, job.request)
        folder = RunFolder(Path(request.output))
        vae = load_autoencoder(Path(str(request.options.get("vae", ""))))
        folder.claim(asdict(request), resume=request.resume)
        pictures = load_pictures(request, job, emit, count=DEFAULT_PICTURES)
        lessons = _learn_from(vae, pictures, job, emit)
        torch.manual_seed(request.seed)
        tiny = moved(build_tiny_autoencoder(), memory_format=torch.channels_last)
        train, held_out = hold_out(len(pictures), HELD_OUT_COUNT)

        def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
            order = batch_indices(
                step, batch_size=request.batch_size, length=len(train), seed=request.seed
            )[part]
            generator = seeded_generator(request.seed, step, part.start, 1)
            return lessons.crops(train[order], generator)

        loop = TrainingLoop(
            TinyObjective(tiny),
            fetch,
            settings=LoopSettings.of(request),
            folder=folder,
            hooks=_hooks(tiny, lessons, held_out, job, emit),
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            publish_folder(folder.path / "tiny_vae", half_precision_copy(tiny).save_pretrained)
        emit(ProgressEvent(job_id=job.id, text=f"Saved {folder.path / 'tiny_vae'}", fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def _learn_from(vae: AutoencoderKL, pictures: PictureDataset, job: Job, emit: Emit) -> Lessons:
    def report(done: int, count: int) -> None:
        job.cancel.raise_if_cancelled()
        text = f"Preparing lessons: {done} of {count}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

    return prepare_lessons(vae, pictures, generator=seeded_generator(0), report=report)


def _hooks(
    tiny: AutoencoderTiny, lessons: Lessons, held_out: Tensor, job: Job, emit: Emit
) -> Hooks:
    def compare(indices: Tensor) -> tuple[Tensor, Tensor]:
        latents, wanted = lessons.whole(indices)
        return decode(tiny, latents.to(tiny.device)).cpu(), wanted

    def evaluate() -> dict[str, float]:
        quality = float(torch.cat([psnr(*compare(part)) for part in held_out.split(8)]).mean())
        text = f"PSNR against the autoencoder's own pictures: {quality:.2f} dB"
        emit(ProgressEvent(job_id=job.id, text=text))
        return {"psnr": quality}

    def sample() -> Image.Image:
        ours, wanted = compare(held_out[:8])
        return picture_grid(torch.cat([wanted, ours]), columns=len(wanted))

    return Hooks(evaluate=evaluate, sample=sample)


def _to_signed(levels: Tensor) -> Tensor:
    """Turn uint8 (B, H, W, 3) into float32 (B, 3, H, W) in [-1, 1]."""
    return levels.permute(0, 3, 1, 2).float() / 127.5 - 1
