"""Flood fill: all pixels of one colour that hang together, without a loop over pixels."""

from __future__ import annotations

import numpy as np

from sdstudio.errors import InvalidRequestError


def flood(pixels: np.ndarray, x: int, y: int, tolerance: int) -> np.ndarray:
    """The pixels that hang together with (x, y), side by side, and look like it.

    Args:
        pixels: (height, width) or (height, width, 4), uint8.
        tolerance: the most any channel may differ, 0 to 255.

    Returns:
        (height, width), bool.
    """
    height, width = pixels.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise InvalidRequestError("The fill must start inside the picture.")
    return _component(_alike(pixels, x, y, tolerance), x, y)


def _alike(pixels: np.ndarray, x: int, y: int, tolerance: int) -> np.ndarray:
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    alike = np.ones(planes.shape[:2], bool)
    for channel in range(planes.shape[2]):
        wanted = int(planes[y, x, channel])
        values = planes[..., channel]
        alike &= values >= max(0, wanted - tolerance)
        alike &= values <= min(255, wanted + tolerance)
    if pixels.ndim == 3 and pixels[y, x, 3] <= tolerance:
        alike |= planes[..., 3] == 0  # nothing looks like nothing, whatever its colour
    return alike


def _component(inside: np.ndarray, x: int, y: int) -> np.ndarray:
    """The part of `inside` that hangs together with (x, y)."""
    height, width = inside.shape
    starts, ends = _runs(inside)
    labels = _labels(len(starts), *_touching(starts, ends, width))
    seed = int(np.searchsorted(starts, y * width + x, "right")) - 1
    chosen = labels == labels[seed]
    # +1 where a chosen run starts, -1 where it ends: the running sum is 1 inside.
    steps = np.zeros(height * width + 1, np.int8)
    steps[starts[chosen]] += 1
    steps[ends[chosen]] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8).astype(bool).reshape(height, width)


def _runs(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last flat index of every horizontal run, in order."""
    height, width = inside.shape
    padded = np.zeros((height, width + 1), bool)
    padded[:, :width] = inside
    flat = padded.ravel()
    starts = np.flatnonzero(flat & ~np.concatenate(([False], flat[:-1])))
    ends = np.flatnonzero(~flat & np.concatenate(([False], flat[:-1])))
    return starts - starts // (width + 1), ends - ends // (width + 1)


def _touching(starts: np.ndarray, ends: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of runs that lie over one another in neighbouring rows."""
    first = np.searchsorted(ends, starts + width, "right")
    behind = np.searchsorted(starts, ends + width, "left")
    counts = np.maximum(behind - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    before = np.cumsum(counts) - counts
    lower = np.arange(len(upper)) - np.repeat(before - first, counts)
    return upper, lower


def _labels(count: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The lowest member of every run's component, by hooking and pointer jumping.

    Shiloach & Vishkin 1982, vectorised: a logarithmic number of passes over all pairs.
    """
    labels = np.arange(count)
    while len(left):
        low = np.minimum(labels[left], labels[right])
        high = np.maximum(labels[left], labels[right])
        np.minimum.at(labels, high, low)
        while True:
            jumped = labels[labels]
            if np.array_equal(jumped, labels):
                break
            labels = jumped
        apart = labels[left] != labels[right]
        left, right = left[apart], right[apart]
    return labels
