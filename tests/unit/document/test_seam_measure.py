"""The measure of seams, against borders whose height is known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.seams import colour_shift, step_across


def _disc(side: int = 120) -> np.ndarray:
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).ellipse((30, 30, 90, 90), fill=255)
    return np.asarray(image) > 0


@pytest.mark.parametrize("height", [0, 7, 40])
def test_a_hard_border_is_as_high_as_it_is(height: int) -> None:
    inside = _disc()
    picture = np.full((120, 120, 3), 100, np.uint8)
    picture[inside] += np.uint8(height)
    # Round borders are sampled at whole pixels: a few per cent fall on the other side.
    assert step_across(picture, inside) == pytest.approx(height, rel=0.06, abs=0.01)


def test_a_ramp_across_the_border_is_as_high_as_its_slope_says() -> None:
    inside = np.zeros((60, 80), bool)
    inside[:, 40:] = True
    picture = np.broadcast_to(np.arange(80, dtype=np.uint8)[None, :, None] * 2, (60, 80, 3))
    # The means of three pixels on either side lie three pixels apart, two levels each.
    assert step_across(np.ascontiguousarray(picture), inside) == pytest.approx(6, abs=0.01)


def test_what_lies_away_from_the_border_does_not_count() -> None:
    inside = _disc()
    picture = np.full((120, 120, 3), 100, np.uint8)
    picture[55:65, 55:65] = 255
    picture[:10] = 0
    assert step_across(picture, inside) == 0


def test_the_colour_shift_is_signed_and_of_the_region_only() -> None:
    inside = _disc()
    before = np.full((120, 120, 3), 100, np.uint8)
    after = before.copy()
    after[inside] = (110, 100, 95)
    after[~inside] = 0
    assert colour_shift(before, after, inside).tolist() == [10, 0, -5]
