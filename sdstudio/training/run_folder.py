"""A training run on disk: checkpoints, losses, logs and sample pictures.

request.json             what was asked for
losses.jsonl             one line a step
logs/                    TensorBoard
samples/                 pictures of the progress
checkpoints/step-000500/ *.safetensors + state.json, whole or not there
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError, ModelFileError

KEPT_CHECKPOINTS = 2
"""The newest, and the one before it in case the newest cannot be read."""

TensorGroups = dict[str, dict[str, torch.Tensor]]
"""File stem (such as "model") to the tensors of that file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a run needs to go on; `state` is plain JSON."""

    step: int
    tensors: TensorGroups
    state: dict[str, Any]


class RunFolder:
    """The folder of one training run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.logs = path / "logs"
        self.losses = path / "losses.jsonl"

    def sample_path(self, step: int) -> Path:
        """Where the sample picture of a step goes."""
        return self.path / "samples" / f"step-{step:06d}.png"

    def steps(self) -> list[int]:
        """Steps of the checkpoints that are there, oldest first."""
        return sorted(int(folder.name[5:]) for folder in self.checkpoints.glob("step-*"))

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in a temporary folder, rename it, then drop the oldest.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """

        def write(folder: Path) -> None:
            for stem, tensors in checkpoint.tensors.items():
                save_file(_contiguous(tensors), folder / f"{stem}.safetensors")
            (folder / "state.json").write_text(json.dumps(checkpoint.state, indent=1))

        publish_folder(self._folder(checkpoint.step), write)
        for step in self.steps()[:-KEPT_CHECKPOINTS]:
            shutil.rmtree(self._folder(step), ignore_errors=True)

    def load_newest(self) -> Checkpoint | None:
        """Return the newest checkpoint that can be read, or None if the run is new.

        Raises:
            ModelFileError: there are checkpoints and none can be read.
        """
        steps = self.steps()
        for step in reversed(steps):
            try:
                return self._load(step)
            except (OSError, ValueError, SafetensorError):
                continue
        if steps:
            raise ModelFileError(
                f"No checkpoint in {self.checkpoints} can be read.",
                "Choose another folder to start the training anew.",
            )
        return None

    def claim(self, request: dict[str, Any], *, resume: bool) -> None:
        """Keep what was asked for beside what will come of it.

        Raises:
            InvalidRequestError: the folder holds a run that is not to be resumed, or of another
                kind.
            StorageError: the folder cannot be written.
        """
        note = self.path / "request.json"
        if self.steps():
            earlier = json.loads(note.read_text()).get("kind") if note.exists() else None
            if not resume or earlier not in (None, request["kind"]):
                raise InvalidRequestError(
                    f"{self.path} already holds a training run ({earlier or 'unknown kind'}).",
                    "Choose another folder.",
                )
        write_atomically(note, json.dumps(request, indent=1).encode())

    def trim_losses(self, step: int) -> None:
        """Forget the losses after `step`: a resumed run makes them again."""
        if not self.losses.exists():
            return
        lines = [line for line in self.losses.read_text().splitlines() if _step_of(line) <= step]
        write_atomically(self.losses, "".join(f"{line}\n" for line in lines).encode())

    def append_losses(self, records: list[dict[str, float]]) -> None:
        """Add one line a step."""
        try:
            with self.losses.open("a") as file:
                file.writelines(json.dumps(record) + "\n" for record in records)
        except OSError as error:
            raise storage_error(self.losses, error) from error

    def read_losses(self) -> list[dict[str, float]]:
        """Return the records of all steps so far."""
        if not self.losses.exists():
            return []
        return [json.loads(line) for line in self.losses.read_text().splitlines()]

    def _folder(self, step: int) -> Path:
        return self.checkpoints / f"step-{step:06d}"

    def _load(self, step: int) -> Checkpoint:
        folder = self._folder(step)
        state = json.loads((folder / "state.json").read_text())
        tensors = {path.stem: load_file(path) for path in folder.glob("*.safetensors")}
        return Checkpoint(step=step, tensors=tensors, state=state)


def publish_folder(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary folder, flush it, then put it in the place of `path`.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    part = path.parent / f".{path.name}.part"
    old = path.parent / f".{path.name}.old"
    try:
        if old.exists() and not path.exists():  # killed between the two renames
            old.rename(path)
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir(parents=True)
        write(part)
        _flush(part)
        if path.exists():
            path.rename(old)
        part.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    except SafetensorError as error:  # safetensors reports a full disk as its own error
        raise storage_error(path, OSError(str(error))) from error
    except OSError as error:
        raise storage_error(path, error) from error


def _contiguous(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError):  # a line torn by a power cut
        return float("inf")


def _flush(folder: Path) -> None:
    for path in filter(Path.is_file, folder.rglob("*")):
        with path.open("rb") as file:
            os.fsync(file.fileno())
