"""Whether the seeds of one prompt differ, and whether any picture is a copy of a training drawing.

Run: python -m tests.benchmarks.variety --cache FOLDER --data RUN/data [--model FOLDER]

--cache holds the judge of `adherence`, whose features measure how different two pictures look,
as LPIPS does: 0 for the same picture; drawings of one prompt and drawings of any show the scale.
Copies are looked for by the prompts of training drawings, the likeliest to be learnt by heart: the
nearest drawing is found at 32 px and compared at full size.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.training.autoencoder import reconstruct, reduce_to
from sdstudio.training.caption_source import CaptionSource
from sdstudio.training.clip import reduced_levels
from sdstudio.training.dataset import PictureDataset, seeded_generator
from sdstudio.training.world.scene import draw_attributes
from tests.benchmarks.held_out_prompts import held_out_cases
from tests.benchmarks.judge import SIDE, Judge
from tests.benchmarks.judge_training import open_drawings, trained_judge
from tests.benchmarks.models_under_test import STARTER
from tests.benchmarks.painting import Painter

SEARCH_SIDE = 32
CANDIDATES = 16
"""So many of the nearest at `SEARCH_SIDE` are compared at full size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The training drawing nearest to a picture; the distance is in levels of 0 to 255."""

    place: int
    distance: float


@torch.no_grad()
def perceptual_differences(judge: Judge, pictures: Tensor) -> Tensor:
    """Return how different each pair of (N, 3, H, W) looks, (N (N - 1) / 2,).

    The mean squared distance of the features' directions, cell by cell, over two depths of the
    judge (Zhang et al. 2018, arXiv 1801.03924, equation 1 with equal weights).
    """
    small = reduce_to(pictures, SIDE)
    early = judge.body[:3](judge.conv_in(small))
    late = judge.body[3:](early)
    first, second = torch.triu_indices(len(pictures), len(pictures), offset=1)
    total = torch.zeros(len(first))
    for features in (early, late):
        directions = F.normalize(features.float(), dim=1)
        apart = (directions[first] - directions[second]).square().sum(dim=1)
        total += apart.mean(dim=(1, 2))
    return total


class Drawings:
    """The training drawings, kept small in memory to be searched."""

    def __init__(self, pictures: PictureDataset) -> None:
        self.pictures = pictures
        self._small = reduced_levels(pictures, SEARCH_SIDE).flatten(1)

    def nearest(self, picture: Tensor, *, but: int | None = None) -> Neighbour:
        """Return the drawing nearest to (3, H, W) in [-1, 1], by mean absolute difference.

        Args:
            but: a place that does not count.
        """
        wanted = ((reduce_to(picture[None], SEARCH_SIDE) + 1) * 127.5).round().flatten().int()
        parts = [(p.int() - wanted).abs().sum(dim=1) for p in self._small.split(2048)]
        order = torch.cat(parts).argsort()[: CANDIDATES + 1]
        chosen = order[order != -1 if but is None else order != but][:CANDIDATES]
        apart = (self.pictures.batch(chosen) - picture).abs().mean(dim=(1, 2, 3)) * 127.5
        best = int(apart.argmin())
        return Neighbour(place=int(chosen[best]), distance=float(apart[best]))


def show_variety(judge: Judge, painter: Painter, prompt_index: int, seeds: int) -> None:
    """Print how much the seeds of one prompt differ, beside drawings of it and of anything."""
    case = held_out_cases()[prompt_index]
    ours = painter.paint([case.prompt] * seeds, list(range(seeds)))
    bare = replace(case.scene, things=tuple(replace(t, boxes=()) for t in case.scene.things))
    same = _drawn([replace(bare, seed=seed) for seed in range(seeds)])
    others = _drawn([other.scene for other in held_out_cases()[:seeds]])
    print(f'{seeds} seeds of "{case.prompt}": pairwise perceptual difference')
    for name, pictures in (("painted", ours), ("drawn", same), ("drawn, any", others)):
        apart = perceptual_differences(judge, pictures)
        print(f"  {name:10s} mean {apart.mean():.3f}  least {apart.min():.3f}")


def _drawn(scenes: list) -> Tensor:
    levels = np.stack([np.asarray(draw_attributes(scene)) for scene in scenes])
    return torch.from_numpy(levels).permute(0, 3, 1, 2).float() / 127.5 - 1


def show_copies(painter: Painter, pictures: PictureDataset, count: int) -> None:
    """Print how near the painted pictures come to training drawings, and drawings to each other."""
    drawings = Drawings(pictures)
    places = torch.randperm(len(pictures), generator=seeded_generator(0))[:count]
    prompts = CaptionSource(pictures).plain(places)
    painted = painter.paint(prompts, list(range(count)))
    ours = [drawings.nearest(picture).distance for picture in painted]
    theirs = [
        drawings.nearest(pictures.batch(place[None])[0], but=int(place)).distance
        for place in places
    ]
    print(f"nearest of {len(pictures)} training drawings, mean difference in levels of 255")
    for name, found in (("painted", ours), ("drawn", theirs)):
        print(f"  {name:10s} least {min(found):.2f}  median {float(np.median(found)):.2f}")
    drawn = pictures.batch(places)
    again = torch.cat([reconstruct(painter.pipeline.vae, part) for part in drawn.split(8)])
    moved = float((again.clamp(-1, 1).cpu() - drawn).abs().mean(dim=(1, 2, 3)).median()) * 127.5
    copies = sum(distance < 2 * moved for distance in ours)
    print(
        f"  the autoencoder alone moves a drawing by {moved:.2f}; nearer than twice that: {copies}"
    )


def main() -> None:
    """Print both measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--cache", type=Path, required=True, help="where the judge is kept")
    parser.add_argument("--data", type=Path, required=True, help="the drawings of the training")
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--pictures", type=int, default=32, help="painted to look for copies")
    chosen = parser.parse_args()
    keep_freed_memory()
    painter = Painter(chosen.model)
    judge = trained_judge(chosen.cache, data=chosen.data)
    for prompt_index in (0, 9):
        show_variety(judge, painter, prompt_index, chosen.seeds)
    show_copies(painter, open_drawings(chosen.data), chosen.pictures)


if __name__ == "__main__":
    main()
