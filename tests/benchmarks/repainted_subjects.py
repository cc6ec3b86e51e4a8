"""Whether what is repainted is what the prompt asks for: one thing exchanged for another.

Run: python -m tests.benchmarks.repainted_subjects --cache FOLDER [--model FOLDER]
         [--inpainting-model RUN/pipeline] [--pictures 64] [--sheet FILE]

The one thing in a held-out drawing is masked, and the studio repaints it under a prompt that says
another subject in another colour. The judge of `adherence`, kept in --cache, reads the pictures;
"as asked" is right in both. Beside it stands the whole picture painted from the same prompt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.layout import arrange
from sdstudio.training.world.scene import draw_attributes
from sdstudio.training.world.subjects.table import SUBJECTS
from tests.benchmarks.held_out_prompts import full_prompt, held_out_cases
from tests.benchmarks.inpainting import SIDE, Painter, document_of, seen
from tests.benchmarks.judge import CLASSES, Judge, read
from tests.benchmarks.judge_training import trained_judge
from tests.benchmarks.models_under_test import STARTER
from tests.benchmarks.proportions import Proportion

MARGIN_PX = 12
MIN_SIDE_PX = 72
"""Where a small thing stood there must be room for the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A drawing, the mask over its one thing, and the scene it is to become."""

    picture: np.ndarray
    mask: np.ndarray
    wanted: SceneAttributes
    seed: int


def exchanges(count: int) -> Iterator[Exchange]:
    """Held-out scenes with one thing that is not a close-up."""
    found = 0
    for case in held_out_cases():
        (thing, *others), scene = case.scene.things, case.scene
        if others or thing.count > 1 or scene.close_up:
            continue
        rng = np.random.default_rng((case.seed, 11))
        subject = str(rng.choice([name for name in SUBJECTS if name != thing.subject]))
        colours = [name for name in SUBJECTS[subject].colours if name != thing.colour]
        wanted = Thing(subject=subject, colour=str(rng.choice(colours)))
        yield Exchange(
            picture=np.array(draw_attributes(scene)),
            mask=_over(thing.boxes[0]),
            wanted=arrange(replace(scene, things=(wanted,))),
            seed=case.seed,
        )
        found += 1
        if found == count:
            return


def _over(box: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = box
    wider, higher = (
        max(MARGIN_PX, (MIN_SIDE_PX - (end - start)) // 2)
        for start, end in ((left, right), (top, bottom))
    )
    mask = np.zeros((SIDE, SIDE), np.uint8)
    rows = slice(max(0, top - higher), bottom + MARGIN_PX)  # things stand on the ground
    mask[rows, max(0, left - wider) : right + wider] = 255
    return mask


def repainted(folder: Path, cases: list[Exchange], steps: int) -> list[np.ndarray]:
    """The pictures as the studio repaints them with one model."""
    painter, pictures = Painter(folder, steps), []
    for case in cases:
        document = document_of(case.picture, case.mask)
        painter.repaint(document, full_prompt(case.wanted), seed=case.seed)
        pictures.append(seen(document))
    return pictures


def from_nothing(folder: Path, cases: list[Exchange], steps: int) -> list[np.ndarray]:
    """The same prompts with everything masked."""
    whole = np.full((SIDE, SIDE), 255, np.uint8)
    return repainted(folder, [replace(case, mask=whole) for case in cases], steps)


def as_asked(judge: Judge, cases: list[Exchange], pictures: list[np.ndarray]) -> str:
    """One line of the table: subject, colour, both."""
    levels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    reading = read(judge, levels)
    things = [case.wanted.things[0] for case in cases]
    hits = {
        name: reading.hits(
            name, torch.tensor([CLASSES[name].index(getattr(thing, name)) for thing in things])
        )
        for name in ("subject", "colour")
    }
    hits["as asked"] = hits["subject"] & hits["colour"]
    return "".join(_share(found) for found in hits.values())


def _share(hits: torch.Tensor) -> str:
    found = Proportion(hits=int(hits.sum()), total=len(hits))
    low, high = found.wilson()
    return f"{found.share:9.1%} ({low:4.0%} -{high:5.0%})"


def marked(case: Exchange) -> np.ndarray:
    """The drawing with what is masked in dark red."""
    shown = case.picture.copy()
    shown[case.mask > 0] = shown[case.mask > 0] // 2 + np.array([100, 20, 20], np.uint8)
    return shown


def main() -> None:
    """Repaint with every model, print the table, lay the pictures out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--inpainting-model", type=Path, help="a nine-channel variant")
    parser.add_argument("--cache", type=Path, required=True, help="where the judge is kept")
    parser.add_argument("--data", type=Path, help="drawn pictures to teach the judge with")
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--sheet", type=Path, help="write the first 12 pictures, before and after")
    chosen = parser.parse_args()
    keep_freed_memory()
    judge = trained_judge(chosen.cache, data=chosen.data)
    cases = list(exchanges(chosen.pictures))
    ways = {"masked blend": repainted(chosen.model, cases, chosen.steps)}
    if chosen.inpainting_model:
        ways["9 channels"] = repainted(chosen.inpainting_model, cases, chosen.steps)
    ways["whole picture"] = from_nothing(chosen.model, cases, chosen.steps)
    ways["drawn"] = [np.array(draw_attributes(case.wanted)) for case in cases]
    print(f"One thing exchanged for another, {len(cases)} drawings, {chosen.steps} steps")
    print(f"{'':16s}{'subject':>23s}{'colour':>23s}{'as asked':>23s}")
    for name, pictures in ways.items():
        print(f"{name:16s}{as_asked(judge, cases, pictures)}")
    if chosen.sheet:
        rows = [[marked(case), *made] for case, *made in zip(cases, *ways.values(), strict=True)]
        levels = np.stack([picture for row in rows[:12] for picture in row])
        shown = torch.from_numpy(levels).permute(0, 3, 1, 2).float() / 127.5 - 1
        sheet: Image.Image = picture_grid(shown, columns=1 + len(ways))
        sheet.save(chosen.sheet)
        for case in cases[:12]:
            print(full_prompt(case.wanted))


if __name__ == "__main__":
    main()
