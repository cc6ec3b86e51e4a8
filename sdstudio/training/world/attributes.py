"""What is where in a picture of the world: the truth that captions and benchmarks read."""

from __future__ import annotations

from dataclasses import dataclass

from sdstudio.training.world.vocabulary import Extra, Place, Relation, Size, Style, Time

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One kind of thing and where each of its `count` copies stands.

    `boxes` are (left, top, right, bottom) in pixels of the picture; a close-up's box may reach
    beyond the picture's edge. `size` None means that no size is said.
    """

    subject: str
    colour: str
    size: Size | None = None
    count: int = 1
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAttributes:
    """Everything that decides a picture: one or two kinds of things, and the world around them.

    `relation` reads "first thing, relation, second thing" and is None for one kind of thing.
    `seed` decides the free details (hills, petals, waves); width and height are pixels.
    """

    things: tuple[Thing, ...]
    relation: Relation | None = None
    place: Place
    time: Time = "day"
    extras: tuple[Extra, ...] = ()
    style: Style = "picture book"
    close_up: bool = False
    width: int = 256
    height: int = 256
    seed: int = 0
