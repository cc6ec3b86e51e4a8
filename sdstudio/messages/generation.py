"""What to make: the request that decides every pixel of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sdstudio.errors import InvalidRequestError
from sdstudio.messages.raster import Raster

STARTER_MODEL = "starter"
"""Name of the built-in model."""

MAX_SEED = 2**64 - 1
MAX_SIDE_PX = 8192
MAX_STEPS = 1000
MAX_COUNT = 10_000

LIMITS: dict[str, tuple[float, float]] = {
    "width": (8, MAX_SIDE_PX),
    "height": (8, MAX_SIDE_PX),
    "num_inference_steps": (1, MAX_STEPS),
    "guidance_scale": (0.0, 100.0),
    "guidance_rescale": (0.0, 1.0),
    "seed": (0, MAX_SEED),
    "count": (1, MAX_COUNT),
    "clip_skip": (0, 11),
}
"""Lowest and highest allowed value of every number of a request."""

FillMode = Literal["original", "blur", "neutral", "noise", "edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageToImage:
    """Start from a picture instead of pure noise (SDEdit, Meng et al. 2021).

    Attributes:
        init_image: resized to the request's size if it differs.
        strength: in (0, 1]; the part of the schedule that is run.
    """

    init_image: Raster
    strength: float = 0.75

    def __post_init__(self) -> None:
        if not (0.0 < self.strength <= 1.0):
            raise InvalidRequestError(
                f"Strength {self.strength} is out of range.", "Choose more than 0 and at most 1."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inpaint:
    """Repaint a part of a picture.

    Attributes:
        init_image: the picture to change, mode "RGB".
        mask_image: mode "L", the same size; 255 = repaint, 0 = keep, greys = how much may change.
        strength: in (0, 1].
        fill: what lies under the mask before noise is added.
        use_inpainting_model: whether a 9-channel UNet is fed mask and masked picture.
    """

    init_image: Raster
    mask_image: Raster
    strength: float = 1.0
    fill: FillMode = "original"
    use_inpainting_model: Literal["auto", "off"] = "auto"

    def __post_init__(self) -> None:
        if not (0.0 < self.strength <= 1.0):
            raise InvalidRequestError(
                f"Strength {self.strength} is out of range.", "Choose more than 0 and at most 1."
            )
        if self.mask_image.mode != "L":
            raise InvalidRequestError("The mask must be a greyscale picture.")
        if self.mask_image.size != self.init_image.size:
            raise InvalidRequestError("The mask and the picture differ in size.")
        if not any(self.mask_image.pixels):
            raise InvalidRequestError("Nothing is masked.", "Paint over what should change.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FewStep:
    """How the few-step companion of a model was taught to paint.

    Attributes:
        guidance_scale: 1 = the guidance is in its weights.
    """

    num_inference_steps: int = 4
    guidance_scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """Everything that decides the picture; round-trips through `wire`.

    Picture k (from 0) of a request equals the only picture of the same request with
    `seed + k` (modulo 2**64) and `count=1`.

    Attributes:
        model: "starter", the name of a known model, a folder or file, or a cached Hub id.
        width, height: in pixels; the engine refuses what the model's multiple does not divide.
        sampler, schedule: names of `engine/schedulers.py`; "auto" takes the model's own default.
        seed: 0 to 2**64 - 1.
        count: pictures of this run, made one after another.
        start: image-to-image, inpainting, or None for text-to-image.
        guidance_rescale: phi of Lin et al. 2023, eq. 15-16; 0 = off.
        clip_skip: layers of the text encoder left out at its end, 0 = none.
        vae_tiling: decode in tiles, which needs less memory.
        few_step: paint with the model's few-step companion; steps and guidance stay as said.
    """

    prompt: str
    negative_prompt: str = ""
    model: str = STARTER_MODEL
    width: int = 256
    height: int = 256
    num_inference_steps: int = 20
    guidance_scale: float = 4.0
    sampler: str = "auto"
    schedule: str = "auto"
    seed: int = 0
    count: int = 1
    start: ImageToImage | Inpaint | None = None
    guidance_rescale: float = 0.0
    clip_skip: int = 0
    vae_tiling: bool = False
    few_step: bool = False
    parents: tuple[str, ...] = field(default=())
    """Digests or file names of the pictures this one was made from."""

    def __post_init__(self) -> None:
        _check_range("Width", self.width, *LIMITS["width"])
        _check_range("Height", self.height, *LIMITS["height"])
        _check_range("Steps", self.num_inference_steps, *LIMITS["num_inference_steps"])
        _check_range("Guidance", self.guidance_scale, *LIMITS["guidance_scale"])
        _check_range("Guidance rescale", self.guidance_rescale, *LIMITS["guidance_rescale"])
        _check_range("Seed", self.seed, *LIMITS["seed"])
        _check_range("Pictures per run", self.count, *LIMITS["count"])
        _check_range("CLIP skip", self.clip_skip, *LIMITS["clip_skip"])


def _check_range(label: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # NaN is in no range
        raise InvalidRequestError(
            f"{label} {value} is out of range.", f"Choose from {low} to {high}."
        )
