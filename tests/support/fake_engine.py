"""An engine without a model: quick, deterministic, and faulty on demand."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import PictureFinished, ProgressEvent, StepEvent
from sdstudio.messages.generation import MAX_SEED, GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.messages.training import TrainingRequest

LATENT_CELL_PX = 8


def gradient_picture(width: int, height: int, seed: int, *, noise: float = 0.0) -> Raster:
    """A two-colour gradient whose colours are decided by the seed, under `noise` in [0, 1]."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 256, (2, 3)).astype(np.float32)
    along = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    blend = (along + down) / 2
    picture = corners[0] * (1 - blend) + corners[1] * blend
    if noise > 0:
        grain = rng.integers(0, 256, picture.shape).astype(np.float32)
        picture = picture * (1 - noise) + grain * noise
    pixels = np.clip(picture, 0, 255).astype(np.uint8).tobytes()
    return Raster(width=width, height=height, mode="RGB", pixels=pixels)


class FakeEngine:
    """Carries out requests with gradients instead of a model.

    Args:
        seconds_per_step: how long a step takes; a cancel is noticed at the step's end.
        loading_seconds: how long the first job "loads".
        fault: raised in place of step `fault_at_step` of the first picture (0 = while loading).
        fault_count: how many jobs meet the fault before the engine is well again.
        previews: whether steps carry a preview at latent size.
    """

    def __init__(
        self,
        *,
        seconds_per_step: float = 0.0,
        loading_seconds: float = 0.0,
        fault: BaseException | None = None,
        fault_at_step: int = 0,
        fault_count: int = 1_000_000,
        previews: bool = True,
    ) -> None:
        self.seconds_per_step = seconds_per_step
        self.loading_seconds = loading_seconds
        self.previews = previews
        self.is_closed = False
        self.jobs_run: list[Job] = []
        self._fault = fault
        self._fault_at_step = fault_at_step
        self._faults_left = fault_count if fault is not None else 0
        self._is_loaded = False

    def run(self, job: Job, emit: Emit) -> None:
        """Make the pictures (or pretend to train), one step after another."""
        self.jobs_run.append(job)
        self._load(job, emit)
        if isinstance(job.request, TrainingRequest):
            self._train(job, job.request, emit)
            return
        for index in range(job.request.count):
            if index and job.cancel.stops_after_picture:
                return
            self._make_picture(job, job.request, index, emit)

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def _load(self, job: Job, emit: Emit) -> None:
        self._fail_at(0)
        if not self._is_loaded:
            emit(ProgressEvent(job_id=job.id, text="Loading the model", fraction=0.0))
            time.sleep(self.loading_seconds)
            job.cancel.raise_if_cancelled()
            emit(ProgressEvent(job_id=job.id, text="Loading the model", fraction=1.0))
        self._is_loaded = True

    def _fail_at(self, step: int) -> None:
        if self._fault is not None and self._faults_left > 0 and step == self._fault_at_step:
            self._faults_left -= 1
            raise self._fault

    def _train(self, job: Job, request: TrainingRequest, emit: Emit) -> None:
        for step in range(1, request.steps + 1):
            job.cancel.raise_if_cancelled()
            self._fail_at(step)
            time.sleep(self.seconds_per_step)
            text = f"Step {step} of {request.steps}"
            emit(ProgressEvent(job_id=job.id, text=text, fraction=step / request.steps))

    def _make_picture(self, job: Job, request: GenerationRequest, index: int, emit: Emit) -> None:
        seed = (request.seed + index) % (MAX_SEED + 1)
        started = time.monotonic()
        for step in range(1, request.num_inference_steps + 1):
            job.cancel.raise_if_cancelled()
            if index == 0:
                self._fail_at(step)
            time.sleep(self.seconds_per_step)
            emit(self._step_event(job, request, index, step, seed))
        job.cancel.raise_if_cancelled()
        result = PictureResult(
            picture=gradient_picture(request.width, request.height, seed),
            request=dataclasses.replace(request, seed=seed, count=1),
            picture_index=index,
            seconds=time.monotonic() - started,
            model_hash="fa4e",
        )
        emit(PictureFinished(job_id=job.id, result=result))

    def _step_event(
        self, job: Job, request: GenerationRequest, index: int, step: int, seed: int
    ) -> StepEvent:
        noise = 1 - step / request.num_inference_steps
        width, height = request.width // LATENT_CELL_PX, request.height // LATENT_CELL_PX
        preview = gradient_picture(width, height, seed, noise=noise) if self.previews else None
        return StepEvent(
            job_id=job.id,
            picture_index=index,
            picture_count=request.count,
            step=step,
            num_steps=request.num_inference_steps,
            sigma=14.6 * noise,
            seconds_per_step=self.seconds_per_step,
            preview=preview,
        )
