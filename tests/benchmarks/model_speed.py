"""How long the built-in model takes for a picture, and how near that is to what the CPU can do.

Run: python -m tests.benchmarks.model_speed [--model FOLDER] [--steps N]

Prints seconds per picture at the model's own settings, the arithmetic in it, its rate, and the
fastest 3x3 convolution measured in the same run and precision; then the same of the model's
few-step companion: from noise ("quick"), and from a picture as live painting asks for ("live").
Goals on two cores: a default picture within 2 s, a live one within 0.5 s.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, PictureFinished
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.model_store.records import read_record
from tests.benchmarks.models_under_test import STARTER
from tests.benchmarks.painting import Defaults

PROMPT = "a red house in the snow at night, watercolor"
CONVOLUTIONS = ((256, 32), (256, 64), (512, 32), (128, 64))
"""Channels and sides of the convolutions among which the fastest is the peak."""

LIVE_STRENGTH, LIVE_STEPS = 0.3, 7
"""What live painting asks for unless told otherwise; two of the steps are run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Median seconds of a picture and the floating-point operations in it."""

    seconds: float
    operations: int
    dtype: str

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds


def measure(engine: DiffusionEngine, request: GenerationRequest, rounds: int) -> Speed:
    """Time whole runs of the studio's engine, prompt to picture, after one that warms it up."""
    result = _paint(engine, request)
    with FlopCounterMode(display=False) as counter:
        _paint(engine, request)
    times = []
    for _ in range(rounds):
        began = perf_counter()
        _paint(engine, request)
        times.append(perf_counter() - began)
    return Speed(
        seconds=statistics.median(times),
        operations=counter.get_total_flops(),
        dtype=result.dtype,
    )


def requests(model: Path, steps: int | None) -> dict[str, GenerationRequest]:
    """The default picture and, if the model has a companion, a quick and a live one."""
    defaults = Defaults.of(model, num_inference_steps=steps)
    plain = GenerationRequest(prompt=PROMPT, seed=1, **dataclasses.asdict(defaults))
    few_step = read_record(model, "model").few_step
    if few_step is None:
        return {"default": plain}
    quick = dataclasses.replace(plain, few_step=True, **dataclasses.asdict(few_step))
    size = {"width": plain.width, "height": plain.height}
    grey = Raster(mode="RGB", pixels=bytes([128]) * 3 * plain.width * plain.height, **size)
    live = dataclasses.replace(
        quick,
        start=ImageToImage(init_image=grey, strength=LIVE_STRENGTH),
        num_inference_steps=LIVE_STEPS,
    )
    return {"default": plain, "quick": quick, "live": live}


def _paint(engine: DiffusionEngine, request: GenerationRequest) -> PictureResult:
    events: list[JobEvent] = []
    engine.run(Job(request=request), events.append)
    return next(event.result for event in events if isinstance(event, PictureFinished))


@torch.no_grad()
def convolution_peak(dtype: torch.dtype, rounds: int) -> float:
    """Return the most operations a second that a 3x3 convolution reached."""
    best = 0.0
    for channels, side in CONVOLUTIONS:
        picture = torch.randn(2, channels, side, side, dtype=dtype)
        picture = picture.contiguous(memory_format=torch.channels_last)
        kernel = torch.randn(channels, channels, 3, 3, dtype=dtype)
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        operations = 2 * 2 * side * side * 9 * channels**2
        for _ in range(3 + 4 * rounds):
            began = perf_counter()
            F.conv2d(picture, kernel, padding=1)
            best = max(best, operations / (perf_counter() - began))
    return best


def report(name: str, speed: Speed, peak: float) -> None:
    """Print one line."""
    print(
        f"{name:8s} {speed.seconds:6.2f} s a picture  {speed.operations / 1e9:7.0f} GFLOP"
        f"  {speed.rate / 1e9:6.0f} GFLOP/s  {speed.rate / peak:5.0%} of the convolution peak"
    )


def main() -> None:
    """Measure the model and, if there is one, its few-step companion."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--steps", type=int, help="instead of the model's own")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    keep_freed_memory()
    engine = DiffusionEngine(resolve_model=lambda name: chosen.model)
    asked = requests(chosen.model, chosen.steps)
    found = {name: measure(engine, each, chosen.rounds) for name, each in asked.items()}
    dtype = getattr(torch, found["default"].dtype)
    peak = convolution_peak(dtype, chosen.rounds)
    size = f"{asked['default'].width} x {asked['default'].height}"
    print(f"{torch.get_num_threads()} threads, {found['default'].dtype}, {size}")
    print(f"fastest 3x3 convolution: {peak / 1e9:.0f} GFLOP/s")
    for name, speed in found.items():
        report(name, speed, peak)


if __name__ == "__main__":
    main()
