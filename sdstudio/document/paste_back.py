"""Bringing a result home: its colours matched to the surroundings, its edge blended."""

from __future__ import annotations

import numpy as np

from sdstudio.document.masks import grown
from sdstudio.document.rect import Rect
from sdstudio.document.smooth_fill import spread
from sdstudio.document.tiles import nonzero_bounds

RING_PX = 24
_DETAIL_PX = 16
_OUTLIER = 40.0  # a difference this large is another content, not another colour


def paste_back(original: np.ndarray, generated: np.ndarray, blend: np.ndarray) -> np.ndarray:
    """The original with the result laid over it; where `blend` is 0 not one byte differs.

    Args:
        original, generated: (height, width, channels) uint8, alike in shape.
        blend: (height, width) uint8, how much of the result is seen.
    """
    pasted = original.copy()
    area = nonzero_bounds(blend).slices
    below = original[area].astype(np.float32)
    weight = blend[area][..., None] * np.float32(1 / 255)
    mixed = np.rint(below + (generated[area] - below) * weight).astype(np.uint8)
    pasted[area] = np.where(blend[area][..., None] == 0, original[area], mixed)
    return pasted


def match_colours(
    original: np.ndarray, generated: np.ndarray, blend: np.ndarray, *, ring_px: int = RING_PX
) -> np.ndarray:
    """The result shifted smoothly so that it meets the original's colours along the border.

    Outside the mask both should be the same picture; what they differ by in a ring around it is
    the model's colour shift there. That difference, coarse and free of outliers, is spread over
    the inside and added. Nothing to compare (a mask over everything) changes nothing.

    Args:
        original, generated: (height, width, 3) uint8.
        blend: (height, width) uint8, as for `paste_back`.
    """
    whole = Rect(0, 0, blend.shape[1], blend.shape[0])
    area = nonzero_bounds(blend).grown(ring_px).intersected(whole).slices
    inside = blend[area] > 0
    ring = (grown(inside.astype(np.uint8), ring_px) > 0) & ~inside
    if not ring.any():
        return generated
    made = generated[area].astype(np.float32)
    shift = original[area].astype(np.float32) - made
    is_alike = np.abs(shift).max(axis=2) < _OUTLIER
    weight = (ring & is_alike).astype(np.float32)
    matched = generated.copy()
    moved = made + spread(shift, weight, _DETAIL_PX)
    matched[area] = np.rint(np.clip(moved, 0, 255))
    return matched
