"""Requests as JSON and back: for the queue's journal, for pictures' metadata, for other machines.

The JSON is pure ASCII, so lone surrogates and NUL in a prompt survive any text channel.
Unknown keys are ignored: a request of a newer version is read as far as it is understood.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from collections.abc import Callable
from typing import Any, Literal

from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import (
    LIMITS,
    MAX_SIDE_PX,
    GenerationRequest,
    ImageToImage,
    Inpaint,
)
from sdstudio.messages.raster import CHANNELS, Raster
from sdstudio.messages.training import TrainingRequest
from sdstudio.messages.typed_values import field_types, parse_json, parse_value

VERSION = 1
MAX_RASTER_PX = MAX_SIDE_PX**2

Request = GenerationRequest | TrainingRequest
RasterForm = Literal["inline", "digest"]
FindRaster = Callable[[str], Raster | None]
"""From a digest to the picture that has it, or None."""

_REQUESTS: dict[str, type] = {"generation": GenerationRequest, "training": TrainingRequest}
_STARTS: dict[str, type] = {"image-to-image": ImageToImage, "inpaint": Inpaint}


def to_json(request: Request, *, rasters: RasterForm = "inline") -> str:
    """Write a request as one line of ASCII JSON.

    Args:
        rasters: "inline" keeps the pixels (zlib, base64); "digest" only their SHA-256, for
            metadata inside a picture.
    """
    return json.dumps(to_dict(request, rasters=rasters), allow_nan=False)


def from_json(
    text: str | bytes, *, find_raster: FindRaster | None = None, clamp: bool = False
) -> Request:
    """Read what `to_json` wrote; see `from_dict` for the arguments and errors."""
    return from_dict(parse_json(text, "The request"), find_raster=find_raster, clamp=clamp)


def to_dict(request: Request, *, rasters: RasterForm = "inline") -> dict[str, Any]:
    """Return the request as plain JSON values; see `to_json`."""
    kind = next(name for name, cls in _REQUESTS.items() if isinstance(request, cls))
    plain = {"type": kind, "version": VERSION, **_plain_fields(request)}
    if isinstance(request, GenerationRequest):
        plain["start"] = _plain_start(request.start, rasters)
    return plain


def from_dict(
    plain: dict[str, Any], *, find_raster: FindRaster | None = None, clamp: bool = False
) -> Request:
    """Rebuild a request from plain JSON values.

    Args:
        find_raster: asked for pictures that were written by digest only. Where one cannot be
            found the request comes back without its `start`.
        clamp: move numbers that are out of range to the nearest allowed one instead of refusing.

    Raises:
        InvalidRequestError: a value is missing, of the wrong type or out of range.
    """
    if not isinstance(plain, dict):
        raise InvalidRequestError("The request is not a JSON object.")
    kind = plain.get("type", "generation")
    if kind == "training":
        return TrainingRequest(**_parsed_fields(TrainingRequest, plain))
    if kind != "generation":
        raise InvalidRequestError(f"A request of the kind {ascii(kind)[:40]} is not known.")
    values = _parsed_fields(GenerationRequest, plain, leave_out="start")
    if clamp:
        values = {name: _clamped(name, value) for name, value in values.items()}
    start = _parsed_start(plain.get("start"), find_raster or _find_nothing)
    return GenerationRequest(**values, start=start)


def _plain_fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _plain_start(
    start: ImageToImage | Inpaint | None, rasters: RasterForm
) -> dict[str, Any] | None:
    if start is None:
        return None
    kind = next(name for name, cls in _STARTS.items() if isinstance(start, cls))
    values = {
        name: _plain_raster(value, rasters) if isinstance(value, Raster) else value
        for name, value in _plain_fields(start).items()
    }
    return {"type": kind, **values}


def _plain_raster(raster: Raster, rasters: RasterForm) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "mode": raster.mode,
        "width": raster.width,
        "height": raster.height,
        "digest": raster.digest(),
    }
    if rasters == "inline":
        # Level 1: this runs for every queued job, and photographs hardly shrink further.
        plain["pixels"] = base64.b64encode(zlib.compress(raster.pixels, 1)).decode("ascii")
    return plain


def _parsed_fields(cls: type, plain: dict[str, Any], *, leave_out: str = "") -> dict[str, Any]:
    required = {
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    if missing := sorted(required - plain.keys()):
        raise InvalidRequestError(f"The request has no {missing[0]}.")
    return {
        name: parse_value(declared, plain[name], name)
        for name, declared in field_types(cls).items()
        if name in plain and name != leave_out
    }


def _clamped(name: str, value: Any) -> Any:
    if name not in LIMITS:
        return value
    low, high = LIMITS[name]
    return min(max(value, low), high)


def _parsed_start(plain: object, find_raster: FindRaster) -> ImageToImage | Inpaint | None:
    if plain is None:
        return None
    if not isinstance(plain, dict) or plain.get("type") not in tuple(_STARTS):
        raise InvalidRequestError("The request starts in a way this version does not know.")
    cls = _STARTS[plain["type"]]
    values: dict[str, Any] = {}
    for name, declared in field_types(cls).items():
        if declared is Raster:
            raster = _parsed_raster(plain.get(name), name, find_raster)
            if raster is None:
                return None
            values[name] = raster
        elif name in plain:
            values[name] = parse_value(declared, plain[name], name)
    return cls(**values)


def _parsed_raster(plain: object, name: str, find_raster: FindRaster) -> Raster | None:
    if not isinstance(plain, dict):
        raise InvalidRequestError(f"The request has no {name}.")
    digest = parse_value(str, plain.get("digest"), f"{name}.digest")
    if "pixels" not in plain:
        return find_raster(digest)
    types = field_types(Raster)
    mode, width, height = (
        parse_value(types[key], plain.get(key), f"{name}.{key}")
        for key in ("mode", "width", "height")
    )
    if not (0 < width and 0 < height and width * height <= MAX_RASTER_PX):
        raise InvalidRequestError(f"{name} cannot be {width} x {height} pixels.")
    pixels = _unpacked(plain["pixels"], width * height * CHANNELS[mode], name)
    raster = Raster(mode=mode, width=width, height=height, pixels=pixels)
    if raster.digest() != digest:
        raise InvalidRequestError(f"{name} is damaged.")
    return raster


def _unpacked(packed: object, num_bytes: int, name: str) -> bytes:
    """Undo `_plain_raster`; a bomb never unpacks to more than the picture's own size."""
    try:
        compressed = base64.b64decode(parse_value(str, packed, name), validate=True)
        return zlib.decompressobj().decompress(compressed, num_bytes + 1)
    except (ValueError, zlib.error) as error:
        raise InvalidRequestError(f"{name} is damaged.") from error


def _find_nothing(digest: str) -> Raster | None:
    return None
