"""Small pictures with a class each: close-ups of the world, or a folder's sub-folders."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sdstudio.atomic_file import write_atomically
from sdstudio.errors import InvalidRequestError
from sdstudio.training.autoencoder import reduce_to
from sdstudio.training.dataset import PictureDataset
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.scene import draw_attributes
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import PLACES

DRAWN_SIDE = 128
"""Pictures are drawn at this size and averaged down: the drawers' finest lines are for it."""

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPictures:
    """Pictures in memory.

    Attributes:
        levels: uint8 (N, 3, side, side).
        labels: int64 (N,), places in `names`; all 0 where there are no classes.
        names: of the classes, () if there are none.
    """

    levels: Tensor
    labels: Tensor
    names: tuple[str, ...]


def draw_classes(
    subjects: tuple[str, ...],
    *,
    count: int,
    side: int,
    seed: int,
    path: Path,
    report: Report | None = None,
) -> ClassPictures:
    """Draw close-ups of the subjects in turn, in all their colours and places, or reopen `path`.

    Without subjects all of the world's are drawn, and no class is told.

    Raises:
        InvalidRequestError: the world does not know a subject, or `path` holds other pictures.
        StorageError: `path` cannot be written.
    """
    unknown = [name for name in subjects if name not in SUBJECTS]
    if unknown:
        raise InvalidRequestError(
            f"The world has no {unknown[0]}.", f"It has: {', '.join(SUBJECTS)}."
        )
    recipe = f"{','.join(subjects)} {count} {side} {seed}"
    if not path.exists():
        levels = _draw(subjects or tuple(SUBJECTS), count, side, seed, report)
        buffer = io.BytesIO()
        np.savez(buffer, levels=levels.numpy(), recipe=np.array(recipe))
        write_atomically(path, buffer.getvalue())
    stored = np.load(path)
    if str(stored["recipe"]) != recipe:
        raise InvalidRequestError(f"{path} holds other pictures.", "Choose another folder.")
    return ClassPictures(
        levels=torch.from_numpy(stored["levels"]),
        labels=torch.arange(count) % max(1, len(subjects)),
        names=subjects,
    )


def by_folder(pictures: PictureDataset) -> ClassPictures:
    """Take the folder that each picture lies in as its class; one folder alone is no class."""
    folders = [str(attributes.get("folder", "")) for attributes in pictures.attributes]
    names = tuple(sorted(set(folders)))
    places = torch.arange(len(pictures))
    parts = [((pictures.batch(p) + 1) * 127.5).round().to(torch.uint8) for p in places.split(256)]
    return ClassPictures(
        levels=torch.cat(parts),
        labels=torch.tensor([names.index(folder) for folder in folders]),
        names=names if len(names) > 1 else (),
    )


def close_up(subject: str, rng: np.random.Generator) -> SceneAttributes:
    """Return a close-up of `subject` by day, in a colour it has, somewhere in the world."""
    colours = SUBJECTS[subject].colours
    colour = colours[int(rng.integers(len(colours)))]
    return SceneAttributes(
        things=(Thing(subject=subject, colour=colour),),
        place=PLACES[int(rng.integers(len(PLACES)))],
        close_up=True,
        width=DRAWN_SIDE,
        height=DRAWN_SIDE,
        seed=int(rng.integers(2**31)),
    )


def _draw(
    subjects: tuple[str, ...], count: int, side: int, seed: int, report: Report | None
) -> Tensor:
    rng = np.random.default_rng(seed)
    levels = torch.empty(count, 3, side, side, dtype=torch.uint8)
    for place in range(count):
        picture = draw_attributes(close_up(subjects[place % len(subjects)], rng))
        large = torch.from_numpy(np.array(picture)).permute(2, 0, 1).unsqueeze(0).float()
        levels[place] = reduce_to(large, side)[0].round().to(torch.uint8)
        if report and (place + 1) % 100 == 0:
            report(place + 1, count)
    return levels
