"""From the painter's mask to the two masks of inpainting.

The denoise mask tells the model what may change and falls off softly beyond what was painted.
The blend mask decides what is seen of the result: outside the painted, slightly grown area it
is 0, and there the picture keeps its bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from sdstudio.document.rect import Rect
from sdstudio.document.tiles import nonzero_bounds
from sdstudio.errors import InvalidRequestError

_BLOCK_PX = 256
_CORE_DEPTHS = 3  # the edge takes at most a third of the way to a stroke's middle
_COARSE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskEdges:
    """How far the two masks reach; all 0 leaves the painter's mask as it is.

    Attributes:
        grow_px: both masks reach this far beyond the painter's.
        feather: width of the denoise mask's falloff as a part of the mask's longer side.
        min_feather_px: the least that falloff is wide.
        blend_px: width of the blend mask's soft edge, which lies inside the grown mask.
    """

    grow_px: int = 4
    feather: float = 0.10
    min_feather_px: int = 32
    blend_px: int = 25

    def scaled(self, by: float) -> MaskEdges:
        """The same edges on a picture of another scale."""
        if by == 1:
            return self
        return replace(
            self,
            grow_px=round(self.grow_px * by),
            min_feather_px=round(self.min_feather_px * by),
            blend_px=round(self.blend_px * by),
        )

    def feather_px(self, bounds: Rect, strength: float = 1.0) -> int:
        """The falloff's width for a mask of this size; less is needed where less changes."""
        wanted = max(self.min_feather_px, self.feather * max(bounds.width, bounds.height))
        return round(wanted * strength)


def require_mask(mask: np.ndarray) -> Rect:
    """The rectangle around what is painted.

    Raises:
        InvalidRequestError: nothing is.
    """
    bounds = nonzero_bounds(mask)
    if bounds.is_empty:
        raise InvalidRequestError("Nothing is masked.", "Paint over what should change.")
    return bounds


def denoise_mask(mask: np.ndarray, edges: MaskEdges, strength: float = 1.0) -> np.ndarray:
    """What the model may change: the painter's mask, grown, with a soft falloff around it.

    It is never less than what was painted.

    Args:
        mask: (height, width) uint8, 255 = repaint.
        strength: of the run, (0, 1]; scales how far the mask grows and falls off.
    """
    bounds = require_mask(mask)
    feather_px = edges.feather_px(bounds, strength)
    grow_px = round(edges.grow_px * strength)
    area = bounds.grown(grow_px + feather_px).intersected(_whole(mask))
    soft = feathered(grown(mask[area.slices], grow_px), feather_px)
    result = np.zeros_like(mask)
    result[area.slices] = np.maximum(soft, mask[area.slices])
    return result


def blend_mask(mask: np.ndarray, edges: MaskEdges) -> np.ndarray:
    """How much of the result is seen: 0 outside the grown mask, 255 in its core.

    The edge rises from the grown mask's rim inwards. In a thin stroke it takes a third of the
    way to the middle, so that thin strokes are seen as well; at the picture's own border there
    is no edge, for there is nothing to blend with.

    Args:
        mask: (height, width) uint8; every value above 0 counts as painted.
    """
    bounds = require_mask(mask)
    area = bounds.grown(edges.grow_px + 1).intersected(_whole(mask))
    inside = grown((mask[area.slices] > 0).astype(np.uint8), edges.grow_px) > 0
    result = np.zeros_like(mask)
    result[area.slices] = np.where(inside, _edge(inside, edges.blend_px), 0)
    return result


def grown(mask: np.ndarray, radius_px: int) -> np.ndarray:
    """Every pixel takes the largest value within a radius (dilation by a disc)."""
    if radius_px <= 0:
        return mask
    result = mask.copy()
    row = mask.copy()
    heights = [math.isqrt(radius_px**2 - across**2) for across in range(radius_px + 1)]
    half_width = 0
    for down in range(radius_px, -1, -1):  # rows of the disc, from its narrow end
        while half_width < heights[down]:
            half_width += 1
            row[:, half_width:] = np.maximum(row[:, half_width:], mask[:, :-half_width])
            row[:, :-half_width] = np.maximum(row[:, :-half_width], mask[:, half_width:])
        upper, lower = slice(None, -down or None), slice(down, None)
        np.maximum(result[lower], row[upper], out=result[lower])
        np.maximum(result[upper], row[lower], out=result[upper])
    return result


def feathered(mask: np.ndarray, width_px: float) -> np.ndarray:
    """Soften edges so that they run over about `width_px` pixels (three box blurs)."""
    if width_px <= 0:
        return mask
    # A three-fold box blur's ramp is about four standard deviations wide.
    blurred = Image.fromarray(mask).filter(ImageFilter.GaussianBlur(width_px / 4))
    return np.asarray(blurred)


def depth_inside(inside: np.ndarray, limit_px: int) -> np.ndarray:
    """Exact Euclidean distance to the nearest pixel outside, at most `limit_px`.

    The array's own border counts as inside. Rows first, then columns (Meijster et al. 2000),
    block by block: blocks far from every edge cost nothing.

    Returns:
        (height, width) float32.
    """
    depth = np.where(inside, np.float32(limit_px), np.float32(0))
    whole = _whole(inside)
    for block in whole.blocks(_BLOCK_PX):
        around = block.grown(limit_px).intersected(whole)
        part = inside[around.slices]
        if part.all() or not inside[block.slices].any():
            continue
        squares = _squared_distances(part, limit_px)
        near = squares[block.moved(-around.x, -around.y).slices]
        depth[block.slices] = np.minimum(np.sqrt(near), np.float32(limit_px))
    return depth


def local_depth(inside: np.ndarray, depth: np.ndarray, near_px: int) -> np.ndarray:
    """About how deep the shape is around each place, up to three times `near_px`.

    Exact where it is thin; where it is deeper than `depth` tells, from a coarse copy.

    Args:
        depth: of `depth_inside`, up to `near_px + 1`.
    """
    reach_px = near_px + 1
    scale = np.float32(255 / reach_px)
    near = grown(np.rint(depth * scale).astype(np.uint8), reach_px) / scale
    height, width = inside.shape
    cells = np.pad(inside, ((0, -height % _COARSE), (0, -width % _COARSE)), mode="edge")
    cells = cells.reshape(-(-height // _COARSE), _COARSE, -1, _COARSE).min(axis=(1, 3))
    far_cells = -(-_CORE_DEPTHS * near_px // _COARSE)
    far_scale = np.float32(255 / far_cells)
    deepest = np.rint(depth_inside(cells, far_cells) * far_scale).astype(np.uint8)
    deepest = np.repeat(np.repeat(grown(deepest, far_cells // 2), _COARSE, 0), _COARSE, 1)
    far = deepest[:height, :width] * (np.float32(_COARSE) / far_scale)
    local = np.where(near < near_px, near, np.maximum(near, far))
    limit = np.float32(_CORE_DEPTHS * near_px)
    levels = np.rint(np.minimum(local, limit) * (255 / limit)).astype(np.uint8)
    return feathered(levels, 4 * _COARSE) * (limit / 255)


def _squared_distances(inside: np.ndarray, limit_px: int) -> np.ndarray:
    """Squared distance to the nearest pixel outside, exact up to `limit_px`."""
    rows = np.arange(inside.shape[0], dtype=np.float32)[:, None]
    far = np.float32(4 * limit_px + 4 * inside.shape[0])
    above = rows - np.maximum.accumulate(np.where(inside, -far, rows), axis=0)
    flipped = np.where(inside, far, rows)[::-1]
    below = np.minimum.accumulate(flipped, axis=0)[::-1] - rows
    column = np.minimum(above, below) ** 2
    nearest = column.copy()
    for across in range(1, min(limit_px, inside.shape[1] - 1) + 1):
        farther = np.float32(across**2)
        np.minimum(nearest[:, across:], column[:, :-across] + farther, out=nearest[:, across:])
        np.minimum(nearest[:, :-across], column[:, across:] + farther, out=nearest[:, :-across])
    return nearest


def _edge(inside: np.ndarray, blend_px: int) -> np.ndarray:
    """A smooth ramp from the rim inwards, (height, width) uint8, above 0 all over the inside."""
    if blend_px <= 0:
        return np.full(inside.shape, 255, np.uint8)
    depth = depth_inside(inside, blend_px + 1)
    width = np.clip(local_depth(inside, depth, blend_px) / _CORE_DEPTHS, 1, blend_px)
    part = np.clip(depth / (width + 1), 0, 1)
    return np.maximum(np.rint(255 * part * part * (3 - 2 * part)), 1).astype(np.uint8)


def _whole(mask: np.ndarray) -> Rect:
    return Rect(0, 0, mask.shape[1], mask.shape[0])
