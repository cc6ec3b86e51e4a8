"""What lies under the mask before the model starts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdstudio.document.rect import Rect
from sdstudio.document.smooth_fill import spread
from sdstudio.document.tiles import nonzero_bounds
from sdstudio.messages.generation import FillMode

NEUTRAL = 127.5


def prefill(
    pixels: np.ndarray, mask: np.ndarray, fill: FillMode, rng: np.random.Generator
) -> np.ndarray:
    """The picture with the masked part filled; greys of the mask fill in part.

    Args:
        pixels: (height, width, 3) uint8.
        mask: (height, width) uint8; where it is 0 the bytes stay.
        fill: "original" keeps what is there, "blur" spreads the surroundings smoothly, "neutral"
            is middle grey, "noise" is uniform noise, "edge" continues the nearest pixel outside.
        rng: for "noise".
    """
    bounds = nonzero_bounds(mask)
    if fill == "original" or bounds.is_empty:
        return pixels
    area = bounds.grown(2).intersected(Rect(0, 0, mask.shape[1], mask.shape[0]))
    part, part_mask = pixels[area.slices].astype(np.float32), mask[area.slices]
    under = _FILLS[fill](part, part_mask, rng)
    weight = part_mask[..., None] * np.float32(1 / 255)
    filled = pixels.copy()
    filled[area.slices] = np.rint(part + (under - part) * weight)
    return filled


def nearest_outside(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the nearest pixel outside, by jump flooding (Rong & Tan 2006).

    Args:
        inside: (height, width) bool; where nothing is outside every pixel is its own.
    """
    height, width = inside.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.int32)
    far = np.int32(-4 * max(height, width))
    row, column = np.where(inside, far, rows), np.where(inside, far, columns)
    jump = 1 << (max(height, width) - 1).bit_length()
    while jump := jump // 2:
        for down in (-jump, 0, jump):
            for across in (-jump, 0, jump):
                here, there = _overlap(down, across, height, width)
                near_row, near_column = row[there].copy(), column[there].copy()
                old = (rows[here] - row[here]) ** 2 + (columns[here] - column[here]) ** 2
                new = (rows[here] - near_row) ** 2 + (columns[here] - near_column) ** 2
                row[here] = np.where(new < old, near_row, row[here])
                column[here] = np.where(new < old, near_column, column[here])
    lost = row < 0
    return np.where(lost, rows, row), np.where(lost, columns, column)


def _overlap(
    down: int, across: int, height: int, width: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that have a neighbour that far away, and those neighbours."""
    here = Rect(0, 0, width, height).intersected(Rect(-across, -down, width, height))
    return here.slices, here.moved(across, down).slices


def _blurred(part: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    known = (mask == 0).astype(np.float32)
    return spread(part, known) if known.any() else _neutral(part, mask, rng)


def _neutral(part: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.full_like(part, NEUTRAL)


def _noise(part: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 255, part.shape).astype(np.float32)


def _edge_extended(part: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return part[nearest_outside(mask > 0)]


_FILLS: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]] = {
    "blur": _blurred,
    "neutral": _neutral,
    "noise": _noise,
    "edge": _edge_extended,
}
