"""Small requests, pictures and masks, and what a run of an engine emitted."""

from __future__ import annotations

from dataclasses import dataclass, field

from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, PictureFinished, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


@dataclass(slots=True)
class Recording:
    """What a run emitted."""

    events: list[JobEvent] = field(default_factory=list)

    def __call__(self, event: JobEvent) -> None:
        self.events.append(event)

    @property
    def results(self) -> list[PictureResult]:
        """The finished pictures, in order."""
        return [event.result for event in self.events if isinstance(event, PictureFinished)]

    @property
    def steps(self) -> list[StepEvent]:
        """The steps, in order."""
        return [event for event in self.events if isinstance(event, StepEvent)]


def request(model: str = "sd1", **changes: object) -> GenerationRequest:
    """A small, quick request."""
    side = 16 if model == "ddpm" else 64
    settings: dict[str, object] = {
        "prompt": "a red house",
        "model": model,
        "width": side,
        "height": side,
        "num_inference_steps": 4,
        "seed": 7,
    }
    return GenerationRequest(**(settings | changes))  # type: ignore[arg-type]


def generate(engine: Engine, wanted: GenerationRequest) -> Recording:
    """Run to the end."""
    recording = Recording()
    engine.run(Job(request=wanted), recording)
    return recording


def drawing(width: int = 64, height: int = 64) -> Raster:
    """A coloured gradient with a square on it."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            square = width // 4 <= x < width // 2 and height // 4 <= y < height // 2
            pixels += bytes((230, 30, 40) if square else (255 * x // width, 255 * y // height, 128))
    return Raster(width=width, height=height, mode="RGB", pixels=bytes(pixels))


def box_mask(
    left: int, top: int, right: int, bottom: int, *, size: int = 64, value: int = 255
) -> Raster:
    """A rectangle of `value` on 0."""
    rows = [
        bytes(value if left <= x < right and top <= y < bottom else 0 for x in range(size))
        for y in range(size)
    ]
    return Raster(width=size, height=size, mode="L", pixels=b"".join(rows))
