"""A random-weight model of Stable Diffusion 1.5's size: its arithmetic without its pictures."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel

from tests.support.tiny_models import SCALED_LINEAR, tiny_text_config, tiny_tokenizer


def build_sd15_geometry(folder: Path) -> Path:
    """UNet (860M weights) and VAE as in SD 1.5, saved in bfloat16; a text encoder of one layer."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    text_config = tiny_text_config(tokenizer)
    text_config.hidden_size, text_config.num_hidden_layers = 768, 1
    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=512,
        )
    StableDiffusionPipeline(
        vae=_fill(vae),
        text_encoder=CLIPTextModel(text_config),
        tokenizer=tokenizer,
        unet=_fill(unet),
        scheduler=DDIMScheduler(**SCALED_LINEAR, clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _fill(module: torch.nn.Module) -> torch.nn.Module:
    """Small random weights, norms at one; far quicker than every layer's own initialisation."""
    module.to_empty(device="cpu").to(torch.bfloat16)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter[0].numel()
                parameter.normal_(0.0, 0.5 * fan_in**-0.5)
            else:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    return module
