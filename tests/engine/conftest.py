"""Tiny models on disk, built once, and an engine over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import ModelNotFoundError
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
def engine(
    models: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DiffusionEngine]:
    """An engine in float32 that tests share; each leaves it usable."""
    engine = DiffusionEngine(
        resolve_model=models,
        cache_folder=tmp_path_factory.mktemp("cache"),
        device="cpu",
        dtype="float32",
    )
    yield engine
    engine.close()
