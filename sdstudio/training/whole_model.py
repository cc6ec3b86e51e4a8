"""Makes the built-in model from nothing: every stage in turn, from the drawn world to the folder.

stages.json          what is done, how long it took, what it reached
world/               the drawings
STAGE/               one training run each
model/               the finished model, as diffusers and the studio open it
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.engine.component_cache import TINY_DECODER
from sdstudio.engine.few_step import FEW_STEP
from sdstudio.errors import InvalidRequestError
from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import ProgressEvent
from sdstudio.messages.training import TrainingKind, TrainingRequest
from sdstudio.training.autoencoder import AutoencoderTrainer
from sdstudio.training.clip import ClipTrainer
from sdstudio.training.dataset import draw_dataset
from sdstudio.training.few_step import FewStepTrainer
from sdstudio.training.latent_diffusion import LatentDiffusionTrainer
from sdstudio.training.model_card import StageReport, in_words, write_model_card
from sdstudio.training.recipe import BUILT_IN, WORLD, Recipe, Stage
from sdstudio.training.run_folder import RunFolder, publish_folder
from sdstudio.training.tiny_decoder import TinyDecoderTrainer

TRAINERS: dict[TrainingKind, Callable[[], Engine]] = {
    "autoencoder": AutoencoderTrainer,
    "clip": ClipTrainer,
    "latent-diffusion": LatentDiffusionTrainer,
    "few-step": FewStepTrainer,
    "tiny-decoder": TinyDecoderTrainer,
}
MODEL = "model"
NOTED_EVERY_SECONDS = 30


class Ledger:
    """stages.json: what is done, and the time it took over all sittings.

    Args:
        resume: whether an output that was begun before may be gone on with.
    """

    def __init__(self, output: Path, *, resume: bool) -> None:
        self._path = output / "stages.json"
        found = self._path.exists()
        if found and not resume:
            raise InvalidRequestError(f"{output} already holds a model.", "Choose another folder.")
        self._notes: dict[str, dict[str, Any]] = json.loads(self._path.read_text()) if found else {}

    def begin(self, name: str, settings: dict[str, Any]) -> bool:
        """Note what a stage is asked to do; return whether it is done already.

        Raises:
            InvalidRequestError: it was begun with other settings.
        """
        settings = json.loads(json.dumps(settings))
        note = self._notes.setdefault(name, {"settings": settings, "seconds": 0.0})
        if note["settings"] != settings:
            raise InvalidRequestError(
                f"The stage {name} in {self._path.parent} was begun with other settings.",
                "Choose another folder, or delete this one.",
            )
        return bool(note.get("done"))

    def seconds(self, name: str) -> float:
        """Return the time spent on a stage so far."""
        return float(self._notes[name]["seconds"])

    def figures(self, name: str) -> dict[str, float]:
        """Return what a stage reached."""
        return self._notes[name].get("figures", {})

    def note(self, name: str, **values: Any) -> None:
        """Write down what is known about a stage."""
        self._notes[name] |= values
        try:
            write_atomically(self._path, json.dumps(self._notes, indent=1).encode())
        except OSError as error:
            raise storage_error(self._path, error) from error


class WholeModelTrainer:
    """Runs a recipe in `output`; the finished model is `output`/model.

    A stage that is done is skipped, one that was interrupted goes on where it was. Of the request,
    only output, seed, precision and resume count: the recipe says the rest.

    Args:
        recipe: the built-in model's, unless told otherwise.
    """

    def __init__(self, recipe: Recipe = BUILT_IN) -> None:
        self._recipe = recipe

    def run(self, job: Job, emit: Emit) -> None:
        """Run what is not done yet, then put the model together.

        Raises:
            InvalidRequestError: the folder holds a model made by other settings.
            Cancelled: the job was stopped; the same request goes on.
        """
        request = cast(TrainingRequest, job.request)
        output = Path(request.output)
        ledger = Ledger(output, resume=request.resume)
        recipe, count = self._recipe, len(self._recipe.stages) + 1

        def say(text: str) -> None:
            emit(ProgressEvent(job_id=job.id, text=text))

        self._draw(request, ledger, job, emit)
        for number, stage in enumerate(recipe.stages, start=2):
            say(f"Stage {number} of {count}: {stage.name}")
            if not self._train(stage, request, ledger, job, emit):
                say("Stopped; the same command goes on.")
                return
        size = assemble(output, recipe, ledger)
        total = in_words(sum(ledger.seconds(name) for name in (WORLD, *_names(recipe))))
        text = f"Saved {output / MODEL}, {size / 1e6:.1f} MB; all stages took {total}"
        emit(ProgressEvent(job_id=job.id, text=text, fraction=1.0))

    def close(self) -> None:
        """Nothing outlives a run."""

    def _draw(self, request: TrainingRequest, ledger: Ledger, job: Job, emit: Emit) -> None:
        """Draw the pictures that the stages share."""
        settings = {"pictures": self._recipe.pictures, "seed": request.seed}
        if ledger.begin(WORLD, settings):
            return
        watch = Stopwatch(ledger, WORLD)

        def report(done: int, count: int) -> None:
            job.cancel.raise_if_cancelled()
            watch.tick()
            text = f"Preparing pictures: {done} of {count}"
            emit(ProgressEvent(job_id=job.id, text=text, fraction=done / count))

        folder = Path(request.output) / WORLD
        draw_dataset(folder, self._recipe.pictures, request.seed, report=report)
        watch.stop(done=True)

    def _train(
        self, stage: Stage, request: TrainingRequest, ledger: Ledger, job: Job, emit: Emit
    ) -> bool:
        """Train a stage, or go on with it; return whether it is done."""
        settings = {"values": dict(stage.values), "options": dict(stage.options)}
        if ledger.begin(stage.name, settings | {"seed": request.seed}):
            return True
        own = stage.request(
            Path(request.output),
            pictures=self._recipe.pictures,
            seed=request.seed,
            precision=request.precision,
        )
        watch, trainer = Stopwatch(ledger, stage.name), TRAINERS[stage.kind]()

        def pass_on(event: Any) -> None:
            watch.tick()
            emit(event)

        try:
            trainer.run(Job(request=own, id=job.id, cancel=job.cancel), pass_on)
        finally:
            watch.stop()
            trainer.close()
        newest = RunFolder(Path(own.output)).load_newest()
        if newest is None or newest.step < own.steps:
            return False
        ledger.note(stage.name, done=True, figures=newest.state["evaluation"])
        return True


class Stopwatch:
    """Adds the time of this sitting to a stage's, now and then, so that a kill loses little."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger, self._name = ledger, name
        self._since = time.monotonic()

    def tick(self) -> None:
        """Write the time down if that was long ago."""
        if time.monotonic() - self._since >= NOTED_EVERY_SECONDS:
            self.stop()

    def stop(self, **values: Any) -> None:
        """Write the time down, and `values` with it."""
        now = time.monotonic()
        seconds = self._ledger.seconds(self._name) + now - self._since
        self._since = now
        self._ledger.note(self._name, seconds=seconds, **values)


def assemble(output: Path, recipe: Recipe, ledger: Ledger) -> int:
    """Put the finished parts together as `output`/model; return its size in bytes.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    reports = [
        StageReport(
            stage=stage, seconds=ledger.seconds(stage.name), figures=ledger.figures(stage.name)
        )
        for stage in recipe.stages
    ]
    painting = recipe.stage("latent-diffusion")
    beside = {FEW_STEP: recipe.stage("few-step"), TINY_DECODER: recipe.stage("tiny-decoder")}

    def write(part: Path) -> None:
        shutil.copytree(output / painting.name / painting.product, part, dirs_exist_ok=True)
        for name, stage in beside.items():
            shutil.copytree(output / stage.name / stage.product, part / name)
        write_model_card(part, reports, drawing_seconds=ledger.seconds(WORLD))

    publish_folder(output / MODEL, write)
    return sum(file.stat().st_size for file in (output / MODEL).rglob("*") if file.is_file())


def _names(recipe: Recipe) -> list[str]:
    return [stage.name for stage in recipe.stages]
