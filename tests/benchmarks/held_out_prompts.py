"""The seeded list of prompts that no training saw: what each asks for, and the scene it means.

Their first thing is always one whose (subject, colour, place) training leaves out. Of the sailboat
no combination is left out: it stands second in pairs only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from sdstudio.training.world import vocabulary as words
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.captions import canonical_caption
from sdstudio.training.world.layout import arrange
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.scene import is_held_out
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import PLACES, STYLES, TIMES, Place, Relation

SEED = 20261121
COUNT = 500
KINDS = ("one", "pair", "one", "several", "one")
"""Prompt i is of kind i mod 5, so that the first 64 are a fair sample of all."""

CLOSE_UPS = 8
"""One in so many prompts for a single thing asks for a close-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A prompt, and a scene laid out as the prompt says."""

    prompt: str
    scene: SceneAttributes
    seed: int


@cache
def held_out_cases(count: int = COUNT) -> tuple[Case, ...]:
    """Return the first `count` of always the same prompts, every attribute said."""
    rng = np.random.default_rng(SEED)
    order: list[str] = []
    cases = []
    for index in range(count):
        order = order or [str(name) for name in rng.permutation(list(held_out_combinations()))]
        scene = _scene(rng, order.pop(), KINDS[index % len(KINDS)], index // len(KINDS))
        cases.append(Case(prompt=full_prompt(scene), scene=arrange(scene), seed=index))
    return tuple(cases)


@cache
def held_out_combinations() -> dict[str, list[tuple[str, Place]]]:
    """Return every (colour, place) kept out of training, by subject."""
    found: dict[str, list[tuple[str, Place]]] = {}
    for subject in SUBJECTS:
        for colour in COLOURS:
            for place in PLACES:
                thing = Thing(subject=subject, colour=colour)
                if is_held_out(_bare((thing,), place)):
                    found.setdefault(subject, []).append((colour, place))
    return found


def full_prompt(scene: SceneAttributes) -> str:
    """Return the plain caption with the time and the style said even where they go without."""
    said = canonical_caption(replace(scene, style="picture book"))
    if scene.time == "day":
        night, day = (words.TIME_PHRASES[time][0] for time in ("night", "day"))
        said = canonical_caption(replace(scene, time="night", style="picture book"))
        said = said.replace(night, day)
    return f"{said}, {scene.style}"


def _bare(things: tuple[Thing, ...], place: Place) -> SceneAttributes:
    return SceneAttributes(
        things=things,
        relation=None,
        place=place,
        time="day",
        extras=(),
        style="picture book",
        close_up=False,
        width=256,
        height=256,
        seed=0,
    )


def _scene(rng: np.random.Generator, subject: str, kind: str, turn: int) -> SceneAttributes:
    combinations = held_out_combinations()[subject]
    colour, place = combinations[int(rng.integers(len(combinations)))]
    first = Thing(subject=subject, colour=colour, count=2 + turn % 2 if kind == "several" else 1)
    scene = replace(
        _bare((first,), place),
        time=TIMES[int(rng.integers(len(TIMES)))],
        style=STYLES[int(rng.integers(len(STYLES)))],
        close_up=kind == "one" and rng.integers(CLOSE_UPS) == 0,
        seed=int(rng.integers(2**31)),
    )
    if kind != "pair":
        return scene
    other = str(rng.choice([name for name in SUBJECTS if name != subject]))
    second = Thing(subject=other, colour=str(rng.choice(SUBJECTS[other].colours)))
    relation: Relation = "left of" if turn % 2 else "right of"
    things = (first, second) if rng.integers(2) else (second, first)
    return replace(scene, things=things, relation=relation)
