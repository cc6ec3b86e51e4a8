"""House, castle, lighthouse and windmill."""

from __future__ import annotations

import math

import numpy as np

from sdstudio.training.world.paint import Colour, Surface, mix, shade
from sdstudio.training.world.subjects.frame import (
    CREAM,
    GLASS,
    INK,
    WARM_LIGHT,
    WOOD,
    Box,
    Frame,
    brightness,
    detail,
    mirrored,
)

HOUSE_ASPECT = 1.0
CASTLE_ASPECT = 1.0
LIGHTHOUSE_ASPECT = 0.5
WINDMILL_ASPECT = 0.9


def _roof_colour(colour: Colour) -> Colour:
    """A quiet slate that stands off from the walls without naming a colour of its own."""
    return (108, 88, 84) if brightness(colour) < 0.22 else (84, 74, 82)


def _window(frame: Frame, x: float, y: float, w: float, h: float) -> None:
    """A warm window centred at x, y with a cream frame and a crossed bar."""
    frame.rectangle(x - w, y - h, x + w, y + h, CREAM)
    pane = mix(WARM_LIGHT, (255, 250, 220), 0.2)
    frame.rectangle(x - w * 0.76, y - h * 0.8, x + w * 0.76, y + h * 0.8, pane)
    frame.line([(x, y - h * 0.8), (x, y + h * 0.8)], 0.012, WOOD, part_id=False)
    frame.line([(x - w * 0.76, y), (x + w * 0.76, y)], 0.012, WOOD, part_id=False)


def _door(frame: Frame, x: float, top: float, w: float) -> None:
    """A rounded wooden door standing on the ground, centred at x."""
    frame.rectangle(x - w - 0.015, top - 0.015, x + w + 0.015, 1.0, CREAM, radius=w * 0.5)
    frame.rectangle(x - w, top, x + w, 1.0, frame.lit(WOOD, x - w, x + w), radius=w * 0.45)
    frame.ellipse(x + w * 0.55, top + (1 - top) * 0.55, 0.012, 0.012, WARM_LIGHT, part_id=False)


def _chimney(frame: Frame, x: float, top: float, bottom: float) -> None:
    brick = (140, 92, 78)
    frame.rectangle(x - 0.05, top, x + 0.05, bottom, frame.lit(brick, x - 0.05, x + 0.05))
    frame.rectangle(x - 0.062, top - 0.01, x + 0.062, top + 0.03, shade(brick, -0.3))


def draw_house(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A cottage with warm windows, seen from its gable or from its long side."""
    frame = Frame(surface, box, HOUSE_ASPECT, light, flip=mirrored(rng))
    if rng.random() < 0.55:
        _gable_house(frame, colour, rng)
    else:
        _long_house(frame, colour, rng)


def _gable_house(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    roof, eaves = _roof_colour(colour), 0.46 + 0.06 * rng.random()
    _chimney(frame, 0.76, 0.07 + 0.04 * rng.random(), 0.45)
    wall = [(0.09, 1), (0.09, eaves), (0.5, 0.1), (0.91, eaves), (0.91, 1)]
    frame.polygon(wall, frame.lit(colour, 0.09, 0.91, fall=0.25))
    for y in np.arange(eaves + 0.08, 0.98, 0.085):
        frame.line([(0.1, y), (0.9, y)], 0.006, detail(colour, 0.3), opacity=0.5, part_id=False)
    low = eaves + 0.03
    frame.polygon(
        [
            (0.5, 0.0),
            (1.0, low),
            (0.955, low + 0.065),
            (0.5, 0.125),
            (0.045, low + 0.065),
            (0, low),
        ],
        frame.lit(roof, 0, 1),
    )
    if rng.random() < 0.5:
        frame.ellipse(0.5, 0.33, 0.075, 0.075, CREAM)
        frame.ellipse(0.5, 0.33, 0.055, 0.055, WARM_LIGHT)
    else:
        _window(frame, 0.5, 0.34, 0.075, 0.085)
    _door(frame, 0.5, 0.71, 0.075)
    for x in (0.25, 0.75):
        _window(frame, x, 0.74, 0.075, 0.09)


def _long_house(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    roof, eaves, ridge = _roof_colour(colour), 0.44 + 0.04 * rng.random(), 0.12
    _chimney(frame, 0.28 + 0.05 * rng.random(), 0.02, 0.3)
    frame.rectangle(0.06, eaves - 0.02, 0.94, 1.0, frame.lit(colour, 0.06, 0.94, fall=0.25))
    slope = 0.1 + 0.08 * rng.random()
    frame.polygon(
        [(0, eaves), (slope, ridge), (1 - slope, ridge), (1, eaves)], frame.lit(roof, 0, 1)
    )
    for row in range(1, 4):
        y = ridge + (eaves - ridge) * row / 4
        inset = slope * (1 - row / 4)
        tile = shade(roof, -0.35)
        frame.line([(inset, y), (1 - inset, y)], 0.008, tile, opacity=0.6, part_id=False)
    frame.rectangle(
        0.06, eaves, 0.94, eaves + 0.03, detail(colour, 0.45), opacity=0.5, part_id=False
    )
    door = float(rng.choice([0.25, 0.5, 0.75]))
    _door(frame, door, 0.68, 0.085)
    for x in (0.25, 0.5, 0.75):
        if x != door:
            _window(frame, x, 0.72, 0.078, 0.09)


def _battlement(frame: Frame, x0: float, x1: float, top: float, colour: Colour, teeth: int) -> None:
    """Merlons between x0 and x1, standing on y = top + 0.05."""
    step = (x1 - x0) / (2 * teeth - 1)
    for tooth in range(teeth):
        left = x0 + 2 * step * tooth
        frame.rectangle(left, top, left + step, top + 0.06, frame.lit(colour, x0, x1))


def _tower(
    frame: Frame, x: float, half: float, top: float, colour: Colour, roof: Colour | None
) -> None:
    """A round tower down to the ground, under a cone or battlements."""
    stone = frame.lit(colour, x - half, x + half, strength=1.3)
    frame.rectangle(x - half, top, x + half, 1.0, stone)
    frame.rectangle(x - half - 0.02, top, x + half + 0.02, top + 0.05, stone)
    if roof is None:
        _battlement(frame, x - half - 0.02, x + half + 0.02, top - 0.05, colour, 3)
    else:
        peak = top - 2.5 * half
        cone = [(x - half - 0.035, top + 0.005), (x, peak), (x + half + 0.035, top + 0.005)]
        frame.polygon(cone, frame.lit(roof, x - half, x + half, strength=1.4))
    slit = half * 0.32
    for y in (top + 0.15, top + 0.36):
        frame.rectangle(x - slit, y - 0.05, x + slit, y + 0.04, WARM_LIGHT, radius=slit)


def _flag(frame: Frame, x: float, top: float, bottom: float) -> None:
    frame.line([(x, top), (x, bottom)], 0.012, INK)
    cloth = [(x, top), (x + 0.1, top + 0.025), (x, top + 0.06)]
    frame.polygon(cloth, CREAM)


def draw_castle(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A castle of a keep and two flanking towers, with a gate, slits and a flag."""
    frame = Frame(surface, box, CASTLE_ASPECT, light, flip=mirrored(rng))
    pointed = rng.random() < 0.6
    roof = detail(colour, 0.42) if pointed else None
    keep_top = 0.3 + 0.04 * rng.random()
    _flag(frame, 0.5, 0.02, 0.3)
    frame.rectangle(0.31, keep_top, 0.69, 1.0, frame.lit(colour, 0.31, 0.69))
    _battlement(frame, 0.29, 0.71, keep_top - 0.05, colour, 4)
    for x in (0.42, 0.58):
        frame.rectangle(x - 0.03, 0.42, x + 0.03, 0.53, WARM_LIGHT, radius=0.03)
    frame.rectangle(0.2, 0.62, 0.8, 1.0, frame.lit(shade(colour, -0.06), 0.2, 0.8))
    _battlement(frame, 0.22, 0.78, 0.57, colour, 6)
    tops = 0.38 + 0.06 * rng.random(2) if pointed else 0.24 + 0.14 * rng.random(2)
    _tower(frame, 0.145, 0.105, float(tops[0]), colour, roof)
    _tower(frame, 0.855, 0.105, float(tops[1]), colour, roof)
    _stones(frame, colour, rng)
    frame.ellipse(0.5, 0.82, 0.115, 0.1, detail(colour, 0.4))
    frame.rectangle(0.385, 0.82, 0.615, 1.0, detail(colour, 0.4))
    frame.rectangle(0.41, 0.75, 0.59, 1.0, (62, 44, 40), radius=0.09)
    for x in (0.455, 0.5, 0.545):
        frame.line([(x, 0.77), (x, 1.0)], 0.008, (104, 82, 68), part_id=False)


def _stones(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    """A few stones that show in the walls."""
    for _ in range(8):
        side, y = float(rng.choice([0.26, 0.62])), rng.uniform(0.66, 0.95)
        x = side + rng.uniform(0.0, 0.09)
        stone = detail(colour, 0.3)
        frame.rectangle(
            x, y, x + 0.045, y + 0.022, stone, radius=0.008, opacity=0.45, part_id=False
        )


def draw_lighthouse(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A tall tapering tower of broad coloured and narrow white bands under a shining lamp."""
    frame = Frame(surface, box, LIGHTHOUSE_ASPECT, light, flip=mirrored(rng))
    white = (206, 212, 226) if brightness(colour) > 0.9 else (246, 244, 240)
    bands, top = int(rng.integers(3, 5)), 0.24
    foot, neck = 0.19 + 0.02 * rng.random(), 0.115
    _bands(frame, colour, white, bands, top, 0.97, foot, neck)
    frame.polygon(
        [(0.0, 1.0), (0.04, 0.95), (0.14, 0.925), (0.36, 0.93), (0.46, 0.955), (0.5, 1.0)],
        frame.lit((118, 112, 116), 0, 0.5),
    )
    frame.rectangle(0.09, top - 0.025, 0.41, top + 0.015, frame.lit((70, 70, 80), 0.09, 0.41))
    frame.rectangle(0.165, 0.125, 0.335, top - 0.025, WARM_LIGHT)
    for x in (0.165, 0.25, 0.335):
        frame.line([(x, 0.13), (x, top - 0.03)], 0.01, (70, 70, 80), part_id=False)
    dome = [(0.13, 0.13), (0.16, 0.075), (0.25, 0.03), (0.34, 0.075), (0.37, 0.13)]
    frame.polygon(dome, frame.lit(colour, 0.13, 0.37, strength=1.4))
    frame.line([(0.25, 0.008), (0.25, 0.04)], 0.012, (70, 70, 80))
    frame.glow(0.25, 0.17, 0.165, (255, 240, 170), 0.75)
    door = 0.045
    frame.rectangle(0.25 - door, 0.84, 0.25 + door, 0.935, (84, 58, 44), radius=0.03)
    for y in (0.42, 0.62):
        frame.rectangle(0.228, y, 0.272, y + 0.05, (64, 70, 92), radius=0.02)


def _bands(
    frame: Frame,
    colour: Colour,
    white: Colour,
    count: int,
    top: float,
    bottom: float,
    foot: float,
    neck: float,
) -> None:
    """A tapering tower of count coloured bands with white ones, half as high, between them."""
    unit = (bottom - top) / (count * 2 + (count - 1))
    y = top
    for band in range(2 * count - 1):
        height = unit * (2 if band % 2 == 0 else 1)
        upper, lower = (
            neck + (foot - neck) * (edge - top) / (bottom - top) for edge in (y, y + height)
        )
        paint = frame.lit(
            colour if band % 2 == 0 else white, 0.25 - foot, 0.25 + foot, strength=1.4
        )
        edge = [(0.25 - upper, y), (0.25 + upper, y)]
        frame.polygon([*edge, (0.25 + lower, y + height), (0.25 - lower, y + height)], paint)
        y += height


def draw_windmill(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A tapering mill with a domed cap and four great sails."""
    frame = Frame(surface, box, WINDMILL_ASPECT, light, flip=mirrored(rng))
    neck, foot, middle = 0.165 + 0.02 * rng.random(), 0.3 + 0.03 * rng.random(), 0.45
    body = [(middle - foot, 1), (middle - neck, 0.34), (middle + neck, 0.34), (middle + foot, 1)]
    frame.polygon(body, frame.lit(colour, middle - foot, middle + foot, strength=1.4))
    cap = [
        (0.265, 0.37),
        (0.285, 0.27),
        (0.35, 0.2),
        (0.45, 0.165),
        (0.55, 0.2),
        (0.615, 0.27),
        (0.635, 0.37),
    ]
    frame.polygon(cap, frame.lit(detail(colour, 0.36), 0.27, 0.63))
    gallery = middle - foot * 0.8
    frame.line([(gallery - 0.03, 0.72), (0.93 - gallery, 0.72)], 0.028, (96, 70, 52))
    frame.rectangle(0.385, 0.8, 0.515, 1.0, (104, 68, 44), radius=0.06)
    for y in (0.5, 0.62):
        frame.rectangle(0.41, y - 0.04, 0.49, y + 0.035, WARM_LIGHT, radius=0.035)
    cloth = (222, 200, 160) if brightness(colour) > 0.9 else (250, 243, 226)
    _sails(frame, (middle, 0.4), rng.uniform(22, 68), cloth)


def _sails(frame: Frame, hub: tuple[float, float], turn: float, cloth: Colour) -> None:
    """Four cloth-covered lattice sails around the hub, the first at turn degrees."""
    spar = (86, 62, 48)
    for quarter in range(4):
        angle = math.radians(turn + 90 * quarter)
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

        def at(r: float, s: float, along=along, across=across) -> tuple[float, float]:
            return (hub[0] + r * along[0] + s * across[0], hub[1] + r * along[1] + s * across[1])

        frame.polygon([at(0.1, 0), at(0.1, 0.08), at(0.385, 0.09), at(0.385, 0)], cloth)
        for r in (0.19, 0.28):
            frame.line([at(r, 0), at(r, 0.08)], 0.008, shade(cloth, -0.35), part_id=False)
        frame.line([at(0, 0), at(0.385, 0)], 0.022, spar)
    frame.ellipse(*hub, 0.035, 0.035, spar)
    frame.ellipse(*hub, 0.014, 0.014, GLASS, part_id=False)
