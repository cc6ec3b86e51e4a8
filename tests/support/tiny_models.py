"""Tiny random-weight models of every family the engine knows, as diffusers folders on disk."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode

VAE_SCALE_FACTOR = 8
START, END = "<|startoftext|>", "<|endoftext|>"
SCALED_LINEAR = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def tiny_tokenizer() -> CLIPTokenizer:
    """A byte-level CLIP tokenizer without merges: every letter is a token."""
    letters = list(bytes_to_unicode().values())
    words = letters + [letter + "</w>" for letter in letters] + [START, END]
    return CLIPTokenizer(
        vocab={word: index for index, word in enumerate(words)},
        merges=[],
        model_max_length=77,
    )


def tiny_text_config(tokenizer: CLIPTokenizer, *, projection_dim: int = 16) -> CLIPTextConfig:
    """Three layers of width 32 over the tokenizer's vocabulary."""
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=3,
        projection_dim=projection_dim,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def tiny_vae(
    *,
    latent_channels: int = 4,
    scaling_factor: float = 0.18215,
    shift_factor: float | None = None,
) -> AutoencoderKL:
    """An 8x autoencoder of 32 channels."""
    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=latent_channels,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=scaling_factor,
        shift_factor=shift_factor,
    ).eval()


def tiny_unet(*, in_channels: int = 4, **options: object) -> UNet2DConditionModel:
    """Two levels with cross-attention to a text of width 32."""
    settings: dict[str, object] = {
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "sample_size": 8,
        "in_channels": in_channels,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 32,
        "attention_head_dim": 4,
        "norm_num_groups": 8,
    }
    return UNet2DConditionModel(**(settings | options)).eval()


def build_sd1(folder: Path, *, latent_channels: int = 4) -> Path:
    """Stable Diffusion 1.x: epsilon prediction, PNDM."""
    torch.manual_seed(1)
    tokenizer = tiny_tokenizer()
    options = {"out_channels": latent_channels}
    _save_stable_diffusion(
        folder,
        StableDiffusionPipeline,
        tokenizer=tokenizer,
        vae=tiny_vae(latent_channels=latent_channels),
        unet=tiny_unet(in_channels=latent_channels, **options),
        scheduler=PNDMScheduler(**SCALED_LINEAR, skip_prk_steps=True, steps_offset=1),
    )
    return folder


def build_sd2_v(folder: Path) -> Path:
    """Stable Diffusion 2.x: v-prediction, linear attention projections, DDIM."""
    torch.manual_seed(2)
    _save_stable_diffusion(
        folder,
        StableDiffusionPipeline,
        tokenizer=tiny_tokenizer(),
        vae=tiny_vae(),
        unet=tiny_unet(use_linear_projection=True),
        scheduler=DDIMScheduler(
            **SCALED_LINEAR,
            prediction_type="v_prediction",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
    )
    return folder


def build_inpainting(folder: Path) -> Path:
    """Stable Diffusion inpainting: nine input channels."""
    torch.manual_seed(3)
    _save_stable_diffusion(
        folder,
        StableDiffusionInpaintPipeline,
        tokenizer=tiny_tokenizer(),
        vae=tiny_vae(),
        unet=tiny_unet(in_channels=9),
        scheduler=PNDMScheduler(**SCALED_LINEAR, skip_prk_steps=True, steps_offset=1),
    )
    return folder


def build_sdxl(folder: Path) -> Path:
    """Stable Diffusion XL: two text encoders, size conditioning."""
    torch.manual_seed(4)
    tokenizer = tiny_tokenizer()
    config = tiny_text_config(tokenizer, projection_dim=32)
    unet = tiny_unet(
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=6 * 8 + 32,
        cross_attention_dim=64,
    )
    StableDiffusionXLPipeline(
        vae=tiny_vae(scaling_factor=0.13025),
        text_encoder=CLIPTextModel(config).eval(),
        text_encoder_2=CLIPTextModelWithProjection(config).eval(),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=unet,
        scheduler=EulerDiscreteScheduler(**SCALED_LINEAR, timestep_spacing="leading"),
        add_watermarker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def build_ddpm(folder: Path) -> Path:
    """An unconditional pixel-space UNet2DModel repository."""
    torch.manual_seed(5)
    unet = UNet2DModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ).eval()
    DDPMPipeline(unet=unet, scheduler=DDPMScheduler()).save_pretrained(
        folder, safe_serialization=True
    )
    return folder


def build_sd3(folder: Path) -> Path:
    """Stable Diffusion 3 without its T5: a transformer family the engine has no own loop for."""
    torch.manual_seed(6)
    tokenizer = tiny_tokenizer()
    config = tiny_text_config(tokenizer, projection_dim=32)
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=1,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=64,
        pooled_projection_dim=64,
        out_channels=4,
    ).eval()
    StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny_vae(scaling_factor=1.5, shift_factor=0.06),
        text_encoder=CLIPTextModelWithProjection(config).eval(),
        text_encoder_2=CLIPTextModelWithProjection(config).eval(),
        text_encoder_3=None,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        tokenizer_3=None,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _save_stable_diffusion(
    folder: Path,
    pipeline_class: type,
    *,
    tokenizer: CLIPTokenizer,
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
    scheduler: object,
) -> None:
    pipeline_class(
        vae=vae,
        text_encoder=CLIPTextModel(tiny_text_config(tokenizer)).eval(),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
