"""The masks of inpainting, held against brute force and against their promises."""

from __future__ import annotations

import numpy as np
import pytest

from sdstudio.document.masks import (
    MaskEdges,
    blend_mask,
    denoise_mask,
    depth_inside,
    feathered,
    grown,
    require_mask,
)
from sdstudio.document.paste_back import paste_back
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from tests.support.random_masks import KINDS, random_mask

NO_EDGES = MaskEdges(grow_px=0, feather=0.0, min_feather_px=0, blend_px=0)


def _grown_by_hand(mask: np.ndarray, radius: int) -> np.ndarray:
    result = np.zeros_like(mask)
    rows, columns = np.indices(mask.shape)
    for y, x in np.argwhere(mask):
        near = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        result[near] = np.maximum(result[near], mask[y, x])
    return result


@pytest.mark.parametrize("radius", [0, 1, 2, 4, 7, 13])
def test_growing_is_a_dilation_by_a_disc(radius: int) -> None:
    rng = np.random.default_rng(radius)
    mask = (rng.random((33, 41)) < 0.02) * rng.integers(1, 256, (33, 41))
    mask = mask.astype(np.uint8)
    assert np.array_equal(grown(mask, radius), _grown_by_hand(mask, radius))


@pytest.mark.parametrize("limit", [3, 9, 25])
def test_depth_is_the_exact_distance(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdstudio.document.masks._BLOCK_PX", 16)  # many blocks, many borders
    inside = random_mask("hard", 60, 50, np.random.default_rng(limit)) > 0
    outside = np.argwhere(~inside)
    rows, columns = np.indices(inside.shape)
    squares = (rows[..., None] - outside[:, 0]) ** 2 + (columns[..., None] - outside[:, 1]) ** 2
    exact = np.minimum(np.sqrt(squares.min(axis=2)), limit)
    assert np.allclose(depth_inside(inside, limit), exact, atol=1e-5)


def test_feathering_keeps_the_mean_and_makes_a_ramp() -> None:
    mask = np.zeros((9, 200), np.uint8)
    mask[:, 100:] = 255
    soft = feathered(mask, 32)[4].astype(int)
    assert (np.diff(soft) >= 0).all()
    assert soft[99] == pytest.approx(124, abs=6)
    assert soft[100 - 26] <= 3 and soft[100 + 26] >= 252
    assert soft[100 - 8] > 20


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_the_denoise_mask_never_takes_from_what_was_painted(kind: str, strength: float) -> None:
    mask = random_mask(kind, 150, 110, np.random.default_rng(1))
    denoise = denoise_mask(mask, MaskEdges(), strength)
    assert (denoise >= mask).all()


def test_the_denoise_mask_falls_off_around_the_painted_and_reaches_as_far_as_said() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[150:250, 150:250] = 255
    row = denoise_mask(mask, MaskEdges())[200].astype(int)
    assert (np.diff(row[:150]) >= 0).all()
    assert row[146] > 80  # grown
    assert not row[: 150 - 4 - 32].any()
    weaker = denoise_mask(mask, MaskEdges(), 0.25)[200].astype(int)
    assert not weaker[: 150 - 1 - 8].any()
    assert weaker.sum() < row.sum()


def test_the_falloff_is_a_tenth_of_a_large_mask() -> None:
    edges = MaskEdges()
    assert edges.feather_px(Rect(0, 0, 100, 50)) == 32
    assert edges.feather_px(Rect(0, 0, 1000, 50)) == 100
    assert edges.feather_px(Rect(0, 0, 1000, 50), 0.5) == 50


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
def test_all_edges_zero_leave_the_mask_alone(kind: str) -> None:
    mask = random_mask(kind, 120, 90, np.random.default_rng(2))
    assert np.array_equal(denoise_mask(mask, NO_EDGES), mask)
    assert np.array_equal(blend_mask(mask, NO_EDGES), np.where(mask > 0, 255, 0))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
@pytest.mark.parametrize("grow_px", [0, 4, 11])
def test_the_blend_mask_is_zero_exactly_outside_the_grown_mask(kind: str, grow_px: int) -> None:
    mask = random_mask(kind, 130, 170, np.random.default_rng(3))
    blend = blend_mask(mask, MaskEdges(grow_px=grow_px))
    assert np.array_equal(blend > 0, grown(mask, grow_px) > 0)


def test_the_blend_mask_rises_from_the_rim_and_is_full_in_the_core() -> None:
    mask = np.zeros((500, 500), np.uint8)
    mask[100:400, 100:400] = 255
    row = blend_mask(mask, MaskEdges())[250].astype(int)
    assert (np.diff(row[90:250]) >= 0).all()
    assert row[96] < 10 and row[95] == 0
    assert row[96 + 26] >= 250
    assert np.diff(row[90:250]).max() < 30  # no step anywhere


@pytest.mark.parametrize("thickness", [1, 3, 10, 30])
def test_thin_strokes_are_seen_as_well(thickness: int) -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[100 : 100 + thickness, 40:260] = 255
    blend = blend_mask(mask, MaskEdges())
    assert blend[100 + thickness // 2, 150] == 255


def test_at_the_pictures_border_there_is_no_edge() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[:, 120:] = 255
    blend = blend_mask(mask, MaskEdges())
    assert (blend[:, 190:] == 255).all()
    assert (blend_mask(np.full((64, 64), 255, np.uint8), MaskEdges()) == 255).all()


def test_an_empty_mask_is_refused_in_one_sentence() -> None:
    empty = np.zeros((30, 30), np.uint8)
    for refuse in (
        lambda: require_mask(empty),
        lambda: denoise_mask(empty, MaskEdges()),
        lambda: blend_mask(empty, MaskEdges()),
    ):
        with pytest.raises(InvalidRequestError, match=r"^Nothing is masked\."):
            refuse()


def test_two_hundred_random_masks_leave_every_byte_outside_alone() -> None:
    rng = np.random.default_rng(2026)
    for number in range(200):
        width, height = (int(value) for value in rng.integers(1, 160, 2))
        mask = random_mask(KINDS[number % len(KINDS)], width, height, rng)
        original = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        generated = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        edges = MaskEdges(grow_px=int(rng.integers(0, 6)), blend_px=int(rng.integers(0, 40)))
        if not mask.any():
            with pytest.raises(InvalidRequestError):
                blend_mask(mask, edges)
            continue
        blend = blend_mask(mask, edges)
        pasted = paste_back(original, generated, blend)
        assert np.array_equal(pasted[blend == 0], original[blend == 0])
        assert np.array_equal(pasted[blend == 255], generated[blend == 255])
        far = grown(mask, edges.grow_px) == 0
        assert np.array_equal(pasted[far], original[far])
