"""Spreading known values smoothly into the unknown (push-pull, Gortler et al. 1996)."""

from __future__ import annotations

import numpy as np

_TINY = np.float32(1e-6)


def spread(values: np.ndarray, weight: np.ndarray, detail_px: int = 1) -> np.ndarray:
    """Keep what is known and fill the rest from ever larger surroundings.

    Args:
        values: (height, width, channels) float32.
        weight: (height, width) float32 in [0, 1], how well each pixel is known.
        detail_px: anything finer than this is averaged away, even where it is known.

    Returns:
        Like `values`; 0 everywhere where nothing is known at all.
    """
    height, width = weight.shape
    if max(height, width) == 1:
        return values * (weight > 0)[..., None]
    sums, share = _halved(values * weight[..., None]), _halved(weight[..., None])
    coarse_weight = np.minimum(share[..., 0] * 2, 1)
    coarse = spread(sums / np.maximum(share, _TINY), coarse_weight, max(detail_px // 2, 1))
    filled = _doubled(_doubled(coarse, 0, height), 1, width)
    if detail_px > 1:
        return filled
    return filled + (values - filled) * weight[..., None]


def _halved(values: np.ndarray) -> np.ndarray:
    """The mean of every 2 x 2 pixels; what an odd side lacks counts as 0."""
    height, width = values.shape[:2]
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    rows = padded[0::2] + padded[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25)


def _doubled(values: np.ndarray, axis: int, length: int) -> np.ndarray:
    """Twice as many values along an axis, in between linearly; cut to `length`."""
    lines = np.moveaxis(values, axis, 0)
    before = np.concatenate((lines[:1], lines[:-1]))
    after = np.concatenate((lines[1:], lines[-1:]))
    doubled = np.empty((2 * len(lines), *lines.shape[1:]), values.dtype)
    doubled[0::2] = lines * np.float32(0.75) + before * np.float32(0.25)
    doubled[1::2] = lines * np.float32(0.75) + after * np.float32(0.25)
    return np.moveaxis(doubled[:length], 0, axis)
