"""The trained parts brought together as a diffusers pipeline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

from sdstudio.errors import ModelFileError, ModelNotFoundError
from sdstudio.training.run_folder import publish_folder
from sdstudio.training.tokenizer import load_tokenizer, save_tokenizer


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

    publish_folder(output, write)
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
