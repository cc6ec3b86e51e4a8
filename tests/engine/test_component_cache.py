"""Models in memory: shared, kept, evicted."""

from __future__ import annotations

import gc
import weakref

import psutil
import pytest
import torch

from sdstudio.engine import component_cache
from sdstudio.engine.component_cache import ComponentCache
from sdstudio.engine.devices import SMALL_MODEL_PARAMETERS, choose_device, choose_dtype
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import ImageToImage, Inpaint
from tests.support.engine_runs import box_mask, drawing, generate, request

CPU = torch.device("cpu")


def quiet(text: str) -> None:
    pass


def test_all_ways_of_starting_share_one_model(models, monkeypatch) -> None:
    """And coming back to a model in memory opens no file of weights."""
    engine = DiffusionEngine(resolve_model=models, dtype="float32", device="cpu")
    generate(engine, request("sd1"))
    generate(engine, request("sd2-v"))
    monkeypatch.setattr(component_cache, "open_network", lambda *a, **k: pytest.fail("loaded"))
    generate(engine, request("sd1", start=ImageToImage(init_image=drawing())))
    start = Inpaint(init_image=drawing(), mask_image=box_mask(8, 8, 32, 32))
    generate(engine, request("sd1", start=start))
    generate(engine, request("sd2-v"))


def test_the_least_recently_used_model_leaves(models) -> None:
    cache = ComponentCache(device=CPU, dtype="float32", max_bytes=2**40)
    size = cache.acquire(models("sd1"), report=quiet).size_bytes()
    cache = ComponentCache(device=CPU, dtype="float32", max_bytes=int(2.5 * size))
    first = weakref.ref(cache.acquire(models("sd1"), report=quiet).unet)
    second = weakref.ref(cache.acquire(models("sd2-v"), report=quiet).unet)
    cache.acquire(models("sd1"), report=quiet)
    cache.acquire(models("inpainting"), report=quiet)
    gc.collect()
    assert first() is not None
    assert second() is None


def test_a_model_larger_than_the_bound_still_runs(models) -> None:
    cache = ComponentCache(device=CPU, dtype="float32", max_bytes=1)
    assert cache.acquire(models("sd1"), report=quiet).unet is not None


def test_loading_is_told_in_words(engine, models) -> None:
    told: list[str] = []
    ComponentCache(device=CPU, dtype="float32", max_bytes=2**40).acquire(
        models("sdxl"), report=told.append
    )
    assert told[0] == "Loading the text encoder"
    assert "Loading the denoising network" in told


def test_switching_models_20_times_keeps_the_memory_level(models) -> None:
    """Row 35: after a first round, 20 switches with eviction grow the process by under 10 %."""
    cache = ComponentCache(device=CPU, dtype="float32", max_bytes=1)
    names = ["sd1", "sd2-v", "sdxl", "inpainting"]
    for name in names:
        cache.acquire(models(name), report=quiet)
    before = psutil.Process().memory_info().rss
    for index in range(20):
        cache.acquire(models(names[index % 4]), report=quiet)
    assert psutil.Process().memory_info().rss <= before * 1.10


def test_devices_and_precisions_by_name() -> None:
    assert choose_device("cpu") == CPU
    with pytest.raises(InvalidRequestError, match="cpu"):
        choose_device("abacus")
    with pytest.raises(InvalidRequestError, match="bfloat16"):
        choose_dtype(CPU, "float13")
    assert choose_dtype(CPU, "float16") == torch.float16
    assert choose_dtype(CPU, unet_parameters=SMALL_MODEL_PARAMETERS - 1) == torch.float32
    assert choose_dtype(torch.device("mps")) == torch.float16


@pytest.mark.parametrize("model", ["sd1", "sdxl", "ddpm", "sd3"])
def test_bfloat16_stays_close_to_float32(models, model) -> None:
    """Not equal bytes: the mean difference of the pictures stays under 16 of 255 levels."""
    pictures = []
    for dtype in ("float32", "bfloat16"):
        engine = DiffusionEngine(resolve_model=models, dtype=dtype, device="cpu", previews="off")
        result = generate(engine, request(model, guidance_scale=2.0)).results[0]
        assert result.dtype == dtype
        pictures.append(torch.frombuffer(bytearray(result.picture.pixels), dtype=torch.uint8))
    assert (pictures[0].float() - pictures[1].float()).abs().mean() < 16
