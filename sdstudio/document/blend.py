"""Laying paint on pixels and layers on layers (Porter & Duff 1984, "over", straight alpha)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]
"""Red, green, blue: 0 to 255."""

_TINY = np.float32(1e-12)
_OPAQUE = 1 - 1e-6
_CACHED_PX = 1 << 16  # the floats of so many pixels stay in the cache


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
    height, width = alpha.shape
    rows = max(1, _CACHED_PX // max(1, width))
    if height <= rows:
        return _lay_band(pixels, ink, alpha)
    laid = np.empty_like(pixels)
    for top in range(0, height, rows):
        band = slice(top, top + rows)
        laid[band] = _lay_band(pixels[band], ink, alpha[band])
    return laid


def _lay_band(pixels: np.ndarray, ink: Ink, alpha: np.ndarray) -> np.ndarray:
    if alpha.size and not ink.keeps_alpha and alpha.min() >= 1:
        return _covered(pixels, ink)
    if pixels.ndim == 2:
        return _lay_on_mask(pixels, ink, alpha)
    if ink.erases:
        return pixels if ink.keeps_alpha else _erase(pixels, alpha)
    return _lay_on_colour(pixels, ink, alpha)


def _covered(pixels: np.ndarray, ink: Ink) -> np.ndarray:
    """Nothing of what was there is seen any more: the inside of large fills."""
    covered = np.zeros_like(pixels)
    if not ink.erases:
        covered[:] = ink.grey if pixels.ndim == 2 else (*ink.colour, 255)
    return covered


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
    """Layers laid over one another, bottom first, in floats until the end.

    Colours are kept channel by channel, which numpy works through several times as fast as
    through pixels of four values.

    Args:
        height, width: of what is composited, in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._only: np.ndarray | None = None
        self._planes: list[np.ndarray] = []
        self._covered: np.ndarray | None = None  # 0 to 1; None = all of it is opaque

    def add(self, pixels: np.ndarray, opacity: float) -> None:
        """Lay (height, width, 4) straight uint8 pixels over what is there."""
        if not self._planes:
            if self._only is None and opacity == 1.0:
                self._only = pixels  # a single layer is seen as it is, byte for byte
                return
            self._start()
        alpha = pixels[..., 3].astype(np.float32)
        alpha *= np.float32(opacity / 255)
        if not alpha.any():
            return
        weight = alpha if self._covered is None else self._cover(self._covered, alpha)
        for channel, plane in enumerate(self._planes):
            change = pixels[..., channel].astype(np.float32)
            change -= plane
            change *= weight
            plane += change

    def pixels(self) -> np.ndarray:
        """The result as (height, width, 4) straight uint8."""
        if not self._planes:
            return np.zeros((*self._shape, 4), np.uint8) if self._only is None else self._only
        laid = np.empty((*self._shape, 4), np.uint8)
        for channel, plane in enumerate(self._planes):
            laid[..., channel] = plane + np.float32(0.5)
        laid[..., 3] = 255
        if self._covered is not None:
            laid[..., 3] = self._covered * np.float32(255) + np.float32(0.5)
        return laid

    def _start(self) -> None:
        below = self._only
        if below is None:
            self._planes = [np.zeros(self._shape, np.float32) for _ in range(3)]
            self._covered = np.zeros(self._shape, np.float32)
            return
        self._planes = [below[..., channel].astype(np.float32) for channel in range(3)]
        if below[..., 3].min() < 255:
            self._covered = below[..., 3] * np.float32(1 / 255)

    def _cover(self, covered: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Add to what is covered; return how much of each colour is the new one's."""
        now = covered + alpha - covered * alpha
        self._covered = now if now.min() < _OPAQUE else None
        return alpha / np.maximum(now, _TINY)


def over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """(height, width, 4) pixels laid over others; where `above` is clear the bytes stay."""
    composite = Composite(*below.shape[:2])
    composite.add(below, 1.0)
    composite.add(above, 1.0)
    laid = composite.pixels()
    clear = above[..., 3] == 0
    laid[clear] = below[clear]
    return laid
