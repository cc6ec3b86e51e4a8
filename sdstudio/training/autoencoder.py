"""Trains the autoencoder: pictures to latents an eighth as wide, and back."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from sdstudio.errors import InvalidRequestError, ModelFileError, ModelNotFoundError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.dataset import PictureDataset, batch_indices, hold_out, open_dataset
from sdstudio.training.loop import FetchBatch, Hooks, LoopSettings, TrainingLoop
from sdstudio.training.mean_colours import start_from_mean_colours
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.picture_sizes import parse_sizes, size_at
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.sample_grid import picture_grid

CHANNELS = (32, 32, 64, 128)
MIN_CHANNELS = 8
"""Six carry the colours of an untrained VAE."""

LATENT_CHANNELS = 4
SIZES = "128:0.65,256:0.35"
HELD_OUT_COUNT = 64

ModelT = TypeVar("ModelT", bound=nn.Module)

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


def build_autoencoder(channels: tuple[int, ...] = CHANNELS) -> AutoencoderKL:
    """Return a VAE that is 2^(levels - 1) times smaller inside, without attention.

    One norm group over all channels: a norm takes away the mean and the scale of each group, and
    with many small groups plain colours came back grey (measured).
    """
    levels = len(channels)
    vae = cast(Any, AutoencoderKL)(  # its annotations know one level only
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        mid_block_add_attention=False,
    )
    start_from_mean_colours(vae)
    return vae


def reconstruction_losses(reconstruction: Tensor, pictures: Tensor) -> dict[str, Tensor]:
    """Compare (B, 3, H, W) pictures in [-1, 1] by values, edges, areas and colours.

    Edges keep outlines sharp where plain L1 would blur them; areas of 2 and 4 pixels and the
    colour without its brightness keep large surfaces from going grey.
    """
    error = reconstruction.float() - pictures
    luma = (error * error.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    return {
        "value": error.abs().mean(),
        "edge": error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean(),
        "area": F.avg_pool2d(error, 2).abs().mean() + F.avg_pool2d(error, 4).abs().mean(),
        "chroma": (error - luma).abs().mean(),
    }


class AutoencoderObjective(nn.Module):
    """Reconstruction of a sampled latent, plus a little KL divergence from a normal latent.

    Args:
        kl_weight: per latent value; more makes latents smoother and pictures softer.
        psnr_weight: per dB of the mean `psnr` of a batch. Its gradient is that of the squared
            error over the squared error of each picture: plain pictures count as much as busy ones.
        anchor: an autoencoder whose latents this one is to keep near, so that a UNet that learnt
            from them stays of use.
        anchor_weight: per squared distance of the mean latents, both scaled as the UNet sees them.
    """

    def __init__(
        self,
        vae: AutoencoderKL,
        *,
        kl_weight: float,
        psnr_weight: float = 0.0,
        anchor: AutoencoderKL | None = None,
        anchor_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.vae = vae
        self.kl_weight = kl_weight
        self.psnr_weight = psnr_weight
        self.anchor_weight = anchor_weight
        self._anchor = [] if anchor is None else [anchor.requires_grad_(False)]
        """In a list, lest it count as a part that learns and is saved."""

    def forward(self, pictures: Tensor, *, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the losses of pictures (B, 3, H, W) in [-1, 1]."""
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.set_grad_enabled(torch.is_grad_enabled() and encoder_learns(self.vae)):
            mean, logvar = encode(self.vae, pictures).parameters.float().chunk(2, dim=1)
        logvar = logvar.clamp(-30, 20)
        noise = torch.randn(mean.shape, generator=generator).to(mean)
        reconstruction = decode(self.vae, mean + (0.5 * logvar).exp() * noise)
        parts = reconstruction_losses(reconstruction, pictures)
        loss = parts["value"] + 0.5 * parts["edge"] + 0.5 * parts["area"] + 0.5 * parts["chroma"]
        parts["kl"] = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        parts["psnr"] = psnr(reconstruction.float(), pictures, clamped=False).mean()
        loss = loss + self.kl_weight * parts["kl"] - self.psnr_weight * parts["psnr"]
        for anchor in self._anchor:
            parts["drift"] = self._drift(anchor, pictures, mean)
            loss = loss + self.anchor_weight * parts["drift"]
        return {"loss": loss, **parts}

    def _drift(self, anchor: AutoencoderKL, pictures: Tensor, mean: Tensor) -> Tensor:
        with torch.no_grad():
            kept = encode(anchor, pictures).mean.float()
        return ((mean - kept) * cast(Any, anchor.config).scaling_factor).square().mean()


def reduce_to(pictures: Tensor, side: int) -> Tensor:
    """Shrink (B, 3, H, W) so that its width is `side`, averaging; whole pictures, never crops.

    The statistics that group norms take over a crop are not those of the whole picture.
    """
    if pictures.shape[-1] == side:
        return pictures
    height = round(pictures.shape[-2] * side / pictures.shape[-1])
    return F.interpolate(pictures, size=(height, side), mode="area")


def psnr(first: Tensor, second: Tensor, *, clamped: bool = True) -> Tensor:
    """Return the peak signal-to-noise ratio in dB of each of (B, 3, H, W) in [-1, 1], as (B,).

    Args:
        clamped: whether values of `first` out of range count as the nearest in range, as a
            picture file has them; not so where values out of range should learn.
    """
    shown = first.clamp(-1, 1) if clamped else first
    error = (shown - second).square().mean(dim=(1, 2, 3)) / 4
    return -10 * error.clamp(min=1e-10).log10()


def encode(vae: AutoencoderKL, pictures: Tensor) -> DiagonalGaussianDistribution:
    """Return the distribution of the latents of pictures (B, 3, H, W) in [-1, 1], unscaled."""
    return cast(AutoencoderKLOutput, vae.encode(pictures)).latent_dist


def decode(vae: AutoencoderKL | AutoencoderTiny, latents: Tensor) -> Tensor:
    """Return the pictures (B, 3, H, W), about in [-1, 1], of latents."""
    return cast(DecoderOutput, vae.decode(cast(torch.FloatTensor, latents))).sample


@torch.no_grad()
def reconstruct(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Encode to the mean latent and decode."""
    return decode(vae, encode(vae, pictures.to(vae.device)).mode()).float()


@torch.no_grad()
def latent_std(vae: AutoencoderKL, pictures: Tensor) -> float:
    """Return the standard deviation of sampled latents; its inverse is `scaling_factor`."""
    latents = [
        encode(vae, p.to(vae.device)).sample(torch.Generator().manual_seed(0))
        for p in pictures.split(8)
    ]
    return float(torch.cat(latents).float().std())


class AutoencoderTrainer:
    """Trains an `AutoencoderKL` and saves it as `output`/vae, in diffusers' layout.

    Options of the request:
        init_from: folder of an autoencoder to go on with.
        decoder_only: true: the encoder stays as it is, and with it all latents made so far.
        channels: of the four levels, "32,32,64,128"; those of `init_from` if there is one.
        sizes: sides in pixels and their shares of the steps, "128:0.65,256:0.35".
        kl_weight: per latent value, 1e-3.
        psnr_weight: per dB of fidelity, 0.
        anchor_weight: holds the latents near those of `init_from`, 0: they may go anywhere.
        optimizer: "adamw" or "muon".
        pictures: scenes to draw when data is "world", 6000.
        data_folder: where the drawn pictures lie, `output`/data.
        and the names of `LoopSettings`, such as max_minutes.
    """

    def run(self, job: Job, emit: Emit) -> None:
        """Train, or go on with, the run that the request describes, then save the model."""
        request = cast(TrainingRequest, job.request)
        folder = RunFolder(Path(request.output))
        folder.claim(asdict(request), resume=request.resume)
        pictures = load_pictures(request, job, emit)
        vae = _build(request)
        fetch, held_out = _split(pictures, request)
        hooks = _hooks(vae, held_out, lambda text: emit(ProgressEvent(job_id=job.id, text=text)))
        objective = _objective(request, vae)
        settings = LoopSettings.of(request)
        optimizer = build_optimizer(
            [TrainedModule(module=vae)],
            name=str(request.options.get("optimizer", "adamw")),
            betas=settings.betas,
            weight_decay=settings.weight_decay,
        )
        loop = TrainingLoop(
            objective, fetch, settings=settings, folder=folder, hooks=hooks, optimizer=optimizer
        )
        if request.resume and loop.resume():
            emit(ProgressEvent(job_id=job.id, text=f"Going on from step {loop.step}"))
        loop.run(job, emit)
        with loop.averaged():
            path, anchored = folder.path / "vae", objective.anchor_weight > 0
            save_autoencoder(vae, path, held_out, anchored=anchored)
        emit(ProgressEvent(job_id=job.id, text=f"Saved {path}", fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""


def encoder_learns(vae: AutoencoderKL) -> bool:
    """Return whether the encoder is trained, or only the decoder."""
    return vae.encoder.conv_in.weight.requires_grad


def save_autoencoder(
    vae: AutoencoderKL, path: Path, pictures: Tensor, *, anchored: bool = False
) -> None:
    """Save in float16 with the `scaling_factor` that brings these pictures' latents to std 1.

    Of an encoder that did not learn, or kept near another's latents, it stays what it was.
    """
    if encoder_learns(vae) and not anchored:
        vae.register_to_config(scaling_factor=1 / latent_std(vae, pictures))

    def write(part: Path) -> None:
        half_precision_copy(vae).save_pretrained(part)
        edit_config(part)

    publish_folder(path, write)


def edit_config(folder: Path, **changes: str) -> None:
    """Change config.json and drop where a part was loaded from: it means nothing elsewhere."""
    note = folder / "config.json"
    values = json.loads(note.read_text()) | changes
    values.pop("_name_or_path", None)
    note.write_text(json.dumps(values, indent=2) + "\n")


def load_autoencoder(folder: Path) -> AutoencoderKL:
    """Open a trained autoencoder in float32.

    Raises:
        InvalidRequestError, ModelNotFoundError, ModelFileError: it is unsaid, missing or broken.
    """
    if folder == Path():
        raise InvalidRequestError(
            "The autoencoder to learn from is missing.", "Name its folder with the option vae."
        )
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(f"There is no autoencoder in {folder}.", "Train it first.")
    try:
        vae = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelFileError(f"The autoencoder in {folder} cannot be read: {error}.") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return moved(vae, device=device, memory_format=torch.channels_last).eval()


def half_precision_copy(model: ModelT) -> ModelT:
    """Return a float16 copy in the plain memory format, as files hold it."""
    return moved(
        copy.deepcopy(model),
        device="cpu",
        dtype=torch.float16,
        memory_format=torch.contiguous_format,
    )


def moved(model: ModelT, **how: Any) -> ModelT:
    """Do `model.to(...)` in torch's own way: diffusers' warns about casts, and hides its type."""
    nn.Module.to(model, **how)
    return model


def load_pictures(
    request: TrainingRequest, job: Job, emit: Emit, *, count: int = 6000
) -> PictureDataset:
    """Draw or gather the pictures of the request's options `pictures` and `data_folder`.

    Args:
        count: scenes to draw where the request does not say.
    """

    def report(done: int, count: int) -> None:
        job.cancel.raise_if_cancelled()
        text = f"Preparing pictures: {done} of {count}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

    return open_dataset(
        request.data,
        Path(str(request.options.get("data_folder", Path(request.output) / "data"))),
        count=int(request.options.get("pictures", count)),
        seed=request.seed,
        size=(request.resolution, request.resolution),
        report=report,
    )


def _build(request: TrainingRequest) -> AutoencoderKL:
    torch.manual_seed(request.seed)
    start = request.options.get("init_from")
    vae = load_autoencoder(Path(str(start))) if start else _new(request)
    if request.options.get("decoder_only", False):
        if not start:
            raise InvalidRequestError(
                "There is no encoder to keep.", "Name its autoencoder with --init-from."
            )
        for part in (vae.encoder, vae.quant_conv):
            cast(nn.Module, part).requires_grad_(False)
    return moved(vae, memory_format=torch.channels_last)


def _new(request: TrainingRequest) -> AutoencoderKL:
    text = str(request.options.get("channels", ",".join(map(str, CHANNELS))))
    try:
        channels = tuple(int(n) for n in text.split(","))
    except ValueError:
        channels = ()
    if not channels or min(channels) < MIN_CHANNELS:
        raise InvalidRequestError(
            f'The channels "{text}" do not fit.',
            f"Write whole numbers of at least {MIN_CHANNELS}, like {CHANNELS}.",
        )
    return build_autoencoder(channels)


def _objective(request: TrainingRequest, vae: AutoencoderKL) -> AutoencoderObjective:
    weights = {
        name: float(request.options.get(name, 0)) for name in ("psnr_weight", "anchor_weight")
    }
    anchored = weights["anchor_weight"] > 0
    if anchored and not request.options.get("init_from"):
        raise InvalidRequestError(
            "There are no latents to keep near.", "Name their autoencoder with --init-from."
        )
    return AutoencoderObjective(
        vae,
        kl_weight=float(request.options.get("kl_weight", 1e-3)),
        anchor=load_autoencoder(Path(str(request.options["init_from"]))) if anchored else None,
        **weights,
    )


def _split(pictures: PictureDataset, request: TrainingRequest) -> tuple[FetchBatch, Tensor]:
    """Return the way to a step's batch, and the held-out pictures (N, 3, H, W)."""
    sizes = parse_sizes(str(request.options.get("sizes", SIZES)))
    train, held_out = hold_out(len(pictures), HELD_OUT_COUNT)

    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        order = batch_indices(
            step, batch_size=request.batch_size, length=len(train), seed=request.seed
        )
        batch = pictures.batch(train[order[part]])
        return (reduce_to(batch, size_at(step, request.steps, sizes)),)

    return fetch, pictures.batch(held_out)


def _hooks(vae: AutoencoderKL, held_out: Tensor, say: Callable[[str], None]) -> Hooks:
    def evaluate() -> dict[str, float]:
        values = [psnr(reconstruct(vae, p).cpu(), p) for p in held_out.split(8)]
        quality = float(torch.cat(values).mean())
        say(f"PSNR on {len(held_out)} held-out pictures: {quality:.2f} dB")
        return {"psnr": quality}

    def sample() -> Image.Image:
        shown = held_out[:8]
        pairs = torch.cat([shown, reconstruct(vae, shown).cpu()])
        return picture_grid(pairs, columns=len(shown))

    return Hooks(evaluate=evaluate, sample=sample)
