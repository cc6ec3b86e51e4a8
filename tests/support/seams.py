"""How visible the edge of a repainted region is, measured as a person would look: across it."""

from __future__ import annotations

import numpy as np

from sdstudio.document.masks import depth_inside, feathered

REACH_PX = 3
_FAR_PX = 8


def step_across(picture: np.ndarray, inside: np.ndarray, reach_px: int = REACH_PX) -> float:
    """Mean absolute difference between `reach_px` pixels inside a border and as many outside.

    For every pixel on the inner side of the border the colours are averaged along the border's
    normal, on either side, and compared.

    Args:
        picture: (height, width, 3) uint8.
        inside: (height, width) bool, with something inside and something outside.

    Returns:
        In 0 to 255, the mean over border and channels; 0 where the whole picture is inside.
    """
    signed = depth_inside(inside, _FAR_PX) - depth_inside(~inside, _FAR_PX)
    smooth = feathered(np.rint(signed * 10 + 128).astype(np.uint8), 6).astype(np.float32)
    rows, columns = np.nonzero(inside & (signed <= 1))
    down, across = (part[rows, columns] for part in np.gradient(smooth))
    length = np.maximum(np.hypot(down, across), 1e-6)
    down, across = down / length, across / length
    pixels = picture.astype(np.float32)
    within = np.zeros((len(rows), 3), np.float32)
    without = np.zeros_like(within)
    is_counted = np.ones(len(rows), bool)
    for step in range(1, reach_px + 1):
        # The border runs half a pixel outside the innermost pixels that belong to it.
        for total, way in ((within, step - 1.0), (without, -float(step))):
            y, x = np.rint(rows + way * down), np.rint(columns + way * across)
            is_counted &= (y >= 0) & (y < inside.shape[0]) & (x >= 0) & (x < inside.shape[1])
            y = np.clip(y, 0, inside.shape[0] - 1).astype(int)
            x = np.clip(x, 0, inside.shape[1] - 1).astype(int)
            total += pixels[y, x] / reach_px
    if not is_counted.any():
        return 0.0
    return float(np.abs(within - without)[is_counted].mean())


def colour_shift(before: np.ndarray, after: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean signed difference of each channel over the region, (3,) in 255ths."""
    return (after[inside].astype(np.float64) - before[inside]).mean(axis=0)
