"""Trained parts written as diffusers and transformers read them: float16 safetensors, whole."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

from sdstudio.atomic_file import storage_error
from sdstudio.errors import ModelFileError, ModelNotFoundError
from sdstudio.training.tokenizer import load_tokenizer, save_tokenizer


def save_pretrained_atomically(module: nn.Module, path: Path) -> None:
    """Save a diffusers or transformers model in float16; an older one at `path` is replaced whole.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    half = copy.deepcopy(module).to(torch.float16)

    def write(part: Path) -> None:
        getattr(half, "save_pretrained")(part, safe_serialization=True)  # noqa: B009 - no common base

    write_folder_atomically(path, write)


def write_folder_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Have `write` fill a temporary folder beside `path`, then put that in its place.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=path.parent))
        try:
            part.chmod(0o755)
            write(part)
            if path.exists():
                shutil.rmtree(path)
            part.rename(path)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise storage_error(path, error) from error


def export_pipeline(
    output: Path,
    *,
    unet: Path,
    text_encoder: Path,
    tokenizer: Path,
    vae: Path,
    scheduler: dict[str, Any],
) -> int:
    """Bring the parts' folders together as a StableDiffusionPipeline; return its size in bytes.

    Stock `StableDiffusionPipeline.from_pretrained(output)` opens it.

    Args:
        scheduler: configuration of the `DDIMScheduler`, as `noise_schedule.sampling_config` gives.

    Raises:
        ModelNotFoundError: a part is missing.
        ModelFileError: the text encoder's width is not what the UNet reads.
        StorageError: the disk is full or the folder cannot be written.
    """
    _check_parts(unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, vae=vae)

    def write(part: Path) -> None:
        for name, source in (("unet", unet), ("text_encoder", text_encoder), ("vae", vae)):
            shutil.copytree(source, part / name)
        save_tokenizer(load_tokenizer(tokenizer), part / "tokenizer")
        DDIMScheduler(**scheduler).save_pretrained(part / "scheduler")
        (part / "model_index.json").write_text(json.dumps(_model_index(), indent=2))

    write_folder_atomically(output, write)
    return sum(file.stat().st_size for file in output.rglob("*") if file.is_file())


def _check_parts(**parts: Path) -> None:
    for name, folder in parts.items():
        if not folder.is_dir():
            raise ModelNotFoundError(f"There is no {name} in {folder}.", "Train it first.")
    width = _config(parts["text_encoder"])["hidden_size"]
    wanted = _config(parts["unet"])["cross_attention_dim"]
    if width != wanted:
        raise ModelFileError(
            f"The text encoder is {width} wide, but the UNet reads {wanted}.",
            "Export the text encoder that was trained with this UNet.",
        )


def _config(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "config.json").read_text())


def _model_index() -> dict[str, Any]:
    from diffusers import __version__

    def named(library: str, part: type | str) -> list[str]:
        return [library, part if isinstance(part, str) else part.__name__]

    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": __version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": named("diffusers", DDIMScheduler),
        "text_encoder": named("transformers", CLIPTextModel),
        "tokenizer": named("transformers", "CLIPTokenizer"),
        "unet": named("diffusers", UNet2DConditionModel),
        "vae": named("diffusers", AutoencoderKL),
    }
