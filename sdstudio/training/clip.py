"""Trains a CLIPModel from nothing: which caption belongs to which picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
    CLIPVisionConfig,
)

from sdstudio.errors import InvalidRequestError, ModelNotFoundError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import load_pictures, reduce_to
from sdstudio.training.caption_source import CaptionSource
from sdstudio.training.dataset import PictureDataset, batch_indices, hold_out, seeded_generator
from sdstudio.training.export import save_half_precision
from sdstudio.training.latent_unet import prefer_plain_attention
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.tokenizer import (
    CONTEXT_LENGTH,
    END,
    START,
    load_tokenizer,
    save_tokenizer,
    token_ids,
)

IMAGE_SIZE = 64
PATCH_SIZE = 8
MAX_LOGIT_SCALE = math.log(100)
"""OpenAI's bound: a higher temperature makes the training unstable (CLIP, section 2.5)."""

RETRIEVAL_AMONG = 64
HELD_OUT_COUNT = 512
DEFAULT_VOCAB_SIZE = 1536
NEAR_CAPTIONS = 0


def text_config(tokenizer: CLIPTokenizer, *, hidden_size: int, layers: int) -> CLIPTextConfig:
    """Return the text tower's shape; the Stable Diffusion pipeline carries the same one."""
    vocab = tokenizer.get_vocab()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 48,
        max_position_embeddings=CONTEXT_LENGTH,
        projection_dim=hidden_size,
        bos_token_id=vocab[START],
        eos_token_id=vocab[END],
        pad_token_id=vocab[END],
    )


def build_clip(
    tokenizer: CLIPTokenizer,
    *,
    hidden_size: int = 192,
    text_layers: int = 4,
    vision_layers: int = 5,
) -> CLIPModel:
    """Return an untrained CLIP whose two towers are `hidden_size` (a multiple of 48) wide."""
    vision = CLIPVisionConfig(
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_hidden_layers=vision_layers,
        num_attention_heads=hidden_size // 48,
        image_size=IMAGE_SIZE,
        patch_size=PATCH_SIZE,
        projection_dim=hidden_size,
    )
    text = text_config(tokenizer, hidden_size=hidden_size, layers=text_layers)
    config = CLIPConfig(
        text_config=text.to_dict(),
        vision_config=vision.to_dict(),
        projection_dim=hidden_size,
    )
    return CLIPModel(config)


class ContrastiveObjective(nn.Module):
    """CLIP's symmetric cross-entropy over the batch (Radford et al. 2021, figure 3).

    Captions that are wrong in one word may stand beside those of the batch: no picture is to
    choose them (NegCLIP, Yuksekgonul et al. 2022, arXiv 2210.01936, figure 5).
    """

    def __init__(self, clip: CLIPModel) -> None:
        super().__init__()
        self.clip = clip

    def forward(
        self, pixel_values: Tensor, input_ids: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss of pictures (B, 3, 64, 64) in [-1, 1] and their captions.

        Args:
            input_ids: (B + n, length), the pictures' own captions, then n wrong ones.
        """
        with torch.no_grad():
            self.clip.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        images, texts = embed_pictures(self.clip, pixel_values), embed_texts(self.clip, input_ids)
        logits = self.clip.logit_scale.exp() * images @ texts.T
        pairs = torch.arange(len(logits), device=logits.device)
        said_alike = (input_ids[len(pairs) :, None] == input_ids[: len(pairs)]).all(dim=2)
        logits[:, len(pairs) :] = logits[:, len(pairs) :].masked_fill(said_alike.T, -torch.inf)
        own = logits[:, : len(pairs)]
        loss = (F.cross_entropy(logits, pairs) + F.cross_entropy(own.T, pairs)) / 2
        accuracy = (logits.argmax(dim=1) == pairs).float().mean()
        return {"loss": loss, "accuracy": accuracy, "logit_scale": self.clip.logit_scale.detach()}


def embed_pictures(clip: CLIPModel, pixel_values: Tensor) -> Tensor:
    """Return unit vectors float32 (B, projection_dim) of pictures (B, 3, 64, 64) in [-1, 1]."""
    features = clip.get_image_features(pixel_values=pixel_values)
    return F.normalize(cast(Tensor, getattr(features, "pooler_output", features)).float(), dim=-1)


def embed_texts(clip: CLIPModel, input_ids: Tensor) -> Tensor:
    """Return unit vectors float32 (B, projection_dim) of tokens (B, length)."""
    features = clip.get_text_features(input_ids=input_ids)
    return F.normalize(cast(Tensor, getattr(features, "pooler_output", features)).float(), dim=-1)


def retrieval_accuracy(images: Tensor, texts: Tensor, *, among: int = RETRIEVAL_AMONG) -> float:
    """Return how often a picture's nearest caption, of `among` pairs at a time, is its own.

    Pairs beyond the last whole group are left out; fewer than `among` pairs are one group.
    """
    among = min(among, len(images))
    hits = [
        (images[start : start + among] @ texts[start : start + among].T).argmax(dim=1)
        == torch.arange(among, device=images.device)
        for start in range(0, len(images) - among + 1, among)
    ]
    return float(torch.cat(hits).float().mean())


def reduced_levels(pictures: PictureDataset, side: int, *, chunk: int = 256) -> Tensor:
    """Return all pictures as uint8 (N, 3, side, side) in memory, averaged down."""
    reduced = torch.empty(len(pictures), 3, side, side, dtype=torch.uint8)
    for places in torch.arange(len(pictures)).split(chunk):
        small = reduce_to(pictures.batch(places), side)
        reduced[places] = ((small + 1) * 127.5).round().to(torch.uint8)
    return reduced


class ClipTrainer:
    """Trains a `CLIPModel` and saves it as `output`/clip with tokenizer and image processor.

    Options of the request:
        init_from: folder of a CLIP to go on with, tokenizer and all.
        near_captions: captions wrong in one word beside each picture's own, 0; drawn pictures only.
        hidden_size: width of both towers, a multiple of 48, 192.
        text_layers, vision_layers: 4 and 5.
        vocab_size: at most so many tokens, 1536.
        optimizer: "adamw" or "muon".
        pictures: scenes to draw when data is "world", 6000.
        data_folder: where the drawn pictures lie, `output`/data.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then save the model."""
        request = cast(TrainingRequest, job.request)
        options = request.options
        folder = RunFolder(Path(request.output))
        folder.claim(asdict(request), resume=request.resume)
        pictures = load_pictures(request, job, emit)
        captions = CaptionSource(pictures)
        tokenizer, clip = _start(request, captions)
        fetch, hooks = _prepare(request, pictures, captions, tokenizer, clip, _say(job, emit))
        settings = LoopSettings.of(request, weight_decay=0.05)
        loop = TrainingLoop(
            ContrastiveObjective(clip),
            fetch,
            settings=settings,
            folder=folder,
            hooks=hooks,
            optimizer=build_optimizer(
                [TrainedModule(module=clip)],
                name=str(options.get("optimizer", "adamw")),
                betas=settings.betas,
                weight_decay=settings.weight_decay,
            ),
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            save_clip(clip, tokenizer, folder.path / "clip")
        emit(ProgressEvent(job_id=job.id, text=f"Saved {folder.path / 'clip'}", fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def save_clip(clip: CLIPModel, tokenizer: CLIPTokenizer, path: Path) -> None:
    """Save as transformers' CLIPModel, CLIPTokenizer and CLIPImageProcessor read it, in float16."""
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": IMAGE_SIZE},
        crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        resample=Image.Resampling.BOX,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )

    def write(part: Path) -> None:
        save_half_precision(clip, part)
        save_tokenizer(tokenizer, part)
        processor.save_pretrained(part)

    publish_folder(path, write)


def _say(job: Job, emit: Emit) -> Callable[[str], None]:
    return lambda text: emit(ProgressEvent(job_id=job.id, text=text))


def _start(request: TrainingRequest, captions: CaptionSource) -> tuple[CLIPTokenizer, CLIPModel]:
    """Return a new tokenizer and CLIP, or those of `init_from`.

    Raises:
        ModelNotFoundError: there is no CLIP in `init_from`.
    """
    if "init_from" not in request.options:
        vocab_size = int(request.options.get("vocab_size", DEFAULT_VOCAB_SIZE))
        tokenizer = captions.train_tokenizer(vocab_size=vocab_size, seed=request.seed)
        return tokenizer, _build(request, tokenizer)
    place = Path(str(request.options["init_from"]))
    if not (place / "config.json").exists():
        raise ModelNotFoundError(f"There is no CLIP in {place}.", "Train it first.")
    clip = CLIPModel.from_pretrained(place, dtype=torch.float32)
    prefer_plain_attention(clip)
    return load_tokenizer(place), clip


def _build(request: TrainingRequest, tokenizer: CLIPTokenizer) -> CLIPModel:
    options = request.options
    hidden_size = int(options.get("hidden_size", 192))
    if hidden_size < 48 or hidden_size % 48:
        raise InvalidRequestError(
            f"The towers cannot be {hidden_size} wide.", "Take a multiple of 48, such as 192."
        )
    torch.manual_seed(request.seed)
    clip = build_clip(
        tokenizer,
        hidden_size=hidden_size,
        text_layers=int(options.get("text_layers", 4)),
        vision_layers=int(options.get("vision_layers", 5)),
    )
    prefer_plain_attention(clip)
    return clip


def _prepare(
    request: TrainingRequest,
    pictures: PictureDataset,
    captions: CaptionSource,
    tokenizer: CLIPTokenizer,
    clip: CLIPModel,
    say: Callable[[str], None],
) -> tuple[FetchBatch, Hooks]:
    """Return the way to a step's batch, and the retrieval test on held-out pairs."""
    levels = reduced_levels(pictures, IMAGE_SIZE)
    train, held_out = hold_out(len(pictures), HELD_OUT_COUNT)
    shown = levels[held_out].float() / 127.5 - 1
    plain = token_ids(tokenizer, captions.plain(held_out))
    rng = np.random.default_rng(request.seed)
    written = token_ids(tokenizer, captions.write(held_out, rng))
    near = int(request.options.get("near_captions", NEAR_CAPTIONS))

    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        order = batch_indices(
            step, batch_size=request.batch_size, length=len(train), seed=request.seed
        )
        places = train[order[part]]
        seed = seeded_generator(request.seed, step, part.start).initial_seed()
        rng = np.random.default_rng(seed)
        texts = captions.write(places, rng)
        for _ in range(near):
            texts += captions.write_near(places, rng)
        return levels[places].float() / 127.5 - 1, token_ids(tokenizer, texts, crop=True)

    def evaluate() -> dict[str, float]:
        device = clip.device
        images = torch.cat([embed_pictures(clip, part.to(device)) for part in shown.split(128)])
        figures = {}
        for name, tokens in (("retrieval", plain), ("retrieval_free", written)):
            texts = torch.cat([embed_texts(clip, part.to(device)) for part in tokens.split(128)])
            figures[name] = retrieval_accuracy(images, texts)
        say(
            f"Top-1 of {RETRIEVAL_AMONG} on {len(shown)} held-out pairs:"
            f" {figures['retrieval']:.1%} (freely worded: {figures['retrieval_free']:.1%})"
        )
        return figures

    return fetch, Hooks(evaluate=evaluate)
