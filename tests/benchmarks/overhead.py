"""What the studio adds to a bare diffusers pipeline.

Run: python -m tests.benchmarks.overhead --model sd15 --size 256

Prints (time of a run through job queue, engine thread, events and automatic previews at every
step) / (bare diffusers pipeline on the very same networks, no callback), alternating. Goal: at
most 1.03.

Both run on the one engine thread, as in the window: OpenMP keeps a pool for every thread that
computes, and with more pools than processors its workers sleep between operations (measured: a
run of the built-in model on a second thread took 1.35 times as long).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from diffusers import StableDiffusionPipeline

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.noise import seeded_generator
from sdstudio.engine.schedulers import make_scheduler
from sdstudio.jobs.job import Job
from sdstudio.jobs.queue import JobQueue
from sdstudio.jobs.runner import run_job
from sdstudio.messages.events import JobEvent, StepEvent
from sdstudio.messages.generation import GenerationRequest
from tests.benchmarks.models_under_test import model_folder, parser


def studio_run(
    thread: Executor, engine: DiffusionEngine, request: GenerationRequest
) -> tuple[float, int]:
    """Seconds from adding the job to its last event, and how many steps had a preview."""
    events: list[JobEvent] = []
    queue = JobQueue()
    began = perf_counter()
    queue.add(Job(request=request))
    job = queue.next()
    assert job is not None
    thread.submit(run_job, engine, job, events.append).result()
    queue.finish(job.id)
    seconds = perf_counter() - began
    previews = sum(isinstance(e, StepEvent) and e.preview is not None for e in events)
    return seconds, previews


def bare_pipeline(engine: DiffusionEngine, folder: Path) -> Any:
    """diffusers' pipeline over the networks the engine has loaded."""
    model = engine._cache.acquire(folder, report=lambda text: None)
    assert model.encoder is not None
    pipeline = StableDiffusionPipeline(
        vae=model.vae,
        text_encoder=model.encoder.text_encoders[0],
        tokenizer=model.encoder.tokenizers[0],
        unet=model.unet,
        scheduler=make_scheduler(model.scheduler_config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def bare_run(pipeline: Any, request: GenerationRequest) -> float:
    """Seconds of one call without callback."""
    began = perf_counter()
    pipeline(
        prompt=request.prompt,
        width=request.width,
        height=request.height,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=seeded_generator(request.seed),
    )
    return perf_counter() - began


def measure(thread: Executor, folder: Path, size: int, steps: int, rounds: int) -> None:
    """Alternate both and print the table."""
    engine = DiffusionEngine(resolve_model=lambda name: folder)
    request = GenerationRequest(
        prompt="a red house in the snow", width=size, height=size, num_inference_steps=steps
    )
    studio_run(thread, engine, request)
    pipeline = thread.submit(bare_pipeline, engine, folder).result()
    thread.submit(bare_run, pipeline, request).result()
    ratios, shown = [], 0
    for number in range(rounds):
        # A new prompt each time: the studio remembers those it has encoded, diffusers does not.
        request = replace(request, prompt=f"a red house in the snow, number {number}")
        pair: dict[str, Callable[[], Any]] = {
            "studio": lambda request=request: studio_run(thread, engine, request),
            "bare": lambda request=request: (
                thread.submit(bare_run, pipeline, request).result(),
                0,
            ),
        }
        order = ("studio", "bare") if number % 2 else ("bare", "studio")
        seconds = {}
        for name in order:
            seconds[name], previews = pair[name]()
            shown = max(shown, previews)
        ratios.append(seconds["studio"] / seconds["bare"])
        print(
            f"studio {seconds['studio']:8.3f} s   bare {seconds['bare']:8.3f} s"
            f"   ratio {ratios[-1]:.3f}"
        )
    print(f"median ratio {statistics.median(ratios):.3f}, previews at {shown} of {steps} steps")


def main() -> None:
    arguments = parser(__doc__ or "").parse_args()
    keep_freed_memory()
    with model_folder(arguments.model) as folder, ThreadPoolExecutor(1) as thread:
        measure(thread, folder, arguments.size, arguments.steps, arguments.rounds)


if __name__ == "__main__":
    main()
