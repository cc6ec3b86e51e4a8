"""The engine's latents against diffusers' own pipelines: same weights, seed, steps, scheduler.

Both run in float32 on the same CPU from the same CPU generator, so only the order of additions
differs; 1e-4 is a hundred times what that was seen to make, and far under what an 8-bit picture
can show.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDPMPipeline,
    DiffusionPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)

from sdstudio.engine import diffusion_engine
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.noise import seeded_generator
from sdstudio.engine.rasters import raster_to_image
from sdstudio.engine.schedulers import make_scheduler
from sdstudio.messages.generation import GenerationRequest, ImageToImage, Inpaint
from tests.support.engine_runs import box_mask, drawing, generate, request

TOLERANCE = 1e-4
SAMPLERS = ["ddim", "pndm", "euler", "dpm++-2m", "unipc"]
MORE_SAMPLERS = ["heun", "euler-ancestral", "dpm++-2m-sde", "ddpm", "deis", "lcm", "dpm-2"]
STARTS: dict[str, ImageToImage | Inpaint | None] = {
    "text": None,
    "picture": ImageToImage(init_image=drawing(), strength=0.6),
    "inpaint": Inpaint(init_image=drawing(), mask_image=box_mask(16, 8, 48, 40), strength=1.0),
    "inpaint-partly": Inpaint(
        init_image=drawing(), mask_image=box_mask(16, 8, 48, 40), strength=0.7
    ),
}
PIPELINES = {
    ("sd", "text"): StableDiffusionPipeline,
    ("sd", "picture"): StableDiffusionImg2ImgPipeline,
    ("sd", "inpaint"): StableDiffusionInpaintPipeline,
    ("sd", "inpaint-partly"): StableDiffusionInpaintPipeline,
    ("xl", "text"): StableDiffusionXLPipeline,
    ("xl", "picture"): StableDiffusionXLImg2ImgPipeline,
    ("xl", "inpaint"): StableDiffusionXLInpaintPipeline,
    ("xl", "inpaint-partly"): StableDiffusionXLInpaintPipeline,
}


@pytest.fixture(scope="module")
def pipeline_of(models: Callable[[str], Path]) -> Callable[[str, str], Any]:
    """diffusers' pipeline for a tiny model and a way of starting; weights loaded once."""
    loaded: dict[str, Any] = {}

    def find(model: str, start: str) -> Any:
        if model not in loaded:
            loaded[model] = DiffusionPipeline.from_pretrained(models(model), local_files_only=True)
        kind = "xl" if model == "sdxl" else "sd"
        pipeline = PIPELINES[kind, start].from_pipe(loaded[model])
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    return find


@pytest.fixture
def our_latents(
    engine: DiffusionEngine, monkeypatch: pytest.MonkeyPatch
) -> Callable[[GenerationRequest], torch.Tensor]:
    """Run a request on the engine and hand out the final latents it decodes."""

    def run(wanted: GenerationRequest) -> torch.Tensor:
        seen: list[torch.Tensor] = []
        original = diffusion_engine.denoise

        def recording_denoise(*args: Any, **kwargs: Any) -> torch.Tensor:
            seen.append(original(*args, **kwargs))
            return seen[-1]

        monkeypatch.setattr(diffusion_engine, "denoise", recording_denoise)
        generate(engine, wanted)
        return seen[-1]

    return run


def diffusers_latents(pipeline: Any, wanted: GenerationRequest) -> torch.Tensor:
    """What diffusers' own pipeline makes of the same request."""
    pipeline.scheduler = make_scheduler(
        pipeline.scheduler.config, sampler=wanted.sampler, schedule=wanted.schedule
    )
    arguments: dict[str, Any] = {
        "prompt": wanted.prompt,
        "negative_prompt": wanted.negative_prompt or None,
        "num_inference_steps": wanted.num_inference_steps,
        "guidance_scale": wanted.guidance_scale,
        "generator": seeded_generator(wanted.seed),
        "output_type": "latent",
    }
    begin = wanted.start
    if not isinstance(begin, ImageToImage):
        arguments |= {"width": wanted.width, "height": wanted.height}
    if begin is not None:
        arguments |= {
            "image": raster_to_image(begin.init_image),
            "strength": begin.strength,
        }
    if isinstance(begin, Inpaint):
        arguments["mask_image"] = raster_to_image(begin.mask_image)
    return pipeline(**arguments).images


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("model", ["sd1", "sd2-v", "sdxl"])
def test_latents_equal_diffusers(model, sampler, start, our_latents, pipeline_of) -> None:
    wanted = request(model, sampler=sampler, start=STARTS[start], num_inference_steps=5)
    theirs = diffusers_latents(pipeline_of(model, start), wanted)
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize("start", ["inpaint", "inpaint-partly"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_nine_channel_latents_equal_diffusers(sampler, start, our_latents, pipeline_of) -> None:
    wanted = request("inpainting", sampler=sampler, start=STARTS[start], num_inference_steps=5)
    theirs = diffusers_latents(pipeline_of("inpainting", start), wanted)
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize("sampler", MORE_SAMPLERS)
def test_further_samplers_equal_diffusers(sampler, our_latents, pipeline_of) -> None:
    wanted = request("sd1", sampler=sampler, num_inference_steps=5)
    theirs = diffusers_latents(pipeline_of("sd1", "text"), wanted)
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize("schedule", ["karras", "exponential", "trailing", "linspace", "leading"])
def test_schedules_equal_diffusers(schedule, our_latents, pipeline_of) -> None:
    wanted = request("sd1", sampler="dpm++-2m", schedule=schedule, num_inference_steps=6)
    theirs = diffusers_latents(pipeline_of("sd1", "text"), wanted)
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize("model", ["sd1", "sdxl"])
@pytest.mark.parametrize(
    "changes",
    [
        {"guidance_scale": 1.0},
        {"negative_prompt": "blue, blurry", "guidance_scale": 9.0},
        {"width": 96, "height": 40},
        {"seed": 2**64 - 1},
        {"prompt": ""},
    ],
    ids=str,
)
def test_settings_mean_the_same_as_in_diffusers(model, changes, our_latents, pipeline_of) -> None:
    wanted = request(model, **changes)
    theirs = diffusers_latents(pipeline_of(model, "text"), wanted)
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


def test_guidance_rescale_equals_diffusers(our_latents, pipeline_of) -> None:
    wanted = request("sd2-v", guidance_rescale=0.7, guidance_scale=7.5)
    pipeline = pipeline_of("sd2-v", "text")
    theirs = pipeline(
        prompt=wanted.prompt,
        width=64,
        height=64,
        num_inference_steps=wanted.num_inference_steps,
        guidance_scale=7.5,
        guidance_rescale=0.7,
        generator=seeded_generator(wanted.seed),
        output_type="latent",
    ).images
    assert (our_latents(wanted) - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize("sampler", ["auto", "ddim"])
def test_ddpm_pixels_equal_diffusers(sampler, our_latents, models) -> None:
    wanted = request("ddpm", sampler=sampler, num_inference_steps=6)
    pipeline = DDPMPipeline.from_pretrained(models("ddpm"), local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = make_scheduler(pipeline.scheduler.config, sampler=sampler)
    theirs = pipeline(
        generator=seeded_generator(wanted.seed), num_inference_steps=6, output_type="pt"
    ).images
    ours = (our_latents(wanted) / 2 + 0.5).clamp(0, 1)
    assert (ours - theirs).abs().max() <= TOLERANCE


def test_the_decoded_picture_equals_diffusers(engine, pipeline_of) -> None:
    """One level of 255 may differ where a float falls on a rounding edge."""
    wanted = request("sd1")
    pipeline = pipeline_of("sd1", "text")
    pipeline.scheduler = make_scheduler(pipeline.scheduler.config)
    theirs = pipeline(
        prompt=wanted.prompt,
        width=64,
        height=64,
        num_inference_steps=4,
        guidance_scale=4.0,
        generator=seeded_generator(7),
    ).images[0]
    ours = generate(engine, wanted).results[0].picture.pixels
    assert max(abs(a - b) for a, b in zip(ours, theirs.tobytes(), strict=True)) <= 1
