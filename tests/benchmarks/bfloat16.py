"""What the studio's defaults gain over bare diffusers on a CPU.

Run: python -m tests.benchmarks.bfloat16 --model sd15 --size 256
     python -m tests.benchmarks.bfloat16 --model starter --steps 25   (which precision pays?)

Prints (bare diffusers at its defaults: float32) / (the studio at its defaults), alternating, each
in a process of its own because the allocator's settings belong to a process. Goal: at least 2.2
for the SD 1.5 geometry at 256 px and 1.9 at 512 px.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from tests.benchmarks.models_under_test import model_folder, parser

WAYS = ("bare", "float32", "bfloat16", "auto")


def bare(folder: Path, size: int, steps: int) -> Callable[[], object]:
    """diffusers as its documentation starts it."""
    import torch
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return lambda: pipeline(
        "a red house", width=size, height=size, num_inference_steps=steps, guidance_scale=4.0
    )


def studio(folder: Path, size: int, steps: int, dtype: str) -> Callable[[], object]:
    """The engine in the given precision, previews and all."""
    from sdstudio.engine.allocator import keep_freed_memory

    keep_freed_memory()
    from sdstudio.engine.diffusion_engine import DiffusionEngine
    from sdstudio.jobs.job import Job
    from sdstudio.messages.generation import GenerationRequest

    engine = DiffusionEngine(resolve_model=lambda name: folder, dtype=dtype)
    request = GenerationRequest(
        prompt="a red house", width=size, height=size, num_inference_steps=steps
    )
    return lambda: engine.run(Job(request=request), lambda event: None)


def serve(way: str, folder: Path, size: int, steps: int) -> None:
    """In a child process: make a picture whenever a line comes in, answer with its seconds."""
    run = bare(folder, size, steps) if way == "bare" else studio(folder, size, steps, way)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        began = perf_counter()
        run()
        print(perf_counter() - began, flush=True)


def ask(child: subprocess.Popen[str]) -> float:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("again\n")
    child.stdin.flush()
    return float(child.stdout.readline())


def start(way: str, folder: Path, size: int, steps: int) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.benchmarks.bfloat16",
            "--serve",
            way,
            "--model",
            str(folder),
            "--size",
            str(size),
            "--steps",
            str(steps),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    return child


def measure(folder: Path, size: int, steps: int, rounds: int, ways: list[str]) -> None:
    """Alternate all ways and print each against bare float32 diffusers."""
    children = {way: start(way, folder, size, steps) for way in ways}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, child in children.items():
            seconds[way].append(ask(child))
    for child in children.values():
        assert child.stdin is not None
        child.stdin.close()
        child.wait(60)
    base = statistics.median(seconds["bare"])
    for way, times in seconds.items():
        middle = statistics.median(times)
        name = "bare diffusers" if way == "bare" else f"studio, {way}"
        print(f"{name:20s} {middle:8.2f} s a picture   {base / middle:5.2f} x")


def main() -> None:
    arguments = parser(__doc__ or "", steps=5)
    arguments.add_argument("--ways", default="bare,auto", help=",".join(WAYS))
    arguments.add_argument("--serve", help="internal: be the child process of one way")
    chosen = arguments.parse_args()
    if chosen.serve:
        serve(chosen.serve, Path(chosen.model), chosen.size, chosen.steps)
        return
    with model_folder(chosen.model) as folder:
        measure(folder, chosen.size, chosen.steps, chosen.rounds, chosen.ways.split(","))


if __name__ == "__main__":
    main()
