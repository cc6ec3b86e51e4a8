"""`sdstudio train KIND`: trains a model from nothing, resumable at any moment."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Job
from sdstudio.messages.events import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    ProgressEvent,
    TrainingStepEvent,
)
from sdstudio.messages.training import TrainingRequest

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

Convert = Callable[[str], str | int | float | bool]


def _is_true(text: str) -> bool:
    return text == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCommand:
    """One kind of training.

    Attributes:
        engine: imports and builds the trainer; called when the command runs.
        defaults: values of `TrainingRequest` that differ from its own.
        options: the trainer's options by name, each (type, help); shown as --like-this.
        by_recipe: whether its settings are fixed, but for output, seed and precision.
    """

    help: str
    engine: Callable[[], Engine]
    by_recipe: bool = False
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    options: Mapping[str, tuple[Convert, str]] = field(default_factory=lambda: MappingProxyType({}))


def _whole_model() -> Engine:
    from sdstudio.training.whole_model import WholeModelTrainer

    return WholeModelTrainer()


def _autoencoder() -> Engine:
    from sdstudio.training.autoencoder import AutoencoderTrainer

    return AutoencoderTrainer()


def _tiny_decoder() -> Engine:
    from sdstudio.training.tiny_decoder import TinyDecoderTrainer

    return TinyDecoderTrainer()


def _clip() -> Engine:
    from sdstudio.training.clip import ClipTrainer

    return ClipTrainer()


def _latent_diffusion() -> Engine:
    from sdstudio.training.latent_diffusion import LatentDiffusionTrainer

    return LatentDiffusionTrainer()


def _inpainting() -> Engine:
    from sdstudio.training.inpainting import InpaintingTrainer

    return InpaintingTrainer()


def _few_step() -> Engine:
    from sdstudio.training.few_step import FewStepTrainer

    return FewStepTrainer()


def _ddpm() -> Engine:
    from sdstudio.training.ddpm import DdpmTrainer

    return DdpmTrainer()


PICTURE_OPTIONS: dict[str, tuple[Convert, str]] = {
    "pictures": (int, "pictures to draw when the data is the world"),
    "data_folder": (str, "folder of the drawn pictures, to share them between runs"),
}

LOOP_OPTIONS: dict[str, tuple[Convert, str]] = {
    "max_minutes": (float, "stop after this long, with a checkpoint; the same command goes on"),
    "checkpoint_minutes": (float, "longest time between two checkpoints"),
    "warmup_steps": (int, "steps over which the learning rate climbs"),
    "decay": (str, "how the learning rate falls: cosine, linear or constant"),
    "weight_decay": (float, "AdamW's weight decay"),
    "log_every": (int, "steps between two reports"),
}

LATENT_DIFFUSION_OPTIONS: dict[str, tuple[Convert, str]] = {
    "vae": (str, "folder of the autoencoder"),
    "clip": (str, "folder of the CLIP that the text encoder starts from"),
    "init_from": (str, "folder of an earlier run or of a finished model to start from"),
    "grow_from": (str, "folder of a run at half the resolution to start the inner levels from"),
    "latents": (str, "folder of the cached latents, to share them between runs"),
    "channels": (str, "the UNet's channels by level, 96,192,256"),
    "layers": (int, "residual blocks a level, 1"),
    "heads": (int, "heads of every attention, 4"),
    "attention": (str, "which levels read the text, 0,1,1"),
    "text": (str, "the text encoder is trained along or frozen"),
    "text_lr_scale": (float, "the text encoder's share of the learning rate, 0.3"),
    "weighting": (str, "of the timesteps: min-snr+1, min-snr or constant"),
    "gamma": (float, "bound of min-snr, 5"),
    "layout_weight": (float, "drawn pictures only: share of the layout head in the loss, 0"),
    "zero_snr": (_is_true, "true: the last timestep is pure noise"),
    "optimizer": (str, "adamw or muon"),
}

FINE_TUNING_OPTIONS: dict[str, tuple[Convert, str]] = {
    "init_from": (str, "folder of the finished model to start from"),
    "latents": (str, "folder of the cached latents, to share them between runs"),
    "optimizer": (str, "adamw or muon"),
}

COMMANDS: dict[str, TrainCommand] = {
    "all": TrainCommand(
        help="the built-in model from nothing, stage by stage",
        engine=_whole_model,
        by_recipe=True,
    ),
    "autoencoder": TrainCommand(
        help="pictures to latents and back (AutoencoderKL)",
        engine=_autoencoder,
        defaults={"steps": 2400, "batch_size": 8, "learning_rate": 1e-3, "ema_decay": 0.998},
        options=PICTURE_OPTIONS
        | {
            "init_from": (str, "folder of an autoencoder to go on with"),
            "decoder_only": (_is_true, "true: the encoder and all latents made so far stay"),
            "sizes": (str, "sides in pixels and shares of the steps, 128:0.65,256:0.35"),
            "channels": (str, "channels of the four levels, 32,32,64,128"),
            "kl_weight": (float, "smoothness of the latents, 1e-3"),
            "psnr_weight": (float, "weight of the fidelity in dB, 0"),
            "anchor_weight": (float, "holds the latents near those of init-from, 0"),
            "optimizer": (str, "adamw or muon"),
        },
    ),
    "tiny-decoder": TrainCommand(
        help="the quick decoder of previews (AutoencoderTiny), taught by an autoencoder",
        engine=_tiny_decoder,
        defaults={"steps": 4000, "batch_size": 8, "learning_rate": 1e-3, "ema_decay": 0.998},
        options=PICTURE_OPTIONS | {"vae": (str, "folder of the autoencoder")},
    ),
    "clip": TrainCommand(
        help="which words belong to which picture (CLIPModel), with its tokenizer",
        engine=_clip,
        defaults={"steps": 2000, "batch_size": 128, "learning_rate": 1e-3},
        options=PICTURE_OPTIONS
        | {
            "init_from": (str, "folder of a CLIP to go on with"),
            "near_captions": (int, "captions wrong in one word beside each picture's own, 0"),
            "hidden_size": (int, "width of both towers, 192"),
            "text_layers": (int, "layers of the text tower, 4"),
            "vision_layers": (int, "layers of the picture tower, 5"),
            "vocab_size": (int, "tokens at most, 1536"),
            "optimizer": (str, "adamw or muon"),
        },
    ),
    "latent-diffusion": TrainCommand(
        help="captions to pictures: UNet and text encoder, saved as a Stable Diffusion pipeline",
        engine=_latent_diffusion,
        defaults={"steps": 20000, "batch_size": 64, "learning_rate": 8e-4},
        options=PICTURE_OPTIONS | LATENT_DIFFUSION_OPTIONS,
    ),
    "inpainting": TrainCommand(
        help="a finished model learns to repaint what is masked (nine channels, as GLIDE does)",
        engine=_inpainting,
        defaults={"steps": 2000, "batch_size": 16, "learning_rate": 4e-4},
        options=PICTURE_OPTIONS
        | FINE_TUNING_OPTIONS
        | {
            "weighting": (str, "of the timesteps: min-snr+1, min-snr or constant"),
            "gamma": (float, "bound of min-snr, 5"),
        },
    ),
    "few-step": TrainCommand(
        help="a finished model learns to paint in 1 to 4 steps (consistency distillation)",
        engine=_few_step,
        defaults={"steps": 2000, "batch_size": 16, "learning_rate": 1e-4},
        options=PICTURE_OPTIONS
        | FINE_TUNING_OPTIONS
        | {
            "phases": (int, "1 is latent consistency; more are learnt sooner, for DDIM; 4"),
            "rank": (int, "of the LoRA; 0 trains all weights, 16"),
            "lora": (str, "folder of an earlier LoRA to begin from"),
            "guidance": (float, "guidance scale that is learnt by heart, 4"),
        },
    ),
    "ddpm": TrainCommand(
        help="small pictures from noise, by class (UNet2DModel in pixel space)",
        engine=_ddpm,
        defaults={
            "steps": 1100,
            "batch_size": 32,
            "learning_rate": 1e-3,
            "resolution": 32,
            "ema_decay": 0.995,
        },
        options=PICTURE_OPTIONS
        | {
            "classes": (str, 'subjects of the world, such as "cat,car"; "" for none'),
            "channels": (str, "the UNet's channels by level, 32,96,192"),
            "prediction_type": (str, "v_prediction or epsilon"),
            "optimizer": (str, "muon or adamw"),
        },
    ),
}


def add_parser(subparsers: Any) -> None:
    """Add `train` with one subcommand a kind to argparse's subparsers."""
    parser = subparsers.add_parser("train", help="train a model from nothing")
    _add_kinds(parser)


def run(args: argparse.Namespace) -> int:
    """Train as the parsed arguments say; return the exit code."""
    from sdstudio.engine.allocator import keep_freed_memory

    keep_freed_memory()
    from sdstudio.jobs.runner import run_job

    command = COMMANDS[args.kind]
    job = Job(request=to_request(args, command))
    console = Console(as_json=getattr(args, "json", False))
    with _stopping(job):
        run_job(command.engine(), job, console.show)
    return console.exit_code


def to_request(args: argparse.Namespace, command: TrainCommand) -> TrainingRequest:
    """Turn parsed arguments into the request; what was not said keeps its default.

    Raises:
        InvalidRequestError: a value is out of range.
    """
    said = {name: value for name, value in vars(args).items() if value is not None}
    fields = TrainingRequest.__dataclass_fields__.keys() - {"kind", "options"}
    values = {name: said[name] for name in fields if name in said}
    options = {name: said[name] for name in (dict(command.options) | LOOP_OPTIONS) if name in said}
    return TrainingRequest(kind=args.kind, options=options, **(dict(command.defaults) | values))


class Console:
    """Shows a job's events as lines on stderr, or its end as JSON on stdout."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.exit_code = 0
        self._as_json = as_json
        self._rewriting = False

    def show(self, event: JobEvent) -> None:
        """Print one event."""
        match event:
            case TrainingStepEvent():
                self._line(_progress_line(event), rewrite=True)
            case ProgressEvent(text=text):
                self._line(text, rewrite=text.startswith("Preparing"))
            case JobFinished():
                self._end(0, "finished", "Done.")
            case JobCancelled():
                self._end(EXIT_INTERRUPTED, "stopped", "Stopped; the same command goes on.")
            case JobFailed(message=message, hint=hint, kind=kind):
                code = 2 if kind == "request" else 1
                self._end(code, "failed", f"{message} {hint}".strip())
                if kind == "bug":
                    print(event.details, file=sys.stderr)

    def _line(self, text: str, *, rewrite: bool = False) -> None:
        """Print a line; lines of progress replace each other on a terminal."""
        in_place = rewrite and sys.stderr.isatty()
        if self._rewriting and not in_place:
            print(file=sys.stderr)
        print(
            f"\r\033[K{text}" if in_place else text,
            end="" if in_place else "\n",
            file=sys.stderr,
            flush=True,
        )
        self._rewriting = in_place

    def _end(self, code: int, status: str, text: str) -> None:
        self.exit_code = code
        self._line(text)
        if self._as_json:
            print(json.dumps({"status": status, "message": text}))


def _progress_line(event: TrainingStepEvent) -> str:
    return (
        f"step {event.step}/{event.num_steps}  loss {event.loss:.4f}"
        f"  lr {event.learning_rate:.2e}  {event.samples_per_second:.1f} samples/s"
        f"  {event.seconds_left / 60:.0f} min left"
    )


@contextmanager
def _stopping(job: Job) -> Iterator[None]:
    """Within the block Ctrl+C and SIGTERM stop the job after its step; a second one at once."""

    def stop(number: int, _frame: object) -> None:
        job.cancel.cancel()
        signal.signal(number, signal.SIG_DFL)

    kept = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _add_kinds(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, command in COMMANDS.items():
        kind = kinds.add_parser(name, help=command.help)
        kind.add_argument("--output", required=True, help="folder of the run")
        kind.add_argument("--seed", type=int)
        kind.add_argument("--precision", choices=("auto", "float32", "bfloat16"))
        kind.add_argument(
            "--fresh",
            dest="resume",
            action="store_false",
            default=None,
            help="refuse a folder that already holds a run",
        )
        if not command.by_recipe:
            _add_settings(kind, command)


def _add_settings(kind: argparse.ArgumentParser, command: TrainCommand) -> None:
    kind.add_argument("--data", help='"world" (the default) or a folder of pictures')
    for option in (
        "steps",
        "batch-size",
        "accumulation",
        "resolution",
        "checkpoint-every",
        "sample-every",
    ):
        kind.add_argument(f"--{option}", type=int)
    kind.add_argument("--learning-rate", type=float)
    kind.add_argument("--ema-decay", type=float)
    for option, (convert, text) in (dict(command.options) | LOOP_OPTIONS).items():
        kind.add_argument(f"--{option.replace('_', '-')}", type=convert, help=text)


def main(argv: list[str] | None = None) -> int:
    """Run `python -m sdstudio.apps.cli.train KIND ...`."""
    parser = argparse.ArgumentParser(prog="sdstudio train")
    _add_kinds(parser)
    try:
        return run(parser.parse_args(argv))
    except InvalidRequestError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
