"""A tiny pipeline as the trainers export it, and the words that fine-tune it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from PIL import Image
from transformers import CLIPTextModel

from sdstudio.training.autoencoder import build_autoencoder
from sdstudio.training.clip import text_config
from sdstudio.training.export import export_pipeline
from sdstudio.training.latent_unet import UNetShape, build_unet
from sdstudio.training.noise_schedule import noise_schedule, sampling_config
from sdstudio.training.tokenizer import train_tokenizer

SHAPE = UNetShape(channels=(32, 32), heads=2, attention=(False, True), text_width=48)


def build_finished_pipeline(folder: Path) -> Path:
    """Save a pipeline of random weights that predicts v down to pure noise."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a red cat by the sea"] * 5)
    vae = build_autoencoder((8, 8, 8, 8))
    vae.register_to_config(scaling_factor=0.5)
    export_pipeline(
        folder,
        unet=build_unet(SHAPE, sample_size=8),
        text_encoder=CLIPTextModel(text_config(tokenizer, hidden_size=48, layers=1)),
        tokenizer=tokenizer,
        vae=vae,
        scheduler=sampling_config(noise_schedule(rescale_betas_zero_snr=True)),
    )
    return folder


def fine_tuning_arguments(tmp_path: Path, finished: Path) -> list[str]:
    """Draw a dozen pictures; return the arguments of `sdstudio train` that learn from them."""
    photos = tmp_path / "photos"
    if not photos.exists():
        photos.mkdir()
        for index in range(12):
            Image.new("RGB", (48, 48), (20 * index, 90, 200)).save(photos / f"{index}.png")
            (photos / f"{index}.txt").write_text(f"number {index}")
    words = ["--data", str(photos), "--init-from", str(finished), "--resolution", "64"]
    words += ["--data-folder", str(tmp_path / "data"), "--latents", str(tmp_path / "latents")]
    words += ["--batch-size", "2", "--warmup-steps", "1", "--precision", "float32"]
    return [*words, "--checkpoint-every", "100", "--log-every", "1", "--sample-every", "4"]


def losses_of(run: Path) -> list[float]:
    """The losses of all steps of a run."""
    return [json.loads(line)["loss"] for line in (run / "losses.jsonl").read_text().splitlines()]
