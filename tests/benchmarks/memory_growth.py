"""Whether many runs in a row make the process grow.

Run: python -m tests.benchmarks.memory_growth --model starter --rounds 200

Prints resident memory every tenth of the way, after a warm-up. Goal: under 2 % in 200 runs.
"""

from __future__ import annotations

import gc
from pathlib import Path

import psutil

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.jobs.job import Job
from sdstudio.messages.events import PictureFinished
from sdstudio.messages.generation import GenerationRequest
from tests.benchmarks.models_under_test import model_folder, parser

WARM_UP = 5


def resident_megabytes() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def measure(folder: Path, size: int, steps: int, rounds: int) -> None:
    """Run with a new prompt and seed each time, as a person does."""
    engine = DiffusionEngine(resolve_model=lambda name: folder)
    before, pictures = 0.0, 0

    def emit(event: object) -> None:
        nonlocal pictures
        pictures += isinstance(event, PictureFinished)

    for number in range(WARM_UP + rounds):
        request = GenerationRequest(
            prompt=f"a house, number {number}",
            width=size,
            height=size,
            num_inference_steps=steps,
            seed=number,
        )
        engine.run(Job(request=request), emit)
        if number == WARM_UP - 1:
            before = resident_megabytes()
            print(f"after warm-up {before:8.1f} MB")
        elif number >= WARM_UP and (number - WARM_UP + 1) % max(1, rounds // 10) == 0:
            print(f"after {pictures - WARM_UP:4d} runs {resident_megabytes():8.1f} MB")
    print(f"growth over {rounds} runs: {100 * (resident_megabytes() / before - 1):.2f} %")


def main() -> None:
    arguments = parser(__doc__ or "", steps=2)
    arguments.set_defaults(rounds=200, model="starter")
    chosen = arguments.parse_args()
    keep_freed_memory()
    with model_folder(chosen.model) as folder:
        measure(folder, chosen.size, chosen.steps, chosen.rounds)


if __name__ == "__main__":
    main()
