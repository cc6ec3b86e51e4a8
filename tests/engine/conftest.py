"""Tiny models on disk, built once, and an engine over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import ModelNotFoundError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, PictureFinished, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from tests.support import tiny_models

BUILDERS: dict[str, Callable[[Path], Path]] = {
    "sd1": tiny_models.build_sd1,
    "sd2-v": tiny_models.build_sd2_v,
    "sdxl": tiny_models.build_sdxl,
    "inpainting": tiny_models.build_inpainting,
    "ddpm": tiny_models.build_ddpm,
    "sd3": tiny_models.build_sd3,
}


@pytest.fixture(scope="session", autouse=True)
def single_thread() -> None:
    """Tiny tensors gain nothing from threads, and waiting for busy cores loses much."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of a tiny model -> its folder, built when first asked for."""
    root = tmp_path_factory.mktemp("models")

    def resolve(name: str) -> Path:
        if Path(name).is_dir():
            return Path(name)
        if name not in BUILDERS:
            raise ModelNotFoundError(f"There is no model {name}.")
        folder = root / name
        return folder if folder.exists() else BUILDERS[name](folder)

    return resolve


@pytest.fixture(scope="session")
def engine(models: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory):
    """An engine in float32 that tests share; each leaves it usable."""
    engine = DiffusionEngine(
        resolve_model=models,
        cache_folder=tmp_path_factory.mktemp("cache"),
        device="cpu",
        dtype="float32",
    )
    yield engine
    engine.close()


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


def generate(engine: DiffusionEngine, wanted: GenerationRequest) -> Recording:
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
            pixels += bytes(
                (230, 30, 40) if square else (255 * x // width, 255 * y // height, 128)
            )
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
