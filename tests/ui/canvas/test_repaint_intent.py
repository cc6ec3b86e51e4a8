"""The table of what the button means."""

from __future__ import annotations

import pytest

from sdstudio.document.rect import Rect
from sdstudio.ui.canvas.repaint_intent import (
    OF_A_MASK,
    TRAITS,
    Intent,
    Situation,
    intent_of,
    possible_intents,
)

PAGE = Rect(0, 0, 512, 384)
BEYOND = Rect(-64, 0, 512, 384)


def _situation(**changes: object) -> Situation:
    values: dict[str, object] = {"has_mask": False, "bounds": PAGE, "box": PAGE}
    return Situation(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes, intent",
    [
        ({}, "generate"),
        ({"strength": 0.6}, "refine"),
        ({"box": Rect(10, 10, 64, 64)}, "generate"),
        ({"has_mask": True}, "fill"),
        ({"has_mask": True, "strength": 0.99}, "refine"),
        ({"has_mask": True, "chosen": "remove"}, "remove"),
        ({"has_mask": True, "chosen": "add"}, "add"),
        ({"has_mask": True, "chosen": "replace-background"}, "replace-background"),
        ({"has_mask": True, "chosen": "generate"}, "fill"),
        ({"has_mask": False, "chosen": "remove"}, "generate"),
        ({"box": BEYOND}, "expand"),
        ({"box": BEYOND, "has_mask": True, "strength": 0.5}, "expand"),
    ],
)
def test_the_intent_follows(changes: dict[str, object], intent: Intent) -> None:
    assert intent_of(_situation(**changes)) == intent


def test_what_follows_is_always_among_what_is_possible() -> None:
    for has_mask in (False, True):
        for box in (PAGE, BEYOND):
            for strength in (0.3, 1.0):
                for chosen in TRAITS:
                    situation = _situation(
                        has_mask=has_mask, box=box, strength=strength, chosen=chosen
                    )
                    assert intent_of(situation) in possible_intents(situation)


def test_every_intent_is_described() -> None:
    assert set(OF_A_MASK) < set(TRAITS)
    assert not TRAITS["remove"].uses_prompt
    assert TRAITS["expand"].fill == "edge"
