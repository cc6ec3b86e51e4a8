"""Car, sailboat, hot-air balloon and rocket."""

from __future__ import annotations

import math

import numpy as np

from sdstudio.training.world.paint import Colour, Surface, mix, shade
from sdstudio.training.world.subjects.frame import (
    CREAM,
    GLASS,
    INK,
    STEEL,
    WARM_LIGHT,
    WOOD,
    Box,
    Frame,
    brightness,
    detail,
    mirrored,
    paler,
)

CAR_ASPECT = 1.8
SAILBOAT_ASPECT = 0.9
BALLOON_ASPECT = 0.72
ROCKET_ASPECT = 0.55


def draw_car(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A round little car in profile."""
    frame = Frame(surface, box, CAR_ASPECT, light, flip=mirrored(rng))
    roof, back = rng.uniform(0.03, 0.1), rng.uniform(0.26, 0.34)
    body = [(0.02, 0.62), (0.06, 0.47), (back + 0.02, 0.42), (back + 0.14, roof + 0.06)]
    body += [(0.62, roof), (1.0, roof + 0.02), (1.14, roof + 0.1), (1.3, 0.42), (1.64, 0.48)]
    body += [(1.77, 0.6), (1.775, 0.79), (1.7, 0.84), (0.1, 0.84), (0.025, 0.79)]
    frame.polygon(body, _body_paint(frame, colour), smooth=True)
    glass = frame.lit(GLASS, back, 1.25, strength=1.2)
    rear = [(back + 0.1, 0.41), (back + 0.2, roof + 0.09), (0.72, roof + 0.07), (0.72, 0.41)]
    frame.polygon(rear, glass)
    frame.polygon([(0.79, 0.41), (0.79, roof + 0.07), (1.04, roof + 0.11), (1.2, 0.41)], glass)
    gleam = [(0.86, 0.38), (0.98, roof + 0.13)]
    frame.line(gleam, 0.03, (250, 253, 255), opacity=0.6, part_id=False)
    ink = detail(colour, 0.45)
    frame.line([(0.755, 0.44), (0.755, 0.8)], 0.012, ink, part_id=False)
    frame.line([(0.83, 0.52), (0.92, 0.52)], 0.026, STEEL, part_id=False)
    frame.rectangle(0.0, 0.74, 0.14, 0.82, STEEL, radius=0.035)
    frame.rectangle(1.66, 0.74, 1.8, 0.82, STEEL, radius=0.035)
    frame.ellipse(1.69, 0.59, 0.06, 0.065, WARM_LIGHT)
    frame.rectangle(0.035, 0.54, 0.09, 0.65, (210, 58, 48), radius=0.02)
    for x in (0.42, 1.36):
        _wheel(frame, x, 0.79, 0.205)


def _body_paint(frame: Frame, colour: Colour):
    return frame.ball(colour, 0.9, 0.45, 0.72, strength=1.1)


def _wheel(frame: Frame, x: float, y: float, r: float) -> None:
    """A wheel in its arch, with a bright hub."""
    frame.ellipse(x, y - 0.01, r * 1.12, r * 1.08, (30, 28, 36))
    frame.ellipse(x, y, r, r, (52, 50, 58))
    frame.ellipse(x, y, r * 0.56, r * 0.56, frame.ball(STEEL, x, y, r * 0.56))
    for turn in range(5):
        angle = turn * 2 * math.pi / 5 + 0.3
        end = (x + r * 0.5 * math.cos(angle), y + r * 0.5 * math.sin(angle))
        frame.line([(x, y), end], 0.014, (110, 114, 126), part_id=False)
    frame.ellipse(x, y, r * 0.16, r * 0.16, (96, 100, 112), part_id=False)


def draw_sailboat(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A boat with a great main sail, a jib, ropes and a wooden hull."""
    frame = Frame(surface, box, SAILBOAT_ASPECT, light, flip=mirrored(rng))
    mast, wind = rng.uniform(0.4, 0.46), rng.uniform(0.02, 0.06)
    frame.line([(mast, 0.02), (mast, 0.84)], 0.026, WOOD)
    frame.line([(mast, 0.03), (0.88, 0.78)], 0.007, (92, 80, 72))
    frame.line([(mast, 0.03), (0.03, 0.78)], 0.007, (92, 80, 72))
    main = [(mast - 0.02, 0.06), (mast - 0.02, 0.74), (0.05, 0.74), (mast - 0.23 - wind, 0.34)]
    frame.polygon(_billow(main), frame.lit(colour, 0.02, mast, strength=1.3, fall=0.2))
    jib = [(mast + 0.025, 0.12), (mast + 0.025, 0.74), (0.85, 0.74), (mast + 0.25 + wind, 0.38)]
    frame.polygon(_billow(jib), frame.lit(paler(colour, 0.14), mast, 0.85, strength=1.3, fall=0.2))
    for y in (0.3, 0.45, 0.6):
        left = mast - 0.02 - (y - 0.06) * 0.5
        seam = [(left, y), (mast - 0.03, y)]
        frame.line(seam, 0.008, detail(colour, 0.35), opacity=0.6, part_id=False)
    frame.polygon([(mast, 0.0), (mast - 0.11, 0.025), (mast, 0.05)], CREAM)
    hull = [(0.0, 0.79), (0.9, 0.79), (0.8, 0.93), (0.7, 1.0), (0.2, 1.0), (0.08, 0.93)]
    frame.polygon(hull, frame.lit(shade(colour, -0.08), 0, 0.9, fall=0.15))
    frame.polygon([(0.0, 0.785), (0.9, 0.785), (0.88, 0.82), (0.018, 0.82)], CREAM)
    frame.polygon([(0.11, 0.955), (0.79, 0.955), (0.7, 1.0), (0.2, 1.0)], frame.lit(WOOD, 0.1, 0.8))
    for x in (0.3, 0.46, 0.62):
        frame.ellipse(x, 0.9, 0.024, 0.024, GLASS, part_id=False)


def _billow(sail: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A sail's outline from head, tack and clew, its last edge bent to pass a fourth point."""
    head, tack, clew, belly = sail
    bow = [2 * belly[axis] - (head[axis] + clew[axis]) / 2 for axis in (0, 1)]
    curve = []
    for step in range(1, 8):
        t = step / 8
        weights = ((1 - t) ** 2, 2 * t * (1 - t), t * t)
        curve.append(
            (
                weights[0] * clew[0] + weights[1] * bow[0] + weights[2] * head[0],
                weights[0] * clew[1] + weights[1] * bow[1] + weights[2] * head[1],
            )
        )
    return [head, tack, clew, *curve]


def draw_balloon(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A hot-air balloon of long gores, its basket hanging on ropes."""
    frame = Frame(surface, box, BALLOON_ASPECT, light, flip=mirrored(rng))
    ropes = (92, 74, 60)
    for top, low in ((0.2, 0.285), (0.3, 0.335), (0.42, 0.385), (0.52, 0.435)):
        frame.line([(top, 0.68), (low, 0.88)], 0.009, ropes)
    envelope = [(0.36, 0.0), (0.54, 0.035), (0.675, 0.16), (0.715, 0.32), (0.665, 0.48)]
    envelope += [(0.545, 0.64), (0.47, 0.755), (0.25, 0.755), (0.175, 0.64), (0.055, 0.48)]
    envelope += [(0.005, 0.32), (0.045, 0.16), (0.18, 0.035)]
    frame.polygon(envelope, frame.ball(colour, 0.36, 0.33, 0.36, strength=1.2), smooth=True)
    accent = detail(colour, 0.26) if rng.random() < 0.5 else _trim(colour)
    for bulge in (-0.72, 0.0, 0.72):
        _gore(frame, bulge, 0.115 if bulge == 0 else 0.085, accent)
    if rng.random() < 0.5:
        band = [(0.02, 0.405), (0.2, 0.445), (0.36, 0.455), (0.52, 0.445), (0.7, 0.405)]
        frame.line(band, 0.05, _trim(colour), smooth=True)
    frame.polygon([(0.25, 0.735), (0.47, 0.735), (0.45, 0.775), (0.27, 0.775)], detail(colour, 0.4))
    frame.ellipse(0.36, 0.81, 0.02, 0.035, (255, 190, 70))
    basket = frame.lit((160, 108, 62), 0.27, 0.45)
    frame.rectangle(0.275, 0.87, 0.445, 0.998, basket, radius=0.025)
    frame.rectangle(0.26, 0.862, 0.46, 0.89, (112, 74, 46), radius=0.012)
    for y in (0.92, 0.955):
        frame.line([(0.285, y), (0.435, y)], 0.008, (112, 74, 46), part_id=False)


def _trim(colour: Colour) -> Colour:
    return (214, 216, 226) if brightness(colour) > 0.9 else CREAM


# The envelope's half width, as a share of its widest, at these heights.
_ENVELOPE_HEIGHTS = (0.01, 0.06, 0.14, 0.32, 0.48, 0.64, 0.745)
_ENVELOPE_REACHES = (0.05, 0.46, 0.78, 1.0, 0.88, 0.53, 0.32)


def _gore(frame: Frame, bulge: float, width: float, paint: Colour) -> None:
    """One long panel from the crown to the mouth, bulge -1..1 across the envelope."""
    heights = np.linspace(0.01, 0.745, 14)
    reach = np.interp(heights, _ENVELOPE_HEIGHTS, _ENVELOPE_REACHES)
    middle, edge = 0.36 + bulge * 0.345 * reach, width * 0.5 * reach
    left = np.stack([middle - edge, heights], axis=1)
    right = np.stack([middle + edge, heights], axis=1)
    frame.polygon([*left, *right[::-1]], paint, opacity=0.85)


def draw_rocket(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A rocket with a pointed nose, portholes, fins and a flame."""
    frame = Frame(surface, box, ROCKET_ASPECT, light, flip=mirrored(rng))
    flame = rng.uniform(0.94, 0.995)
    outer = [(0.19, 0.8), (0.16, 0.88), (0.275, flame), (0.39, 0.88), (0.36, 0.8)]
    frame.polygon(outer, (255, 150, 40), smooth=True)
    frame.polygon([(0.225, 0.8), (0.275, flame - 0.04), (0.325, 0.8)], (255, 236, 140))
    metal = (92, 98, 114) if brightness(colour) > 0.42 else (188, 194, 206)
    for side in (-1, 1):
        fin = [
            (0.275 + side * 0.12, 0.52),
            (0.275 + side * 0.265, 0.72),
            (0.275 + side * 0.27, 0.9),
        ]
        fin.append((0.275 + side * 0.12, 0.79))
        frame.polygon(fin, frame.lit(detail(colour, 0.25), 0.0, 0.55))
    hull = [(0.275, 0.0), (0.365, 0.13), (0.43, 0.32), (0.435, 0.55), (0.385, 0.8)]
    hull += [(0.165, 0.8), (0.115, 0.55), (0.12, 0.32), (0.185, 0.13)]
    frame.polygon(hull, frame.lit(colour, 0.1, 0.45, strength=1.7), smooth=True)
    nose = [(0.275, 0.0), (0.318, 0.03), (0.382, 0.12), (0.408, 0.18), (0.275, 0.2)]
    nose += [(0.142, 0.18), (0.168, 0.12), (0.232, 0.03)]
    frame.polygon(nose, frame.lit(metal, 0.15, 0.4, strength=1.5))
    for y, r in ((0.33, 0.085), (0.54, 0.06)):
        frame.ellipse(0.275, y, r, r, metal)
        frame.ellipse(0.275, y, r * 0.72, r * 0.72, frame.ball((120, 200, 232), 0.275, y, r))
        frame.ellipse(0.255, y - r * 0.3, r * 0.2, r * 0.16, (255, 255, 255), part_id=False)
    ring = mix(metal, INK, 0.2)
    frame.polygon([(0.15, 0.755), (0.4, 0.755), (0.375, 0.83), (0.175, 0.83)], ring)
    middle = [(0.265, 0.64), (0.285, 0.64), (0.295, 0.86), (0.255, 0.86)]
    frame.polygon(middle, detail(colour, 0.35))
    for y in (0.225, 0.7):
        for x in (0.2, 0.24, 0.31, 0.35):
            frame.ellipse(x, y, 0.007, 0.007, detail(colour, 0.45), part_id=False)
