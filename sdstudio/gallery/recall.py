"""What can be taken over from a picture into a new request, whoever made it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.picture_file import request_of_texts
from sdstudio.messages.generation import LIMITS, GenerationRequest

_SAMPLERS = {
    "ddim": "ddim",
    "ddpm": "ddpm",
    "plms": "pndm",
    "pndm": "pndm",
    "euler": "euler",
    "eulera": "euler-ancestral",
    "eulerancestral": "euler-ancestral",
    "heun": "heun",
    "dpm2": "dpm-2",
    "dpm2a": "dpm-2-ancestral",
    "dpm2ancestral": "dpm-2-ancestral",
    "dpmpp2m": "dpm++-2m",
    "dpmpp2msde": "dpm++-2m-sde",
    "dpmpp3m": "dpm++-3m",
    "dpmpp2s": "dpm++-2s",
    "deis": "deis",
    "unipc": "unipc",
    "lcm": "lcm",
    "tcd": "tcd",
}
"""Names of A1111, ComfyUI, InvokeAI and others without case, marks and `k_`."""

_SCHEDULES = ("karras", "exponential", "normal", "trailing")
_SCHEDULES_ELSEWHERE = {
    **{name: name for name in (*_SCHEDULES, "leading", "linspace")},
    "uniform": "normal",
    "sgmuniform": "trailing",
    "simple": "trailing",
    "ddimuniform": "leading",
}
"""Names of A1111 and ComfyUI without case and marks; diffusers spells two of them `trailing`."""
_NO_SCHEDULE = ("", "automatic", "auto", "default")
_SCHEDULE_NAMES = ("Schedule type", "scheduler", "schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What a picture says for a new request.

    Attributes:
        request: with what it says, and ordinary values for the rest.
        fields: the names of the request's fields that it says.
        left_out: words of the file that no field can hold, e.g. an unknown sampler.
        is_own: the studio made it, so that it says everything.
    """

    request: GenerationRequest
    fields: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    is_own: bool = False


def recall(path: Path) -> Recalled | None:
    """Read what can be taken over; None where the file says nothing.

    Raises:
        PictureFileError: the file is missing or no picture.
    """
    metadata, found = read_metadata(path)
    own = request_of_texts(found.texts)
    if own is not None:
        names = tuple(name for name in GenerationRequest.__slots__ if name != "start")
        return Recalled(request=own, fields=names, is_own=True)
    return recalled_of(metadata) if metadata.is_known else None


def recalled_of(metadata: PictureMetadata) -> Recalled:
    """What another program's words come to; numbers out of our range are moved into it."""
    size = metadata.size or (None, None)
    sampler, schedule = sampler_of(metadata)
    said: dict[str, Any] = {
        "prompt": metadata.prompt or None,
        "negative_prompt": metadata.negative_prompt or ("" if metadata.prompt else None),
        "model": metadata.model or None,
        "width": size[0],
        "height": size[1],
        "num_inference_steps": metadata.steps,
        "guidance_scale": metadata.guidance_scale,
        "sampler": sampler,
        "schedule": schedule,
        "seed": metadata.seed,
    }
    values = {name: _clamped(name, value) for name, value in said.items() if value is not None}
    unknown = metadata.sampler if sampler is None else _unknown_schedule(metadata)
    left_out = (unknown,) if unknown else ()
    request = GenerationRequest(prompt="")
    with contextlib.suppress(InvalidRequestError):
        request = GenerationRequest(**{"prompt": "", **values})
    return Recalled(request=request, fields=tuple(values), left_out=left_out)


def sampler_of(metadata: PictureMetadata) -> tuple[str | None, str | None]:
    """(sampler, schedule) in our names; None where there is none or it is not known."""
    words = metadata.sampler.lower().replace("++", "pp").replace("ancestral", "a")
    schedule = _plain(_said_schedule(metadata))
    for name in _SCHEDULES:
        if words.endswith(name):
            words, schedule = words.removesuffix(name), name
    if words.endswith("_k"):
        words, schedule = words.removesuffix("_k"), "karras"
    sampler = _SAMPLERS.get(_plain(words.removeprefix("k_")).removesuffix("gpu"))
    if sampler is None:
        return None, None
    return sampler, _SCHEDULES_ELSEWHERE.get(schedule)


def _said_schedule(metadata: PictureMetadata) -> str:
    found = (metadata.fields[name] for name in _SCHEDULE_NAMES if name in metadata.fields)
    return str(next(found, ""))


def _unknown_schedule(metadata: PictureMetadata) -> str:
    """The schedule that the file names and we do not have."""
    said = _said_schedule(metadata)
    is_ours = _plain(said) in (*_NO_SCHEDULE, *_SCHEDULES_ELSEWHERE)
    return "" if is_ours else said


def _plain(words: str) -> str:
    """Without case, blanks and marks."""
    return "".join(letter for letter in words.lower() if letter.isalnum())


def _clamped(name: str, value: Any) -> Any:
    if name not in LIMITS:
        return value
    low, high = LIMITS[name]
    return type(value)(min(max(value, low), high))
