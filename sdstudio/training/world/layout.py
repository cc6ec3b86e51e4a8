"""Where the things of a scene stand: boxes that make size, count and relation true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdstudio.training.world.attributes import Box, SceneAttributes, Thing
from sdstudio.training.world.places import PLACE_SPECS, PlaceSpec
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import Size

Range = tuple[float, float]

# Heights of a thing as shares of the picture's, by the size that is said.
ALONE: dict[Size | None, Range] = {"small": (0.25, 0.32), None: (0.48, 0.64), "large": (0.72, 0.82)}
PAIR: dict[Size | None, Range] = {"small": (0.24, 0.28), None: (0.37, 0.48), "large": (0.54, 0.62)}
TRIO: dict[Size | None, Range] = {"small": (0.19, 0.23), None: (0.28, 0.37), "large": (0.42, 0.5)}
STACKED: Range = (0.31, 0.4)
BEHIND: Range = (0.5, 0.6)
IN_FRONT: Range = (0.28, 0.34)
CLOSE_UP: Range = (1.02, 1.14)
WIDE_ASPECT = 1.15
TOP_MARGIN = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The picture in which boxes are laid out; shares become pixels here."""

    width: int
    height: int
    place: PlaceSpec
    rng: np.random.Generator

    def box(
        self, subject: str, heights: Range, *, x: float, widest: float, level: float | None = None
    ) -> Box:
        """Return a box for `subject` centred on the share `x` of the width.

        `level` is the share of the height on which it stands, or round which it hovers; without
        one the place decides. Wide subjects are lowered so that their area stays comparable.
        """
        spec = SUBJECTS[subject]
        high = self.rng.uniform(*heights) * self.height / max(1.0, spec.aspect) ** 0.5
        wide = min(high * spec.aspect, widest * self.width)
        high = wide / spec.aspect
        hovering = level is None and not self.stands(subject)
        if level is None:
            level = self.level_of(subject)
        top = level * self.height - (high / 2 if hovering else high)
        top = max(top, TOP_MARGIN * self.height)
        left = x * self.width - wide / 2
        return (round(left), round(top), round(left + wide), round(top + high))

    def stands(self, subject: str) -> bool:
        """Say whether the subject rests on land or water here, rather than hovering."""
        return rests(subject, self.place)

    def level_of(self, subject: str) -> float:
        """Return a share of the height on which the subject stands or round which it hovers."""
        if not self.stands(subject):
            return self.rng.uniform(0.4, 0.48)
        if SUBJECTS[subject].floats == "water" and self.place.water:
            return self.rng.uniform(*self.place.water)
        return self.rng.uniform(*self.place.stand)


def rests(subject: str, place: PlaceSpec) -> bool:
    """Say whether the subject rests on something in `place`; a boat ashore stands on the land."""
    habitat = SUBJECTS[subject].floats
    return habitat == "ground" or subject == "sailboat" or bool(habitat == "water" and place.water)


def arrange(attributes: SceneAttributes) -> SceneAttributes:
    """Return the attributes with every thing's boxes laid out by the seed."""
    rng = np.random.default_rng((attributes.seed, 1))
    place = PLACE_SPECS[attributes.place]
    stage = Stage(width=attributes.width, height=attributes.height, place=place, rng=rng)
    if attributes.close_up:
        boxes = [[_close_up(stage, attributes.things[0])]]
    elif len(attributes.things) == 1:
        boxes = [_one_kind(stage, attributes.things[0])]
    else:
        boxes = [[box] for box in _two_kinds(stage, attributes)]
    things = tuple(
        replace(thing, boxes=tuple(own))
        for thing, own in zip(attributes.things, boxes, strict=True)
    )
    return replace(attributes, things=things)


def _close_up(stage: Stage, thing: Thing) -> Box:
    aspect = SUBJECTS[thing.subject].aspect
    high = stage.rng.uniform(*CLOSE_UP) * stage.height / max(1.0, aspect) ** 0.5
    wide = min(high * aspect, 1.08 * stage.width)
    high = wide / aspect
    left = (0.5 + stage.rng.uniform(-0.03, 0.03)) * stage.width - wide / 2
    top = max(0.07 * stage.height, 0.54 * stage.height - high / 2)
    return (round(left), round(top), round(left + wide), round(top + high))


def _one_kind(stage: Stage, thing: Thing) -> list[Box]:
    rng, subject, size = stage.rng, thing.subject, thing.size
    if thing.count == 1:
        reach = 0.2 if size == "small" else 0.07
        x = 0.5 + rng.uniform(-reach, reach)
        return [stage.box(subject, ALONE[size], x=x, widest=0.9)]
    if thing.count == 2:
        level = stage.level_of(subject)
        return _row(stage, subject, PAIR[size], xs=(0.26, 0.74), widest=0.44, level=level)
    if SUBJECTS[subject].aspect < WIDE_ASPECT:
        level = stage.level_of(subject)
        return _row(stage, subject, TRIO[size], xs=(0.18, 0.5, 0.82), widest=0.29, level=level)
    return _triangle(stage, subject, TRIO[size])


def _row(
    stage: Stage, subject: str, heights: Range, *, xs: Sequence[float], widest: float, level: float
) -> list[Box]:
    """Return boxes side by side, a little staggered."""
    boxes = []
    swing = 0.015 if stage.stands(subject) else 0.06
    tall = stage.rng.uniform(*heights)
    for x in xs:
        own = level + stage.rng.uniform(-swing, swing)
        if not stage.stands(subject):
            own += tall / 2
        near = (tall * 0.96, tall * 1.04)
        shift = stage.rng.uniform(-0.01, 0.01)
        boxes.append(stage.box(subject, near, x=x + shift, widest=widest, level=own))
    return boxes


def _triangle(stage: Stage, subject: str, heights: Range) -> list[Box]:
    """Return three boxes for a wide subject: one behind, two before it."""
    level = stage.level_of(subject) if stage.stands(subject) else 0.72
    fronts = [stage.box(subject, heights, x=x, widest=0.42, level=level) for x in (0.26, 0.74)]
    behind = level - max(0.2, 0.85 * (fronts[0][3] - fronts[0][1]) / stage.height)
    return [stage.box(subject, heights, x=0.5, widest=0.38, level=behind), *fronts]


def _two_kinds(stage: Stage, attributes: SceneAttributes) -> list[Box]:
    first, second = attributes.things
    rng = stage.rng
    if attributes.relation == "above":
        upper = stage.box(
            first.subject, STACKED, x=0.5 + rng.uniform(-0.12, 0.12), widest=0.6, level=0.45
        )
        foot = _foot(stage, second.subject)
        x = 0.5 + rng.uniform(-0.12, 0.12)
        return [upper, stage.box(second.subject, STACKED, x=x, widest=0.6, level=foot)]
    if attributes.relation == "in front of":
        side = rng.choice([-1, 1])
        foot = stage.place.stand[0] - 0.03
        behind = stage.box(second.subject, BEHIND, x=0.5 - 0.12 * side, widest=0.62, level=foot)
        x = 0.5 + 0.2 * side
        return [stage.box(first.subject, IN_FRONT, x=x, widest=0.42, level=0.955), behind]
    left_first = attributes.relation == "left of"
    if attributes.relation == "next to":
        left_first = bool(rng.random() < 0.5)
    xs = (0.26, 0.74) if left_first else (0.74, 0.26)
    return [
        stage.box(thing.subject, PAIR[thing.size], x=x + rng.uniform(-0.01, 0.01), widest=0.44)
        for thing, x in zip(attributes.things, xs, strict=True)
    ]


def _foot(stage: Stage, subject: str) -> float:
    return stage.level_of(subject) if stage.stands(subject) else stage.place.stand[1]
