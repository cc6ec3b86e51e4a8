"""Snowman, robot and umbrella."""

from __future__ import annotations

import math

import numpy as np

from sdstudio.training.world.paint import Colour, Surface, mix, shade
from sdstudio.training.world.subjects.frame import (
    INK,
    STEEL,
    WARM_LIGHT,
    WOOD,
    Box,
    Frame,
    brightness,
    detail,
    mirrored,
)

SNOWMAN_ASPECT = 0.75
ROBOT_ASPECT = 0.75
UMBRELLA_ASPECT = 1.0


def draw_snowman(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """Three balls of snow with a hat, a scarf, a carrot nose and arms of twigs."""
    frame = Frame(surface, box, SNOWMAN_ASPECT, light, flip=mirrored(rng))
    lift = rng.uniform(-0.06, 0.06)
    for side, tilt in ((-1, lift), (1, -lift)):
        elbow, hand = (0.375 + side * 0.26, 0.48 + tilt), (0.375 + side * 0.345, 0.36 + tilt)
        frame.line([(0.375 + side * 0.15, 0.53), elbow, hand], 0.024, (98, 66, 42))
        twig = [(0.375 + side * 0.31, 0.41 + tilt), (0.375 + side * 0.36, 0.44 + tilt)]
        frame.line(twig, 0.016, (98, 66, 42))
    low = rng.uniform(0.245, 0.27)
    for y, r in ((0.985 - low * 0.93, low), (0.535, 0.185), (0.3, 0.145)):
        if r < 0.2:
            hollow = detail(colour, 0.45)
            frame.ellipse(0.375, y + 0.028, r * 0.94, r * 0.92, hollow, opacity=0.4, part_id=False)
        frame.ellipse(0.375, y, r, r * 0.95, frame.ball(colour, 0.375, y, r, strength=1.15))
    dark = INK if brightness(colour) > 0.25 else (206, 208, 218)
    for y in (0.5, 0.585, 0.7):
        frame.ellipse(0.375, y, 0.02, 0.02, dark)
    for x in (0.325, 0.425):
        frame.ellipse(x, 0.265, 0.02, 0.023, dark)
    for step in range(5):
        x = 0.315 + 0.03 * step
        y = 0.365 - 0.012 * abs(step - 2)
        frame.ellipse(x, y, 0.009, 0.009, dark, part_id=False)
    carrot = (206, 84, 14) if colour[0] > 200 and 90 < colour[1] < 175 else (242, 132, 40)
    frame.polygon([(0.37, 0.29), (0.535, 0.33), (0.37, 0.335)], carrot)
    _scarf(frame, colour)
    if rng.random() < 0.75:
        _top_hat(frame, colour)
    else:
        _bobble_hat(frame, colour)


def _scarf(frame: Frame, colour: Colour) -> None:
    cloth = shade(colour, -0.5) if brightness(colour) > 0.3 else (150, 152, 164)
    frame.line([(0.26, 0.405), (0.375, 0.43), (0.49, 0.405)], 0.058, cloth, smooth=True)
    frame.polygon([(0.44, 0.42), (0.5, 0.415), (0.525, 0.58), (0.455, 0.59)], shade(cloth, -0.15))


def _top_hat(frame: Frame, colour: Colour) -> None:
    felt = (52, 48, 60) if brightness(colour) > 0.22 else (112, 112, 124)
    frame.rectangle(0.27, 0.005, 0.48, 0.18, frame.lit(felt, 0.27, 0.48, strength=1.5), radius=0.02)
    frame.rectangle(0.27, 0.125, 0.48, 0.16, WARM_LIGHT, part_id=False)
    frame.rectangle(0.205, 0.16, 0.545, 0.2, frame.lit(felt, 0.2, 0.55), radius=0.02)


def _bobble_hat(frame: Frame, colour: Colour) -> None:
    wool = detail(colour, 0.5)
    cap = [(0.235, 0.21), (0.26, 0.11), (0.375, 0.05), (0.49, 0.11), (0.515, 0.21)]
    frame.polygon(cap, frame.lit(wool, 0.23, 0.52))
    frame.rectangle(0.22, 0.18, 0.53, 0.225, (244, 240, 232), radius=0.02)
    frame.ellipse(0.375, 0.05, 0.048, 0.046, (244, 240, 232))


def draw_robot(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """A friendly box-shaped robot with an antenna, glowing eyes and a panel of lamps."""
    frame = Frame(surface, box, ROBOT_ASPECT, light, flip=mirrored(rng))
    joint = (92, 98, 112) if brightness(colour) > 0.3 else (150, 156, 170)
    for side in (-1, 1):
        x = 0.375 + side * 0.115
        frame.rectangle(x - 0.045, 0.76, x + 0.045, 0.95, joint)
        foot = frame.lit(detail(colour, 0.15), x - 0.1, x + 0.1)
        frame.rectangle(x - 0.095, 0.91, x + 0.095, 1.0, foot, radius=0.04)
    _robot_arms(frame, colour, joint, rng)
    frame.rectangle(0.315, 0.38, 0.435, 0.46, joint)
    frame.rectangle(
        0.165,
        0.435,
        0.585,
        0.82,
        frame.lit(colour, 0.165, 0.585, strength=1.3, fall=0.2),
        radius=0.06,
    )
    frame.line([(0.375, 0.02), (0.375, 0.14)], 0.02, joint)
    frame.ellipse(0.375, 0.038, 0.036, 0.036, (255, 110, 84))
    for side in (-1, 1):
        ear = 0.375 + side * 0.235
        frame.rectangle(ear - 0.035, 0.2, ear + 0.035, 0.32, joint, radius=0.02)
    corner = float(rng.choice([0.04, 0.09]))
    head = frame.lit(colour, 0.16, 0.59, strength=1.3, fall=0.15)
    frame.rectangle(0.16, 0.115, 0.59, 0.4, head, radius=corner)
    _robot_face(frame, rng)
    _robot_panel(frame, colour, rng)


def _robot_arms(frame: Frame, colour: Colour, joint: Colour, rng: np.random.Generator) -> None:
    waving = rng.random() < 0.5
    for side in (-1, 1):
        shoulder = (0.375 + side * 0.215, 0.51)
        up = waving and side == 1
        hand = (0.375 + side * 0.31, 0.33 if up else 0.71)
        elbow = (0.375 + side * 0.3, 0.52)
        frame.line([shoulder, elbow, hand], 0.08, detail(colour, 0.2))
        frame.ellipse(*elbow, 0.045, 0.045, joint)
        frame.ellipse(*hand, 0.06, 0.06, frame.ball(colour, *hand, 0.06))
        notch = hand[1] + (-0.04 if up else 0.04)
        frame.ellipse(hand[0], notch, 0.022, 0.03, joint)


def _robot_face(frame: Frame, rng: np.random.Generator) -> None:
    glow = (126, 236, 240) if rng.random() < 0.6 else (255, 226, 120)
    frame.rectangle(0.215, 0.185, 0.535, 0.345, (44, 48, 62), radius=0.06)
    for x in (0.3, 0.45):
        frame.ellipse(x, 0.245, 0.042, 0.046, glow)
        frame.ellipse(x + 0.012, 0.232, 0.014, 0.014, (255, 255, 255), part_id=False)
    smile = [(0.32, 0.308), (0.375, 0.325), (0.43, 0.308)]
    frame.line(smile, 0.016, glow, smooth=True, part_id=False)


def _robot_panel(frame: Frame, colour: Colour, rng: np.random.Generator) -> None:
    frame.rectangle(0.265, 0.525, 0.485, 0.67, (218, 222, 230), radius=0.025)
    for index, lamp in enumerate(((236, 92, 80), (250, 206, 84), (104, 196, 120))):
        frame.ellipse(0.305 + 0.07 * index, 0.56, 0.022, 0.022, lamp)
    level = rng.uniform(0.3, 0.46)
    frame.rectangle(0.285, 0.615, 0.465, 0.645, (150, 156, 170), part_id=False)
    frame.rectangle(0.285, 0.615, level, 0.645, (84, 150, 200), part_id=False)
    for x in (0.2, 0.55):
        for y in (0.475, 0.78):
            frame.ellipse(x, y, 0.011, 0.011, detail(colour, 0.45), part_id=False)


def draw_umbrella(
    surface: Surface, box: Box, colour: Colour, rng: np.random.Generator, light: float
) -> None:
    """An open umbrella: scalloped panels over a wooden crook."""
    frame = Frame(surface, box, UMBRELLA_ASPECT, light, flip=mirrored(rng))
    rim, panels = rng.uniform(0.49, 0.54), int(rng.choice([4, 5, 6]))
    frame.line([(0.5, 0.1), (0.5, 0.88)], 0.028, STEEL)
    crook = [(0.5, 0.72), (0.5, 0.9), (0.535, 0.965), (0.6, 0.965), (0.63, 0.9)]
    frame.line(crook, 0.046, WOOD, smooth=True)
    turns = [math.pi * index / panels for index in range(panels + 1)]
    edges = [round(0.5 - 0.49 * math.cos(turn), 6) for turn in turns]
    for index in range(panels):
        tone = colour if index % 2 == 0 else mix(detail(colour, 0.16), colour, 0.2)
        _panel(frame, edges[index], edges[index + 1], rim, tone)
    for edge in edges[1:-1]:
        rib = _rib(edge, rim)
        frame.line(rib, 0.008, detail(colour, 0.4), smooth=True, opacity=0.8, part_id=False)
    frame.line([(0.5, 0.015), (0.5, 0.1)], 0.026, WOOD)


def _rib(edge: float, rim: float) -> list[tuple[float, float]]:
    """The curve of a rib from the crown to the rim at x = edge."""
    reach = edge - 0.5
    return [
        (0.5 + reach * part, 0.075 + (rim - 0.075) * (1 - math.sqrt(max(1 - part * part, 0.0))))
        for part in (0.0, 0.2, 0.38, 0.54, 0.68, 0.8, 0.89, 0.96, 1.0)
    ]


def _panel(frame: Frame, left: float, right: float, rim: float, colour: Colour) -> None:
    """One panel between two ribs, its hem arched upward."""
    middle = (left + right) / 2
    hem = [
        (left + (right - left) * t, rim - 0.2 * t * (1 - t)) for t in (0.15, 0.3, 0.5, 0.7, 0.85)
    ]
    outline = [*_rib(left, rim), *hem, *_rib(right, rim)[::-1]]
    bend = abs(middle - 0.5)
    tone = shade(colour, 0.10 * (middle - 0.5) * frame.toward * 2 - 0.10 * bend)
    frame.polygon(outline, frame.lit(tone, 0.0, 1.0, strength=1.1, fall=0.3))
