"""The scene composer: a seed becomes a picture, its caption, and the truth of what is where."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np
from PIL import Image

from sdstudio.training.world.attributes import Box, SceneAttributes, Thing
from sdstudio.training.world.captions import write_caption
from sdstudio.training.world.layout import arrange, rests
from sdstudio.training.world.paint import Surface
from sdstudio.training.world.palette import colour_of
from sdstudio.training.world.places import PLACE_SPECS, draw_place
from sdstudio.training.world.sky import (
    TIMES_OF_DAY,
    draw_falling,
    draw_mist,
    draw_sky_extras,
    open_sky,
)
from sdstudio.training.world.styles import Drawing, apply_style
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import Extra, Place, Relation, Size, Style, Time

Split = Literal["train", "held-out"]
Choice = TypeVar("Choice")

# The mix, for learnability: mostly one big thing in the default style by day.
KIND_SHARES = {"one kind": 0.70, "two kinds": 0.20, "close-up": 0.10}
COUNT_SHARES = {1: 0.80, 2: 0.12, 3: 0.08}
SIZE_SHARES: dict[Size | None, float] = {None: 0.60, "small": 0.18, "large": 0.22}
PAIR_SIZE_SHARES: dict[Size | None, float] = {None: 0.84, "small": 0.08, "large": 0.08}
RELATION_SHARES: dict[Relation, float] = {
    "left of": 0.30,
    "right of": 0.30,
    "next to": 0.14,
    "above": 0.14,
    "in front of": 0.12,
}
STYLE_SHARES: dict[Style, float] = {
    "picture book": 0.46,
    "flat": 0.09,
    "pixel art": 0.09,
    "pencil sketch": 0.09,
    "watercolor": 0.09,
    "neon": 0.09,
    "stained glass": 0.09,
}
TIME_SHARES: dict[Time, float] = {
    "day": 0.40,
    "sunset": 0.15,
    "night": 0.15,
    "storm": 0.15,
    "fog": 0.15,
}
EXTRA_SHARES: dict[Time, dict[Extra, float]] = {
    "day": {"sun": 0.35, "clouds": 0.35, "rainbow": 0.10},
    "sunset": {"sun": 0.60, "clouds": 0.25},
    "night": {"moon": 0.50, "stars": 0.65},
    "storm": {"rain": 0.50},
    "fog": {},
}
SNOWFALL_SHARE = 0.35
HELD_OUT_PER_MILLE = 50
HELD_OUT_SALT = "picture-book-1"


def draw_scene(
    seed: int, *, width: int = 256, height: int = 256, split: Split = "train"
) -> tuple[Image.Image, str, SceneAttributes]:
    """Draw the scene of `seed`: (picture RGB, caption, attributes), the same at every call."""
    rng = np.random.default_rng(seed)
    attributes = sample_attributes(rng, width=width, height=height, split=split)
    return draw_attributes(attributes), write_caption(attributes, rng), attributes


def sample_attributes(
    rng: np.random.Generator, *, width: int = 256, height: int = 256, split: Split = "train"
) -> SceneAttributes:
    """Draw a scene's attributes by the mix above, laid out, all from one side of the split."""
    kind = _choose(rng, KIND_SHARES)
    place: Place = _choose(rng, dict.fromkeys(PLACE_SPECS, 1 / len(PLACE_SPECS)))
    time = _choose(rng, TIME_SHARES)
    relation = _choose(rng, RELATION_SHARES) if kind == "two kinds" else None
    bare = SceneAttributes(
        things=(),
        relation=relation,
        place=place,
        time=time,
        extras=_sample_extras(rng, place, time),
        style=_choose(rng, STYLE_SHARES),
        close_up=kind == "close-up",
        width=width,
        height=height,
        seed=int(rng.integers(2**31)),
    )
    while True:
        scene = replace(bare, things=_sample_things(rng, kind, relation))
        if is_held_out(scene) == (split == "held-out"):
            return arrange(scene)


def is_held_out(attributes: SceneAttributes) -> bool:
    """Say whether any of the scene's (subject, colour, place) is kept out of training.

    About HELD_OUT_PER_MILLE in a thousand combinations are, by a checksum that never changes.
    """
    return any(
        zlib.crc32(f"{HELD_OUT_SALT}|{thing.subject}|{thing.colour}|{attributes.place}".encode())
        % 1000
        < HELD_OUT_PER_MILLE
        for thing in attributes.things
    )


def draw_attributes(attributes: SceneAttributes) -> Image.Image:
    """Draw a scene as its attributes say, RGB; things without boxes are laid out first."""
    if not all(thing.boxes for thing in attributes.things):
        attributes = arrange(attributes)
    rng = np.random.default_rng((attributes.seed, 2))
    light = float(rng.choice([-1, 1])) * rng.uniform(0.6, 1.0)
    surface = _draw_world(attributes, light, rng)
    _draw_things(surface, attributes, light, rng)
    draw_falling(surface, extras=attributes.extras, rng=rng)
    drawing = Drawing(
        surface=surface,
        tint_table=TIMES_OF_DAY[attributes.time].tint_table(),
        variant=int(rng.integers(8)),
    )
    return apply_style(drawing, attributes.style)


def _choose(rng: np.random.Generator, shares: dict[Choice, float]) -> Choice:
    options = list(shares)
    threshold = rng.random() * sum(shares.values())
    for option in options:
        threshold -= shares[option]
        if threshold < 0:
            return option
    return options[-1]


def _sample_extras(rng: np.random.Generator, place: Place, time: Time) -> tuple[Extra, ...]:
    falling = place == "snow" and time != "sunset"
    extras: list[Extra] = []
    for extra, share in EXTRA_SHARES[time].items():
        # A wood hides its sky, and rain does not fall on snow.
        hidden = extra == "rain" if falling else place == "forest" and extra != "rain"
        if not hidden and len(extras) < 2 and rng.random() < share:
            extras.append(extra)
    if falling and rng.random() < SNOWFALL_SHARE:
        extras = [*extras[:1], "snowfall"]
    return tuple(extras)


def _sample_things(
    rng: np.random.Generator, kind: str, relation: Relation | None
) -> tuple[Thing, ...]:
    if kind == "close-up":
        return (_thing(rng, list(SUBJECTS)),)
    if kind == "one kind":
        size, count = _choose(rng, SIZE_SHARES), _choose(rng, COUNT_SHARES)
        return (replace(_thing(rng, list(SUBJECTS)), size=size, count=count),)
    hovering = [name for name, spec in SUBJECTS.items() if spec.floats == "air"]
    standing = [name for name, spec in SUBJECTS.items() if spec.floats == "ground"]
    firsts = {"above": hovering, "in front of": standing}.get(str(relation), list(SUBJECTS))
    seconds = standing if relation in ("above", "in front of") else list(SUBJECTS)
    first = _thing(rng, firsts)
    second = _thing(rng, [name for name in seconds if name != first.subject])
    if relation in ("above", "in front of"):
        return first, second
    return (
        replace(first, size=_choose(rng, PAIR_SIZE_SHARES)),
        replace(second, size=_choose(rng, PAIR_SIZE_SHARES)),
    )


def _thing(rng: np.random.Generator, subjects: list[str]) -> Thing:
    subject = subjects[int(rng.integers(len(subjects)))]
    colours = SUBJECTS[subject].colours
    return Thing(subject=subject, colour=colours[int(rng.integers(len(colours)))])


def _draw_world(attributes: SceneAttributes, light: float, rng: np.random.Generator) -> Surface:
    horizon = PLACE_SPECS[attributes.place].horizon
    time = attributes.time
    surface = open_sky(attributes.width, attributes.height, time=time, horizon=horizon)
    draw_sky_extras(surface, time=time, extras=attributes.extras, light=light, rng=rng)
    draw_place(surface, attributes.place, time=time, rng=rng)
    if time == "fog":
        draw_mist(surface, horizon, rng)
    return surface


def _draw_things(
    surface: Surface, attributes: SceneAttributes, light: float, rng: np.random.Generator
) -> None:
    """Draw every thing, the farthest (highest foot) first, each on its shadow."""
    placed = [(box, thing) for thing in attributes.things for box in thing.boxes]
    numbered = sorted(enumerate(placed, start=1), key=lambda item: item[1][0][3])
    colours = {thing.subject: colour_of(thing.colour, rng) for thing in attributes.things}
    for number, (box, thing) in numbered:
        if not attributes.close_up:
            _shadow(surface, attributes.place, thing, box, light)
        surface.begin_object(number)
        SUBJECTS[thing.subject].draw(surface, box, colours[thing.subject], rng, light)
        surface.end_object()


def _shadow(surface: Surface, place: Place, thing: Thing, box: Box, light: float) -> None:
    """Lay a soft shadow, away from the light: under what stands, on the land below what flies."""
    land = PLACE_SPECS[place]
    middle, wide = (box[0] + box[2]) / 2, box[2] - box[0]
    if rests(thing.subject, land):
        x = middle - 0.1 * light * wide
        surface.shadow(x, box[3] - 1, 0.66 * wide, 0.02 * surface.height + 0.1 * wide, opacity=0.5)
        return
    ground = max(land.stand[0] * surface.height, box[3] + 0.02 * surface.height)
    surface.shadow(middle, ground, 0.4 * wide, 0.03 * surface.height, opacity=0.25)
