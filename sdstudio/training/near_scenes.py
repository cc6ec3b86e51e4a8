"""Scenes that differ from a drawn one in a single respect: what CLIP is to tell it from.

In a batch of pictures nearly every wrong caption is wrong in its place, colour, time and style at
once, so a model learns to look at those and never at what stands there. A caption that is wrong in
one word has to be read to its end.

Source: Yuksekgonul et al. 2022, NegCLIP (arXiv 2210.01936), section 4; here the drawn world knows
what is true, where they swap words and hope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import COUNTS, PLACES, STYLES, TIMES

ValueT = TypeVar("ValueT")
Change = Callable[[SceneAttributes, np.random.Generator], SceneAttributes]


def near_scene(scene: SceneAttributes, rng: np.random.Generator) -> SceneAttributes:
    """Return what `scene` is not, by one change; half of them exchange a thing for another."""
    changes: list[Change] = [_another_colour, _another_circumstance]
    if scene.relation not in (None, "next to"):
        changes.append(_swapped)
    if len(scene.things) == 1 and not scene.close_up:
        changes.append(_another_count)
    if rng.random() < 0.5:
        return _another_subject(scene, rng)
    return changes[int(rng.integers(len(changes)))](scene, rng)


def _another_subject(scene: SceneAttributes, rng: np.random.Generator) -> SceneAttributes:
    present = {thing.subject for thing in scene.things}
    subject = _other(tuple(SUBJECTS), present, rng)
    return _with_some_thing(scene, rng, lambda thing: replace(thing, subject=subject))


def _another_colour(scene: SceneAttributes, rng: np.random.Generator) -> SceneAttributes:
    return _with_some_thing(
        scene,
        rng,
        lambda thing: replace(
            thing, colour=_other(SUBJECTS[thing.subject].colours, {thing.colour}, rng)
        ),
    )


def _another_count(scene: SceneAttributes, rng: np.random.Generator) -> SceneAttributes:
    return _with_some_thing(
        scene, rng, lambda thing: replace(thing, count=_other(COUNTS, {thing.count}, rng))
    )


def _another_circumstance(scene: SceneAttributes, rng: np.random.Generator) -> SceneAttributes:
    name, values = (("place", PLACES), ("time", TIMES), ("style", STYLES))[int(rng.integers(3))]
    return replace(scene, **{name: _other(values, {getattr(scene, name)}, rng)})


def _swapped(scene: SceneAttributes, _rng: np.random.Generator) -> SceneAttributes:
    return replace(scene, things=scene.things[::-1])


def _with_some_thing(
    scene: SceneAttributes, rng: np.random.Generator, change: Callable[[Thing], Thing]
) -> SceneAttributes:
    place = int(rng.integers(len(scene.things)))
    things = tuple(change(t) if i == place else t for i, t in enumerate(scene.things))
    return replace(scene, things=things)


def _other(values: tuple[ValueT, ...], present: set[Any], rng: np.random.Generator) -> ValueT:
    """Return one of the values that are not present; a lone value stays."""
    others = [value for value in values if value not in present] or list(values)
    return others[int(rng.integers(len(others)))]
