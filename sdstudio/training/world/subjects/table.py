"""The table of all subjects: how to draw each and where it is at home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sdstudio.training.world.paint import Colour, Surface
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.subjects import animals, buildings, objects, plants, vehicles
from sdstudio.training.world.subjects.frame import Box

Drawer = Callable[[Surface, Box, Colour, np.random.Generator, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSpec:
    """One subject: its drawer, the width / height of its box, and its habitat.

    `draw` fills the box (x0, y0, x1, y1) in final pixels, standing on y1, with light from -1
    (left) to +1 (right). Drawers keep a circle round when the box has the aspect given here.
    """

    name: str
    draw: Drawer
    aspect: float
    grounded: bool
    floats: Literal["ground", "air", "water"]
    colours: tuple[str, ...] = tuple(COLOURS)


def _on_ground(name: str, draw: Drawer, aspect: float) -> SubjectSpec:
    return SubjectSpec(name=name, draw=draw, aspect=aspect, grounded=True, floats="ground")


def _afloat(name: str, draw: Drawer, aspect: float, where: Literal["air", "water"]) -> SubjectSpec:
    return SubjectSpec(name=name, draw=draw, aspect=aspect, grounded=False, floats=where)


_ALL = (
    _on_ground("house", buildings.draw_house, buildings.HOUSE_ASPECT),
    _on_ground("castle", buildings.draw_castle, buildings.CASTLE_ASPECT),
    _on_ground("lighthouse", buildings.draw_lighthouse, buildings.LIGHTHOUSE_ASPECT),
    _on_ground("windmill", buildings.draw_windmill, buildings.WINDMILL_ASPECT),
    _on_ground("tree", plants.draw_tree, plants.TREE_ASPECT),
    _on_ground("pine", plants.draw_pine, plants.PINE_ASPECT),
    _on_ground("cactus", plants.draw_cactus, plants.CACTUS_ASPECT),
    _on_ground("flower", plants.draw_flower, plants.FLOWER_ASPECT),
    _on_ground("mushroom", plants.draw_mushroom, plants.MUSHROOM_ASPECT),
    _on_ground("cat", animals.draw_cat, animals.CAT_ASPECT),
    _on_ground("dog", animals.draw_dog, animals.DOG_ASPECT),
    _afloat("bird", animals.draw_bird, animals.BIRD_ASPECT, "air"),
    _afloat("fish", animals.draw_fish, animals.FISH_ASPECT, "water"),
    _on_ground("rabbit", animals.draw_rabbit, animals.RABBIT_ASPECT),
    _on_ground("snowman", objects.draw_snowman, objects.SNOWMAN_ASPECT),
    _on_ground("robot", objects.draw_robot, objects.ROBOT_ASPECT),
    _on_ground("car", vehicles.draw_car, vehicles.CAR_ASPECT),
    _afloat("sailboat", vehicles.draw_sailboat, vehicles.SAILBOAT_ASPECT, "water"),
    _afloat("hot-air balloon", vehicles.draw_balloon, vehicles.BALLOON_ASPECT, "air"),
    _afloat("rocket", vehicles.draw_rocket, vehicles.ROCKET_ASPECT, "air"),
    _on_ground("umbrella", objects.draw_umbrella, objects.UMBRELLA_ASPECT),
)

SUBJECTS: dict[str, SubjectSpec] = {spec.name: spec for spec in _ALL}
