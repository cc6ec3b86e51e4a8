"""Cat, dog, bird, fish and rabbit."""

from __future__ import annotations

import numpy as np

from sdstudio.training.world.paint import Colour, Surface, shade
from sdstudio.training.world.subjects.frame import (
    BLUSH,
    CREAM,
    INK,
    WARM_LIGHT,
    Box,
    Frame,
    brightness,
    dark_iris,
    detail,
    mirrored,
    paler,
)

CAT_ASPECT = 0.8
DOG_ASPECT = 1.15
BIRD_ASPECT = 1.2
FISH_ASPECT = 1.5
RABBIT_ASPECT = 0.8


def _whiskers(frame: Frame, x: float, y: float, reach: float, colour: Colour) -> None:
    """Three hairs from x, y sideways by reach (negative: to the left)."""
    hair = (236, 236, 240) if brightness(colour) < 0.35 else (70, 64, 72)
    for slope in (-0.025, 0.005, 0.035):
        end = (x + reach, y + slope * 1.3)
        frame.line([(x, y + slope * 0.4), end], 0.006, hair, opacity=0.75, part_id=False)


def draw_cat(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A sitting cat looking at us, pointed ears up, its tail curled beside it."""
    frame = Frame(surface, box, CAT_ASPECT, light, flip=mirrored(rng))
    curl = rng.uniform(-0.04, 0.04)
    tail = [(0.5, 0.93), (0.68, 0.93), (0.745, 0.8), (0.7, 0.66 + curl), (0.735, 0.53 + curl)]
    frame.line(tail, 0.09, shade(colour, -0.1), smooth=True)
    body = [(0.38, 0.4), (0.52, 0.5), (0.6, 0.7), (0.625, 0.88), (0.57, 0.975), (0.38, 0.985)]
    body += [(0.19, 0.975), (0.135, 0.88), (0.16, 0.7), (0.24, 0.5)]
    frame.polygon(body, frame.ball(colour, 0.38, 0.72, 0.3), smooth=True)
    chest = paler(colour, 0.4)
    frame.ellipse(0.38, 0.66, 0.105, 0.15, chest, opacity=0.75, part_id=False)
    for x in (0.3, 0.46):
        leg = frame.lit(paler(colour, 0.1), x - 0.07, x + 0.07)
        frame.rectangle(x - 0.062, 0.7, x + 0.062, 0.97, leg, radius=0.06, part_id=False)
        frame.ellipse(x, 0.958, 0.078, 0.04, paler(colour, 0.25))
    frame.line([(0.38, 0.74), (0.38, 0.95)], 0.01, detail(colour, 0.5), part_id=False)
    hollow = detail(colour, 0.4)
    frame.ellipse(0.38, 0.375, 0.17, 0.155, hollow, opacity=0.4, part_id=False)
    _cat_head(frame, colour, rng)


def _cat_head(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    height, wide = rng.uniform(0.0, 0.04), rng.uniform(0.235, 0.26)
    for side in (-1, 1):
        outer = [
            (0.38 + side * 0.235, 0.28),
            (0.38 + side * 0.235, height),
            (0.38 + side * 0.05, 0.15),
        ]
        frame.polygon(outer, frame.lit(colour, 0.13, 0.63))
        inner = [(0.38 + side * 0.2, 0.22), (0.38 + side * 0.205, height + 0.07)]
        frame.polygon([*inner, (0.38 + side * 0.1, 0.165)], BLUSH)
    frame.ellipse(0.38, 0.315, wide, 0.195, frame.ball(colour, 0.38, 0.315, 0.24))
    if rng.random() < 0.5:
        for x, low in ((0.32, 0.18), (0.38, 0.2), (0.44, 0.18)):
            stripe = [(x, 0.135), (0.38 + (x - 0.38) * 0.8, low)]
            frame.line(stripe, 0.022, detail(colour, 0.4), opacity=0.75, part_id=False)
    frame.ellipse(0.38, 0.42, 0.1, 0.065, paler(colour, 0.55), part_id=False)
    iris = [(214, 226, 96), (150, 214, 130), (250, 206, 92)][int(rng.integers(3))]
    for side in (-1, 1):
        frame.eye(0.38 + side * 0.105, 0.305, 0.052, iris)
        _whiskers(frame, 0.38 + side * 0.1, 0.41, side * 0.2, colour)
    frame.polygon([(0.35, 0.375), (0.41, 0.375), (0.38, 0.405)], (214, 108, 118))
    mouth = detail(paler(colour, 0.55), 0.6)
    frame.line(
        [(0.325, 0.425), (0.352, 0.445), (0.38, 0.42), (0.408, 0.445), (0.435, 0.425)],
        0.01,
        mouth,
        smooth=True,
        part_id=False,
    )


def draw_dog(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A standing dog in profile: long muzzle, floppy ear, tail up."""
    frame = Frame(surface, box, DOG_ASPECT, light, flip=mirrored(rng))
    wag = rng.uniform(-0.03, 0.05)
    frame.line([(0.2, 0.52), (0.1, 0.42), (0.07 + wag, 0.22)], 0.075, colour, smooth=True)
    far = shade(colour, -0.28)
    for x in (0.34, 0.66):
        frame.rectangle(x - 0.055, 0.6, x + 0.055, 0.985, far, radius=0.05)
    body = [(0.15, 0.56), (0.26, 0.46), (0.5, 0.47), (0.68, 0.4), (0.84, 0.4), (0.85, 0.6)]
    body += [(0.74, 0.76), (0.5, 0.73), (0.3, 0.76), (0.17, 0.7)]
    frame.polygon(body, frame.ball(colour, 0.5, 0.55, 0.36), smooth=True)
    for x in (0.23, 0.77):
        leg = frame.lit(colour, x - 0.08, x + 0.08)
        frame.rectangle(x - 0.068, 0.6, x + 0.068, 0.99, leg, radius=0.06)
        frame.ellipse(x + 0.03, 0.965, 0.085, 0.034, paler(colour, 0.3))
    frame.ellipse(0.3, 0.58, 0.11, 0.1, colour, opacity=0.6, part_id=False)
    _dog_head(frame, colour, rng)


def _dog_head(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    neck = [(0.66, 0.55), (0.7, 0.28), (0.9, 0.3), (0.88, 0.56)]
    frame.polygon(neck, frame.lit(colour, 0.62, 0.94))
    collar = (206, 60, 60) if brightness(colour) > 0.7 else (236, 206, 110)
    frame.line([(0.69, 0.44), (0.89, 0.45)], 0.045, collar)
    frame.ellipse(0.87, 0.505, 0.026, 0.028, WARM_LIGHT)
    muzzle = rng.uniform(0.96, 0.99)
    frame.ellipse(muzzle, 0.285, 0.15, 0.095, frame.lit(paler(colour, 0.2), 0.85, 1.14), turn=4)
    frame.ellipse(0.83, 0.22, 0.165, 0.16, frame.ball(colour, 0.83, 0.22, 0.17))
    frame.ellipse(muzzle + 0.105, 0.24, 0.045, 0.04, INK)
    mouth = [(muzzle + 0.1, 0.335), (muzzle + 0.02, 0.34), (muzzle - 0.05, 0.315)]
    frame.line(mouth, 0.012, detail(colour, 0.6), smooth=True, part_id=False)
    if rng.random() < 0.5:
        frame.ellipse(muzzle + 0.02, 0.375, 0.035, 0.05, (232, 116, 126))
    frame.eye(0.9, 0.19, 0.034, dark_iris(colour))
    drop = rng.uniform(0.38, 0.45)
    ear = [(0.74, 0.09), (0.66, 0.17), (0.61, drop - 0.08), (0.67, drop), (0.755, drop - 0.07)]
    ear += [(0.81, 0.16)]
    frame.polygon(ear, frame.lit(detail(colour, 0.3), 0.62, 0.82), smooth=True)


def draw_bird(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A plump songbird in profile, one wing raised."""
    frame = Frame(surface, box, BIRD_ASPECT, light, flip=mirrored(rng))
    beak = (232, 122, 30) if brightness(colour) > 0.75 or colour[0] < 160 else (252, 196, 60)
    dark = detail(colour, 0.24)
    tail = [(0.3, 0.56), (0.03, 0.47), (0.0, 0.57), (0.07, 0.61), (0.02, 0.69), (0.3, 0.74)]
    frame.polygon(tail, frame.lit(dark, 0, 0.35))
    for x in (0.5, 0.62):
        frame.line([(x, 0.84), (x - 0.05, 0.97)], 0.024, beak)
        frame.line([(x - 0.09, 0.975), (x, 0.975)], 0.02, beak)
    frame.polygon([(0.97, 0.34), (1.195, 0.43), (0.97, 0.5)], beak)
    frame.line([(1.0, 0.425), (1.15, 0.43)], 0.01, shade(beak, -0.4), part_id=False)
    body = [(0.2, 0.6), (0.4, 0.45), (0.62, 0.4), (0.68, 0.28), (0.84, 0.21), (0.99, 0.28)]
    body += [(1.03, 0.45), (0.95, 0.68), (0.76, 0.85), (0.5, 0.87), (0.28, 0.75)]
    frame.polygon(body, frame.ball(colour, 0.62, 0.55, 0.38), smooth=True)
    frame.ellipse(0.72, 0.72, 0.2, 0.11, paler(colour, 0.55), turn=-25, opacity=0.8, part_id=False)
    _wing(frame, dark, rng)
    frame.eye(0.89, 0.35, 0.04, dark_iris(colour))
    frame.ellipse(0.83, 0.45, 0.04, 0.026, BLUSH, opacity=0.55, part_id=False)


def _wing(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    """A raised wing with three long feathers."""
    lift, sweep = rng.uniform(0.0, 0.14), rng.uniform(-0.06, 0.08)
    tip = (0.2 + sweep, 0.03 + lift)
    wing = [(0.68, 0.58), (0.6, 0.3), (0.42 + sweep, 0.09 + lift * 0.7), tip]
    wing += [(0.2 + sweep, 0.18 + lift), (0.24 + sweep, 0.3 + lift), (0.33, 0.46 + lift * 0.5)]
    wing += [(0.5, 0.64)]
    frame.polygon(wing, frame.lit(colour, 0.18, 0.7, strength=1.3), smooth=True)
    for end in ((0.27 + sweep, 0.14 + lift), (0.29 + sweep, 0.26 + lift), (0.37, 0.4 + lift * 0.6)):
        frame.line([(0.56, 0.5), end], 0.013, detail(colour, 0.35), opacity=0.7, part_id=False)


def draw_fish(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A round fish in profile, forked tail behind it, with scales and a big eye."""
    frame = Frame(surface, box, FISH_ASPECT, light, flip=mirrored(rng))
    dark, deep = detail(colour, 0.22), rng.uniform(0.33, 0.37)
    notch = rng.uniform(0.12, 0.17)
    tail = [(0.44, 0.5), (0.12, 0.13), (0.02, 0.1), (notch, 0.5), (0.02, 0.9), (0.12, 0.87)]
    frame.polygon(tail, frame.lit(dark, 0, 0.44))
    for y in (0.2, 0.32, 0.68, 0.8):
        ray = [(0.09 + abs(y - 0.5) * 0.05, y), (0.34, 0.5 + (y - 0.5) * 0.3)]
        frame.line(ray, 0.012, detail(colour, 0.45), opacity=0.6, part_id=False)
    top = [(0.56, 0.3), (0.62, 0.06), (0.82, 0.01), (1.02, 0.07), (1.16, 0.26)]
    frame.polygon(top, frame.lit(dark, 0.55, 1.15))
    frame.polygon([(0.68, 0.78), (0.64, 0.97), (0.84, 0.93), (0.9, 0.8)], frame.lit(dark, 0.6, 0.9))
    body = [(0.3, 0.5), (0.52, 0.5 - deep * 0.72), (0.88, 0.5 - deep), (1.24, 0.5 - deep * 0.72)]
    body += [(1.475, 0.5), (1.24, 0.5 + deep * 0.72), (0.88, 0.5 + deep), (0.52, 0.5 + deep * 0.72)]
    frame.polygon(body, frame.ball(colour, 0.92, 0.5, 0.46), smooth=True)
    belly = paler(colour, 0.5)
    frame.ellipse(0.95, 0.5 + deep * 0.66, 0.36, 0.09, belly, opacity=0.6, part_id=False)
    if rng.random() < 0.4:
        for x in (0.62, 0.96):
            band = [(x, 0.5 - deep * 0.75), (x - 0.045, 0.5), (x, 0.5 + deep * 0.75)]
            frame.line(band, 0.06, CREAM, smooth=True)
    else:
        _scales(frame, colour)
    gill = [(1.14, 0.32), (1.08, 0.5), (1.14, 0.66)]
    frame.line(gill, 0.018, detail(colour, 0.4), smooth=True, part_id=False)
    fin = [(1.0, 0.53), (0.8, 0.5), (0.76, 0.63), (0.92, 0.68)]
    frame.polygon(fin, frame.lit(dark, 0.76, 1.0), smooth=True)
    frame.ellipse(1.26, 0.41, 0.075, 0.075, (252, 252, 250))
    frame.eye(1.275, 0.415, 0.045)
    frame.line([(1.45, 0.56), (1.38, 0.585), (1.33, 0.57)], 0.016, INK, smooth=True, part_id=False)


def _scales(frame: Frame, colour: Colour) -> None:
    """Rows of small arcs over the body."""
    ink = detail(colour, 0.35)
    for column in range(4):
        x = 0.52 + 0.14 * column
        for row in (-1, 0, 1):
            y = 0.5 + 0.15 * row + 0.07 * (column % 2) - 0.02
            arc = [(x + 0.02, y - 0.06), (x - 0.03, y), (x + 0.02, y + 0.06)]
            frame.line(arc, 0.012, ink, smooth=True, opacity=0.6, part_id=False)


def draw_rabbit(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A sitting rabbit in profile: long ears, round back, white puff of a tail."""
    frame = Frame(surface, box, RABBIT_ASPECT, light, flip=mirrored(rng))
    puff = (226, 228, 236) if brightness(colour) > 0.9 else (250, 248, 246)
    frame.ellipse(0.085, 0.82, 0.078, 0.075, frame.ball(puff, 0.085, 0.82, 0.08))
    _rabbit_ears(frame, colour, rng)
    back = [(0.06, 0.82), (0.1, 0.64), (0.26, 0.52), (0.45, 0.5), (0.62, 0.56), (0.67, 0.75)]
    back += [(0.62, 0.93), (0.4, 0.985), (0.17, 0.97)]
    frame.polygon(back, frame.ball(colour, 0.36, 0.74, 0.3), smooth=True)
    frame.ellipse(0.6, 0.74, 0.07, 0.13, paler(colour, 0.45), opacity=0.7, part_id=False)
    for x in (0.64, 0.56):
        leg = frame.lit(shade(colour, -0.15 if x > 0.6 else 0.0), x - 0.06, x + 0.06)
        frame.rectangle(x - 0.045, 0.76, x + 0.045, 0.985, leg, radius=0.045)
        frame.ellipse(x + 0.025, 0.963, 0.065, 0.034, paler(colour, 0.22))
    hollow = detail(colour, 0.4)
    frame.ellipse(0.285, 0.802, 0.18, 0.168, hollow, opacity=0.45, part_id=False)
    frame.ellipse(0.27, 0.81, 0.175, 0.16, frame.ball(colour, 0.27, 0.81, 0.18))
    frame.ellipse(0.33, 0.955, 0.16, 0.042, paler(colour, 0.18))
    frame.ellipse(0.55, 0.468, 0.165, 0.135, hollow, opacity=0.45, part_id=False)
    frame.ellipse(0.57, 0.43, 0.185, 0.155, frame.ball(colour, 0.57, 0.43, 0.18))
    frame.ellipse(0.66, 0.485, 0.085, 0.065, paler(colour, 0.5), part_id=False)
    frame.eye(0.62, 0.4, 0.038, dark_iris(colour))
    frame.ellipse(0.735, 0.45, 0.024, 0.02, (226, 116, 130))
    frame.ellipse(0.54, 0.49, 0.045, 0.028, BLUSH, opacity=0.55, part_id=False)
    _whiskers(frame, 0.69, 0.49, 0.1, colour)


def _rabbit_ears(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    """Two long upright ears, the nearer one showing its pink inside."""
    spread = rng.uniform(-5, 7)
    ears = [(0.6, 0.175, 8 + spread, shade(colour, -0.16)), (0.47, 0.18, -10 + spread / 2, colour)]
    for x, y, turn, tone in ears:
        frame.ellipse(x, y, 0.066, 0.172, frame.lit(tone, x - 0.07, x + 0.07), turn=turn)
        if tone == colour:
            frame.ellipse(x + 0.004, y + 0.01, 0.032, 0.12, BLUSH, turn=turn)
