"""The training loop that every trainer shares.

A trainer brings an *objective*, a module whose `forward(*batch, generator=...)` returns its losses,
and a way to fetch the batch of a step. The loop owns the rest: optimiser, learning rate,
accumulation, precision, averaged weights, logs, checkpoints and the ways a run can end.

Nothing random survives a step: the samples and the noise of step k derive from (seed, k), so that a
run that was killed and resumed computes what the uninterrupted one would have.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import torch
from accelerate import Accelerator
from PIL import Image
from torch import Tensor, nn

from sdstudio.errors import InvalidRequestError, ModelFileError, NumericalError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import TrainingStepEvent
from sdstudio.messages.raster import Raster
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.ema import ExponentialMovingAverage
from sdstudio.training.run_folder import Checkpoint, RunFolder
from sdstudio.training.run_log import RunLog
from sdstudio.training.sample_grid import to_raster

Precision = Literal["float32", "bfloat16"]
End = Literal["complete", "out of time", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """What decides a run besides objective and data.

    Attributes:
        steps: optimiser steps in all; the learning rate falls over them.
        accumulation: parts of equal size that a batch is computed in.
        warmup_steps: steps over which the learning rate climbs from 0.
        decay: how it falls to 0 after that.
        max_grad_norm: longer gradients are scaled down to this length.
        checkpoint_minutes: a checkpoint is written at least this often.
        max_minutes: stop after this long, with a checkpoint; None = never.
        log_every: steps between two reports.
    """

    steps: int
    batch_size: int = 16
    accumulation: int = 1
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    warmup_steps: int = 100
    decay: Literal["cosine", "linear", "constant"] = "cosine"
    max_grad_norm: float = 1.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    ema_decay: float = 0.999
    seed: int = 0
    checkpoint_every: int = 500
    checkpoint_minutes: float = 5.0
    sample_every: int = 500
    max_minutes: float | None = None
    log_every: int = 10

    @classmethod
    def of(cls, request: TrainingRequest, **defaults: Any) -> LoopSettings:
        """Take the request's values, and those of its options that go by a name of this class."""
        names = cls.__dataclass_fields__.keys()
        asked = {name: getattr(request, name) for name in names if hasattr(request, name)}
        options: dict[str, Any] = {n: v for n, v in request.options.items() if n in names}
        return cls(**(defaults | asked | options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a trainer does on the way, each with the averaged weights in place.

    Attributes:
        evaluate: figures by name, at every checkpoint.
        sample: draw a picture of the progress, at `sample_every`.
    """

    evaluate: Callable[[], dict[str, float]] | None = None
    sample: Callable[[], Image.Image] | None = None


FetchBatch = Callable[[int, slice], tuple[Tensor, ...]]
"""(step, part of its `batch_size` samples) -> the objective's arguments, on the CPU."""


def learning_rate_at(step: int, settings: LoopSettings) -> float:
    """Return the learning rate of step `step`, counted from 0."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    span = max(1, settings.steps - settings.warmup_steps)
    done = min(1.0, (step - settings.warmup_steps) / span)
    falls = {"cosine": 0.5 + 0.5 * math.cos(math.pi * done), "linear": 1 - done, "constant": 1.0}
    return settings.learning_rate * falls[settings.decay]


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """Return bfloat16 where it is asked for, or "auto" and the device computes in it."""
    if wanted != "auto":
        return "bfloat16" if wanted == "bfloat16" else "float32"
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    features = torch.cpu.get_capabilities()
    quick = device.type == "cpu" and (features.get("avx512_bf16") or features.get("amx_bf16"))
    return "bfloat16" if quick else "float32"


class Pace:
    """How fast this sitting goes; the time of earlier sittings does not count."""

    def __init__(self, first_step: int) -> None:
        self._first_step, self._started = first_step, time.monotonic()

    def seconds(self) -> float:
        """Seconds since the run began or was resumed."""
        return time.monotonic() - self._started

    def steps_per_second(self, step: int) -> float:
        """Return the mean speed up to `step`."""
        return (step - self._first_step) / max(self.seconds(), 1e-9)


class TrainingLoop:
    """One run: `run()` trains until the steps are done, the time is up or the job is stopped.

    Args:
        objective: its trainable parameters are trained and saved; its forward returns scalars by
            name, of which "loss" is minimised and the others are logged.
        fetch: the batch of a step.
        optimizer: over all trainable parameters; AdamW if None. A group's `lr_scale` is its share
            of the learning rate.
    """

    def __init__(
        self,
        objective: nn.Module,
        fetch: FetchBatch,
        *,
        settings: LoopSettings,
        folder: RunFolder,
        hooks: Hooks | None = None,
        optimizer: torch.optim.Optimizer | None = None,
    ) -> None:
        self.settings, self.folder, self.hooks = settings, folder, hooks or Hooks()
        self.accelerator = Accelerator()
        self.device = self.accelerator.device
        if settings.batch_size % (settings.accumulation * self.accelerator.num_processes):
            raise InvalidRequestError(
                f"A batch of {settings.batch_size} cannot be split over"
                f" {self.accelerator.num_processes} processes.",
                "Choose a batch size that is a multiple of processes times accumulation.",
            )
        self.precision = choose_precision(settings.precision, self.device)
        self.objective = objective.to(self.device)
        self._parameters = {n: p for n, p in objective.named_parameters() if p.requires_grad}
        self._prepared = self.accelerator.prepare_model(objective)
        self._optimizer = optimizer or torch.optim.AdamW(
            self._parameters.values(),
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.ema = ExponentialMovingAverage(objective, decay=settings.ema_decay)
        self._fetch = fetch
        self._pending: list[dict[str, float | Tensor]] = []
        self._log: RunLog | None = None
        self._saved_at = time.monotonic()
        self.step = 0
        """Optimiser steps done so far."""

    def resume(self) -> bool:
        """Go on from the newest checkpoint; whether there was one.

        Raises:
            ModelFileError: no checkpoint can be read, or it is of another model.
        """
        checkpoint = self.folder.load_newest()
        if checkpoint is None:
            return False
        self._restore(checkpoint)
        return True

    def run(self, job: Job, emit: Emit) -> End:
        """Train; what was learnt is on the disk when this returns or raises `Cancelled`.

        Raises:
            Cancelled: the job was stopped; a checkpoint was written first.
            NumericalError: the loss is no longer a number; the last checkpoint is sound.
        """
        settings, pace = self.settings, Pace(self.step)
        end: End | None = "complete" if self.step >= settings.steps else None
        with self._logging():
            while end is None:
                self._train_step()
                end = self._end(job, pace)
                save = bool(end) or self.step % settings.checkpoint_every == 0 or self._is_old()
                draw = self.step % settings.sample_every == 0 and not job.cancel.is_cancelled
                if save or draw or self.step % settings.log_every == 0:
                    self._report(job.id, emit, pace, draw=draw)
                if save:
                    self._save(evaluate=not job.cancel.is_cancelled)
        job.cancel.raise_if_cancelled()
        return end

    @contextlib.contextmanager
    def _logging(self) -> Iterator[None]:
        """Within the block the main process keeps a log."""
        if self.accelerator.is_main_process:
            self._log = RunLog(self.folder, last_step=self.step)
        try:
            yield
        finally:
            if self._log:
                self._log.close()
            self._log = None

    def _train_step(self) -> None:
        settings, parts = self.settings, self.settings.accumulation
        rate = learning_rate_at(self.step, settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group.get("lr_scale", 1.0)
        totals: dict[str, Tensor] = {}
        self._prepared.train()
        for part in range(parts):
            last = part == parts - 1
            wait = contextlib.nullcontext() if last else self.accelerator.no_sync(self._prepared)
            with wait:
                losses = self._losses(part)
                self.accelerator.backward(losses["loss"] / parts)
            for name, value in losses.items():
                totals[name] = totals.get(name, 0) + value.detach() / parts
        norm = nn.utils.clip_grad_norm_(self._parameters.values(), settings.max_grad_norm)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.ema.update(self.step)
        self.step += 1
        self._pending.append({"step": self.step, "learning_rate": rate, "norm": norm, **totals})

    def _losses(self, part: int) -> dict[str, Tensor]:
        """Return the objective's losses on this process' share of one part of the batch."""
        settings, processes = self.settings, self.accelerator.num_processes
        share = settings.batch_size // (settings.accumulation * processes)
        place = part * processes + self.accelerator.process_index
        batch = self._fetch(self.step, slice(place * share, (place + 1) * share))
        generator = seeded_generator(settings.seed, self.step, place)
        torch.manual_seed(generator.initial_seed())  # dropout draws from the global generator
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            return self._prepared(*(t.to(self.device) for t in batch), generator=generator)

    def _end(self, job: Job, pace: Pace) -> End | None:
        """Return why the run is over after this step, or None; all processes agree."""
        limit = self.settings.max_minutes
        late = limit is not None and pace.seconds() >= limit * 60
        if self.step >= self.settings.steps:
            return "complete"
        if self._any_process(job.cancel.stops_after_picture):
            return "stopped"
        return "out of time" if self._any_process(late) else None

    def _is_old(self) -> bool:
        """Return whether the last checkpoint was written too long ago."""
        minutes = (time.monotonic() - self._saved_at) / 60
        return self._any_process(minutes >= self.settings.checkpoint_minutes)

    def _any_process(self, flag: bool) -> bool:
        if self.accelerator.num_processes == 1:
            return flag
        flags = self.accelerator.gather(torch.tensor([float(flag)], device=self.device))
        return bool(cast(Tensor, flags).any())

    def _report(self, job_id: str, emit: Emit, pace: Pace, *, draw: bool) -> None:
        """Hand the losses since the last report to the log and the person."""
        records = [{k: float(v) for k, v in record.items()} for record in self._pending]
        self._pending.clear()
        _require_finite(records)
        if self._log is None:
            return
        means = {k: sum(r[k] for r in records) / len(records) for k in records[0] if k != "step"}
        self._log.losses(records, means, self.step)
        speed = pace.steps_per_second(self.step)
        emit(
            TrainingStepEvent(
                job_id=job_id,
                step=self.step,
                num_steps=self.settings.steps,
                loss=means["loss"],
                learning_rate=means["learning_rate"],
                samples_per_second=speed * self.settings.batch_size,
                seconds_left=(self.settings.steps - self.step) / speed,
                sample=self._sample(self._log) if draw else None,
            )
        )

    def _sample(self, log: RunLog) -> Raster | None:
        """Have the trainer draw a picture of the progress, with the averaged weights."""
        if not self.hooks.sample:
            return None
        with self.averaged():
            picture = self.hooks.sample()
        log.picture(picture, self.step)
        return to_raster(picture)

    def _save(self, *, evaluate: bool) -> None:
        """Write a checkpoint, with the trainer's figures about the averaged weights."""
        if self._log:
            figures: dict[str, float] = {}
            if evaluate and self.hooks.evaluate:
                with self.averaged():
                    figures = self.hooks.evaluate()
                self._log.figures(figures, self.step)
            self.folder.save(self._checkpoint(figures))
        self.accelerator.wait_for_everyone()
        self._saved_at = time.monotonic()

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Within the block the objective carries the averaged weights and does not learn."""
        self.objective.eval()
        with torch.no_grad(), self.ema.in_place():
            yield
        self.objective.train()

    def _checkpoint(self, figures: dict[str, float]) -> Checkpoint:
        moments = {
            f"{name}.{key}": value
            for name, parameter in self._parameters.items()
            for key, value in self._optimizer.state[parameter].items()
        }
        weights = {name: parameter.detach() for name, parameter in self._parameters.items()}
        return Checkpoint(
            step=self.step,
            tensors={"model": weights, "ema": self.ema.shadow, "optimizer": moments},
            state={
                "step": self.step,
                "precision": self.precision,
                "settings": asdict(self.settings),
                "evaluation": figures,
            },
        )

    @torch.no_grad()
    def _restore(self, checkpoint: Checkpoint) -> None:
        """Take over weights, averages and moments in place, which keeps their memory format."""
        self._optimizer_moments()
        held = self._checkpoint({})
        for stem, tensors in held.tensors.items():
            stored = checkpoint.tensors.get(stem, {})
            if {k: v.shape for k, v in stored.items()} != {k: v.shape for k, v in tensors.items()}:
                raise ModelFileError(
                    f"The checkpoints in {self.folder.path} are of another model.",
                    "Choose another folder, or the options that the run was started with.",
                )
            for name, tensor in tensors.items():
                tensor.copy_(stored[name])
        self.step = checkpoint.step

    def _optimizer_moments(self) -> None:
        """Have AdamW make its state, as its first step would."""
        for parameter in self._parameters.values():
            parameter.grad = torch.zeros_like(parameter)
        for group in self._optimizer.param_groups:
            group["lr"] = 0.0
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)


def _require_finite(records: list[dict[str, float]]) -> None:
    for record in records:
        if not math.isfinite(record["loss"]) or not math.isfinite(record["norm"]):
            raise NumericalError(
                f"The loss was no longer a number at step {record['step']:.0f}.",
                "Go on from the last checkpoint with a lower learning rate.",
            )
