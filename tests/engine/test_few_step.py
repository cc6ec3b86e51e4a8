"""The few-step companion: against diffusers on merged weights, and what is wrong with files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file

from sdstudio.engine import component_cache, diffusion_engine, few_step
from sdstudio.engine.component_cache import ComponentCache
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.noise import seeded_generator
from sdstudio.engine.rasters import raster_to_image
from sdstudio.errors import ModelFileError, UnsupportedRequestError
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.model_store.starter import starter_folder, starter_record
from sdstudio.ui.generation_choices import STARTER_CHOICE
from tests.support.engine_runs import drawing, generate, request

TOLERANCE = 1e-4
"""As in test_oracle.py: float32 on both sides, only the order of additions differs."""

RANK = 3
Tensors = dict[str, torch.Tensor]


def random_lora(unet: UNet2DConditionModel) -> Tensors:
    """A change of every linear layer and convolution, as PEFT lays it out."""
    generator, found = torch.Generator().manual_seed(3), {}
    for path, layer in unet.named_modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
            out, *rest = layer.weight.shape
            up = (out, RANK) if len(rest) == 1 else (out, RANK, 1, 1)
            found[f"unet.{path}.lora_A.weight"] = torch.randn(RANK, *rest, generator=generator)
            found[f"unet.{path}.lora_B.weight"] = 0.02 * torch.randn(up, generator=generator)
    return found


def write_companion(model: Path, lora: Tensors, **config: Any) -> Path:
    folder = model / few_step.FEW_STEP
    folder.mkdir(exist_ok=True)
    (folder / few_step.CONFIG_FILE).write_text(json.dumps(config))
    save_file(lora, folder / few_step.LORA_FILE)
    return model


def add_by_hand(unet: UNet2DConditionModel, lora: Tensors) -> None:
    """W + B A as PEFT's `get_delta_weight` has it: for a convolution, 1 x 1 after its kernel."""
    for path, layer in unet.named_modules():
        if f"unet.{path}.lora_A.weight" not in lora:
            continue
        down, up = (lora[f"unet.{path}.lora_{part}.weight"] for part in "AB")
        if down.ndim == 4:
            # F.conv2d of the kernel turned over composes both convolutions into one
            delta = torch.nn.functional.conv2d(down.permute(1, 0, 2, 3), up).permute(1, 0, 2, 3)
        else:
            delta = up @ down
        weight: Any = layer.weight
        weight.data += delta


@pytest.fixture(scope="module")
def lora(models: Callable[[str], Path]) -> Tensors:
    return random_lora(UNet2DConditionModel.from_pretrained(models("sd2-v"), subfolder="unet"))


@pytest.fixture
def companion(models: Callable[[str], Path], lora: Tensors, tmp_path: Path) -> Path:
    """The tiny v-prediction model with a companion of random weights."""
    folder = tmp_path / "quick"
    shutil.copytree(models("sd2-v"), folder)
    return write_companion(folder, lora)


def our_latents(
    engine: DiffusionEngine, wanted: GenerationRequest, monkeypatch: pytest.MonkeyPatch
) -> torch.Tensor:
    seen: list[torch.Tensor] = []
    original = diffusion_engine.denoise
    monkeypatch.setattr(
        diffusion_engine, "denoise", lambda *a, **k: seen.append(original(*a, **k)) or seen[-1]
    )
    generate(engine, wanted)
    monkeypatch.undo()
    return seen[-1]


@pytest.mark.parametrize("strength", [None, 0.5, 0.75])
@pytest.mark.parametrize("guidance_scale", [1.0, 3.0])
def test_latents_equal_diffusers_on_the_merged_weights(
    engine, companion, lora, monkeypatch, strength, guidance_scale
) -> None:
    start = strength and ImageToImage(init_image=drawing(), strength=strength)
    wanted = request(
        str(companion), few_step=True, guidance_scale=guidance_scale, start=start, sampler="ddim"
    )
    kind: Any = StableDiffusionImg2ImgPipeline if start else StableDiffusionPipeline
    pipeline = kind.from_pretrained(companion, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    add_by_hand(pipeline.unet, lora)
    how: dict[str, Any] = (
        {"image": raster_to_image(start.init_image), "strength": start.strength}
        if start
        else {"width": wanted.width, "height": wanted.height}
    )
    theirs = pipeline(
        wanted.prompt,
        num_inference_steps=4,
        guidance_scale=guidance_scale,
        generator=seeded_generator(wanted.seed),
        output_type="latent",
        **how,
    ).images
    ours = our_latents(engine, wanted, monkeypatch)
    assert (ours - theirs).abs().max() <= TOLERANCE
    plain = our_latents(engine, request(str(companion), start=start), monkeypatch)
    assert (plain - theirs).abs().max() > 100 * TOLERANCE, "the change changes something"


def test_switching_reads_the_disk_once_and_shares_all_but_the_unet(companion, monkeypatch) -> None:
    cache = ComponentCache(device=torch.device("cpu"), dtype="float32", max_bytes=2**40)
    base = cache.acquire(companion, report=lambda _: None)
    quick = cache.acquire(companion, few_step=True, report=lambda _: None)
    for name in ("open_network", "few_step_unet"):
        monkeypatch.setattr(component_cache, name, lambda *a, **k: pytest.fail("read"))
    for _ in range(3):
        assert cache.acquire(companion, report=lambda _: None) is base
        assert cache.acquire(companion, few_step=True, report=lambda _: None) is quick
    assert (quick.vae, quick.encoder) == (base.vae, base.encoder)
    assert quick.unet is not base.unet


def test_the_model_itself_paints_as_before(engine, companion, models) -> None:
    first = generate(engine, request("sd2-v")).results[0].picture
    generate(engine, request(str(companion), few_step=True))
    assert generate(engine, request(str(companion))).results[0].picture == first


def test_a_newer_companion_is_read(engine, companion, lora) -> None:
    wanted = request(str(companion), few_step=True)
    before = generate(engine, wanted).results[0].picture
    write_companion(companion, {name: tensor * 1.5 for name, tensor in lora.items()})
    assert generate(engine, wanted).results[0].picture != before


def test_its_memory_counts(companion) -> None:
    """A bound that holds the model and not its companion lets other models go, never this one."""
    cache = ComponentCache(device=torch.device("cpu"), dtype="float32", max_bytes=1)
    quick = cache.acquire(companion, few_step=True, report=lambda _: None)
    assert cache.acquire(companion, few_step=True, report=lambda _: None) is quick


def test_it_brings_its_own_scheduler(companion, lora) -> None:
    scheduler = {"_class_name": "LCMScheduler", "beta_schedule": "scaled_linear"}
    write_companion(companion, lora, scheduler=scheduler)
    cache = ComponentCache(device=torch.device("cpu"), dtype="float32", max_bytes=2**40)
    assert cache.acquire(companion, report=lambda _: None).scheduler_config != scheduler
    quick = cache.acquire(companion, few_step=True, report=lambda _: None)
    assert quick.scheduler_config == scheduler


def test_alpha_scales_the_change(companion, lora) -> None:
    """scale = alpha / rank (Hu et al. 2021, section 4.1)."""
    halved = {name: tensor * (0.5 if "lora_B" in name else 1) for name, tensor in lora.items()}
    alphas = {
        name.replace("lora_A.weight", "alpha"): torch.tensor(0.5 * RANK)
        for name in lora
        if "lora_A" in name
    }
    cache = ComponentCache(device=torch.device("cpu"), dtype="float32", max_bytes=2**40)
    found = []
    for tensors in (halved, lora | alphas):
        write_companion(companion, tensors)
        found.append(cache.acquire(companion, few_step=True, report=lambda _: None).unet)
    for ours, theirs in zip(found[0].parameters(), found[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("model", ["sd2-v", "ddpm", "sd3"])
def test_a_model_without_a_companion_is_refused(engine, model) -> None:
    with pytest.raises(UnsupportedRequestError, match="few steps") as caught:
        generate(engine, request(model, few_step=True))
    assert caught.value.hint
    assert generate(engine, request("sd2-v")).results, "the engine stays usable"


def _drop(lora: Tensors) -> Tensors:
    return {name: tensor for name, tensor in lora.items() if "lora_A" in name}


FAULTS: dict[str, Callable[[Tensors], Tensors]] = {
    "half of it": _drop,
    "another model's": lambda lora: {n: torch.cat([t, t], dim=1) for n, t in lora.items()},
    "unknown layers": lambda lora: {n.replace("mid", "deep"): t for n, t in lora.items()},
    "foreign names": lambda lora: {n.replace("unet.", "lora_unet_"): t for n, t in lora.items()},
    "no rank": lambda lora: {n: t[:0] if "lora_A" in n else t[:, :0] for n, t in lora.items()},
    "numbers": lambda lora: {n: torch.zeros(()) for n in lora},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_companion_that_does_not_fit_is_one_sentence(engine, companion, lora, fault) -> None:
    write_companion(companion, FAULTS[fault](lora))
    with pytest.raises(ModelFileError, match="quick companion"):
        generate(engine, request(str(companion), few_step=True))
    assert generate(engine, request(str(companion))).results, "the model itself is whole"


@pytest.mark.parametrize("change", ["cut", "gone", "text", "config"])
def test_a_broken_companion_file_is_one_sentence(engine, companion, change) -> None:
    folder = companion / few_step.FEW_STEP
    weights, config = folder / few_step.LORA_FILE, folder / few_step.CONFIG_FILE
    if change == "cut":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif change == "gone":
        weights.unlink()
    elif change == "text":
        weights.write_text("not weights")
    else:
        config.write_text("{")
    with pytest.raises(ModelFileError):
        generate(engine, request(str(companion), few_step=True))


def test_the_written_file_is_what_diffusers_writes(companion) -> None:
    """Names as `save_lora_weights` of diffusers gives them: unet.<path>.lora_A.weight."""
    names = load_file(companion / few_step.FEW_STEP / few_step.LORA_FILE)
    assert all(few_step._PREFIX in name for name in names)
    assert set(few_step.read_low_rank(companion / few_step.FEW_STEP / few_step.LORA_FILE)) == {
        name.removeprefix("unet.").rsplit(".lora_", 1)[0] for name in names
    }


def test_the_built_in_models_companion(tmp_path, monkeypatch) -> None:
    """Its change is real, fits the model, and leaves the folder one that stock diffusers opens."""
    assert starter_record().few_step == STARTER_CHOICE.few_step
    folder = starter_folder()
    pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    add_by_hand(pipeline.unet, load_file(folder / few_step.FEW_STEP / few_step.LORA_FILE))
    wanted = GenerationRequest(prompt="a red house", num_inference_steps=4, guidance_scale=1.0)
    theirs = pipeline(
        wanted.prompt,
        num_inference_steps=4,
        guidance_scale=1.0,
        width=128,
        height=128,
        generator=seeded_generator(0),
        output_type="latent",
    ).images
    engine = DiffusionEngine(resolve_model=lambda _: folder, dtype="float32", previews="off")
    ours = our_latents(engine, replace(wanted, few_step=True, width=128, height=128), monkeypatch)
    assert (ours - theirs).abs().max() <= TOLERANCE
