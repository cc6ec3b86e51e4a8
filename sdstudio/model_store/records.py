"""What is known about a model before it is loaded: its family and the values it works best with."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sdstudio.errors import InvalidRequestError, ModelFileError
from sdstudio.messages.generation import FewStep
from sdstudio.messages.typed_values import field_types, parse_json, parse_value
from sdstudio.model_store.identification import Family, unet_family

T = TypeVar("T", bound="ModelDefaults | FewStep")

INDEX_FILE = "model_index.json"
DEFAULTS_FILE = "sdstudio.json"
"""A model folder may hold this file; every key of `ModelDefaults` is optional in it."""

TINY_DECODER_FOLDER = "tiny_decoder"
FEW_STEP_FOLDER = "few_step"
_OTHERS: tuple[Family, ...] = ("ddpm", "other", "sd3", "flux")
"""Families that the engine's own loop does not run as latent diffusion."""

_MAX_JSON_BYTES = 10_000_000
_UNCONDITIONAL = re.compile(r"(DDPM|DDIM)Pipeline")
_LATENT_DIFFUSION = re.compile(
    r"StableDiffusion(XL)?(Img2Img|Inpaint|Depth2Img|InstructPix2Pix)?Pipeline"
    r"|LatentConsistencyModel(Img2Img)?Pipeline"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefaults:
    """What the form is filled with when the model is chosen.

    Attributes:
        width, height: in pixels.
        sampler, schedule: "auto" takes what the model's own scheduler_config says.
        example_prompts: prompts that show the model well.
    """

    title: str = ""
    description: str = ""
    license: str = ""
    width: int = 512
    height: int = 512
    num_inference_steps: int = 25
    guidance_scale: float = 7.0
    sampler: str = "auto"
    schedule: str = "auto"
    example_prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A model folder in diffusers' format, judged by its small files alone.

    Attributes:
        name: as in `GenerationRequest.model`.
        path: the folder with model_index.json.
        pipeline_class: diffusers' name for it.
        size_multiple: pixels that both sides of a picture must be a multiple of.
        training_width, training_height: the size of the pictures it was trained on.
        has_tiny_decoder: whether a small decoder for previews lies beside the VAE.
        few_step: how its few-step companion paints, None if it has none.
    """

    name: str
    path: Path
    family: Family
    pipeline_class: str
    size_multiple: int = 8
    training_width: int = 512
    training_height: int = 512
    has_tiny_decoder: bool = False
    few_step: FewStep | None = None
    defaults: ModelDefaults = ModelDefaults()

    @property
    def title(self) -> str:
        """What a person reads."""
        return self.defaults.title or self.name

    @property
    def takes_prompt(self) -> bool:
        """Whether a prompt has any effect."""
        return self.family != "ddpm"

    @property
    def can_start_from_picture(self) -> bool:
        """Whether image-to-image and inpainting are known to work."""
        return self.family not in _OTHERS

    def check_size(self, width: int, height: int) -> None:
        """Refuse a size the model cannot make.

        Raises:
            InvalidRequestError: a side is not a multiple of `size_multiple`.
        """
        multiple = self.size_multiple
        if width % multiple or height % multiple:
            near = f"{_snapped(width, multiple)} x {_snapped(height, multiple)}"
            raise InvalidRequestError(
                f"{self.title} cannot make pictures of {width} x {height} pixels.",
                f"Both sides must be a multiple of {multiple}; {near} is near.",
            )

    def size_near(self, width: int, height: int) -> tuple[int, int]:
        """Return the size for a picture made from one of `width` x `height`.

        The same proportions, snapped, and at most twice the area the model was trained on:
        far beyond it, models repeat their subject.
        """
        most_px = 2 * self.training_width * self.training_height
        scale = min(1.0, math.sqrt(most_px / (width * height)))
        return (
            _snapped(width * scale, self.size_multiple),
            _snapped(height * scale, self.size_multiple),
        )


def read_record(path: Path, name: str) -> ModelRecord:
    """Read what model_index.json, the small configurations and sdstudio.json say.

    Raises:
        ModelFileError: the folder has no model_index.json or it cannot be understood.
    """
    index = read_config(path / INDEX_FILE)
    pipeline_class = index.get("_class_name")
    if not isinstance(pipeline_class, str):
        raise ModelFileError(
            f"{path.name}/{INDEX_FILE} names no pipeline.", "Copy or download the model again."
        )
    family = _family(path, index)
    multiple, (width, height) = _geometry(path, family)
    return ModelRecord(
        name=name,
        path=path,
        family=family,
        pipeline_class=pipeline_class,
        size_multiple=multiple,
        training_width=width,
        training_height=height,
        has_tiny_decoder=(path / TINY_DECODER_FOLDER / "config.json").is_file(),
        few_step=None if family in _OTHERS else _read_few_step(path),
        defaults=_read_defaults(path, _family_defaults(family, width, height)),
    )


def read_config(path: Path) -> dict[str, Any]:
    """Read a small JSON file of a model.

    Raises:
        ModelFileError: it is missing, too large or not a JSON object.
    """
    shown = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ModelFileError(f"{shown} is too large to be a configuration.")
        return parse_json(path.read_bytes(), shown)
    except OSError as error:
        raise ModelFileError(
            f"{shown} cannot be read: {error.strerror or error}.",
            "The model is incomplete; copy or download it again.",
        ) from error
    except InvalidRequestError as error:
        raise ModelFileError(error.message, error.hint) from error


def component_classes(index: dict[str, Any]) -> dict[str, str]:
    """Return sub-folder name -> class name from a model_index.json; absent ones are left out."""
    return {
        name: entry[1]
        for name, entry in index.items()
        if name.isidentifier() and _is_component(entry)
    }


def _is_component(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)


def _family(path: Path, index: dict[str, Any]) -> Family:
    classes = component_classes(index)
    pipeline_class = index["_class_name"]
    if _UNCONDITIONAL.fullmatch(pipeline_class):
        return "ddpm"
    if not _LATENT_DIFFUSION.fullmatch(pipeline_class):
        transformer = classes.get("transformer", "")
        return "sd3" if "SD3" in transformer else "flux" if "Flux" in transformer else "other"
    unet = read_config(path / "unet" / "config.json")
    is_xl = "text_encoder_2" in classes
    if is_xl and "text_encoder" not in classes:
        return "sdxl-refiner"
    width, channels = unet.get("cross_attention_dim"), unet.get("in_channels")
    width = width if isinstance(width, int) else 768
    return unet_family(width, channels if isinstance(channels, int) else 4, is_xl=is_xl)


def _geometry(path: Path, family: Family) -> tuple[int, tuple[int, int]]:
    """Size multiple, and (width, height) of the training pictures."""
    unet_file = path / "unet" / "config.json"
    if not unet_file.is_file():
        return 16, (1024, 1024)
    unet = read_config(unet_file)
    vae_file = path / "vae" / "config.json"
    vae_scale_factor = _halvings(read_config(vae_file)) if vae_file.is_file() else 1
    width, height = _sample_size(unet)
    if family == "ddpm":
        return _halvings(unet), (width, height)
    return vae_scale_factor, (width * vae_scale_factor, height * vae_scale_factor)


def _sample_size(unet: dict[str, Any]) -> tuple[int, int]:
    """(width, height) of what the UNet was trained on, 64 x 64 where it does not say."""
    said = unet.get("sample_size")
    sides = said if isinstance(said, list) else [said, said]
    whole = [side for side in sides if isinstance(side, int) and 0 < side < 10_000]
    return (whole[1], whole[0]) if len(whole) == len(sides) == 2 else (64, 64)


def _halvings(config: dict[str, Any]) -> int:
    """2 to the number of levels at which a network halves its picture."""
    channels = config.get("block_out_channels")
    return 2 ** (len(channels) - 1) if isinstance(channels, list) and 0 < len(channels) < 9 else 8


def _family_defaults(family: Family, width: int, height: int) -> ModelDefaults:
    """Steps and guidance that diffusers' documentation and the models' authors suggest."""
    if family == "ddpm":
        steps, guidance = 50, 0.0
    elif family.startswith("sdxl"):
        steps, guidance = 25, 6.0
    elif family == "flux":
        steps, guidance = 28, 3.5
    else:
        steps, guidance = 25, 7.0
    return ModelDefaults(
        width=width, height=height, num_inference_steps=steps, guidance_scale=guidance
    )


def _read_defaults(path: Path, fallback: ModelDefaults) -> ModelDefaults:
    """The family's values under those of sdstudio.json."""
    plain: dict[str, Any] = {}
    with suppress(ModelFileError):
        plain = read_config(path / DEFAULTS_FILE)
    return _with_values(fallback, plain)


def _read_few_step(path: Path) -> FewStep | None:
    """None where the companion is missing or its configuration cannot be read."""
    try:
        return _with_values(FewStep(), read_config(path / FEW_STEP_FOLDER / "config.json"))
    except ModelFileError:
        return None


def _with_values(fallback: T, plain: dict[str, Any]) -> T:
    """The fallback under what is said of its fields; a wrong value costs only itself."""
    values: dict[str, Any] = {name: getattr(fallback, name) for name in field_types(type(fallback))}
    for name, declared in field_types(type(fallback)).items():
        with suppress(InvalidRequestError):
            if name in plain:
                values[name] = parse_value(declared, plain[name], name)
    return type(fallback)(**values)


def _snapped(side: float, multiple: int) -> int:
    return max(1, round(side / multiple)) * multiple
