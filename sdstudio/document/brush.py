"""The stamp brush: a round dab set down again and again along the pointer's way.

A stroke gathers its dabs in a coverage of its own and lays that over the layer once, so that a
stroke that crosses itself never exceeds its opacity.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError

MAX_SIZE_PX = 2000
_CHUNK_PX = 512
_SUBPIXELS = 8
_LARGE_DAB_PX = 64
_CACHED_PX = 1 << 15  # so many values stay in a core's own cache


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureCurve:
    """How pen pressure scales a value: from `at_zero` to 1 along pressure ** gamma."""

    at_zero: float = 0.1
    gamma: float = 1.0

    def __call__(self, pressure: float) -> float:
        pressed = min(max(pressure, 0.0), 1.0) ** self.gamma
        return self.at_zero + (1 - self.at_zero) * pressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """The shape of a dab and how dabs add up.

    Attributes:
        size_px: diameter, 0.5 to 2000.
        hardness: 0 fades from the middle, 1 has a sharp (anti-aliased) rim.
        opacity: the most a stroke covers, 0 to 1.
        flow: how much of that each dab adds, 0 to 1; 1 reaches it at once.
        spacing: distance between dabs as a part of the diameter.
        size_curve, opacity_curve: what pen pressure does; None = nothing.
    """

    size_px: float = 40.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.06
    size_curve: PressureCurve | None = PressureCurve()
    opacity_curve: PressureCurve | None = None

    def __post_init__(self) -> None:
        _check("Brush size", self.size_px, 0.5, MAX_SIZE_PX)
        _check("Hardness", self.hardness, 0.0, 1.0)
        _check("Opacity", self.opacity, 0.0, 1.0)
        _check("Flow", self.flow, 0.0, 1.0)
        _check("Spacing", self.spacing, 0.01, 2.0)

    def size_at(self, pressure: float) -> float:
        """Diameter in pixels."""
        return self.size_px * (self.size_curve(pressure) if self.size_curve else 1.0)

    def strength_at(self, pressure: float) -> float:
        """The most a dab covers, before the stroke's opacity."""
        return self.opacity_curve(pressure) if self.opacity_curve else 1.0


class Dab(NamedTuple):
    """One touch of the brush: middle, diameter, the most it covers, and the pixels it touches."""

    x: float
    y: float
    size_px: float
    strength: float
    rect: Rect


class DabPath:
    """Turns pointer positions into evenly spaced dabs, wherever the pointer was sampled."""

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        self._last: tuple[float, float, float] | None = None
        self._until_next = 0.0

    def extend(self, x: float, y: float, pressure: float) -> list[Dab]:
        """The dabs between the last position and this one; the first position always has one."""
        if self._last is None:
            self._last = x, y, pressure
            self._until_next = self._step(pressure)
            return [self._dab(x, y, pressure)]
        x0, y0, pressure0 = self._last
        length = math.hypot(x - x0, y - y0)
        self._last = x, y, pressure
        dabs, gone = [], self._until_next
        while gone <= length:
            part = gone / length
            here = pressure0 + (pressure - pressure0) * part
            dabs.append(self._dab(x0 + (x - x0) * part, y0 + (y - y0) * part, here))
            gone += self._step(here)
        self._until_next = gone - length
        return dabs

    def _step(self, pressure: float) -> float:
        return max(0.5, self._brush.size_at(pressure) * self._brush.spacing)

    def _dab(self, x: float, y: float, pressure: float) -> Dab:
        size = max(self._brush.size_at(pressure), 0.5)
        reach = size / 2 + 1
        rect = Rect.between(x - reach, y - reach, x + reach, y + reach)
        return Dab(x, y, size, self._brush.strength_at(pressure), rect)


def stamp(coverage: np.ndarray, area: Rect, dabs: list[Dab], brush: Brush) -> None:
    """Add dabs to a coverage in place.

    A dab raises what it touches towards its own profile by the brush's flow: no number of
    dabs on one spot exceeds it.

    Args:
        coverage: (height, width), float32 in [0, 1], of the pixels of `area`.
    """
    for dab in dabs:
        where = dab.rect.intersected(area)
        if where.is_empty:
            continue
        profile = _profile(dab, brush.hardness)
        target = profile[where.moved(-dab.rect.x, -dab.rect.y).slices]
        if dab.strength != 1.0:
            target = target * np.float32(dab.strength)
        under = coverage[where.moved(-area.x, -area.y).slices]
        if brush.flow < 1.0:
            target = under + np.maximum(target - under, 0) * np.float32(brush.flow)
        np.maximum(under, target, out=under)


def chunks(dabs: list[Dab]) -> list[tuple[Rect, list[Dab]]]:
    """Neighbouring dabs in groups whose rectangles stay small, however long the line."""
    groups: list[tuple[Rect, list[Dab]]] = []
    for dab in dabs:
        area, members = groups[-1] if groups else (dab.rect, [])
        wider = area.united(dab.rect)
        limit = _CHUNK_PX + 2 * math.ceil(dab.size_px)
        if groups and max(wider.width, wider.height) <= limit:
            members.append(dab)
            groups[-1] = wider, members
        else:
            groups.append((dab.rect, [dab]))
    return groups


def _profile(dab: Dab, hardness: float) -> np.ndarray:
    """Coverage of the pixels of `dab.rect`."""
    # Eighths of a pixel cannot be told apart; a large, soft dab hides halves, and a pixel of size.
    is_soft = dab.size_px >= _LARGE_DAB_PX and hardness < 0.9
    steps, digits = (2, 0) if is_soft else (_SUBPIXELS, 1)
    x, y = round(dab.x * steps) / steps, round(dab.y * steps) / steps
    left, top, width, height = dab.rect
    known = _known_profile if dab.size_px <= _CHUNK_PX else _known_large_profile
    return known(width, height, x - left, y - top, round(dab.size_px, digits), hardness)


def _round_profile(
    width: int, height: int, x: float, y: float, size_px: float, hardness: float
) -> np.ndarray:
    radius = max(size_px, 1.0) / 2
    fade = max(1.0, radius * (1 - hardness))  # never under a pixel: the rim is anti-aliased
    across = (np.arange(width, dtype=np.float32) + np.float32(0.5 - x)) ** 2
    down = (np.arange(height, dtype=np.float32) + np.float32(0.5 - y)) ** 2
    profile = np.empty((height, width), np.float32)
    rows = max(1, _CACHED_PX // width)
    for top in range(0, height, rows):
        depth = profile[top : top + rows]
        np.add(down[top : top + rows, None], across[None, :], out=depth)
        np.sqrt(depth, out=depth)
        np.subtract(np.float32(radius + 0.5), depth, out=depth)
        depth *= np.float32(1 / fade)
        np.clip(depth, 0, 1, out=depth)
        if fade > 1.0:
            depth *= depth * (3 - 2 * depth)
    if size_px < 1.0:  # thinner than a pixel: as dark as the part of it that is covered
        profile *= np.float32(size_px**2)
    return profile


# A megabyte each, and 16: a pen's pressure changes sizes too often to keep more of them.
_known_profile = functools.lru_cache(maxsize=32)(_round_profile)
_known_large_profile = functools.lru_cache(maxsize=4)(_round_profile)


def _check(label: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidRequestError(
            f"{label} {value} is out of range.", f"Choose from {low} to {high}."
        )
