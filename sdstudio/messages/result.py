"""What came out: a finished picture and the facts of its making."""

from __future__ import annotations

from dataclasses import dataclass, field

from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureResult:
    """One finished picture.

    Attributes:
        request: the request for exactly this picture: its own seed and `count=1`.
        picture_index: its place in the run, from 0.
        seconds: wall time of this picture, loading excluded.
        model_hash: SHA-256 prefix of the UNet's weights, "" if unknown.
        device, dtype: where and in what precision it was made, e.g. "cpu", "bfloat16".
        versions: libraries that decide pixels, e.g. {"torch": "2.13.0"}.
        notes: what happened on the way that a person should know, as sentences.
    """

    picture: Raster
    request: GenerationRequest
    picture_index: int = 0
    seconds: float = 0.0
    model_hash: str = ""
    device: str = "cpu"
    dtype: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationResult:
    """All pictures of one run, in order."""

    pictures: tuple[PictureResult, ...]
