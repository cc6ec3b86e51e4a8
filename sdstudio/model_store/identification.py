"""What a file of weights is, told by the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, cast, get_args

from sdstudio.model_store.safetensors_header import SafetensorsHeader

WeightsKind = Literal[
    "pipeline",
    "checkpoint",
    "unet",
    "transformer",
    "vae",
    "tiny-decoder",
    "text-encoder",
    "clip",
    "lora",
    "embedding",
    "controlnet",
    "ip-adapter",
    "upscaler",
    "unknown",
]
Family = Literal[
    "sd1",
    "sd1-inpaint",
    "sd1-depth",
    "sd1-edit",
    "sd2",
    "sd2-inpaint",
    "sd2-depth",
    "sd2-edit",
    "sdxl",
    "sdxl-inpaint",
    "sdxl-edit",
    "sdxl-refiner",
    "sd3",
    "flux",
    "ddpm",
    "other",
]

_LORA = re.compile(
    r"\.(lora_up|lora_down|lora_A|lora_B|lora\.up|lora\.down|hada_w1_a|lokr_w1|lokr_w1_a)\b"
    r"|_lora\.(up|down)\b|\.oft_blocks$"
)
_LORA_INPUT = re.compile(r"attn2[._]to_[kv]\.(lora_down|lora_A|lora\.down)\b")
_TEXT_WIDTHS: dict[int, Family] = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl-refiner"}
_EXTRA_CHANNELS = {9: "inpaint", 5: "depth", 8: "edit"}
_LDM_UNET = "model.diffusion_model."
_ARCHITECTURES: tuple[tuple[str, Family], ...] = (
    ("stable-diffusion-xl", "sdxl"),
    ("sdxl", "sdxl"),
    ("stable-diffusion-v2", "sd2"),
    ("sd_v2", "sd2"),
    ("stable-diffusion-v1", "sd1"),
    ("sd_v1", "sd1"),
    ("stable-diffusion-3", "sd3"),
    ("flux", "flux"),
)


def identify(header: SafetensorsHeader) -> tuple[WeightsKind, Family]:
    """Return kind and family; "unknown" and "other" where the tensors tell nothing."""
    kind = _kind(header)
    return kind, _family(kind, header)


def unet_family(text_width: int | None, in_channels: int, *, is_xl: bool = False) -> Family:
    """Family of a latent-diffusion UNet.

    Args:
        text_width: width of the text it attends to, None for an unconditional UNet.
        in_channels: 4 = plain, 9 = inpainting, 5 = depth, 8 = edit.
        is_xl: whether it is conditioned on the picture's size, as XL is.
    """
    if text_width is None:
        return "ddpm"
    family: Family = "sdxl" if is_xl else _TEXT_WIDTHS.get(text_width, "sd1")
    extra = _EXTRA_CHANNELS.get(in_channels)
    if extra is None or family == "sdxl-refiner":
        return family
    named = f"{family}-{extra}"
    return cast(Family, named) if named in get_args(Family) else family


def _kind(header: SafetensorsHeader) -> WeightsKind:
    names = header.tensors
    if any(_LORA.search(name) for name in names):
        return "lora"
    if _starts(names, "control_model.", "controlnet_cond_embedding."):
        return "controlnet"
    if _starts(names, "image_proj.", "ip_adapter."):
        return "ip-adapter"
    if _starts(names, _LDM_UNET):
        return "checkpoint"
    if _starts(names, "double_blocks.", "joint_blocks.", "transformer_blocks."):
        return "transformer"
    if "conv_in.weight" in names and _starts(names, "down_blocks."):
        return "unet"
    return _part_kind(header)


def _part_kind(header: SafetensorsHeader) -> WeightsKind:
    names = header.tensors
    if _starts(names, "decoder.layers."):
        return "tiny-decoder"
    if _starts(names, "first_stage_model.") or "decoder.conv_in.weight" in names:
        return "vae"
    if _starts(names, "vision_model.") and _starts(names, "text_model."):
        return "clip"
    if _token_embedding(header) is not None:
        return "text-encoder"
    if "conv_first.weight" in names or "model.0.weight" in names:
        return "upscaler"
    return "embedding" if _embedding_width(header) is not None else "unknown"


def _family(kind: WeightsKind, header: SafetensorsHeader) -> Family:
    if kind == "lora":
        return _lora_family(header)
    if kind in ("checkpoint", "unet", "controlnet"):
        return _unet_file_family(header)
    if kind == "transformer":
        return _transformer_family(header.tensors)
    if kind == "embedding":
        return _text_family(_embedding_width(header))
    if kind == "text-encoder":
        return _text_family(_token_embedding(header))
    return _named_family(header)


def _unet_file_family(header: SafetensorsHeader) -> Family:
    names = header.tensors
    if _starts(names, f"{_LDM_UNET}joint_blocks.", f"{_LDM_UNET}double_blocks."):
        return _transformer_family(name.removeprefix(_LDM_UNET) for name in names)
    width = _first_shape(header, r"attn2\.to_k\.weight$", axis=1)
    entry = r"(^|\.)(conv_in|input_blocks\.0\.0)\.weight$"
    in_channels = _first_shape(header, entry, axis=1) or 4
    is_xl = any("label_emb." in name or name.startswith("add_embedding.") for name in names)
    return unet_family(width, in_channels, is_xl=is_xl and width != 1280)


def _transformer_family(names: Iterable[str]) -> Family:
    names = list(names)
    if _starts(names, "double_blocks.", "single_transformer_blocks."):
        return "flux"
    return "sd3" if any("context_block" in n or "add_k_proj" in n for n in names) else "other"


def _lora_family(header: SafetensorsHeader) -> Family:
    names = header.tensors
    width = _first_shape(header, _LORA_INPUT.pattern, axis=1)
    if width is not None:
        return _TEXT_WIDTHS.get(width, "other")
    if _starts(names, "lora_te1_", "lora_te2_", "text_encoder_2."):
        return "sdxl"
    return _named_family(header)


def _text_family(width: int | None) -> Family:
    if width is None:
        return "other"
    return "sdxl" if width == 1280 else _TEXT_WIDTHS.get(width, "other")


def _named_family(header: SafetensorsHeader) -> Family:
    """What the file says of itself, where the tensors cannot tell."""
    keys = ("modelspec.architecture", "ss_base_model_version")
    said = " ".join(header.metadata.get(key, "") for key in keys).lower()
    for word, family in _ARCHITECTURES:
        if word in said:
            return family
    return "other"


def _token_embedding(header: SafetensorsHeader) -> int | None:
    return _first_shape(header, r"embeddings\.token_embedding\.weight$", axis=1)


def _embedding_width(header: SafetensorsHeader) -> int | None:
    """Width of a textual inversion: a handful of vectors and nothing else."""
    if not 1 <= len(header.tensors) <= 2 or any(len(t.shape) > 2 for t in header.tensors.values()):
        return None
    widths = {tensor.shape[-1] for tensor in header.tensors.values() if tensor.shape}
    if header.tensors.keys() >= {"clip_l", "clip_g"}:
        return 2048
    return next(iter(widths)) if len(widths) == 1 and widths <= {768, 1024, 1280} else None


def _first_shape(header: SafetensorsHeader, pattern: str, *, axis: int) -> int | None:
    for name, tensor in header.tensors.items():
        if len(tensor.shape) > axis and re.search(pattern, name):
            return tensor.shape[axis]
    return None


def _starts(names: Iterable[str], *prefixes: str) -> bool:
    return any(name.startswith(prefixes) for name in names)
