"""The trained parts brought together as a diffusers pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import diffusers
from diffusers import AutoencoderKL, DDIMScheduler, SchedulerMixin, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer, PreTrainedModel

from sdstudio.errors import ModelFileError
from sdstudio.training.autoencoder import edit_config, half_precision_copy
from sdstudio.training.run_folder import publish_folder
from sdstudio.training.tokenizer import save_tokenizer


def export_pipeline(
    output: Path,
    *,
    unet: UNet2DConditionModel,
    text_encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    vae: AutoencoderKL,
    scheduler: dict[str, Any] | SchedulerMixin,
    pipeline_class: str = "StableDiffusionPipeline",
    settings: Mapping[str, Any] | None = None,
) -> int:
    """Save a diffusers pipeline in float16 safetensors; return its size in bytes.

    Stock `StableDiffusionPipeline.from_pretrained(output)` opens it.

    Args:
        scheduler: a scheduler, or the configuration of DDIM's, as `sampling_config` gives it.
        settings: values for the studio's sdstudio.json, such as num_inference_steps.

    Raises:
        ModelFileError: the text encoder's width is not what the UNet reads.
        StorageError: the disk is full or the folder cannot be written.
    """
    width, wanted = text_encoder.config.hidden_size, unet.config["cross_attention_dim"]
    if width != wanted:
        raise ModelFileError(
            f"The text encoder is {width} wide, but the UNet reads {wanted}.",
            "Export the text encoder that was trained with this UNet.",
        )

    def write(part: Path) -> None:
        for name, model in (("unet", unet), ("vae", vae)):
            half_precision_copy(model).save_pretrained(part / name)
            edit_config(part / name)
        save_half_precision(text_encoder, part / "text_encoder")
        save_tokenizer(tokenizer, part / "tokenizer")
        sampler = DDIMScheduler(**scheduler) if isinstance(scheduler, dict) else scheduler
        cast(Any, sampler).save_pretrained(part / "scheduler")
        index = _model_index(pipeline_class, type(sampler).__name__)
        (part / "model_index.json").write_text(json.dumps(index, indent=2))
        if settings:
            (part / "sdstudio.json").write_text(json.dumps(dict(settings), indent=2) + "\n")

    publish_folder(output, write)
    return sum(file.stat().st_size for file in output.rglob("*") if file.is_file())


def save_half_precision(model: PreTrainedModel, folder: Path) -> None:
    """Save a transformers model in float16 that loads as float32 unless asked otherwise.

    diffusers loads files of float16 so, transformers does not: a pipeline opened without a dtype
    would mix both and fail.
    """
    half_precision_copy(model).save_pretrained(folder)
    edit_config(folder, dtype="float32")


def _model_index(pipeline_class: str, scheduler_class: str) -> dict[str, Any]:
    return {
        "_class_name": pipeline_class,
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", scheduler_class],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
