"""Shapes as coverage: how much of every pixel lies inside, 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from sdstudio.document.rect import EMPTY, Rect

Coverage = tuple[Rect, np.ndarray]
"""Where a shape lies, and (height, width) float32 in [0, 1], or bool."""

_OVERSAMPLING = 4
_BAND_PX = 256

NOTHING: Coverage = (EMPTY, np.zeros((0, 0), np.float32))


def rectangle(left: float, top: float, right: float, bottom: float, within: Rect) -> Coverage:
    """A rectangle between four edges; edges inside a pixel cover it in part.

    Args:
        within: what lies outside is cut off.
    """
    left, right = sorted((left, right))
    top, bottom = sorted((top, bottom))
    where = Rect.between(left, top, right, bottom).intersected(within)
    if where.is_empty:
        return NOTHING
    across = _overlap(where.x, where.width, left, right)
    down = _overlap(where.y, where.height, top, bottom)
    return where, down[:, None] * across[None, :]


def ellipse(left: float, top: float, right: float, bottom: float, within: Rect) -> Coverage:
    """The ellipse that touches four edges."""
    left, right = sorted((left, right))
    top, bottom = sorted((top, bottom))
    where = Rect.between(left, top, right, bottom).intersected(within)
    if where.is_empty:
        return NOTHING
    radius_x, radius_y = max((right - left) / 2, 0.25), max((bottom - top) / 2, 0.25)
    across = _centres(where.x, where.width, (left + right) / 2) / np.float32(radius_x)
    down = _centres(where.y, where.height, (top + bottom) / 2) / np.float32(radius_y)
    coverage = np.empty((where.height, where.width), np.float32)
    for row in range(0, where.height, _BAND_PX):  # in bands, which stay in the cache
        band = slice(row, row + _BAND_PX)
        coverage[band] = _ellipse_band(across, down[band], radius_x, radius_y)
    return where, coverage


def _ellipse_band(
    across: np.ndarray, down: np.ndarray, radius_x: float, radius_y: float
) -> np.ndarray:
    # Distance to the rim in pixels, to first order: (1 - f) / |grad f| with f = |(x/a, y/b)|.
    level = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
    slope = np.sqrt(
        (across[None, :] / np.float32(radius_x)) ** 2 + (down[:, None] / np.float32(radius_y)) ** 2
    )
    depth = (1 - level) * level / np.maximum(slope, np.float32(1e-6))
    depth[level < 1e-3] = min(radius_x, radius_y)
    return np.clip(depth + np.float32(0.5), 0, 1)


def polygon(points: Sequence[tuple[float, float]], within: Rect) -> Coverage:
    """What a lasso encloses; where it crosses itself, inside and outside alternate."""
    if len(points) < 3:
        return NOTHING
    xs, ys = zip(*points, strict=True)
    where = Rect.between(min(xs), min(ys), max(xs), max(ys)).intersected(within)
    if where.is_empty:
        return NOTHING
    coverage = np.empty((where.height, where.width), np.float32)
    for top in range(0, where.height, _BAND_PX):  # in bands: oversampling needs memory
        height = min(_BAND_PX, where.height - top)
        band = Rect(where.x, where.y + top, where.width, height)
        coverage[top : top + height] = _polygon_band(points, band)
    return where, coverage


def _polygon_band(points: Sequence[tuple[float, float]], band: Rect) -> np.ndarray:
    times = _OVERSAMPLING
    image = Image.new("L", (band.width * times, band.height * times))
    # Pillow paints the pixels whose middles its corners name: shift by half a fine pixel.
    corners = [((x - band.x) * times - 0.5, (y - band.y) * times - 0.5) for x, y in points]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return np.asarray(image.reduce(times), np.float32) / np.float32(255)


def _overlap(first: int, count: int, low: float, high: float) -> np.ndarray:
    starts = np.arange(first, first + count, dtype=np.float32)
    return np.clip(np.minimum(starts + 1, high) - np.maximum(starts, low), 0, 1).astype(np.float32)


def _centres(first: int, count: int, middle: float) -> np.ndarray:
    return np.arange(count, dtype=np.float32) + np.float32(first + 0.5 - middle)
