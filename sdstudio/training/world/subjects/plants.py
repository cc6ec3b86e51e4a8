"""Tree, pine, cactus, flower and mushroom."""

from __future__ import annotations

import math

import numpy as np

from sdstudio.training.world.paint import Colour, Surface, mix, shade
from sdstudio.training.world.subjects.frame import (
    CREAM,
    LEAF,
    WOOD,
    Box,
    Frame,
    brightness,
    detail,
    mirrored,
    paler,
)

TREE_ASPECT = 0.85
PINE_ASPECT = 0.65
CACTUS_ASPECT = 0.75
FLOWER_ASPECT = 0.65
MUSHROOM_ASPECT = 0.95


def draw_tree(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A broad-leaved tree: a round crown of leaf clumps on a brown trunk."""
    frame = Frame(surface, box, TREE_ASPECT, light, flip=mirrored(rng))
    lean = rng.uniform(-0.02, 0.02)
    trunk = [
        (0.34, 1),
        (0.385, 0.9),
        (0.39 + lean, 0.55),
        (0.46 + lean, 0.55),
        (0.47, 0.9),
        (0.52, 1),
    ]
    frame.polygon(trunk, frame.lit(WOOD, 0.34, 0.52, strength=1.6))
    frame.line([(0.425, 0.8), (0.43 + lean, 0.62)], 0.01, shade(WOOD, -0.4), part_id=False)
    clumps = [(0.21, 0.47, 0.2), (0.64, 0.47, 0.2), (0.425, 0.55, 0.19), (0.27, 0.27, 0.2)]
    clumps += [(0.58, 0.27, 0.2), (0.425, 0.2, 0.19), (0.425, 0.38, 0.25)]
    for cx, cy, r in clumps:
        jitter = rng.uniform(-0.012, 0.012, 2)
        size = r * rng.uniform(0.92, 1.03)
        away = 0.5 * max(cy - 0.2, 0.0) - 0.35 * (cx - 0.425) * frame.toward
        clump = frame.ball(shade(colour, max(-0.6 * away, -0.16)), cx, cy, size * 1.1)
        # The middle clump hides the joins of the others but draws no outline of its own.
        middle = (cx, cy) == (0.425, 0.38)
        x, y = cx + jitter[0], cy + jitter[1]
        frame.ellipse(x, y, size, size * 0.97, clump, part_id=not middle)
    _leaves(frame, colour, rng)


def _leaves(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    """Flecks of leaves, light on the bright side and dark on the other."""
    for _ in range(26):
        angle, r = rng.uniform(0, 2 * math.pi), 0.34 * math.sqrt(rng.random())
        x, y = 0.425 + r * math.cos(angle), 0.37 + 0.9 * r * math.sin(angle)
        bright = frame.toward * math.cos(angle) - math.sin(angle) > 0.1
        fleck = paler(colour, 0.3) if bright else detail(colour, 0.3)
        frame.ellipse(x, y, 0.026, 0.014, fleck, turn=20, opacity=0.6, part_id=False)


def draw_pine(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A conifer of three or four stacked, drooping tiers."""
    frame = Frame(surface, box, PINE_ASPECT, light, flip=mirrored(rng))
    middle, tiers = PINE_ASPECT / 2, int(rng.integers(3, 5))
    frame.rectangle(middle - 0.05, 0.84, middle + 0.05, 1.0, frame.lit(WOOD, 0.27, 0.38))
    step = 0.62 / tiers
    for tier in reversed(range(tiers)):
        top, bottom = step * tier, 0.28 + step * (tier + 1)
        half = (0.155 + 0.165 * (tier + 1) / tiers) * rng.uniform(0.95, 1.0)
        _tier(frame, middle, top, min(bottom, 0.9), half, shade(colour, -0.05 * (tier % 2)))


def _tier(
    frame: Frame, middle: float, top: float, bottom: float, half: float, colour: Colour
) -> None:
    """One skirt of branches with a scalloped lower edge and a shadow beneath the next."""
    left, right, droop = middle - half, middle + half, 0.035
    hem = [
        (right - half * 2 * part, bottom - droop * (part_odd))
        for part, part_odd in (
            (0.0, 0.55),
            (0.17, 0.0),
            (0.33, 0.75),
            (0.5, 0.0),
            (0.67, 0.75),
            (0.83, 0.0),
            (1.0, 0.55),
        )
    ]
    shape = [(middle, top), (middle + half * 0.42, top + (bottom - top) * 0.5), *hem]
    shape.append((middle - half * 0.42, top + (bottom - top) * 0.5))
    frame.polygon(shape, frame.lit(colour, left, right, strength=1.7))
    if top > 0:
        roof = [(middle, top), (middle + half * 0.44, top + 0.24), (middle, top + 0.28)]
        roof.append((middle - half * 0.44, top + 0.24))
        frame.polygon(roof, detail(colour, 0.5), opacity=0.4, smooth=True, part_id=False)
    for part in (-0.45, 0.0, 0.45):
        start, end = (
            (middle + part * half * 0.6, bottom - 0.11),
            (middle + part * half, bottom - 0.05),
        )
        frame.line([start, end], 0.012, detail(colour, 0.35), opacity=0.55, part_id=False)


def draw_cactus(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A saguaro: a ribbed column with two raised arms and a small bloom."""
    frame = Frame(surface, box, CACTUS_ASPECT, light, flip=mirrored(rng))
    left, right = rng.uniform(0.5, 0.62), rng.uniform(0.42, 0.56)
    left_top, right_top = left - rng.uniform(0.18, 0.28), right - rng.uniform(0.16, 0.26)
    for low, high, x, inner in ((left, left_top, 0.085, 0.3), (right, right_top, 0.665, 0.45)):
        ink = frame.lit(colour, x - 0.07, x + 0.07, strength=1.3)
        elbow = x + 0.035 if x < 0.3 else x - 0.035
        frame.line([(inner, low + 0.075), (elbow, low + 0.075)], 0.13, shade(colour, -0.12))
        frame.rectangle(x - 0.075, high, x + 0.075, low + 0.14, ink, radius=0.075)
        rib = [(x, high + 0.05), (x, low + 0.06)]
        frame.line(rib, 0.01, detail(colour, 0.4), opacity=0.7, part_id=False)
    frame.rectangle(
        0.255, 0.045, 0.495, 1.0, frame.lit(colour, 0.255, 0.495, strength=1.6), radius=0.118
    )
    for x in (0.31, 0.375, 0.44):
        rib = [(x, 0.13 if x == 0.375 else 0.17), (x, 0.97)]
        frame.line(rib, 0.01, detail(colour, 0.4), opacity=0.7, part_id=False)
    _spines(frame, colour, rng)
    if rng.random() < 0.7:
        for angle in (-60, -20, 20, 60):
            turn = math.radians(angle)
            x, y = 0.375 + 0.04 * math.sin(turn), 0.05 - 0.02 * math.cos(turn)
            frame.ellipse(x, y, 0.024, 0.034, (255, 236, 190), turn=angle, part_id=angle == 20)


def _spines(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    """Little pale spines along the column."""
    for _ in range(14):
        x, y = float(rng.choice([0.31, 0.375, 0.44])), rng.uniform(0.2, 0.94)
        spine = [(x - 0.018, y - 0.012), (x + 0.018, y + 0.012)]
        frame.line(spine, 0.008, paler(colour, 0.75), part_id=False)


def draw_flower(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """One big open flower on a green stem with two leaves."""
    frame = Frame(surface, box, FLOWER_ASPECT, light, flip=mirrored(rng))
    hub, petals = (0.325, 0.325), int(rng.integers(6, 10))
    bend = rng.uniform(-0.05, 0.05)
    frame.line([(0.325, 0.34), (0.325 + bend, 0.68), (0.325, 0.98)], 0.036, LEAF, smooth=True)
    for side in (-1, 1):
        y = rng.uniform(0.8, 0.88)
        leaf = [
            (0.325, y + 0.06),
            (0.325 + 0.1 * side, y - 0.045),
            (0.325 + 0.235 * side, y - 0.09),
        ]
        leaf += [(0.325 + 0.17 * side, y + 0.03)]
        frame.polygon(leaf, frame.lit(LEAF, 0.1, 0.55), smooth=True)
    start, length = rng.uniform(0, 60), 0.3
    width = min(0.125, 0.75 / petals)
    for petal in range(petals):
        angle = math.radians(start + 360 * petal / petals)
        x, y = hub[0] + 0.185 * math.cos(angle), hub[1] + 0.185 * math.sin(angle)
        side = math.cos(angle) * frame.toward - 0.7 * math.sin(angle)
        tone = shade(colour, 0.12 * side if brightness(colour) > 0.2 else 0.05 * side)
        paint = frame.ball(tone, x, y, 0.16, strength=0.9)
        frame.ellipse(x, y, length / 2 - 0.012, width, paint, turn=math.degrees(angle))
        tip = (hub[0] + 0.22 * math.cos(angle), hub[1] + 0.22 * math.sin(angle))
        frame.line([hub, tip], 0.01, detail(colour, 0.35), opacity=0.5, part_id=False)
    heart = (110, 70, 36) if _is_yellowish(colour) else (248, 204, 62)
    frame.ellipse(*hub, 0.095, 0.095, frame.ball(heart, *hub, 0.095))
    for _ in range(8):
        angle, r = rng.uniform(0, 2 * math.pi), 0.06 * math.sqrt(rng.random())
        x, y = hub[0] + r * math.cos(angle), hub[1] + r * math.sin(angle)
        frame.ellipse(x, y, 0.01, 0.01, shade(heart, -0.35), part_id=False)


def _is_yellowish(colour: Colour) -> bool:
    return colour[0] > 200 and colour[1] > 110 and colour[2] < 90


def draw_mushroom(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A toadstool with a great spotted cap on a cream stem."""
    frame = Frame(surface, box, MUSHROOM_ASPECT, light, flip=mirrored(rng))
    middle, rim = MUSHROOM_ASPECT / 2, rng.uniform(0.55, 0.62)
    half = rng.uniform(0.105, 0.135)
    stem = [(middle - half, rim - 0.05), (middle - half * 0.85, 0.8), (middle - half * 1.35, 0.97)]
    stem += [(middle, 1.0), (middle + half * 1.35, 0.97), (middle + half * 0.85, 0.8)]
    stem += [(middle + half, rim - 0.05)]
    frame.polygon(stem, frame.lit(CREAM, middle - half, middle + half, strength=1.6), smooth=True)
    frame.ellipse(middle, rim - 0.01, 0.4, 0.075, shade(CREAM, -0.28))
    for part in (-0.7, -0.35, 0.0, 0.35, 0.7):
        gill = [(middle + 0.12 * part, rim - 0.02), (middle + 0.36 * part, rim + 0.045)]
        frame.line(gill, 0.008, shade(CREAM, -0.5), opacity=0.6, part_id=False)
    cap = [(0.005, rim - 0.02), (0.05, rim - 0.25), (0.22, 0.09), (middle, 0.015), (0.73, 0.09)]
    cap += [(0.9, rim - 0.25), (0.945, rim - 0.02), (0.8, rim + 0.0), (middle, rim - 0.03)]
    cap += [(0.15, rim + 0.0)]
    frame.polygon(cap, frame.ball(colour, middle, rim - 0.2, 0.46, strength=1.2), smooth=True)
    spot = (214, 206, 190) if brightness(colour) > 0.9 else mix(CREAM, (255, 255, 255), 0.4)
    for x, y, r in (
        (0.28, 0.24, 0.062),
        (0.55, 0.16, 0.07),
        (0.76, 0.35, 0.055),
        (0.47, 0.4, 0.068),
        (0.16, 0.44, 0.045),
    ):
        dx, dy = rng.uniform(-0.02, 0.02, 2)
        size = r * rng.uniform(0.8, 1.1)
        frame.ellipse(x + dx, y + dy, size, size * 0.85, spot)
