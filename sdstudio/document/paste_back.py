"""Bringing a result home: its colours matched to the surroundings, its edge blended."""

from __future__ import annotations

import numpy as np

from sdstudio.document.masks import depth_inside, grown, local_depth
from sdstudio.document.rect import Rect
from sdstudio.document.smooth_fill import spread
from sdstudio.document.tiles import nonzero_bounds

RING_PX = 24
_DETAIL_PX = 16
_OUTLIER = 40.0  # a difference this large is another content, not another colour
_RIM_PX = 6
_RIM_DETAIL_PX = 8
_RIM_REACH_PX = 40
_RIM_SHARE = 0.9  # of the way to a shape's middle: what a thin stroke shows stays its own


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

    Twice: by what the model does to colours, seen in the ring outside the border where both
    should be the same picture; then along the border itself, where the result's own content
    begins with the colours of the original there and goes over to its own further in.
    Nothing to compare (a mask over everything) changes nothing.

    Args:
        original, generated: (height, width, 3) uint8.
        blend: (height, width) uint8, as for `paste_back`.
    """
    whole = Rect(0, 0, blend.shape[1], blend.shape[0])
    area = nonzero_bounds(blend).grown(ring_px).intersected(whole).slices
    inside = blend[area] > 0
    if inside.all():
        return generated
    matched = generated.copy()
    here = original[area].astype(np.float32)
    made = _meet_around(here, generated[area].astype(np.float32), inside, ring_px)
    made = _meet_at_rim(here, made, inside)
    matched[area] = np.rint(np.clip(made, 0, 255))
    return matched


def _meet_around(
    original: np.ndarray, made: np.ndarray, inside: np.ndarray, ring_px: int
) -> np.ndarray:
    """Take back the model's colour shift, coarse and free of outliers."""
    ring = (grown(inside.astype(np.uint8), ring_px) > 0) & ~inside
    shift = original - made
    is_alike = np.abs(shift).max(axis=2) < _OUTLIER
    weight = (ring & is_alike).astype(np.float32)
    return made + spread(shift, weight, _DETAIL_PX)


def _meet_at_rim(original: np.ndarray, made: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Let the result begin with the original's colours, as seamless cloning does.

    A smooth membrane carries the difference inwards (Pérez et al. 2003, eq. 2, with no guidance
    but the rim) and fades before the middle, so that bright things stay bright.
    """
    depth = depth_inside(inside, _RIM_REACH_PX + 1)
    weight = np.clip(1 - (depth - 1) / _RIM_PX, 0, 1) * inside
    membrane = spread(original - made, weight.astype(np.float32), _RIM_DETAIL_PX)
    reach = np.clip(local_depth(inside, depth, _RIM_REACH_PX) * _RIM_SHARE, 2, _RIM_REACH_PX)
    near = np.clip(1 - depth / reach, 0, 1)
    fade = (near * near * (3 - 2 * near) * inside)[..., None]
    return made + membrane * fade
