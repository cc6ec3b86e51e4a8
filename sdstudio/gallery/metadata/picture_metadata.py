"""What a picture file says about its making, in one vocabulary for every program."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from sdstudio.messages.generation import MAX_SEED, MAX_SIDE_PX, MAX_STEPS

Source = Literal[
    "", "sdstudio", "a1111", "comfyui", "invokeai", "novelai", "diffusionbee", "fooocus"
]

MAX_PROMPT_CHARS = 1_000_000
MAX_VALUE_CHARS = 10_000
MAX_EXTRA = 200
_MAX_NUMBER_CHARS = 40
_MAX_GUIDANCE = 1000.0


class PictureMetadata(NamedTuple):
    """The making of one picture; all of it is a stranger's word and plain text.

    A tuple, for a rebuild makes a hundred thousand.

    Attributes:
        source: the program that wrote it, "" where nothing is known.
        steps, guidance_scale, seed, size: None where unknown; numbers out of range are clamped,
            and a seed that is none (A1111's -1, a float) is None.
        size: (width, height) in pixels as the request had it.
        parents: the pictures this one was made from.
        fields: everything by the name its program gives it.
        known: the names of those that stand in the attributes above.
    """

    source: Source = ""
    prompt: str = ""
    negative_prompt: str = ""
    steps: int | None = None
    sampler: str = ""
    guidance_scale: float | None = None
    seed: int | None = None
    size: tuple[int, int] | None = None
    model: str = ""
    parents: tuple[str, ...] = ()
    fields: Mapping[str, object] = MappingProxyType({})
    known: Collection[str] = ()

    @property
    def is_known(self) -> bool:
        """Whether the file says anything at all."""
        return bool(self.source)

    @property
    def extra(self) -> dict[str, str]:
        """Everything else as text, by the name its program gives it."""
        found: dict[str, str] = {}
        for name, value in self.fields.items():
            if len(found) == MAX_EXTRA:
                break
            if name not in self.known and (text := text_of(value)):
                found[text_of(name, limit=200)] = text
        return found


def text_of(value: object, *, limit: int = MAX_VALUE_CHARS) -> str:
    """A value as text: lists joined by commas, everything else that is no scalar is "".

    NUL and lone surrogates are dropped: neither a database nor a screen takes them.
    """
    if type(value) is str and len(value) <= limit and value.isascii() and "\0" not in value:
        return value  # nearly always
    if isinstance(value, (list, tuple)):
        value = ", ".join(text_of(item) for item in value[:MAX_EXTRA])
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return str(value) if isinstance(value, bool) else ""
    if isinstance(value, int) and value.bit_length() > 256:
        return ""
    text = str(value)[:limit].replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def prompt_of(value: object) -> str:
    """A prompt, which may be longer than other values."""
    return text_of(value, limit=MAX_PROMPT_CHARS)


def number_of(value: object) -> float | None:
    """A finite number, with a point whatever the locale, or None."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str) and len(value) > _MAX_NUMBER_CHARS:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole_between(value: object, most: int) -> int | None:
    """A whole number clamped to 1 .. `most`, or None."""
    if type(value) is str and len(value) < 10 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and 1 <= value <= most:
        return value  # nearly always
    number = number_of(value)
    return None if number is None else int(min(max(number, 1), most))


def steps_of(value: object) -> int | None:
    """Steps clamped to 1 .. MAX_STEPS."""
    return _whole_between(value, MAX_STEPS)


def guidance_of(value: object) -> float | None:
    """Guidance clamped to 0 .. 1000; A1111 writes e.g. 7 or 7.5."""
    number = number_of(value)
    return None if number is None else min(max(number, 0.0), _MAX_GUIDANCE)


def seed_of(value: object) -> int | None:
    """A seed of 0 .. 2**64-1 exactly; never by way of a float, which would round it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        digits = value.strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_NUMBER_CHARS:
            return None
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_SEED else None


def size_of(width: object, height: object) -> tuple[int, int] | None:
    """(width, height) with both clamped to 1 .. MAX_SIDE_PX."""
    wide, high = _whole_between(width, MAX_SIDE_PX), _whole_between(height, MAX_SIDE_PX)
    return None if wide is None or high is None else (wide, high)


def size_from_text(text: object) -> tuple[int, int] | None:
    """The size in "512x768" or "(512, 768)"."""
    if not isinstance(text, str):
        return None
    parts = text.strip("() ").replace("×", "x").replace(",", "x").split("x")
    return size_of(*parts) if len(parts) == 2 else None
