"""A finished pipeline as the place where a further training starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from sdstudio.errors import ModelFileError, UnsupportedRequestError
from sdstudio.training.latent_unet import prefer_plain_attention
from sdstudio.training.noise_schedule import NoiseSchedule, noise_schedule
from sdstudio.training.tokenizer import load_tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedPipeline:
    """A StableDiffusionPipeline folder as `export_pipeline` writes it."""

    folder: Path

    @classmethod
    def named_by(cls, options: Mapping[str, Any]) -> FinishedPipeline | None:
        """The pipeline that the option `init_from` names, or None if it names a run or nothing."""
        folder = Path(str(options.get("init_from", "")))
        is_pipeline = "init_from" in options and (folder / "model_index.json").is_file()
        return cls(folder=folder) if is_pipeline else None

    @property
    def vae(self) -> Path:
        """Folder of its autoencoder."""
        return self.folder / "vae"

    def unet(self) -> UNet2DConditionModel:
        """Its UNet in float32, ready to train.

        Raises:
            ModelFileError: the weights cannot be read.
        """
        unet = self._open(UNet2DConditionModel, "unet", torch_dtype=torch.float32)
        prefer_plain_attention(unet)
        return unet

    def text_side(self) -> tuple[CLIPTokenizer, CLIPTextModel]:
        """Its tokenizer and its text encoder in float32.

        Raises:
            ModelFileError: the weights cannot be read.
        """
        text_encoder = self._open(CLIPTextModel, "text_encoder", dtype=torch.float32)
        return load_tokenizer(self.folder / "tokenizer"), text_encoder

    def schedule(self) -> NoiseSchedule:
        """The noise schedule it was trained with.

        Raises:
            UnsupportedRequestError: its scheduler predicts or spaces its noise otherwise.
        """
        config = json.loads((self.folder / "scheduler" / "scheduler_config.json").read_text())
        names = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")
        schedule = noise_schedule(
            **{name: config[name] for name in (*names, "prediction_type") if name in config},
            rescale_betas_zero_snr=bool(config.get("rescale_betas_zero_snr", False)),
        )
        if config.get("prediction_type") not in ("epsilon", "v_prediction") or config.get(
            "beta_schedule"
        ) not in ("linear", "scaled_linear"):
            raise UnsupportedRequestError(
                f"The noise schedule of {self.folder.name} cannot be trained on.",
                "Start from a model that predicts epsilon or v with linear betas.",
            )
        return schedule

    def _open(self, kind: Any, part: str, **precision: torch.dtype) -> Any:
        try:
            return kind.from_pretrained(self.folder / part, local_files_only=True, **precision)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelFileError(
                f"The {part.replace('_', ' ')} of {self.folder.name} cannot be read.",
                "Copy or download the model again.",
            ) from error
