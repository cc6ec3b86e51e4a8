"""Whether the small pixel model paints the class it is asked for.

Run: python -m tests.benchmarks.ddpm_classes --run RUN [--pictures 400] [--sheet FILE]
     (RUN: of `sdstudio train ddpm`)

A classifier learns from nine tenths of the run's own drawings; its accuracy on the last tenth is
the ceiling. Goal: guided samples are told right in at least 95 % of cases. The sheet shows samples
by class, the denoising of four of them, and the loss over the run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn import functional as F

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.paths import resource_path
from sdstudio.training.dataset import batch_indices
from sdstudio.training.ddpm import (
    SAMPLE_STEPS,
    PixelDiffusionObjective,
    Trajectory,
    film_strip,
    sample_pixels,
)
from sdstudio.training.loop import choose_precision
from sdstudio.training.noise_schedule import noise_schedule
from sdstudio.training.sample_grid import picture_grid
from tests.benchmarks.judge import Residual
from tests.benchmarks.proportions import Proportion

STEPS = 300
BATCH = 64
AT_ONCE = 80
GOAL = 0.95

ENLARGED = 3
ROWS = 4
CURVE_PX = 150
PAPER, INK, LINE = (250, 250, 250), (40, 40, 40), (40, 90, 200)


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


def painted(
    objective: PixelDiffusionObjective, asked: Tensor, *, side: int, guidance_scale: float
) -> list[Trajectory]:
    """Return samples of the classes `asked` (N,), `AT_ONCE` at a time."""
    device = objective.unet.device
    fast = choose_precision("auto", device) == "bfloat16"
    with torch.autocast(device.type, torch.bfloat16, enabled=fast):
        return [
            sample_pixels(
                objective,
                part,
                side=side,
                guidance_scale=guidance_scale,
                num_inference_steps=SAMPLE_STEPS,
                seed=seed,
            )
            for seed, part in enumerate(asked.split(AT_ONCE))
        ]


def sheet(made: Trajectory, classes: tuple[str, ...], losses: list[float]) -> Image.Image:
    """Lay out samples under their classes' names, the film strip, and the loss curve."""
    font = ImageFont.truetype(resource_path("fonts", "Inter-Regular.otf"), 14)
    samples = picture_grid(made.pictures[: ROWS * len(classes)], columns=len(classes))
    strip = film_strip(made, rows=ROWS)
    large = [
        picture.resize((picture.width * ENLARGED, picture.height * ENLARGED), 0)
        for picture in (samples, strip)
    ]
    width = max(picture.width for picture in large)
    parts = [("", large[0]), ("from noise, time to the right", large[1])]
    parts.append((f"loss, {len(losses)} steps", _curve(losses, width)))
    page = Image.new("RGB", (width, sum(24 + part.height for _, part in parts)), PAPER)
    pen, top = ImageDraw.Draw(page), 0
    for place, name in enumerate(classes):
        pen.text((place * large[0].width / len(classes), 4), name, INK, font)
    for title, part in parts:
        pen.text((0, top + 4), title, INK, font)
        page.paste(part, (0, top + 24))
        top += 24 + part.height
    return page


def _curve(losses: list[float], width: int) -> Image.Image:
    """Draw the losses, evened out over a hundredth of the run, on a logarithmic scale."""
    span = max(1, len(losses) // 100)
    even = np.log(np.convolve(losses, np.ones(span) / span, mode="valid"))
    low, high = float(even.min()), float(even.max())
    curve = Image.new("RGB", (width, CURVE_PX), PAPER)
    pen = ImageDraw.Draw(curve)
    down = (CURVE_PX - 20) * (high - even) / max(high - low, 1e-9) + 10
    across = np.linspace(0, width - 1, len(even))
    pen.line(list(zip(across.tolist(), down.tolist(), strict=True)), LINE, 2)
    font = ImageFont.truetype(resource_path("fonts", "Inter-Regular.otf"), 14)
    pen.text((width - 40, 4), f"{np.exp(high):.2f}", INK, font)
    pen.text((width - 40, CURVE_PX - 44), f"{np.exp(low):.2f}", INK, font)
    return curve


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
    parser.add_argument("--sheet", type=Path, help="write samples, film strip and loss curve")
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
    parts = painted(objective, asked, side=levels.shape[2], guidance_scale=chosen.guidance_scale)
    if chosen.sheet:
        lines = (chosen.run / "losses.jsonl").read_text().splitlines()
        losses = [json.loads(line)["loss"] for line in lines]
        sheet(parts[0], classes, losses).save(chosen.sheet)
    found = told_right(classifier, torch.cat([part.pictures for part in parts]).cpu(), asked)
    show("held-out drawings", ceiling)
    show("guided samples", found)
    print(f"of the ceiling    {found.share / ceiling.share:18.1%}   goal {GOAL:.0%}")


if __name__ == "__main__":
    main()
