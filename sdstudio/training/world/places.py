"""The seven places of the world: each told apart by its shapes and its ground, far things paler."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sdstudio.training.world.paint import Colour, Linear, Surface, mix, shade
from sdstudio.training.world.sky import TIMES_OF_DAY, TimeOfDay
from sdstudio.training.world.vocabulary import Place, Time

Draw = Callable[["Land"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """What a place is drawn with; distances are shares of the picture's width and height."""

    surface: Surface
    light: TimeOfDay
    time: Time
    rng: np.random.Generator

    def at(self, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
        """Return points (n, 2) in pixels from shares of width and height."""
        return np.stack([xs * self.surface.width, ys * self.surface.height], axis=1)

    def ridge(self, level: float, swing: float, colour: Colour, *, depth: float = 0.0) -> None:
        """Fill a rolling hill from `level` +- `swing` down to the picture's foot."""
        xs = np.linspace(0, 1, 33)
        first, second = self.rng.uniform(0, 2 * math.pi, 2)
        waves = np.sin(xs * self.rng.uniform(3.5, 6.5) + first) + 0.4 * np.sin(xs * 11 + second)
        self.ground(xs, level - swing * waves / 1.4, colour, depth=depth)

    def ground(self, xs: np.ndarray, ys: np.ndarray, colour: Colour, *, depth: float = 0.0) -> None:
        """Fill the land below the line through (xs, ys), darkening towards the viewer."""
        colour = self.light.on_land(colour, depth=depth)
        points = np.concatenate([self.at(xs, ys), self.at(np.array([1.0, 0.0]), np.full(2, 1.02))])
        if depth > 0.2:
            self.surface.polygon(points, colour)
            return
        top, foot = float(ys.min()) * self.surface.height, float(self.surface.height)
        fill = Linear((0, top), (0, foot), (shade(colour, 0.1), colour, shade(colour, -0.16)))
        self.surface.polygon(points, fill)

    def shape(self, points: list[tuple[float, float]], colour: Colour, *, depth: float) -> None:
        """Fill a polygon given in shares of width and height."""
        xy = np.array(points)
        self.surface.polygon(self.at(xy[:, 0], xy[:, 1]), self.light.on_land(colour, depth=depth))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSpec:
    """A place: its drawer, the height of its horizon, and where things stand or swim.

    All levels are shares of the picture's height; `water` is None where there is none.
    """

    draw: Draw
    horizon: float
    stand: tuple[float, float]
    water: tuple[float, float] | None = None


def draw_place(surface: Surface, place: Place, *, time: Time, rng: np.random.Generator) -> None:
    """Draw the land of `place` in the light of `time` over a surface that holds the sky."""
    land = Land(surface=surface, light=TIMES_OF_DAY[time], time=time, rng=rng)
    PLACE_SPECS[place].draw(land)


def _meadow(land: Land) -> None:
    land.ridge(0.5, 0.07, (112, 170, 108), depth=0.9)
    land.ridge(0.58, 0.05, (116, 186, 84), depth=0.45)
    land.ridge(0.66, 0.03, (98, 182, 66))
    petals: tuple[Colour, ...] = ((255, 255, 246), (255, 226, 92), (255, 158, 190))
    count = 22
    xs = (np.arange(count) + land.rng.uniform(0, 1, count)) / count
    for index, (x, depth) in enumerate(zip(xs, land.rng.uniform(0, 1, count), strict=True)):
        px, py = x * land.surface.width, (0.71 + 0.27 * depth) * land.surface.height
        size = 1.2 + 1.1 * depth
        stem = land.light.on_land((62, 132, 48))
        land.surface.line([(px, py), (px, py + 3.2 * size)], 0.9, stem, part_id=False)
        land.surface.ellipse(px, py, size, size, land.light.on_land(petals[index % 3]))


def _desert(land: Land) -> None:
    rng = land.rng
    # 1. A table mountain far away.
    left = rng.choice([rng.uniform(0.0, 0.08), rng.uniform(0.68, 0.76)])
    mesa = [(0, 0.62), (0.03, 0.48), (0.045, 0.43), (0.18, 0.43), (0.195, 0.49), (0.24, 0.62)]
    land.shape([(left + x, y) for x, y in mesa], (206, 116, 72), depth=0.45)
    # 2. Dunes with a lit and a shaded flank.
    land.ridge(0.585, 0.035, (236, 190, 122), depth=0.35)
    for centre, top in ((rng.uniform(0.05, 0.25), 0.55), (rng.uniform(0.72, 0.95), 0.585)):
        _dune(land, centre, top, 0.32)
    land.ground(np.linspace(0, 1, 9), _waves(rng, 9, 0.71, 0.02), (236, 188, 108))
    # 3. Ripples of sand.
    ripple = land.light.on_land((214, 160, 84))
    for level in np.linspace(0.77, 0.96, 5):
        start = rng.uniform(0.0, 0.55)
        xs = np.linspace(start, start + rng.uniform(0.25, 0.45), 9)
        ys = level + 0.006 * np.sin(np.arange(9) * 1.6)
        land.surface.line(land.at(xs, ys), 1.2, ripple, smooth=True, part_id=False)


def _dune(land: Land, centre: float, top: float, reach: float) -> None:
    lit, dark = (244, 200, 124), (206, 148, 82)
    crest = [(centre, top), (centre + 0.05, top + 0.07), (centre + 0.015, top + 0.19)]
    land.shape([(centre - reach, 0.74), (centre - 0.12, top + 0.06), *crest], lit, depth=0.12)
    right = [(centre + 0.14, top + 0.055), (centre + reach, 0.74)]
    land.shape([*crest, right[1], right[0]], dark, depth=0.12)
    land.shape([crest[0], right[0], right[1], crest[2], crest[1]], dark, depth=0.12)


def _waves(rng: np.random.Generator, count: int, level: float, swing: float) -> np.ndarray:
    return level + swing * np.sin(np.linspace(0, 2 * math.pi, count) + rng.uniform(0, 6))


def _snow(land: Land) -> None:
    rng = land.rng
    land.ridge(0.5, 0.05, (206, 220, 238), depth=0.5)
    for x in (*rng.uniform(0.0, 0.3, 4), *rng.uniform(0.7, 1.0, 4)):
        _far_pine(land, x, rng.uniform(0.575, 0.62), rng.uniform(0.12, 0.19))
    land.ridge(0.62, 0.025, (228, 236, 247), depth=0.1)
    land.ridge(0.72, 0.03, (244, 248, 253))
    shadow = land.light.on_land((208, 222, 242))
    for _ in range(5):
        x, y = rng.uniform(0.0, 0.9), rng.uniform(0.78, 0.97)
        xs = np.linspace(x, x + rng.uniform(0.1, 0.2), 5)
        ys = y + 0.008 * np.sin(np.linspace(0, math.pi, 5))
        land.surface.line(land.at(xs, ys), 1.4, shadow, smooth=True, part_id=False)


def _far_pine(land: Land, x: float, foot: float, height: float) -> None:
    """Draw a small snow-laden pine whose foot stands at (x, foot)."""
    half = height * 0.3
    tiers = [(0, 1.0), (0.55, 0.6), (0.3, 0.55), (0.8, 0.28), (0.4, 0.25), (1.0, 0.0)]
    right = [(x + half * reach, foot - height * up) for reach, up in tiers]
    left = [(2 * x - px, py) for px, py in reversed(right[1:])]
    land.shape(right + left, (96, 128, 128), depth=0.55)
    for up in (0.9, 0.5):
        reach, top, rim = half * (1.06 - up), foot - height * (up + 0.1), foot - height * (up - 0.2)
        cap = [(x, top), (x + reach, rim), (x, foot - height * (up - 0.1)), (x - reach, rim)]
        land.shape(cap, (246, 250, 255), depth=0.2)


def _sea(land: Land) -> None:
    surface, light, rng = land.surface, land.light, land.rng
    width, height = surface.width, surface.height
    far, near = light.on_land((92, 172, 220), depth=0.3), light.on_land((22, 110, 176))
    water = Linear((0, 0.52 * height), (0, 0.84 * height), (far, near))
    surface.rectangle(-1, 0.52 * height, width + 1, 0.9 * height, water)
    # Wave crests, longer and further apart towards the viewer.
    crest = light.on_land((206, 234, 248))
    for row in range(7):
        level = 0.545 + 0.0058 * row * (row + 1)
        reach = 0.045 + 0.012 * row
        for x in np.arange(rng.uniform(-0.1, 0.05), 1.05, reach * 2.7):
            xs = x + np.linspace(0, reach, 5)
            ys = level - 0.008 * np.sin(np.linspace(0, math.pi, 5)) * (0.6 + 0.14 * row)
            surface.line(land.at(xs, ys), 0.8 + 0.12 * row, crest, part_id=row > 3)
    # The beach behind its line of foam.
    xs = np.linspace(0, 1, 25)
    edge = 0.84 + 0.014 * np.sin(xs * 9 + rng.uniform(0, 6)) + 0.006 * np.sin(xs * 23)
    land.ground(xs, edge - 0.014, (242, 250, 252), depth=0.0)
    land.ground(xs, edge, (238, 214, 158))


def _forest(land: Land) -> None:
    rng = land.rng
    # 1. The far wood as a pale mass with many thin trunks.
    land.ridge(0.44, 0.04, (96, 142, 98), depth=0.75)
    for x in (np.arange(11) + rng.uniform(0.1, 0.9, 11)) / 11:
        _trunk(land, x, 0.016, 0.66, depth=0.6)
    land.ridge(0.62, 0.012, (72, 116, 62), depth=0.3)
    for x in (np.arange(7) + rng.uniform(0.1, 0.9, 7)) / 7:
        _trunk(land, x, 0.026, 0.69, depth=0.3)
    # 2. The floor, ferns, and big trunks that frame the picture.
    land.ridge(0.69, 0.015, (78, 112, 50))
    fern = land.light.on_land((46, 96, 48))
    for x in (*rng.uniform(0, 0.35, 4), *rng.uniform(0.65, 1, 4)):
        _fern(land, x, rng.uniform(0.76, 0.97), fern)
    for x in (rng.uniform(0.0, 0.05), rng.uniform(0.14, 0.2), rng.uniform(0.82, 0.97)):
        _trunk(land, x, 0.05, 0.8, depth=0.0)
    # 3. The roof of leaves.
    for colour, level, depth in (((74, 138, 66), 0.13, 0.25), ((48, 108, 52), 0.07, 0.0)):
        xs = np.linspace(-0.05, 1.05, 34)
        bumps = np.abs(np.sin(xs * 17 + rng.uniform(0, 6))) * 0.045 + 0.03 * (2 * xs - 1) ** 2
        leaves = np.concatenate(
            [land.at(xs, level + bumps), land.at(xs[[-1, 0]], np.full(2, -0.05))]
        )
        land.surface.polygon(leaves, land.light.on_land(colour, depth=depth))


def _trunk(land: Land, x: float, wide: float, foot: float, *, depth: float) -> None:
    """Draw a straight trunk from above the picture down to a flaring foot."""
    bark = land.light.on_land((112, 78, 54), depth=depth)
    half = wide / 2
    xs = x + half * np.array([-0.8, 0.8, 1.0, 1.7, -1.7, -1.0])
    ys = np.array([-0.02, -0.02, foot - 0.05, foot, foot, foot - 0.05])
    points = land.at(xs, ys)
    fill = bark
    if depth == 0.0:
        ends = (float(points[5, 0]), 0.0), (float(points[2, 0]), 0.0)
        fill = Linear(*ends, (shade(bark, 0.14), bark, shade(bark, -0.3)))
    land.surface.polygon(points, fill)


def _fern(land: Land, x: float, y: float, colour: Colour) -> None:
    size = land.rng.uniform(0.03, 0.05)
    blades = [(x - size, y), (x - size * 1.3, y - size * 0.9), (x - size * 0.3, y - size * 0.4)]
    blades += [(x, y - size * 1.6), (x + size * 0.3, y - size * 0.4)]
    blades += [(x + size * 1.3, y - size * 0.9), (x + size, y)]
    xy = np.array(blades)
    land.surface.polygon(land.at(xy[:, 0], xy[:, 1]), colour)


def _city(land: Land) -> None:
    rng = land.rng
    dark = land.time in ("night", "storm", "sunset")
    glass: Colour = (255, 224, 130) if dark else land.light.on_land((190, 220, 240), depth=0.15)
    for count, tallest, depth in ((9, 0.2, 0.75), (6, 0.3, 0.12)):
        _skyline(land, count, tallest, depth, glass)
    # Pavement, kerb and road.
    xs = np.array([0.0, 1.0])
    land.ground(xs, np.full(2, 0.665), (186, 184, 186))
    land.ground(xs, np.full(2, 0.745), (102, 104, 114))
    stripe = land.light.on_land((244, 238, 214))
    width, height = land.surface.width, land.surface.height
    for x in np.arange(rng.uniform(-0.12, 0.0), 1.0, 0.2):
        land.surface.rectangle(x * width, 0.86 * height, (x + 0.11) * width, 0.878 * height, stripe)


def _skyline(land: Land, count: int, tallest: float, depth: float, glass: Colour) -> None:
    """Draw a row of `count` houses, the outer ones tallest so that they frame the picture."""
    rng = land.rng
    walls: tuple[Colour, ...] = ((126, 130, 152), (152, 126, 122), (104, 122, 146), (146, 140, 150))
    edges = np.linspace(-0.02, 1.02, count + 1) + rng.uniform(-0.012, 0.012, count + 1)
    for index in range(count):
        left, right = edges[index], edges[index + 1] - (0.0 if depth > 0.5 else 0.012)
        middle = abs(left + right - 1)
        top = tallest + rng.uniform(0.0, 0.12) + (1 - middle) * 0.12
        wall = walls[int(rng.integers(len(walls)))]
        outline = [(left, 0.7), (left, top), (right, top), (right, 0.7)]
        if index % 3 == 1:
            outline[2:2] = [((left + right) / 2, top - 0.05)]
        land.shape(outline, wall, depth=depth)
        if depth < 0.5:
            _windows(land, left, right, top, glass)


def _windows(land: Land, left: float, right: float, top: float, glass: Colour) -> None:
    width, height = land.surface.width, land.surface.height
    wide = (right - left) / 7
    lit = land.rng.random((8, 3)) < 0.8
    for row, y in enumerate(np.arange(top + 0.035, 0.6, 0.062)[:8]):
        for column in range(3):
            if not lit[row, column]:
                continue
            x = (left + wide * (1 + 2 * column)) * width
            foot = (y + 0.034) * height
            land.surface.rectangle(x, y * height, x + wide * width, foot, glass)


def _mountains(land: Land) -> None:
    rng = land.rng
    for x, top in ((0.32, 0.27), (0.66, 0.24)):
        _peak(land, x + rng.uniform(-0.05, 0.05), top + rng.uniform(-0.03, 0.03), 0.36, 0.7)
    for x, top in ((0.1, 0.17), (0.9, 0.2), (0.52, 0.36)):
        _peak(land, x + rng.uniform(-0.04, 0.04), top + rng.uniform(-0.03, 0.03), 0.34, 0.15)
    land.ridge(0.665, 0.02, (118, 140, 104), depth=0.25)
    land.ridge(0.73, 0.02, (142, 148, 122))
    for x in (*rng.uniform(0.02, 0.3, 3), *rng.uniform(0.7, 0.98, 3)):
        _rock(land, x, rng.uniform(0.77, 0.97), rng.uniform(0.025, 0.045))


def _peak(land: Land, x: float, top: float, reach: float, depth: float) -> None:
    """Draw a mountain with a lit and a shaded flank and a jagged cap of snow."""
    rock, dark = (132, 134, 154), (92, 96, 122)
    foot = 0.74
    rise = foot - top
    bend = x + 0.1 * reach
    land.shape([(x, top), (x + reach, foot), (x - reach, foot)], rock, depth=depth)
    land.shape([(x, top), (x + reach, foot), (bend, foot)], dark, depth=depth)
    edge = [(-0.36, 0.36), (-0.2, 0.28), (-0.1, 0.38), (0.02, 0.27), (0.12, 0.39), (0.22, 0.29)]
    cap = [(x, top), *((x + reach * dx, top + rise * dy) for dx, dy in edge)]
    cap.append((x + 0.36 * reach, top + rise * 0.36))
    land.shape(cap, (248, 251, 255), depth=depth * 0.7)
    shaded = [(x, top), *cap[4:]]
    land.shape(shaded, (204, 216, 236), depth=depth * 0.7)


def _rock(land: Land, x: float, y: float, size: float) -> None:
    stone = (134, 134, 142)
    body = [(-1.0, 0.0), (-0.8, -0.6), (-0.1, -1.0), (0.7, -0.7), (1.0, 0.0)]
    land.shape([(x + size * dx, y + size * dy) for dx, dy in body], stone, depth=0.0)
    face = [(-0.1, -1.0), (0.7, -0.7), (1.0, 0.0), (0.2, 0.0)]
    shadow = mix(stone, (60, 62, 84), 0.4)
    land.shape([(x + size * dx, y + size * dy) for dx, dy in face], shadow, depth=0.0)


PLACE_SPECS: dict[Place, PlaceSpec] = {
    "meadow": PlaceSpec(draw=_meadow, horizon=0.66, stand=(0.84, 0.93)),
    "desert": PlaceSpec(draw=_desert, horizon=0.66, stand=(0.84, 0.93)),
    "snow": PlaceSpec(draw=_snow, horizon=0.66, stand=(0.84, 0.93)),
    "sea": PlaceSpec(draw=_sea, horizon=0.52, stand=(0.9, 0.94), water=(0.74, 0.8)),
    "forest": PlaceSpec(draw=_forest, horizon=0.66, stand=(0.84, 0.93)),
    "city": PlaceSpec(draw=_city, horizon=0.66, stand=(0.84, 0.92)),
    "mountains": PlaceSpec(draw=_mountains, horizon=0.68, stand=(0.85, 0.93)),
}
