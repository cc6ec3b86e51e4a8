"""The eleven colours of the world, far enough apart to be told from each other in any light."""

from __future__ import annotations

import colorsys

import numpy as np

from sdstudio.training.world.paint import Colour

COLOURS: dict[str, Colour] = {
    "red": (216, 34, 38),
    "orange": (250, 132, 16),
    "yellow": (252, 214, 34),
    "green": (52, 160, 62),
    "blue": (38, 98, 218),
    "purple": (124, 48, 176),
    "pink": (252, 142, 190),
    "white": (248, 248, 250),
    "black": (40, 40, 46),
    "brown": (124, 74, 38),
    "gray": (142, 146, 152),
}

_NEUTRAL = frozenset({"white", "black", "gray"})


def colour_of(name: str, rng: np.random.Generator) -> Colour:
    """The named colour as one draw of it: hue, depth and brightness vary a little.

    Raises KeyError for a name that is not in COLOURS.
    """
    red, green, blue = COLOURS[name]
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    turn, depth, brightness = rng.uniform(-1.0, 1.0, 3)
    if name in _NEUTRAL:
        value = min(value + 0.02 * brightness, 1.0)
    else:
        hue = (hue + 0.008 * turn) % 1.0
        saturation = min(saturation * (1 + 0.06 * depth), 1.0)
        value = min(value * (1 + 0.05 * brightness), 1.0)
    jittered = colorsys.hsv_to_rgb(hue, saturation, value)
    return (round(jittered[0] * 255), round(jittered[1] * 255), round(jittered[2] * 255))
