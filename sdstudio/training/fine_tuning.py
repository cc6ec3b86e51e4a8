"""What every training that starts from a finished pipeline works with."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import decode, load_autoencoder, load_pictures
from sdstudio.training.caption_source import CaptionSource
from sdstudio.training.dataset import PictureDataset, batch_indices, hold_out, seeded_generator
from sdstudio.training.finished_pipeline import FinishedPipeline
from sdstudio.training.latent_cache import cache_latents
from sdstudio.training.latent_unet import prefer_plain_attention
from sdstudio.training.noise_schedule import NoiseSchedule
from sdstudio.training.tokenizer import token_ids

PICTURE_SIZE = 256
HELD_OUT_COUNT = 64
DROPPED_CAPTIONS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A finished pipeline, opened in float32: the UNet is to learn, all else stays as it is."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    vae: AutoencoderKL
    schedule: NoiseSchedule

    @property
    def scaling_factor(self) -> float:
        """What the autoencoder's latents are multiplied by."""
        return float(self.vae.config["scaling_factor"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Pictures with their latents and captions, by the step that shows them.

    Attributes:
        latents: float16 (N, 4, h, w), unscaled.
    """

    pictures: PictureDataset
    captions: CaptionSource
    latents: np.ndarray
    parts: Parts
    seed: int
    batch_size: int

    def places(self, step: int, part: slice) -> Tensor:
        """Return the samples of one part of the batch of a step."""
        train, _ = hold_out(len(self.latents), HELD_OUT_COUNT)
        return train[
            batch_indices(step, batch_size=self.batch_size, length=len(train), seed=self.seed)[part]
        ]

    def held_out(self) -> Tensor:
        """Return the samples that are never trained on."""
        return hold_out(len(self.latents), HELD_OUT_COUNT)[1]

    def rng(self, step: int, part: slice, purpose: int) -> np.random.Generator:
        """Return the randomness of one purpose in one part of a step."""
        generator = seeded_generator(self.seed, step, part.start, purpose)
        return np.random.default_rng(generator.initial_seed())

    def scaled(self, places: Tensor) -> Tensor:
        """Return the latents float32 (B, 4, h, w) as the UNet has them."""
        chosen = torch.from_numpy(self.latents[places.numpy()]).float()
        return chosen * self.parts.scaling_factor

    def tokens(self, places: Tensor, rng: np.random.Generator) -> Tensor:
        """Return freely worded captions (B, 77), some of them left out for guidance' sake."""
        texts = self.captions.write(places, rng)
        kept = ["" if rng.random() < DROPPED_CAPTIONS else text for text in texts]
        return token_ids(self.parts.tokenizer, kept)


def open_parts(request: TrainingRequest) -> Parts:
    """Open the pipeline that the option `init_from` names.

    Raises:
        InvalidRequestError: it names no finished pipeline.
        ModelFileError: a part of it cannot be read.
    """
    pipeline = FinishedPipeline.named_by(request.options)
    if pipeline is None:
        raise InvalidRequestError(
            "There is no finished model to start from.", "Name its folder with --init-from."
        )
    torch.manual_seed(request.seed)
    tokenizer, text_encoder = pipeline.text_side()
    prefer_plain_attention(text_encoder)
    vae = load_autoencoder(pipeline.vae)
    return Parts(
        unet=pipeline.unet(),
        text_encoder=text_encoder.requires_grad_(False).eval(),
        tokenizer=tokenizer,
        vae=vae.requires_grad_(False),
        schedule=pipeline.schedule(),
    )


def prepare_lessons(request: TrainingRequest, parts: Parts, job: Job, emit: Emit) -> Lessons:
    """Draw or gather the pictures, and encode them once, reduced to the request's resolution."""

    def report(done: int, count: int) -> None:
        job.cancel.raise_if_cancelled()
        text = f"Preparing latents: {done} of {count}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

    pictures = load_pictures(dataclasses.replace(request, resolution=PICTURE_SIZE), job, emit)
    folder = Path(str(request.options.get("latents", Path(request.output) / "latents")))
    latents = cache_latents(parts.vae, pictures, folder, side=request.resolution, report=report)
    return Lessons(
        pictures=pictures,
        captions=CaptionSource(pictures),
        latents=latents,
        parts=parts,
        seed=request.seed,
        batch_size=request.batch_size,
    )


def decode_pictures(parts: Parts, latents: Tensor) -> Tensor:
    """Return the pictures float32 (B, 3, H, W), about in [-1, 1], of scaled latents."""
    unscaled = cast(Tensor, latents / parts.scaling_factor)
    return torch.cat([decode(parts.vae, part).float() for part in unscaled.split(4)])
