"""What pressing the button means: told by the mask, the box, the strength and the painter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdstudio.document.rect import Rect
from sdstudio.messages.generation import FillMode

Intent = Literal["generate", "refine", "fill", "expand", "add", "remove", "replace-background"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentTraits:
    """What follows from an intent.

    Attributes:
        fill: what lies under the mask before noise is added, unless the painter chose.
        uses_prompt: whether the words are told to the model.
        needs_prompt: whether it makes no sense without words.
        sees_all: whether the model should see the whole picture, not only around the mask.
        strength: of the run at most: what is taken away must not come back as something else,
            so the smooth fill in its place is only worked over.
    """

    fill: FillMode = "original"
    uses_prompt: bool = True
    needs_prompt: bool = False
    sees_all: bool = False
    strength: float = 1.0


TRAITS: dict[Intent, IntentTraits] = {
    "generate": IntentTraits(needs_prompt=True),
    "refine": IntentTraits(),
    "fill": IntentTraits(fill="blur"),
    "expand": IntentTraits(fill="edge"),
    "add": IntentTraits(fill="neutral", needs_prompt=True),
    "remove": IntentTraits(fill="blur", uses_prompt=False, strength=0.6),
    "replace-background": IntentTraits(fill="neutral", needs_prompt=True, sees_all=True),
}

OF_A_MASK: tuple[Intent, ...] = ("fill", "add", "remove", "replace-background")
"""What a mask at full strength can mean; the first unless the painter chose another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the intent depends on.

    Attributes:
        has_mask: something is masked or selected.
        bounds, box: of the document and of the generation box.
        strength: (0, 1].
        chosen: what the painter wants a mask to mean.
    """

    has_mask: bool
    bounds: Rect
    box: Rect
    strength: float = 1.0
    chosen: Intent = "fill"


def intent_of(situation: Situation) -> Intent:
    """The one thing that pressing the button does now."""
    if not situation.bounds.contains(situation.box):
        return "expand"
    if situation.strength < 1.0:
        return "refine"
    if not situation.has_mask:
        return "generate"
    return situation.chosen if situation.chosen in OF_A_MASK else "fill"


def possible_intents(situation: Situation) -> tuple[Intent, ...]:
    """What the painter can choose from here; for what is left out something must be painted."""
    if not situation.bounds.contains(situation.box):
        return ("expand",)
    return (*OF_A_MASK, "refine") if situation.has_mask else ("generate", "refine")
