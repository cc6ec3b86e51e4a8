"""What a run promises: order of events, same bytes, batches, cancel, numbers out of bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import Cancelled, InvalidRequestError, UnsupportedRequestError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, PictureFinished, ProgressEvent, StepEvent
from sdstudio.messages.generation import ImageToImage, Inpaint
from sdstudio.messages.training import TrainingRequest
from tests.support.engine_runs import Recording, box_mask, drawing, generate, request


def test_every_step_is_told_with_a_preview_of_x0(engine: DiffusionEngine) -> None:
    recording = generate(engine, request(sampler="euler"))
    assert [step.step for step in recording.steps] == [1, 2, 3, 4]
    assert {step.num_steps for step in recording.steps} == {4}
    assert recording.steps[-1].sigma == 0.0
    assert isinstance(recording.events[-1], PictureFinished)


def test_previews_show_x0_and_come_closer_to_the_picture(models, tmp_path) -> None:
    engine = DiffusionEngine(
        resolve_model=models, cache_folder=tmp_path, dtype="float32", previews="full"
    )
    recording = generate(engine, request(sampler="ddim", num_inference_steps=8))
    final = torch.frombuffer(bytearray(recording.results[0].picture.pixels), dtype=torch.uint8)
    distances = []
    for step in recording.steps:
        assert step.preview is not None
        shown = torch.frombuffer(bytearray(step.preview.pixels), dtype=torch.uint8)
        distances.append((shown.float() - final.float()).abs().mean().item())
    assert distances[-1] < 2.0
    assert distances[-1] < distances[0]


def test_the_same_request_gives_the_same_bytes(engine: DiffusionEngine, models) -> None:
    first = generate(engine, request()).results[0]
    fresh = DiffusionEngine(resolve_model=models, dtype="float32", device="cpu", previews="off")
    assert generate(engine, request()).results[0].picture == first.picture
    assert generate(fresh, request()).results[0].picture == first.picture


@pytest.mark.parametrize("sampler", ["pndm", "euler-ancestral"])
def test_picture_k_equals_a_run_with_seed_plus_k(engine: DiffusionEngine, sampler: str) -> None:
    wanted = request(seed=2**64 - 2, count=3, sampler=sampler)
    batch = generate(engine, wanted).results
    seeds = [2**64 - 2, 2**64 - 1, 0]
    for result, seed in zip(batch, seeds, strict=True):
        alone = generate(engine, replace(wanted, seed=seed, count=1)).results[0]
        assert result.picture == alone.picture
        assert result.request == alone.request


def test_the_result_tells_how_it_was_made(engine: DiffusionEngine) -> None:
    result = generate(engine, request(count=2)).results[1]
    assert result.picture_index == 1
    assert result.request == request(seed=8)
    assert (result.device, result.dtype) == ("cpu", "float32")
    assert len(result.model_hash) == 16
    assert result.versions["torch"] == torch.__version__
    assert result.seconds > 0


def test_a_preview_does_not_change_the_picture(models) -> None:
    pictures = set()
    for mode in ("off", "linear", "full", "automatic"):
        engine = DiffusionEngine(resolve_model=models, dtype="float32", previews=mode)
        pictures.add(generate(engine, request()).results[0].picture)
    assert len(pictures) == 1


@pytest.mark.parametrize("width, height, hint", [(60, 64, "64 x 64"), (64, 77, "64 x 80")])
def test_a_size_off_the_grid_names_the_nearest_good_one(
    engine: DiffusionEngine, width: int, height: int, hint: str
) -> None:
    with pytest.raises(InvalidRequestError, match=hint):
        generate(engine, request(width=width, height=height))


def test_a_starting_picture_of_any_size_is_fitted(engine: DiffusionEngine) -> None:
    """Row 13: 1 x 1, 7 x 7, 65 x 64 and 20000 x 8 pictures; the result has the asked-for size."""
    for size in ((1, 1), (7, 7), (65, 64), (2000, 8)):
        start = ImageToImage(init_image=drawing(*size), strength=0.5)
        picture = generate(engine, request(start=start, width=64, height=40)).results[0].picture
        assert picture.size == (64, 40)


def test_low_strength_keeps_more_of_the_picture_than_high(engine: DiffusionEngine) -> None:
    def distance(strength: float) -> float:
        start = ImageToImage(init_image=drawing(), strength=strength)
        wanted = request(start=start, num_inference_steps=10, sampler="ddim")
        made = generate(engine, wanted).steps
        assert len(made) == max(1, int(10 * strength))
        return len(made)

    assert distance(0.01) == 1
    assert distance(0.5) < distance(1.0)


@pytest.mark.parametrize("model", ["sd1", "sdxl", "ddpm", "sd3"])
@pytest.mark.parametrize("after_events", [0, 1, 3, 5])
def test_stop_now_ends_the_run_and_leaves_the_engine_as_new(
    engine: DiffusionEngine, model: str, after_events: int
) -> None:
    """Row 30: cancel before, while loading, encoding, at the first, a middle and the last step."""
    expected = generate(engine, request(model)).results[0].picture
    job = Job(request=request(model))
    seen: list[JobEvent] = []

    def emit(event: JobEvent) -> None:
        seen.append(event)
        if len(seen) >= after_events:
            job.cancel.cancel()

    if after_events == 0:
        job.cancel.cancel()
    with pytest.raises(Cancelled):
        engine.run(job, emit)
    assert len(seen) <= after_events + 1
    assert not any(isinstance(event, PictureFinished) for event in seen)
    assert generate(engine, request(model)).results[0].picture == expected


def test_stop_now_ends_a_run_inside_a_step(engine: DiffusionEngine) -> None:
    """The UNet is left between two of its blocks, long before the step is over."""
    generate(engine, request())
    job = Job(request=request(num_inference_steps=50))
    blocks = 0
    original = job.cancel.raise_if_cancelled

    def counting() -> None:
        nonlocal blocks
        blocks += 1
        if blocks == 7:
            job.cancel.cancel()
        original()

    job.cancel.raise_if_cancelled = counting  # type: ignore[method-assign]
    recording = Recording()
    with pytest.raises(Cancelled):
        engine.run(job, recording)
    assert not recording.steps
    assert blocks == 7


def test_stop_during_the_decode(engine: DiffusionEngine) -> None:
    """Row 30: the VAE's decode is left between two blocks."""
    expected = generate(engine, request()).results[0].picture
    job = Job(request=request())

    def emit(event: JobEvent) -> None:
        if isinstance(event, ProgressEvent) and event.text.startswith("Decoding"):
            job.cancel.cancel()

    with pytest.raises(Cancelled):
        engine.run(job, emit)
    assert generate(engine, request()).results[0].picture == expected


def test_after_this_picture_finishes_the_one_in_work(engine: DiffusionEngine) -> None:
    job = Job(request=request(count=5))
    recording = Recording()

    def emit(event: JobEvent) -> None:
        recording(event)
        if isinstance(event, StepEvent) and event.picture_index == 1:
            job.cancel.cancel_after_picture()

    engine.run(job, emit)
    assert len(recording.results) == 2


def test_a_training_job_is_refused(engine: DiffusionEngine) -> None:
    job = Job(request=TrainingRequest(kind="ddpm", output="nowhere"))
    with pytest.raises(UnsupportedRequestError):
        engine.run(job, Recording())


def test_an_inpainting_model_also_paints_freely(engine: DiffusionEngine) -> None:
    for start in (None, ImageToImage(init_image=drawing(), strength=0.5)):
        result = generate(engine, request("inpainting", start=start)).results[0]
        assert result.picture.size == (64, 64)


def test_the_inpainting_help_can_be_turned_off(engine: DiffusionEngine) -> None:
    start = Inpaint(init_image=drawing(), mask_image=box_mask(16, 16, 40, 40))
    helped = generate(engine, request("inpainting", start=start)).results[0].picture
    off = replace(start, use_inpainting_model="off")
    alone = generate(engine, request("inpainting", start=off)).results[0].picture
    assert helped != alone


def test_pixel_models_inpaint_and_start_from_pictures(engine: DiffusionEngine) -> None:
    original = drawing(16, 16)
    start = Inpaint(init_image=original, mask_image=box_mask(4, 4, 9, 9, size=16), strength=0.6)
    result = generate(engine, request("ddpm", start=start, num_inference_steps=5)).results[0]
    assert result.picture.pixels[: 16 * 3 * 4] == original.pixels[: 16 * 3 * 4]
    assert result.picture != original
    assert any("prompt" in note for note in result.notes)
