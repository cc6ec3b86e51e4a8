"""Model folders with real layouts and a few small tensors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

MakeModel = Callable[..., Path]


def write_json(path: Path, plain: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain))


def write_component(folder: Path, config: dict, name: str = "diffusion_pytorch_model") -> None:
    write_json(folder / "config.json", config)
    in_channels, text_width = config.get("in_channels", 4), config.get("cross_attention_dim", 8)
    tensors = {
        "conv_in.weight": np.zeros(
            (8, in_channels if isinstance(in_channels, int) else 4, 3, 3), np.float16
        ),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": np.zeros(
            (8, text_width if isinstance(text_width, int) else 8), np.float16
        ),
    }
    save_file(tensors, folder / f"{name}.safetensors")


@pytest.fixture
def make_model() -> MakeModel:
    """Writes a StableDiffusionPipeline folder; keyword arguments go to the UNet's configuration."""

    def make(
        folder: Path, *, index: dict | None = None, defaults: object = None, **unet: object
    ) -> Path:
        plain = {
            "_class_name": "StableDiffusionPipeline",
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "safety_checker": [None, None],
            "requires_safety_checker": False,
        }
        write_json(folder / "model_index.json", plain | (index or {}))
        write_component(
            folder / "unet",
            {
                "in_channels": 4,
                "cross_attention_dim": 768,
                "sample_size": 64,
                "block_out_channels": [320, 640, 1280, 1280],
            }
            | unet,
        )
        write_component(folder / "vae", {"block_out_channels": [128, 256, 512, 512]})
        write_component(folder / "text_encoder", {}, "model")
        write_json(folder / "scheduler" / "scheduler_config.json", {})
        if defaults is not None:
            write_json(folder / "sdstudio.json", defaults)
        return folder

    return make
