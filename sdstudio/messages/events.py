"""What an engine says while it works; every event is a frozen value that names its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdstudio.errors import Remedy
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    """The engine took the job from the queue."""

    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressEvent:
    """Something other than denoising goes on: loading, encoding, decoding, training.

    Attributes:
        text: what, in words ("Loading the text encoder").
        fraction: in [0, 1], or None when unknown.
    """

    job_id: str
    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """One denoising step is done.

    Attributes:
        picture_index: which picture of the run, from 0.
        picture_count: pictures in the run.
        step, num_steps: step from 1 to num_steps, the steps actually run.
        sigma: noise level after the step in the scheduler's own unit, None if it has none.
        seconds_per_step: mean over this picture so far.
        preview: the scheduler's x0 guess as a picture (at latent or picture size), or None.
    """

    job_id: str
    picture_index: int
    picture_count: int
    step: int
    num_steps: int
    sigma: float | None = None
    seconds_per_step: float = 0.0
    preview: Raster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStepEvent:
    """Some optimiser steps of a training run are done.

    Attributes:
        step, num_steps: step from 1 to num_steps, steps before a resume included.
        loss, learning_rate: means over the steps since the last event.
        samples_per_second, seconds_left: by the mean speed since the run began or was resumed.
        sample: a picture of the progress, or None.
    """

    job_id: str
    step: int
    num_steps: int
    loss: float
    learning_rate: float
    samples_per_second: float
    seconds_left: float = 0.0
    sample: Raster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFinished:
    """One picture of the run is complete (and must be saved before it is shown)."""

    job_id: str
    result: PictureResult


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """The run is over; `skipped` pictures were left out by 'After this picture'."""

    job_id: str
    pictures: int
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    """The run ended with an error; the job itself is kept for another try."""

    job_id: str
    kind: Literal["environment", "request", "bug"]
    message: str
    hint: str = ""
    remedies: tuple[Remedy, ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled:
    """The run was stopped on request."""

    job_id: str


FinalEvent = JobFinished | JobFailed | JobCancelled
JobEvent = JobStarted | ProgressEvent | StepEvent | TrainingStepEvent | PictureFinished | FinalEvent
