"""Trains a UNet and its text encoder to paint latents as captions say: Stable Diffusion's way.

Source: Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models".
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from sdstudio.errors import InvalidRequestError, ModelFileError, ModelNotFoundError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import load_pictures
from sdstudio.training.caption_source import CaptionSource
from sdstudio.training.clip import DEFAULT_VOCAB_SIZE, text_config
from sdstudio.training.dataset import (
    PictureDataset,
    batch_indices,
    hold_out,
    seeded_generator,
)
from sdstudio.training.export import export_pipeline
from sdstudio.training.finished_pipeline import FinishedPipeline
from sdstudio.training.growing import take_inside
from sdstudio.training.latent_cache import cache_latents
from sdstudio.training.latent_unet import (
    LatentDiffusionObjective,
    UNetShape,
    build_unet,
    prefer_plain_attention,
    sample_latents,
)
from sdstudio.training.layout_head import layouts
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop, choose_precision
from sdstudio.training.noise_schedule import (
    NoiseSchedule,
    Weighting,
    noise_schedule,
    sampling_config,
)
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.run_folder import RunFolder
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.tokenizer import load_tokenizer, save_tokenizer, token_ids
from sdstudio.training.world.vocabulary import EXAMPLE_PROMPTS

PICTURE_SIZE = 256
HELD_OUT_COUNT = 256
DROPPED_CAPTIONS = 0.1
"""Share of captions replaced by "", which classifier-free guidance needs (Ho and Salimans 2022)."""

SAMPLE_PROMPTS = (
    *EXAMPLE_PROMPTS,
    "a yellow car in the city",
    "a gray cat to the right of a red umbrella in the snow",
    "three blue fish by the sea",
    "a large green tree in a meadow, flat",
    "a white snowman in the snow at night with stars",
    "a pink rocket above a brown house in the desert at sunset",
    "two black dogs in a forest, watercolor",
    "a purple hot-air balloon in the mountains by day with clouds",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """All parts of a run: what is trained, and what it is trained beside."""

    objective: LatentDiffusionObjective
    tokenizer: CLIPTokenizer
    vae: AutoencoderKL

    def export(self, output: Path) -> int:
        """Save the pipeline with the weights as they are; return its size in bytes."""
        return export_pipeline(
            output,
            unet=self.objective.unet,
            text_encoder=self.objective.text_encoder,
            tokenizer=self.tokenizer,
            vae=self.vae,
            scheduler=sampling_config(self.objective.schedule),
        )


class LatentDiffusionTrainer:
    """Trains a text-to-picture model and saves it as `output`/pipeline, for stock diffusers.

    The request's resolution is the side that pictures are reduced to before they are encoded.

    Options of the request:
        vae: folder of the trained autoencoder; needed unless `init_from` brings one.
        clip: folder of a trained CLIP that the text encoder and tokenizer start from.
        init_from: folder of an earlier run whose averaged weights this one starts from, or of a
            finished pipeline, which also brings its shape, tokenizer and noise schedule.
        grow_from: folder of a run at half the resolution whose UNet, without the first level, is
            this one's: see `growing`.
        channels, layers, heads, attention: see `UNetShape`.
        text: "trained" along or "frozen"; text_lr_scale: its share of the learning rate, 0.3.
        weighting: "min-snr+1", "min-snr" or "constant"; gamma: 5.
        layout_weight: share of the layout head's error in the loss, 0; drawn pictures only.
        zero_snr: whether the last timestep is pure noise, false.
        optimizer: "adamw" or "muon".
        latents: folder of the cached latents, `output`/latents.
        pictures: scenes to draw when data is "world", 6000; data_folder: where they lie.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then export the pipeline."""
        request = cast(TrainingRequest, job.request)
        folder = RunFolder(Path(request.output))
        folder.claim(asdict(request), resume=request.resume)
        pictures = load_pictures(dataclasses.replace(request, resolution=PICTURE_SIZE), job, emit)
        captions = CaptionSource(pictures)
        studio = build_studio(request, captions)
        latents = self._latents(request, studio.vae, pictures, job, emit)
        settings = LoopSettings.of(request)
        loop = TrainingLoop(
            studio.objective,
            _fetch(request, studio, latents, captions, _layouts(request, pictures)),
            settings=settings,
            folder=folder,
            hooks=_hooks(request, studio, latents, captions),
            optimizer=_optimizer(request, studio, settings),
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            size = studio.export(folder.path / "pipeline")
        text = f"Saved {folder.path / 'pipeline'}, {size / 1e6:.1f} MB"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""

    def _latents(
        self,
        request: TrainingRequest,
        vae: AutoencoderKL,
        pictures: PictureDataset,
        job: Job,
        emit: Emit,
    ) -> np.ndarray:
        def report(done: int, count: int) -> None:
            job.cancel.raise_if_cancelled()
            text = f"Preparing latents: {done} of {count}"
            emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

        folder = Path(str(request.options.get("latents", Path(request.output) / "latents")))
        return cache_latents(vae, pictures, folder, side=request.resolution, report=report)


def build_studio(request: TrainingRequest, captions: CaptionSource | None = None) -> Studio:
    """Return the parts of the run, untrained or as its options have them start.

    Args:
        captions: where a tokenizer is trained on if there is neither a CLIP nor an earlier one.

    Raises:
        ModelNotFoundError: the autoencoder, the CLIP or the earlier run is not there.
        ModelFileError: the earlier run is of another shape.
    """
    options = request.options
    _require(options, "vae", "clip", "init_from", "grow_from")
    pipeline = FinishedPipeline.named_by(options)
    if "vae" not in options and pipeline is None:
        raise InvalidRequestError("There is no autoencoder.", "Name its folder with --vae.")
    torch.manual_seed(request.seed)
    tokenizer, text_encoder = pipeline.text_side() if pipeline else _text_side(request, captions)
    prefer_plain_attention(text_encoder)
    objective = LatentDiffusionObjective(
        pipeline.unet() if pipeline else _new_unet(request, text_encoder),
        text_encoder,
        pipeline.schedule() if pipeline else _new_schedule(options),
        train_text=options.get("text", "trained") == "trained",
        weighting=cast(Weighting, options.get("weighting", "min-snr+1")),
        gamma=float(options.get("gamma", 5.0)),
        layout_weight=float(options.get("layout_weight", 0.0)),
    )
    if "init_from" in options and pipeline is None:
        load_averaged(objective, Path(str(options["init_from"])))
    if "grow_from" in options:
        take_inside(objective, _averaged_weights(Path(str(options["grow_from"]))))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    place = str(options.get("vae") or (pipeline and pipeline.vae))
    vae: Any = AutoencoderKL.from_pretrained(place, torch_dtype=torch.float32)
    vae.eval().requires_grad_(False)
    vae.to(device, memory_format=torch.channels_last)
    return Studio(objective=objective.to(device), tokenizer=tokenizer, vae=vae)


def export_run(run: Path, output: Path) -> int:
    """Save the pipeline of a run's newest checkpoint, averaged; return its size in bytes.

    Raises:
        ModelNotFoundError: `run` holds no latent-diffusion run.
    """
    note = run / "request.json"
    if not note.exists():
        raise ModelNotFoundError(f"{run} holds no training run.", "Name the folder of a run.")
    request = TrainingRequest(**json.loads(note.read_text()))
    studio = build_studio(request)
    load_averaged(studio.objective, run)
    return studio.export(output)


@torch.no_grad()
def load_averaged(objective: nn.Module, run: Path) -> None:
    """Write the averaged weights of a run's newest checkpoint into `objective`.

    Raises:
        ModelNotFoundError: the run has no checkpoint.
        ModelFileError: they are of another shape.
    """
    parameters = dict(objective.named_parameters())
    head = "layout_head."  # a run may go on without the head that an earlier one had
    stored = {n: t for n, t in _averaged_weights(run).items() if not n.startswith(head)}
    if any(n not in parameters or parameters[n].shape != t.shape for n, t in stored.items()):
        raise ModelFileError(
            f"The weights in {run} are of another model.", "Give the options of that run again."
        )
    for name, tensor in stored.items():
        parameters[name].copy_(tensor)


def _averaged_weights(run: Path) -> dict[str, Tensor]:
    checkpoint = RunFolder(run).load_newest()
    if checkpoint is None:
        raise ModelNotFoundError(f"{run} holds no checkpoint.", "Train it first.")
    return checkpoint.tensors["ema"]


def _new_unet(request: TrainingRequest, text_encoder: CLIPTextModel) -> UNet2DConditionModel:
    shape = UNetShape.of(request.options, text_width=text_encoder.config.hidden_size)
    return build_unet(shape, sample_size=request.resolution // 8)


def _new_schedule(options: dict[str, Any]) -> NoiseSchedule:
    return noise_schedule(rescale_betas_zero_snr=bool(options.get("zero_snr", False)))


def _require(options: dict[str, Any], *names: str) -> None:
    for name in names:
        if name in options and not Path(str(options[name])).is_dir():
            raise ModelNotFoundError(
                f"There is no {name.replace('_', ' ')} in {options[name]}.", "Train it first."
            )


def _text_side(
    request: TrainingRequest, captions: CaptionSource | None
) -> tuple[CLIPTokenizer, CLIPTextModel]:
    """Return CLIP's tokenizer and text tower, or new ones; the tokenizer is kept with the run."""
    options, kept = request.options, Path(request.output) / "tokenizer"
    if "clip" in options:
        tokenizer = load_tokenizer(Path(str(options["clip"])))
        clip = CLIPModel.from_pretrained(str(options["clip"]), dtype=torch.float32)
        return tokenizer, cast(CLIPTextModel, clip.text_model)
    if kept.is_dir():
        tokenizer = load_tokenizer(kept)
    elif captions is None:
        raise ModelNotFoundError(f"There is no tokenizer in {kept}.", "Train the model first.")
    else:
        tokenizer = captions.train_tokenizer(vocab_size=DEFAULT_VOCAB_SIZE, seed=request.seed)
        save_tokenizer(tokenizer, kept)
    width, layers = int(options.get("text_width", 192)), int(options.get("text_layers", 4))
    return tokenizer, CLIPTextModel(text_config(tokenizer, hidden_size=width, layers=layers))


def _optimizer(
    request: TrainingRequest, studio: Studio, settings: LoopSettings
) -> torch.optim.Optimizer:
    trained = [TrainedModule(module=studio.objective.unet)]
    if studio.objective.layout_head is not None:
        trained.append(TrainedModule(module=studio.objective.layout_head))
    if request.options.get("text", "trained") == "trained":
        share = float(request.options.get("text_lr_scale", 0.3))
        trained.append(TrainedModule(module=studio.objective.text_encoder, lr_scale=share))
    return build_optimizer(
        trained,
        name=str(request.options.get("optimizer", "adamw")),
        betas=settings.betas,
        weight_decay=settings.weight_decay,
    )


def _scaled(studio: Studio, latents: np.ndarray, places: Tensor) -> Tensor:
    chosen = torch.from_numpy(latents[places.numpy()]).float()
    return chosen * float(studio.vae.config["scaling_factor"])


def _layouts(request: TrainingRequest, pictures: PictureDataset) -> np.ndarray | None:
    """Return what the layout head is to learn, None where there is no such head.

    Raises:
        InvalidRequestError: the pictures do not say what is where.
    """
    if not float(request.options.get("layout_weight", 0.0)):
        return None
    maps = layouts(pictures.attributes)
    if maps is None:
        raise InvalidRequestError(
            "These pictures do not say what stands where.", "Leave out --layout-weight."
        )
    return maps


def _fetch(
    request: TrainingRequest,
    studio: Studio,
    latents: np.ndarray,
    captions: CaptionSource,
    maps: np.ndarray | None,
) -> FetchBatch:
    train, _ = hold_out(len(latents), HELD_OUT_COUNT)

    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        order = batch_indices(
            step, batch_size=request.batch_size, length=len(train), seed=request.seed
        )
        places = train[order[part]]
        seed = seeded_generator(request.seed, step, part.start).initial_seed()
        rng = np.random.default_rng(seed)
        texts = captions.write(places, rng)
        kept = ["" if rng.random() < DROPPED_CAPTIONS else text for text in texts]
        batch = (_scaled(studio, latents, places), token_ids(studio.tokenizer, kept))
        return batch if maps is None else (*batch, torch.from_numpy(maps[places.numpy()]))

    return fetch


def _hooks(
    request: TrainingRequest, studio: Studio, latents: np.ndarray, captions: CaptionSource
) -> Hooks:
    """Return the held-out error at always the same noise, and the sheet of sample pictures."""
    objective = studio.objective
    device = objective.unet.device
    _, held_out = hold_out(len(latents), HELD_OUT_COUNT)
    shown = _scaled(studio, latents, held_out)
    tokens = token_ids(studio.tokenizer, captions.plain(held_out))
    prompts = token_ids(studio.tokenizer, list(SAMPLE_PROMPTS))
    empty = token_ids(studio.tokenizer, [""])
    fast = choose_precision(request.precision, device) == "bfloat16"

    def evaluate() -> dict[str, float]:
        sums: dict[str, float] = {}
        for start in range(0, len(shown), 64):
            part = slice(start, start + 64)
            generator = seeded_generator(0, start)
            with torch.autocast(device.type, torch.bfloat16, enabled=fast):
                batch = (shown[part].to(device), tokens[part].to(device))
                losses = objective(*batch, generator=generator)
            share = len(shown[part]) / len(shown)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + share * float(value)
        return {f"held_out_{name}": value for name, value in sums.items()}

    def sample() -> Image.Image:
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            made = sample_latents(objective, prompts, empty, side=request.resolution // 8)
        made = made / float(studio.vae.config["scaling_factor"])
        pictures = [studio.vae.decode(part)[0].float() for part in made.split(4)]  # pyright: ignore
        return picture_grid(torch.cat(pictures), columns=4)

    return Hooks(evaluate=evaluate, sample=sample)
