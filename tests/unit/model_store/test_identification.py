"""What weights are is told by the names and shapes that the real formats have."""

from __future__ import annotations

import pytest

from sdstudio.model_store.identification import identify
from sdstudio.model_store.safetensors_header import SafetensorsHeader, TensorInfo


def header(metadata: dict[str, str] | None = None, **shapes: tuple[int, ...]) -> SafetensorsHeader:
    tensors = {
        name: TensorInfo(dtype="F16", shape=shape, begin=0, end=0) for name, shape in shapes.items()
    }
    return SafetensorsHeader(tensors=tensors, metadata=metadata or {})


LDM = "model.diffusion_model."
LDM_IN = f"{LDM}input_blocks.0.0.weight"
LDM_ATTENTION = f"{LDM}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
XL_ATTENTION = f"{LDM}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
XL_LABEL = f"{LDM}label_emb.0.0.weight"
UNET_IN = "conv_in.weight"
UNET_ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight"
TOKENS = "text_model.embeddings.token_embedding.weight"

CASES = [
    ("checkpoint", "sd1", {LDM_IN: (320, 4, 3, 3), LDM_ATTENTION: (320, 768)}),
    ("checkpoint", "sd1-inpaint", {LDM_IN: (320, 9, 3, 3), LDM_ATTENTION: (320, 768)}),
    ("checkpoint", "sd1-edit", {LDM_IN: (320, 8, 3, 3), LDM_ATTENTION: (320, 768)}),
    ("checkpoint", "sd2", {LDM_IN: (320, 4, 3, 3), LDM_ATTENTION: (320, 1024)}),
    ("checkpoint", "sd2-depth", {LDM_IN: (320, 5, 3, 3), LDM_ATTENTION: (320, 1024)}),
    (
        "checkpoint",
        "sdxl",
        {LDM_IN: (320, 4, 3, 3), XL_ATTENTION: (640, 2048), XL_LABEL: (1280, 2816)},
    ),
    (
        "checkpoint",
        "sdxl-refiner",
        {LDM_IN: (384, 4, 3, 3), XL_ATTENTION: (768, 1280), XL_LABEL: (1536, 2560)},
    ),
    ("checkpoint", "sd3", {f"{LDM}joint_blocks.0.context_block.attn.qkv.weight": (9, 3)}),
    ("checkpoint", "flux", {f"{LDM}double_blocks.0.img_attn.qkv.weight": (9, 3)}),
    ("unet", "sd1", {UNET_IN: (320, 4, 3, 3), UNET_ATTENTION: (320, 768)}),
    ("unet", "sd2-inpaint", {UNET_IN: (320, 9, 3, 3), UNET_ATTENTION: (320, 1024)}),
    (
        "unet",
        "sdxl",
        {
            UNET_IN: (320, 4, 3, 3),
            UNET_ATTENTION: (640, 2048),
            "add_embedding.linear_1.weight": (1280, 2816),
        },
    ),
    ("unet", "ddpm", {UNET_IN: (64, 3, 3, 3), "down_blocks.0.resnets.0.conv1.weight": (64, 64)}),
    ("transformer", "flux", {"double_blocks.0.img_attn.qkv.weight": (9, 3)}),
    ("transformer", "sd3", {"transformer_blocks.0.attn.add_k_proj.weight": (3, 3)}),
    ("vae", "other", {"decoder.conv_in.weight": (512, 4, 3, 3), "encoder.conv_in.weight": (1,)}),
    ("vae", "other", {"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}),
    ("tiny-decoder", "other", {"decoder.layers.0.weight": (64, 4, 3, 3)}),
    ("text-encoder", "sd1", {TOKENS: (49408, 768)}),
    ("text-encoder", "sd2", {TOKENS: (49408, 1024)}),
    ("text-encoder", "sdxl", {TOKENS: (49408, 1280)}),
    ("clip", "other", {TOKENS: (49408, 768), "vision_model.post_layernorm.weight": (768,)}),
    ("lora", "sd1", {KOHYA: (16, 768), KOHYA.replace("down.w", "up.w"): (320, 16)}),
    ("lora", "sd2", {KOHYA: (16, 1024)}),
    ("lora", "sdxl", {PEFT: (16, 2048)}),
    ("lora", "sdxl", {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 5)}),
    ("lora", "other", {"lora_unet_mid_block_conv.hada_w1_a": (4, 4)}),
    ("embedding", "sd1", {"emb_params": (4, 768)}),
    ("embedding", "sd2", {"<cat-toy>": (1024,)}),
    ("embedding", "sdxl", {"clip_l": (4, 768), "clip_g": (4, 1280)}),
    ("controlnet", "sd1", {"control_model.input_blocks.1.1.attn2.to_k.weight": (320, 768)}),
    ("ip-adapter", "other", {"image_proj.proj.weight": (3072, 1024)}),
    ("upscaler", "other", {"conv_first.weight": (64, 3, 3, 3)}),
    ("unknown", "other", {"fc.weight": (10, 20), "fc.bias": (10,), "fc2.bias": (1,)}),
    ("unknown", "other", {}),
]


@pytest.mark.parametrize("kind, family, shapes", CASES)
def test_kind_and_family(kind: str, family: str, shapes: dict[str, tuple[int, ...]]) -> None:
    """Row 3: a valid file of another kind is known for what it is."""
    assert identify(header(**shapes)) == (kind, family)


def test_a_lora_that_shows_no_width_says_it_in_its_metadata() -> None:
    plain = {"lora_unet_mid_block_resnets_0_conv1.lora_down.weight": (4, 4)}
    told = header({"ss_base_model_version": "sdxl_base_v1-0"}, **plain)
    assert identify(told) == ("lora", "sdxl")
