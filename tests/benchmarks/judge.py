"""The judge: one small network that reads what a picture of the world shows, taught by drawings.

It sees 128 px and answers for the whole picture (one kind of thing), and for its left and right
half (two things side by side). It is no part of the program: the models it judges never meet it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sdstudio.training.autoencoder import reduce_to
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import COUNTS, PLACES, STYLES, TIMES

SIDE = 128
CELLS = 8
"""The grid on which things are found, per side."""

CHANNELS = (32, 64, 128, 256)
COUNT_CHANNELS = 16
CLASSES: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "colour": tuple(COLOURS),
    "place": PLACES,
    "time": TIMES,
    "style": STYLES,
    "count": tuple(str(count) for count in COUNTS),
}
HALVES = ("left", "right")
QUESTIONS = (*CLASSES, *(f"{half} {name}" for half in HALVES for name in ("subject", "colour")))
"""What the judge answers, in the order of its labels; a label of -1 is not asked for."""


def classes_of(question: str) -> tuple[str, ...]:
    """The answers to one of `QUESTIONS`."""
    return CLASSES[question.split(" ")[-1]]


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first may halve the sides."""

    def __init__(self, before: int, after: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(8, after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(8, after)
        plain = stride == 1 and before == after
        self.shortcut = nn.Identity() if plain else nn.Conv2d(before, after, 1, stride)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, h / stride, w / stride)."""
        inner = self.conv2(F.silu(self.norm1(self.conv1(features))))
        return F.silu(self.shortcut(features) + self.norm2(inner))


class Judge(nn.Module):
    """Features on a grid of `CELLS`, pooled over the whole or a half, and a head a question."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, last = CHANNELS
        self.conv_in = nn.Conv2d(3, first, 3, 2, 1)
        self.body = nn.Sequential(
            nn.SiLU(),
            Residual(first, second, stride=2),
            Residual(second, third, stride=2),
            Residual(third, third),
            Residual(third, last, stride=2),
            Residual(last, last),
        )
        self.heads = nn.ModuleDict(
            {n: nn.Linear(2 * last, len(CLASSES[n])) for n in CLASSES if n != "count"}
        )
        self.narrow = nn.Conv2d(last, COUNT_CHANNELS, 1)
        self.count = nn.Linear(COUNT_CHANNELS * CELLS**2, len(COUNTS))
        self.cells = nn.Conv2d(last, len(SUBJECTS) + 1 + len(COLOURS), 1)

    def features(self, pictures: Tensor) -> Tensor:
        """Return (B, C, CELLS, CELLS) of pictures (B, 3, SIDE, SIDE) in [-1, 1]."""
        return self.body(self.conv_in(pictures.contiguous(memory_format=torch.channels_last)))

    def answer(self, features: Tensor) -> dict[str, Tensor]:
        """Return logits (B, classes) of every question."""
        whole = _pool(features)
        answers = {name: head(whole) for name, head in self.heads.items()}
        answers["count"] = self.count(F.silu(self.narrow(features)).flatten(1))
        for half, part in zip(HALVES, features.chunk(2, dim=3), strict=True):
            pooled = _pool(part)
            for name in ("subject", "colour"):
                answers[f"{half} {name}"] = self.heads[name](pooled)
        return {question: answers[question].float() for question in QUESTIONS}

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return logits (B, classes) of every question about (B, 3, SIDE, SIDE) in [-1, 1]."""
        return self.answer(self.features(pictures))


def _pool(features: Tensor) -> Tensor:
    return torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the judge sees in a batch of pictures.

    Attributes:
        log_probabilities: of every question, float32 (B, classes).
    """

    log_probabilities: dict[str, Tensor]

    def hits(self, question: str, labels: Tensor) -> Tensor:
        """Return where (B,) the likeliest answer is the label, which is a place in `CLASSES`."""
        return self.log_probabilities[question].argmax(dim=1) == labels

    def ordered(self, left: Tensor, right: Tensor) -> Tensor:
        """Return where (B,) `left` is likelier left of `right` than the other way round."""
        lefts, rights = (self.log_probabilities[f"{half} subject"] for half in HALVES)
        rows = torch.arange(len(left))
        as_asked = lefts[rows, left] + rights[rows, right]
        return as_asked > lefts[rows, right] + rights[rows, left]


@torch.no_grad()
def read(judge: Judge, pictures: Tensor) -> Reading:
    """Return what the judge sees in pictures (B, 3, H, W) in [-1, 1]."""
    parts = [judge.eval()(reduce_to(part, SIDE)) for part in pictures.split(64)]
    return Reading(
        log_probabilities={
            question: torch.cat([part[question] for part in parts]).log_softmax(dim=1)
            for question in QUESTIONS
        }
    )
