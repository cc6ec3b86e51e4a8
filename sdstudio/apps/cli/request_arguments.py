"""From the arguments of `generate` to the request."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import TypeVar

from sdstudio.apps.cli.outcome import tell
from sdstudio.errors import InvalidRequestError, UnsupportedRequestError
from sdstudio.messages.generation import FewStep, GenerationRequest, ImageToImage, Inpaint
from sdstudio.messages.raster import Raster, RasterMode
from sdstudio.model_store.records import ModelRecord

T = TypeVar("T")


def absolute_model_name(name: str) -> str:
    """Return a path from here as an absolute one, and any other name as it is."""
    looks_like_path = name.startswith((".", "~")) or "\\" in name
    path = Path(name).expanduser()
    if looks_like_path or (len(path.parts) > 1 and path.is_dir()):
        return str(path.absolute())
    return name


def build_request(args: argparse.Namespace, record: ModelRecord) -> GenerationRequest:
    """Return the request; what was not given comes from the model's defaults.

    Raises:
        InvalidRequestError: a value is out of range or contradicts another.
        PictureFileError: a picture cannot be read.
    """
    start = _read_start(args)
    width, height = _size(args, record, start)
    record.check_size(width, height)
    defaults = record.defaults
    quick = _few_step(record) if args.quick else None
    sampling = quick or defaults
    return GenerationRequest(
        prompt=args.prompt,
        negative_prompt=args.negative_prompt,
        model=record.name,
        width=width,
        height=height,
        num_inference_steps=_given(args.num_inference_steps, sampling.num_inference_steps),
        guidance_scale=_given(args.guidance_scale, sampling.guidance_scale),
        sampler=_given(args.sampler, "auto" if quick else defaults.sampler),
        schedule=_given(args.schedule, "auto" if quick else defaults.schedule),
        seed=_given(args.seed, secrets.randbelow(2**32)),
        count=args.count,
        start=start,
        few_step=quick is not None,
    )


def _few_step(record: ModelRecord) -> FewStep:
    if record.few_step is None:
        raise UnsupportedRequestError(
            f"{record.title} cannot paint in a few steps.",
            "Leave --quick out, or choose the built-in model.",
        )
    return record.few_step


def _given(value: T | None, default: T) -> T:
    return default if value is None else value


def _size(
    args: argparse.Namespace, record: ModelRecord, start: ImageToImage | Inpaint | None
) -> tuple[int, int]:
    if args.size is not None:
        return args.size
    if start is not None:
        return record.size_near(*start.init_image.size)
    return record.defaults.width, record.defaults.height


def _read_start(args: argparse.Namespace) -> ImageToImage | Inpaint | None:
    if args.init_image is None:
        if args.mask_image is not None or args.strength is not None:
            raise InvalidRequestError(
                "--mask-image and --strength need a picture to start from.", "Add --init-image."
            )
        return None
    strength = {} if args.strength is None else {"strength": args.strength}
    init_image = _read_as(args.init_image, "RGB")
    if args.mask_image is None:
        return ImageToImage(init_image=init_image, **strength)
    mask = _read_as(args.mask_image, "L")
    if mask.size != init_image.size:
        tell(f"The mask is stretched from {mask.size} to the picture's {init_image.size} pixels.")
        mask = _stretched(mask, *init_image.size)
    return Inpaint(init_image=init_image, mask_image=mask, **strength)


def _read_as(path: Path, mode: RasterMode) -> Raster:
    """Read a picture; what is transparent becomes white in "RGB" and black (kept) in a mask."""
    from PIL import Image

    from sdstudio.gallery.picture_import import import_picture

    raster = import_picture(path)
    image = Image.frombytes(raster.mode, raster.size, raster.pixels)
    if raster.mode == "RGBA":
        paper = Image.new("RGBA", image.size, "black" if mode == "L" else "white")
        image = Image.alpha_composite(paper, image)
    pixels = image.convert(mode).tobytes()
    return Raster(width=image.width, height=image.height, mode=mode, pixels=pixels)


def _stretched(mask: Raster, width: int, height: int) -> Raster:
    from PIL import Image

    image = Image.frombytes("L", mask.size, mask.pixels)
    pixels = image.resize((width, height), Image.Resampling.NEAREST).tobytes()
    return Raster(width=width, height=height, mode="L", pixels=pixels)
