"""Laying paint on pixels and layers on layers (Porter & Duff 1984, "over", straight alpha)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]
"""Red, green, blue: 0 to 255."""

_TINY = np.float32(1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What a tool leaves behind.

    Attributes:
        colour: on a mask layer its brightness counts: white = repaint.
        erases: takes away instead of adding.
        keeps_alpha: only colours what is already there.
    """

    colour: Colour = (0, 0, 0)
    erases: bool = False
    keeps_alpha: bool = False

    @property
    def grey(self) -> int:
        """Its brightness, 0 to 255 (ITU-R BT.601)."""
        red, green, blue = self.colour
        return (299 * red + 587 * green + 114 * blue + 500) // 1000


def lay(pixels: np.ndarray, ink: Ink, alpha: np.ndarray) -> np.ndarray:
    """Pixels with ink laid over them; where `alpha` is 0 they are the same bytes.

    Args:
        pixels: (height, width) mask or (height, width, 4) colour, uint8.
        alpha: (height, width), float32 in [0, 1].
    """
    if pixels.ndim == 2:
        return _lay_on_mask(pixels, ink, alpha)
    if ink.erases:
        return pixels if ink.keeps_alpha else _erase(pixels, alpha)
    return _lay_on_colour(pixels, ink, alpha)


def _lay_on_mask(pixels: np.ndarray, ink: Ink, alpha: np.ndarray) -> np.ndarray:
    values = pixels.astype(np.float32)
    values += (np.float32(0 if ink.erases else ink.grey) - values) * alpha
    values += np.float32(0.5)
    return values.astype(np.uint8)


def _erase(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    erased = pixels.copy()
    kept = (1 - alpha) * pixels[..., 3] + np.float32(0.5)
    erased[..., 3] = kept.astype(np.uint8)
    erased[erased[..., 3] == 0] = 0  # no colour haunts what is gone
    return erased


def _lay_on_colour(pixels: np.ndarray, ink: Ink, alpha: np.ndarray) -> np.ndarray:
    under = pixels[..., 3].astype(np.float32)
    under *= np.float32(1 / 255)
    if ink.keeps_alpha:
        covered, weight = under, alpha * (under > 0)
    else:
        covered = under + alpha - under * alpha
        weight = alpha / np.maximum(covered, _TINY)
    laid = np.empty_like(pixels)
    for channel, wanted in enumerate(ink.colour):
        values = pixels[..., channel].astype(np.float32)
        values += (np.float32(wanted) - values) * weight
        values += np.float32(0.5)
        laid[..., channel] = values
    laid[..., 3] = covered * np.float32(255) + np.float32(0.5)
    return laid


class Composite:
    """Layers laid over one another, bottom first, kept in floats until the end.

    Args:
        height, width: of what is composited, in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = (height, width, 4)
        self._only: np.ndarray | None = None
        self._sum: np.ndarray | None = None

    def add(self, pixels: np.ndarray, opacity: float) -> None:
        """Lay (height, width, 4) straight uint8 pixels over what is there."""
        if self._sum is None and self._only is None and opacity == 1.0:
            self._only = pixels
            return
        if self._sum is None:
            base = self._only if self._only is not None else np.zeros(self._shape, np.uint8)
            self._sum = _premultiplied(base, 1.0)
        over = _premultiplied(pixels, opacity)
        self._sum *= (1 - over[..., 3] * np.float32(1 / 255))[..., None]
        self._sum += over

    def pixels(self) -> np.ndarray:
        """The result as (height, width, 4) straight uint8."""
        if self._sum is None:
            return self._only if self._only is not None else np.zeros(self._shape, np.uint8)
        alpha = self._sum[..., 3]
        if alpha.min() < 255:
            scale = np.float32(255) / np.maximum(alpha, _TINY)
            scale[alpha < 0.5] = 0
            self._sum[..., :3] *= scale[..., None]
        self._sum += np.float32(0.5)
        return np.minimum(self._sum, np.float32(255.5)).astype(np.uint8)


def over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """(height, width, 4) pixels laid over others; where `above` is clear the bytes stay."""
    composite = Composite(*below.shape[:2])
    composite.add(below, 1.0)
    composite.add(above, 1.0)
    laid = composite.pixels()
    clear = above[..., 3] == 0
    laid[clear] = below[clear]
    return laid


def _premultiplied(pixels: np.ndarray, opacity: float) -> np.ndarray:
    values = pixels.astype(np.float32)
    alpha = values[..., 3]
    if opacity != 1.0:
        alpha *= np.float32(opacity)
    if opacity != 1.0 or pixels[..., 3].min() < 255:
        values[..., :3] *= (alpha * np.float32(1 / 255))[..., None]
    return values
