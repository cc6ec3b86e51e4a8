"""Random masks as people paint them: over a thing, boxes, brush strokes, or the whole picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

KIND_SHARES = {"boxes": 0.4, "strokes": 0.4, "whole": 0.2}
THING_SHARE = 0.4
"""Of the masks of pictures that say where their things stand; the other kinds share the rest."""

MARGINS = (0.0, 0.08)
BOX_SIDES = (0.2, 0.75)
STROKE_WIDTHS = (0.06, 0.22)
STROKE_LENGTHS = (0.15, 0.45)
"""Shares of the picture's shorter side."""


Box = tuple[float, float, float, float]


def random_mask(
    rng: np.random.Generator, *, width: int, height: int, things: Sequence[Box] = ()
) -> np.ndarray:
    """Return uint8 (height, width), 1 = repaint, 0 = keep; never without any ones.

    The whole picture now and then keeps the model able to paint from nothing (Nichol et al. 2021,
    GLIDE, arXiv 2112.10741, section 2.4). Where a whole thing is hidden, only the caption can say
    what it was (Xie et al. 2023, SmartBrush, arXiv 2212.05034, section 3.1).

    Args:
        things: (left, top, right, bottom) of the things in the picture, in shares of its sides.
    """
    if things and rng.random() < THING_SHARE:
        return _over(things[int(rng.integers(len(things)))], rng, (width, height))
    kind = rng.choice(list(KIND_SHARES), p=list(KIND_SHARES.values()))
    if kind == "whole":
        return np.ones((height, width), np.uint8)
    canvas = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(1, 3 if kind == "boxes" else 4))):
        (_box if kind == "boxes" else _stroke)(draw, rng, (width, height))
    return np.asarray(canvas, np.uint8)


def _over(thing: Box, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A box or an oval that hides `thing`, up to a margin farther on each side."""
    canvas = Image.new("L", size, 0)
    sides = np.array(size * 2)
    places = np.array(thing) * sides + rng.uniform(*MARGINS, 4) * min(size) * (-1, -1, 1, 1)
    if oval := rng.random() < 0.5:
        middle = (places[:2] + places[2:]) / 2
        # the oval around a box is wider by the root of two
        places = np.tile(middle, 2) + (places - np.tile(middle, 2)) * 2**0.5
    left, top, right, bottom = (float(v) for v in np.clip(places, -sides, 2 * sides))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    draw = ImageDraw.Draw(canvas)
    (draw.ellipse if oval else draw.rectangle)((left, top, right, bottom), fill=1)
    mask = np.asarray(canvas, np.uint8)
    return mask if mask.any() else np.ones_like(mask)


def _box(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int]) -> None:
    sides = [round(rng.uniform(*BOX_SIDES) * side) for side in size]
    places = [rng.integers(whole - side + 1) for whole, side in zip(size, sides, strict=True)]
    left, top = map(int, places)
    draw.rectangle((left, top, left + sides[0] - 1, top + sides[1] - 1), fill=1)


def _stroke(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int]) -> None:
    """A bent line with round ends, begun anywhere in the picture."""
    short = min(size)
    wide = max(2, round(rng.uniform(*STROKE_WIDTHS) * short))
    x, y = (rng.uniform(0.1, 0.9) * side for side in size)
    points, turn = [(x, y)], rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.integers(1, 6))):
        length = rng.uniform(*STROKE_LENGTHS) * short
        x = float(np.clip(x + length * np.cos(turn), 0, size[0] - 1))
        y = float(np.clip(y + length * np.sin(turn), 0, size[1] - 1))
        points.append((x, y))
        turn += rng.normal(0, 0.9)
    draw.line(points, fill=1, width=wide, joint="curve")
    for x, y in points:
        draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=1)
