"""Latents of training pictures, encoded once and kept on the disk.

latents.npy   float16 (N, channels, height / 8, width / 8), posterior means, unscaled
cache.json    what they are latents of
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.lib.format import open_memmap

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError
from sdstudio.training.autoencoder import reduce_to
from sdstudio.training.dataset import PictureDataset
from sdstudio.training.loop import choose_precision

CHUNK = 32
"""Pictures encoded between two notes of progress on the disk."""

Report = Callable[[int, int], None]


def vae_fingerprint(vae: AutoencoderKL) -> str:
    """Return a short hash of the encoder's weights: latents of another encoder are of no use."""
    digest = hashlib.sha256()
    for name, tensor in sorted(vae.encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def cache_latents(
    vae: AutoencoderKL,
    pictures: PictureDataset,
    folder: Path,
    *,
    side: int,
    report: Report | None = None,
) -> np.ndarray:
    """Return the latents of all pictures, reduced to `side` pixels, memory-mapped.

    What lies in `folder` is reopened, or gone on with if it is not complete.

    Args:
        report: called with (latents done, latents in all).

    Raises:
        InvalidRequestError: `folder` holds latents of other pictures or of another autoencoder.
        StorageError: the disk is full or the folder cannot be written.
    """
    recipe = {"vae": vae_fingerprint(vae), "pictures": len(pictures), "side": side}
    done_file, part = folder / "latents.npy", folder / "latents.npy.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _claim(folder / "cache.json", recipe)
        if not done_file.exists():
            _fill(vae, pictures, part, side=side, report=report)
            part.rename(done_file)
            (folder / "progress.json").unlink()
    except OSError as error:
        raise storage_error(folder, error) from error
    return np.load(done_file, mmap_mode="r")


def _claim(note: Path, recipe: dict[str, Any]) -> None:
    if not note.exists():
        write_atomically(note, json.dumps(recipe).encode())
    elif json.loads(note.read_text()) != recipe:
        raise InvalidRequestError(
            f"{note.parent} holds latents of other pictures or of another autoencoder.",
            "Choose another folder, or delete this one.",
        )


def _fill(
    vae: AutoencoderKL,
    pictures: PictureDataset,
    part: Path,
    *,
    side: int,
    report: Report | None,
) -> None:
    progress = part.with_name("progress.json")
    done = json.loads(progress.read_text())["done"] if part.exists() and progress.exists() else 0
    latents = np.load(part, mmap_mode="r+") if done else None
    for start in range(done, len(pictures), CHUNK):
        places = torch.arange(start, min(start + CHUNK, len(pictures)))
        encoded = encode(vae, reduce_to(pictures.batch(places), side)).half().cpu().numpy()
        if latents is None:
            latents = open_memmap(part, "w+", np.float16, (len(pictures), *encoded.shape[1:]))
        latents[start : start + len(encoded)] = encoded
        latents.flush()  # latents first: the count vouches for them
        write_atomically(progress, json.dumps({"done": start + len(encoded)}).encode())
        if report:
            report(start + len(encoded), len(pictures))


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Return the posterior means of pictures (B, 3, H, W) in [-1, 1], unscaled, float32."""
    fast = choose_precision("auto", vae.device) == "bfloat16"
    pictures = pictures.to(vae.device).contiguous(memory_format=torch.channels_last)
    with torch.autocast(vae.device.type, torch.bfloat16, enabled=fast):
        (posterior,) = vae.encode(pictures, return_dict=False)
    return posterior.mode().float()
