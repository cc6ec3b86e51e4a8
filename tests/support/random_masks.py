"""Masks of every kind a painter makes, and some only a tester does."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

KINDS = ("hard", "soft", "pixel", "edge", "whole", "ramp", "speckles", "empty")


def random_mask(kind: str, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A (height, width) uint8 mask of one of `KINDS`; only "empty" may be all 0."""
    image = Image.new("L", (width, height))
    x, y = int(rng.integers(width)), int(rng.integers(height))
    radius = int(rng.integers(1, max(2, min(width, height) // 3)))
    if kind in ("hard", "soft"):
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    elif kind == "edge":
        ImageDraw.Draw(image).rectangle((0, 0, x // 2, height), fill=int(rng.integers(1, 256)))
    elif kind == "whole":
        image.paste(255, (0, 0, width, height))
    if kind == "soft":
        image = image.filter(ImageFilter.GaussianBlur(radius / 2))
    mask = np.array(image)
    if kind == "ramp":
        mask[:] = np.linspace(0, 255, width).astype(np.uint8)
    elif kind == "speckles":
        mask[rng.random(mask.shape) < 0.01] = 128
    if kind != "empty":
        mask[y, x] = max(mask[y, x], 1 if kind == "soft" else 255)
    return mask
