"""The five times of the world, their light on everything, and what the sky holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sdstudio.training.world.paint import Colour, Linear, Surface, mix, shade
from sdstudio.training.world.vocabulary import Extra, Time


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay:
    """The light of one time: its sky, what it does to the land and, mildly, to everything.

    `sky` runs from the top to the horizon; `land` multiplies the land's colours; `haze` is what
    far things fade to; `gains` and `lifts` tint the whole finished picture per channel.
    """

    sky: tuple[Colour, ...]
    land: tuple[float, float, float]
    haze: Colour
    haze_strength: float
    cloud: Colour
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lifts: tuple[int, int, int] = (0, 0, 0)

    def tint_table(self) -> list[int]:
        """Return the lookup table (3 x 256 levels) that lays this light over a picture."""
        return [
            min(255, max(0, round(level * gain + lift)))
            for gain, lift in zip(self.gains, self.lifts, strict=True)
            for level in range(256)
        ]

    def on_land(self, colour: Colour, *, depth: float = 0.0) -> Colour:
        """Return a land colour in this light; depth 0 (near) to 1 (farthest) fades it to haze."""
        r, g, b = (min(255, round(c * m)) for c, m in zip(colour, self.land, strict=True))
        return mix((r, g, b), self.haze, min(1.0, depth * self.haze_strength))


TIMES_OF_DAY: dict[Time, TimeOfDay] = {
    "day": TimeOfDay(
        sky=((86, 162, 236), (150, 204, 247), (216, 238, 250)),
        land=(1.0, 1.0, 1.0),
        haze=(196, 222, 244),
        haze_strength=0.6,
        cloud=(252, 253, 255),
    ),
    "sunset": TimeOfDay(
        sky=((96, 70, 146), (214, 96, 128), (255, 152, 92), (255, 212, 128)),
        land=(0.95, 0.78, 0.72),
        haze=(250, 158, 116),
        haze_strength=0.55,
        cloud=(255, 176, 150),
        gains=(1.0, 0.95, 0.89),
        lifts=(3, 0, 0),
    ),
    "night": TimeOfDay(
        sky=((10, 14, 46), (24, 32, 84), (56, 72, 136)),
        land=(0.42, 0.48, 0.66),
        haze=(44, 58, 112),
        haze_strength=0.6,
        cloud=(74, 86, 138),
        gains=(0.86, 0.89, 0.98),
        lifts=(0, 2, 8),
    ),
    "storm": TimeOfDay(
        sky=((38, 36, 56), (72, 68, 92), (122, 118, 138)),
        land=(0.62, 0.62, 0.7),
        haze=(108, 106, 126),
        haze_strength=0.6,
        cloud=(62, 60, 82),
        gains=(0.93, 0.93, 0.96),
        lifts=(0, 0, 2),
    ),
    "fog": TimeOfDay(
        sky=((198, 204, 208), (216, 220, 222), (230, 232, 232)),
        land=(0.94, 0.95, 0.96),
        haze=(222, 226, 228),
        haze_strength=0.88,
        cloud=(236, 239, 240),
        gains=(0.84, 0.84, 0.84),
        lifts=(30, 31, 32),
    ),
}

_RAINBOW: tuple[Colour, ...] = (
    (232, 84, 84),
    (246, 158, 72),
    (250, 222, 96),
    (112, 200, 116),
    (88, 152, 232),
    (156, 108, 210),
)


def open_sky(
    width: int, height: int, *, time: Time, horizon: float, supersample: int = 2
) -> Surface:
    """Return a surface of width x height pixels filled with the time's sky down to `horizon`."""
    sky = TIMES_OF_DAY[time].sky
    gradient = Linear((0.0, 0.0), (0.0, height * horizon), sky)
    return Surface(width, height, supersample=supersample, background=gradient)


def draw_sky_extras(
    surface: Surface,
    *,
    time: Time,
    extras: tuple[Extra, ...],
    light: float,
    rng: np.random.Generator,
) -> None:
    """Draw what hangs in the sky, behind the place; `light` < 0 puts sun and moon on the left."""
    side = 0.17 if light < 0 else 0.83
    x = surface.width * (side + rng.uniform(-0.03, 0.03))
    y = surface.height * rng.uniform(0.13, 0.17)
    if "stars" in extras:
        _stars(surface, rng)
    if "rainbow" in extras:
        _rainbow(surface)
    if "sun" in extras:
        _sun(surface, x, y * (1.5 if time == "sunset" else 1.0), time)
    if "moon" in extras:
        _moon(surface, x, y, rng)
    if time == "storm":
        _thunder(surface, light, rng)
    elif "clouds" in extras:
        _clouds(surface, time, rng)


def draw_falling(surface: Surface, *, extras: tuple[Extra, ...], rng: np.random.Generator) -> None:
    """Draw rain or snow in front of everything."""
    if "rain" in extras:
        _rain(surface, rng)
    if "snowfall" in extras:
        _snowfall(surface, rng)


def draw_mist(surface: Surface, horizon: float, rng: np.random.Generator) -> None:
    """Lay drifting bands of fog over the land."""
    width, height = surface.width, surface.height
    for level, opacity in ((horizon - 0.05, 0.45), (horizon + 0.13, 0.35)):
        y = (level + rng.uniform(-0.03, 0.03)) * height
        thick = height * 0.055
        xs = np.linspace(-0.1, 1.1, 7) * width
        top = y - thick * rng.uniform(0.6, 1.3, len(xs))
        bottom = y + thick * rng.uniform(0.6, 1.3, len(xs))
        band = np.concatenate([np.stack([xs, top], 1), np.stack([xs, bottom], 1)[::-1]])
        surface.polygon(band, (234, 237, 238), opacity=opacity, smooth=True, part_id=False)


def _sun(surface: Surface, x: float, y: float, time: Time) -> None:
    radius = 0.075 * min(surface.width, surface.height) * (1.25 if time == "sunset" else 1.0)
    colour: Colour = (255, 118, 70) if time == "sunset" else (255, 222, 92)
    if time == "fog":
        colour = (252, 246, 226)
    surface.glow(x, y, radius * 3.2, mix(colour, (255, 255, 240), 0.5), opacity=0.75)
    surface.ellipse(x, y, radius, radius, colour)


def _moon(surface: Surface, x: float, y: float, rng: np.random.Generator) -> None:
    radius = 0.075 * min(surface.width, surface.height)
    colour: Colour = (250, 244, 214)
    surface.glow(x, y, radius * 2.8, (190, 204, 250), opacity=0.5)
    if rng.random() < 0.5:
        surface.ellipse(x, y, radius, radius, colour)
        for dx, dy, size in ((-0.3, -0.2, 0.2), (0.3, 0.25, 0.26), (-0.15, 0.45, 0.14)):
            spot = size * radius
            surface.ellipse(
                x + dx * radius, y + dy * radius, spot, spot, shade(colour, -0.14), part_id=False
            )
        return
    outer = np.linspace(0.3 * math.pi, 1.7 * math.pi, 18)
    inner = np.linspace(1.62 * math.pi, 0.38 * math.pi, 14)
    crescent = np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], 1),
            np.stack([np.cos(inner) * 0.82 + 0.36, np.sin(inner) * 0.86], 1),
        ]
    )
    surface.polygon(crescent * radius * 1.15 + (x, y), colour)


def _stars(surface: Surface, rng: np.random.Generator) -> None:
    width, height = surface.width, surface.height
    colour: Colour = (255, 250, 222)
    for index in range(18):
        x = width * (index + rng.uniform(0.1, 0.9)) / 18
        y = height * rng.uniform(0.02, 0.46)
        size = rng.uniform(0.8, 1.4)
        if index % 4 == 1:
            arm, waist = 3.2 * size, 0.8 * size
            turns = np.arange(8) * math.pi / 4
            reach = np.where(np.arange(8) % 2 == 0, arm, waist)
            star = np.stack([x + np.cos(turns) * reach, y + np.sin(turns) * reach], 1)
            surface.polygon(star, colour)
        else:
            surface.ellipse(x, y, size, size, colour)


def _rainbow(surface: Surface) -> None:
    width, height = surface.width, surface.height
    angles = np.linspace(math.pi, 2 * math.pi, 25)
    band = 0.02 * width
    for index, colour in enumerate(_RAINBOW):
        reach = 1 - index * band / (0.47 * width)
        xs = width * (0.5 + 0.47 * reach * np.cos(angles))
        ys = height * 0.62 + 0.52 * height * reach * np.sin(angles)
        surface.line(np.stack([xs, ys], 1), band * 1.15, colour, opacity=0.8)


def _cloud(surface: Surface, x: float, y: float, size: float, colour: Colour, seed: float) -> None:
    """Draw one heap cloud, `size` half its width in pixels, with a flat, darker base."""
    xs = np.linspace(-1, 1, 25)
    heaps = ((-0.55, 0.4), (0.02 + 0.2 * seed, 0.62), (0.56, 0.42))
    tops = [np.sqrt(np.clip(r * r - (xs - cx) ** 2, 0, None)) for cx, r in heaps]
    top = np.maximum.reduce(tops)
    outline = np.stack([x + xs * size, y - top * size], 1)
    base = [(x + size * 0.9, y + size * 0.12), (x - size * 0.9, y + size * 0.12)]
    fill = Linear((0, y - 0.6 * size), (0, y + 0.1 * size), (colour, shade(colour, -0.12)))
    surface.polygon(np.concatenate([outline, base]), fill)


def _clouds(surface: Surface, time: Time, rng: np.random.Generator) -> None:
    width, height = surface.width, surface.height
    colour = TIMES_OF_DAY[time].cloud
    for column in rng.permutation(3)[: int(rng.integers(2, 4))]:
        x = width * (0.18 + 0.32 * column + rng.uniform(-0.06, 0.06))
        y = height * rng.uniform(0.12, 0.3)
        _cloud(surface, x, y, width * rng.uniform(0.1, 0.15), colour, rng.uniform(-1, 1))


def _thunder(surface: Surface, light: float, rng: np.random.Generator) -> None:
    """Draw the heavy clouds of a storm, most often with a bolt of lightning."""
    width, height = surface.width, surface.height
    if rng.random() < 0.75:
        x = width * ((0.14 if light < 0 else 0.86) + rng.uniform(-0.05, 0.05))
        steps = np.array(
            [(0.5, 0), (-0.6, 4.2), (0.3, 4.0), (-0.9, 8.5), (1.5, 3.1), (0.6, 3.2), (1.6, 0)]
        )
        bolt = steps * (width * 0.026, height * 0.05) + (x, height * 0.13)
        surface.glow(x, height * 0.3, width * 0.24, (196, 190, 250), opacity=0.5)
        surface.polygon(bolt, (255, 246, 176))
    dark = TIMES_OF_DAY["storm"].cloud
    for column in range(4):
        x = width * (0.06 + 0.3 * column + rng.uniform(-0.05, 0.05))
        size = width * rng.uniform(0.18, 0.24)
        tone = shade(dark, rng.uniform(-0.35, 0.05))
        _cloud(surface, x, height * rng.uniform(0.1, 0.17), size, tone, rng.uniform(-1, 1))


def _rain(surface: Surface, rng: np.random.Generator) -> None:
    width, height = surface.width, surface.height
    for x, y in zip(rng.uniform(0, 1.1, 46), rng.uniform(-0.05, 1, 46), strict=True):
        start = (x * width, y * height)
        end = (start[0] - 0.018 * width, start[1] + 0.06 * height)
        surface.line([start, end], 0.5, (196, 208, 228))


def _snowfall(surface: Surface, rng: np.random.Generator) -> None:
    width, height = surface.width, surface.height
    places = np.stack([rng.uniform(0, width, 48), rng.uniform(0, height, 48)], 1)
    for (x, y), size in zip(places.tolist(), rng.uniform(1.0, 2.1, 48).tolist(), strict=True):
        surface.ellipse(x, y, size, size, (252, 253, 255))
