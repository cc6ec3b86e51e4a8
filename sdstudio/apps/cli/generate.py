"""`sdstudio generate`: from a prompt to picture files."""

from __future__ import annotations

import argparse
import math
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdstudio.apps.cli import outcome
from sdstudio.apps.cli.destination import Destination
from sdstudio.apps.cli.request_arguments import absolute_model_name, build_request
from sdstudio.apps.cli.run_reporter import PreviewFolder, RunReporter
from sdstudio.apps.engine_start import start_diffusion_engine
from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.engine import Engine, LazyEngine
from sdstudio.jobs.job import Job
from sdstudio.jobs.runner import run_job
from sdstudio.messages import wire
from sdstudio.messages.events import JobCancelled, JobFailed
from sdstudio.messages.generation import STARTER_MODEL
from sdstudio.model_store.catalog import find_model
from sdstudio.model_store.records import ModelRecord

_EXAMPLE = 'example: sdstudio generate "a red house in the snow" --seed 7 --output red.png'


def add_parser(commands: Any) -> None:
    """Add `generate` to the command line."""
    parser = commands.add_parser(
        "generate", help="make pictures from a prompt", epilog=_EXAMPLE, allow_abbrev=False
    )
    parser.add_argument("prompt", metavar="PROMPT", help="what the picture shows")
    _add_picture_options(parser.add_argument_group("the picture"))
    _add_start_options(parser.add_argument_group("start from a picture"))
    _add_output_options(parser.add_argument_group("output"))
    outcome.add_common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `sdstudio generate`."""
    if (args.preview_every is None) != (args.preview_dir is None):
        raise InvalidRequestError("--preview-every and --preview-dir go together.")
    # 1. Everything that can be wrong is found before the slow import of the engine.
    record = find_model(absolute_model_name(args.model))
    request = build_request(args, record)
    destination = Destination.choose(args.output, count=request.count)
    previews = None
    if args.preview_dir is not None:
        previews = PreviewFolder(args.preview_dir, every=args.preview_every)
    # 2. The run; Ctrl+C stops it within a step.
    engine = LazyEngine(lambda: _build_engine(args, show_steps=previews is not None))
    reporter = RunReporter(
        request, destination=destination, previews=previews, prints_files=not args.json
    )
    job = Job(request=request)
    started = time.monotonic()
    with reporter, _stop_on_interrupt(job.cancel.cancel):
        run_job(engine, job, reporter.emit)
    # 3. What came of it.
    return _report(args, job, record, reporter, time.monotonic() - started)


def _add_picture_options(group: Any) -> None:
    group.add_argument("--negative-prompt", metavar="T", default="", help="what to avoid")
    group.add_argument("--model", metavar="NAME|PATH", default=STARTER_MODEL)
    group.add_argument(
        "--quick", action="store_true", help="in a few steps, if the model can: far sooner, softer"
    )
    group.add_argument("--num-inference-steps", metavar="N", type=int)
    group.add_argument("--guidance-scale", metavar="G", type=_number)
    group.add_argument("--sampler", metavar="NAME")
    group.add_argument("--schedule", metavar="NAME")
    group.add_argument("--seed", metavar="N", type=int, help="random unless given")
    group.add_argument("--size", metavar="WxH", type=_size, help="in pixels, e.g. 256x256")
    group.add_argument("--count", metavar="N", type=int, default=1, help="pictures, seed by seed")


def _add_start_options(group: Any) -> None:
    group.add_argument("--init-image", metavar="F", type=Path)
    group.add_argument("--strength", metavar="S", type=_number, help="above 0, at most 1")
    group.add_argument(
        "--mask-image", metavar="F", type=Path, help="white is repainted, black is kept"
    )


def _add_output_options(group: Any) -> None:
    group.add_argument(
        "--output",
        metavar="FILE|DIR",
        help="a .png file (replaced if it is there) or a folder; the gallery unless given",
    )
    group.add_argument("--preview-every", metavar="N", type=_at_least_one)
    group.add_argument("--preview-dir", metavar="D", type=Path)
    group.add_argument("--device", metavar="D", default="auto", help="auto, cpu, cuda or mps")
    group.add_argument(
        "--dtype", metavar="T", default="auto", help="auto, float32, bfloat16 or float16"
    )


def _build_engine(args: argparse.Namespace, *, show_steps: bool) -> Engine:
    return start_diffusion_engine(
        device=args.device,
        dtype=args.dtype,
        # "automatic" may leave steps out; a folder of previews wants every one that was asked for.
        previews="tiny" if show_steps else "off",
    )


@contextmanager
def _stop_on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl+C stop the run in order, and the second one end the program."""

    def on_interrupt(signum: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()
        os.write(2, b"\nStopping. Press Ctrl+C again to quit at once.\n")

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _report(
    args: argparse.Namespace, job: Job, record: ModelRecord, reporter: RunReporter, seconds: float
) -> int:
    final = reporter.final
    facts: dict[str, Any] = {
        "files": [str(path) for path in reporter.files],
        "seeds": [result.request.seed for result in reporter.results],
        "seconds": round(seconds, 3),
        "model": _model_facts(record, reporter),
        "request": wire.to_dict(job.request, rasters="digest"),
        "notes": reporter.notes,
    }
    code = outcome.DONE
    if isinstance(final, JobFailed):
        code = outcome.WRONG_INPUT if final.kind == "request" else outcome.FAILED
        facts["error"] = {"kind": final.kind, "message": final.message, "hint": final.hint}
        outcome.tell(final.details if args.debug else f"{final.message} {final.hint}".strip())
    elif isinstance(final, JobCancelled):
        code = outcome.INTERRUPTED
        facts["error"] = {"kind": "cancelled", "message": "Stopped.", "hint": ""}
        outcome.tell("Stopped.")
    if args.json:
        outcome.print_json(facts)
    return code


def _model_facts(record: ModelRecord, reporter: RunReporter) -> dict[str, str]:
    facts = {"name": record.name, "family": record.family, "path": str(record.path)}
    for result in reporter.results[:1]:
        facts |= {"hash": result.model_hash, "device": result.device, "dtype": result.dtype}
    return facts


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})[xX\u00d7](\d{1,6})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write WIDTHxHEIGHT, as in 256x256")
    return int(match[1]), int(match[2])


def _number(text: str) -> float:
    """A number with a point, whatever the locale."""
    number = float(text)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number
