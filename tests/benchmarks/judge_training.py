"""How the judge is taught by drawings, once, and kept with its accuracy on held-out drawings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, TrainingStepEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.autoencoder import moved, reduce_to
from sdstudio.training.caption_source import read_scene
from sdstudio.training.dataset import (
    PictureDataset,
    batch_indices,
    open_dataset,
    seeded_generator,
)
from sdstudio.training.loop import LoopSettings, TrainingLoop
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.run_folder import RunFolder
from sdstudio.training.world.attributes import SceneAttributes, Thing
from tests.benchmarks.judge import CELLS, CLASSES, HALVES, QUESTIONS, SIDE, Judge

PICTURES = 20_000
DRAWING_SEED = 1_000_000
"""Scenes that no model of ours is trained on begin here."""

BATCH = 64
SIDE_BY_SIDE = ("left of", "right of", "next to")
NOT_ASKED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """The right answers of a data set.

    Attributes:
        labels: int64 (N, questions), `NOT_ASKED` where a question makes no sense.
        subjects: int64 (N, CELLS, CELLS), 0 for the world, else 1 + the subject's place.
        colours: int64 (N, CELLS, CELLS), `NOT_ASKED` where there is no thing.
    """

    labels: Tensor
    subjects: Tensor
    colours: Tensor

    @classmethod
    def of(cls, scenes: list[SceneAttributes]) -> Lessons:
        """Read the answers off the scenes' attributes."""
        maps = [_cells(scene) for scene in scenes]
        return cls(
            labels=torch.tensor([answers(scene) for scene in scenes]),
            subjects=torch.from_numpy(np.stack([subjects for subjects, _ in maps])),
            colours=torch.from_numpy(np.stack([colours for _, colours in maps])),
        )


def answers(scene: SceneAttributes) -> list[int]:
    """Return the right answer to each of `QUESTIONS`, as its place in the classes."""
    right: dict[str, str] = {"place": scene.place, "time": scene.time, "style": scene.style}
    if len(scene.things) == 1:
        thing = scene.things[0]
        right |= {"subject": thing.subject, "colour": thing.colour, "count": str(thing.count)}
    for half, thing in _halves(scene).items():
        right |= {f"{half} subject": thing.subject, f"{half} colour": thing.colour}
    return [
        CLASSES[question.split(" ")[-1]].index(right[question]) if question in right else NOT_ASKED
        for question in QUESTIONS
    ]


def _halves(scene: SceneAttributes) -> dict[str, Thing]:
    """Return what stands in the left and in the right half, if there is one thing in each."""
    if len(scene.things) == 1:
        return dict.fromkeys(HALVES, scene.things[0]) if scene.things[0].count == 2 else {}
    if scene.relation not in SIDE_BY_SIDE:
        return {}
    return dict(zip(HALVES, sorted(scene.things, key=lambda t: t.boxes[0][0]), strict=True))


def _cells(scene: SceneAttributes) -> tuple[np.ndarray, np.ndarray]:
    """Return what covers the middle of each cell: (subjects, colours), each (CELLS, CELLS)."""
    subjects = np.zeros((CELLS, CELLS), np.int64)
    colours = np.full((CELLS, CELLS), NOT_ASKED, np.int64)
    rows, columns = (np.arange(CELLS)[:, None] + 0.5), (np.arange(CELLS)[None] + 0.5)
    placed = [(box, thing) for thing in scene.things for box in thing.boxes]
    for box, thing in sorted(placed, key=lambda item: item[0][3]):
        left, right = (CELLS * box[i] / scene.width for i in (0, 2))
        top, bottom = (CELLS * box[i] / scene.height for i in (1, 3))
        inside = (columns > left) & (columns < right) & (rows > top) & (rows < bottom)
        subjects[inside] = 1 + CLASSES["subject"].index(thing.subject)
        colours[inside] = CLASSES["colour"].index(thing.colour)
    return subjects, colours


class JudgeObjective(nn.Module):
    """Cross-entropy of every answer, and of what covers each cell, which teaches it to look."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge

    def forward(
        self,
        pictures: Tensor,
        labels: Tensor,
        subjects: Tensor,
        colours: Tensor,
        *,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the losses of pictures (B, 3, SIDE, SIDE) and their answers (see `Lessons`)."""
        features = self.judge.features(vary(pictures, generator))
        answered = self.judge.answer(features)
        losses = {
            question: _cross_entropy(answered[question], labels[:, place])
            for place, question in enumerate(QUESTIONS)
        }
        cells = self.judge.cells(features).float()
        split = len(CLASSES["subject"]) + 1
        losses["cells"] = _cross_entropy(cells[:, :split], subjects)
        losses["cell colours"] = _cross_entropy(cells[:, split:], colours)
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    asked = (labels != NOT_ASKED).sum().clamp(min=1)
    total = F.cross_entropy(
        logits, labels, ignore_index=NOT_ASKED, reduction="sum", label_smoothing=0.05
    )
    return total / asked


def vary(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Make pictures softer, noisier, brighter: a VAE does so too and is not to be blamed."""
    soft, light = torch.rand(2, generator=generator).tolist()
    if soft < 0.4:
        small = F.interpolate(pictures, size=72 + int(100 * soft), mode="area")
        pictures = F.interpolate(small, size=SIDE, mode="bilinear")
    noise = torch.randn(pictures.shape, generator=generator).to(pictures)
    return pictures * (0.92 + 0.16 * light) + 0.03 * noise


def teach(judge: Judge, pictures: PictureDataset, weights: Path, *, steps: int) -> None:
    """Train the judge, or go on with it, and save its averaged weights."""
    seed, folder = 0, weights.with_suffix("")
    scenes = [scene for scene in map(read_scene, pictures.attributes) if scene]
    lessons = Lessons.of(scenes)

    def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
        order = batch_indices(step, batch_size=BATCH, length=len(pictures), seed=seed)[part]
        batch = (reduce_to(pictures.batch(order), SIDE), lessons.labels[order])
        batch = (*batch, lessons.subjects[order], lessons.colours[order])
        mirrored = torch.rand(1, generator=seeded_generator(seed, step, 1)).item() < 0.5
        return mirror(*batch) if mirrored else batch

    settings = LoopSettings(
        steps=steps,
        batch_size=BATCH,
        learning_rate=2e-3,
        weight_decay=0.05,
        warmup_steps=min(50, steps),
        ema_decay=0.99,
        seed=seed,
    )
    loop = TrainingLoop(
        JudgeObjective(judge),
        fetch,
        settings=settings,
        folder=RunFolder(folder),
        optimizer=build_optimizer(
            [TrainedModule(module=judge)], name="muon", weight_decay=settings.weight_decay
        ),
    )
    loop.resume()
    loop.run(Job(request=TrainingRequest(kind="clip", output=str(folder))), _show)
    with loop.averaged():
        save_file({n: t.contiguous() for n, t in judge.state_dict().items()}, weights)


def mirror(
    pictures: Tensor, labels: Tensor, subjects: Tensor, colours: Tensor
) -> tuple[Tensor, ...]:
    """Return all as seen in a mirror: what was left is right."""
    names = [question.replace("left", "?") for question in QUESTIONS]
    names = [name.replace("right", "left").replace("?", "right") for name in names]
    order = [QUESTIONS.index(name) for name in names]
    return pictures.flip(3), labels[:, order], subjects.flip(2), colours.flip(2)


def _show(event: JobEvent) -> None:
    if isinstance(event, TrainingStepEvent) and event.step % 50 == 0:
        left = f"{event.seconds_left / 60:.0f} min left"
        print(f"teaching the judge: step {event.step}, loss {event.loss:.3f}, {left}", flush=True)


def trained_judge(cache: Path, *, data: Path | None = None, steps: int = 700) -> Judge:
    """Return the judge in `cache`, taught there first if it is not.

    Args:
        data: folder of pictures that `sdstudio train` drew; drawn in `cache` if None.
    """
    torch.manual_seed(0)
    judge = moved(Judge(), memory_format=torch.channels_last)
    weights = cache / "judge.safetensors"
    if not weights.exists():
        teach(judge, open_drawings(data or cache / "data"), weights, steps=steps)
    judge.load_state_dict(load_file(weights))
    return judge.cpu().eval()


def open_drawings(folder: Path) -> PictureDataset:
    """Open the drawn pictures in `folder`, or draw them there."""
    note = folder / "dataset.json"
    recipe = json.loads(note.read_text()) if note.exists() else {}
    return open_dataset(
        "world",
        folder,
        count=recipe.get("count", PICTURES),
        seed=recipe.get("seed", DRAWING_SEED),
        report=lambda done, count: print(f"drawing {done} of {count}", end="\r", flush=True),
    )
