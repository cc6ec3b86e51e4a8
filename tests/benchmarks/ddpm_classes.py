"""Whether the small pixel model paints the class it is asked for.

Run: python -m tests.benchmarks.ddpm_classes --run RUN [--pictures 400] [--film FILE]
     (RUN: of `sdstudio train ddpm --resolution 32`)

A classifier learns from nine tenths of the run's own drawings; its accuracy on the last tenth is
the ceiling. Goal: guided samples are told right in at least 95 % of cases.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional as F

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.training.dataset import batch_indices
from sdstudio.training.ddpm import (
    SAMPLE_STEPS,
    PixelDiffusionObjective,
    film_strip,
    sample_pixels,
)
from sdstudio.training.noise_schedule import noise_schedule
from tests.benchmarks.judge import Residual
from tests.benchmarks.proportions import Proportion

STEPS = 300
BATCH = 64
AT_ONCE = 100
GOAL = 0.95


class Classifier(nn.Sequential):
    """Logits (B, classes) of pictures (B, 3, side, side) in [-1, 1]."""

    def __init__(self, classes: int) -> None:
        super().__init__(
            nn.Conv2d(3, 32, 3, 1, 1),
            Residual(32, 64, stride=2),
            Residual(64, 128, stride=2),
            Residual(128, 128, stride=2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(128, classes),
        )


def taught(levels: Tensor, labels: Tensor, classes: int) -> Classifier:
    """Return a classifier trained on uint8 (N, 3, side, side), mirrored at random."""
    torch.manual_seed(0)
    classifier = Classifier(classes)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=2e-3, weight_decay=0.05)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS)
    for step in range(STEPS):
        order = batch_indices(step, batch_size=BATCH, length=len(labels), seed=0)
        batch = levels[order].float() / 127.5 - 1
        batch = batch.flip(3) if step % 2 else batch
        F.cross_entropy(classifier(batch), labels[order]).backward()
        optimizer.step()
        optimizer.zero_grad()
        falling.step()
    return classifier.eval()


@torch.no_grad()
def told_right(classifier: Classifier, pictures: Tensor, labels: Tensor) -> Proportion:
    """Return how many pictures (N, 3, side, side) in [-1, 1] the classifier tells right."""
    found = torch.cat([classifier(part).argmax(dim=1) for part in pictures.split(256)])
    return Proportion(hits=int((found == labels).sum()), total=len(labels))


def open_run(run: Path) -> tuple[PixelDiffusionObjective, tuple[str, ...]]:
    """Return the finished model of a run, and its classes."""
    pipeline = run / "pipeline"
    unet: Any = UNet2DModel.from_pretrained(pipeline / "unet", dtype=torch.float32)
    config = json.loads((pipeline / "scheduler" / "scheduler_config.json").read_text())
    names = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type")
    schedule = noise_schedule(**{name: config[name] for name in names})
    classes = tuple(json.loads((pipeline / "classes.json").read_text()))
    return PixelDiffusionObjective(unet.eval(), schedule), classes


def show(name: str, found: Proportion) -> None:
    """Print one line."""
    low, high = found.wilson()
    counted = f"{found.hits}/{found.total}"
    print(f"{name:18s}{counted:>10s}{found.share:8.1%}   95 %: {low:.1%} - {high:.1%}")


def main() -> None:
    """Teach the classifier, sample, print both accuracies."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--guidance-scale", type=float, default=2.0)
    parser.add_argument("--film", type=Path, help="write a film strip of the denoising")
    chosen = parser.parse_args()
    keep_freed_memory()
    objective, classes = open_run(chosen.run)
    stored = np.load(chosen.run / "data" / "pictures.npz")
    levels = torch.from_numpy(stored["levels"])
    labels = torch.arange(len(levels)) % len(classes)
    kept = len(levels) * 9 // 10
    classifier = taught(levels[:kept], labels[:kept], len(classes))
    held_out = levels[kept:].float() / 127.5 - 1
    ceiling = told_right(classifier, held_out, labels[kept:])
    asked = torch.arange(chosen.pictures) % len(classes)
    parts = [
        sample_pixels(
            objective,
            part,
            side=levels.shape[2],
            guidance_scale=chosen.guidance_scale,
            num_inference_steps=SAMPLE_STEPS,
            seed=seed,
        )
        for seed, part in enumerate(asked.split(AT_ONCE))
    ]
    if chosen.film:
        film_strip(parts[0], rows=len(classes)).save(chosen.film)
    found = told_right(classifier, torch.cat([part.pictures for part in parts]).cpu(), asked)
    show("held-out drawings", ceiling)
    show("guided samples", found)
    print(f"of the ceiling    {found.share / ceiling.share:18.1%}   goal {GOAL:.0%}")


if __name__ == "__main__":
    main()
