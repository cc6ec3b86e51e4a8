"""How long *Stop now* takes, from the flag to an engine that is ready again, in steps.

Run: python -m tests.benchmarks.stop_latency --model sd15 --size 256

Goal: at most 1.2 steps, wherever in a step or in the decode it comes.
"""

from __future__ import annotations

import random
import statistics
import threading
from pathlib import Path
from time import perf_counter, sleep

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import Cancelled
from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest
from tests.benchmarks.models_under_test import model_folder, parser


def whole_run(engine: DiffusionEngine, request: GenerationRequest) -> float:
    """Seconds of an undisturbed run."""
    began = perf_counter()
    engine.run(Job(request=request), lambda event: None)
    return perf_counter() - began


def stop_after(engine: DiffusionEngine, request: GenerationRequest, delay: float) -> float | None:
    """Seconds from the flag, set `delay` seconds into the run, to its end; None if it was over."""
    job = Job(request=request)
    flagged: list[float] = []

    def flag() -> None:
        sleep(delay)
        flagged.append(perf_counter())
        job.cancel.cancel()

    threading.Thread(target=flag, daemon=True).start()
    try:
        engine.run(job, lambda event: None)
    except Cancelled:
        return perf_counter() - flagged[0]
    return None


def measure(folder: Path, size: int, steps: int, rounds: int) -> None:
    """Stop at random moments of the run and print the distribution in steps."""
    engine = DiffusionEngine(resolve_model=lambda name: folder)
    request = GenerationRequest(
        prompt="a red house", width=size, height=size, num_inference_steps=steps
    )
    whole_run(engine, request)
    seconds = whole_run(engine, request)
    per_step = seconds / steps
    moments = random.Random(0)
    waits = [stop_after(engine, request, moments.uniform(0, seconds)) for _ in range(rounds)]
    in_steps = sorted(wait / per_step for wait in waits if wait is not None)
    if not in_steps:
        print("every run was over before it could be stopped; try more --steps")
        return
    print(f"one step {per_step:.3f} s; stopped {len(in_steps)} times")
    print(f"median {statistics.median(in_steps):.2f} steps   max {in_steps[-1]:.2f} steps")


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.set_defaults(rounds=20)
    chosen = arguments.parse_args()
    keep_freed_memory()
    with model_folder(chosen.model) as folder:
        measure(folder, chosen.size, chosen.steps, chosen.rounds)


if __name__ == "__main__":
    main()
