"""A tiled image against one plain array that does the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.tiles import TILE_PX, TiledImage
from sdstudio.document.undo import HeldTile

SPAN = 700  # the plain array covers pixels -SPAN to SPAN

rects = st.builds(
    Rect,
    st.integers(-SPAN, SPAN - 1),
    st.integers(-SPAN, SPAN - 1),
    st.integers(1, 600),
    st.integers(1, 600),
).map(lambda rect: rect.intersected(Rect(-SPAN, -SPAN, 2 * SPAN, 2 * SPAN)))


def _pixels(rect: Rect, value: int, channels: int) -> np.ndarray:
    shape = (rect.height, rect.width) if channels == 1 else (rect.height, rect.width, 4)
    return np.full(shape, value, np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    writes=st.lists(st.tuples(rects, st.integers(0, 255)), max_size=6),
    look=rects,
    channels=st.sampled_from([1, 4]),
)
def test_writes_and_reads_like_an_array(
    writes: list[tuple[Rect, int]], look: Rect, channels: int
) -> None:
    image = TiledImage(channels)
    plain = _pixels(Rect(0, 0, 2 * SPAN, 2 * SPAN), 0, channels)
    for rect, value in writes:
        image.write(rect, _pixels(rect, value, channels))
        plain[rect.moved(SPAN, SPAN).slices] = value
    assert np.array_equal(image.read(look), plain[look.moved(SPAN, SPAN).slices])
    filled = np.argwhere(plain.reshape(2 * SPAN, 2 * SPAN, -1).any(axis=2))
    bounds = image.bounds()
    if not len(filled):
        assert bounds.is_empty
    else:
        (top, left), (bottom, right) = filled.min(axis=0) - SPAN, filled.max(axis=0) - SPAN
        assert bounds == Rect(left, top, right - left + 1, bottom - top + 1)


@settings(max_examples=25, deadline=None)
@given(before=rects, after=rects)
def test_a_snapshot_never_changes(before: Rect, after: Rect) -> None:
    image = TiledImage(1)
    image.write(before, _pixels(before, 7, 1))
    kept = image.snapshot()
    bytes_then = {key: tile.tobytes() for key, tile in kept.items()}
    image.write(after, _pixels(after, 9, 1))
    TiledImage(1, kept).write(after, _pixels(after, 3, 1))
    assert {key: tile.tobytes() for key, tile in kept.items()} == bytes_then


def test_only_touched_tiles_are_copied() -> None:
    image = TiledImage(4)
    everywhere = Rect(0, 0, 4 * TILE_PX, 4 * TILE_PX)
    image.write(everywhere, _pixels(everywhere, 200, 4))
    before = image.snapshot()
    image.write(Rect(10, 10, 5, 5), _pixels(Rect(0, 0, 5, 5), 1, 4))
    after = image.snapshot()
    assert {key for key in before if after[key] is not before[key]} == {(0, 0)}


def test_nothing_is_stored_where_nothing_is() -> None:
    image = TiledImage(4)
    image.write(Rect(0, 0, 300, 300), np.zeros((300, 300, 4), np.uint8))
    image.write(Rect(0, 0, 9, 9), np.ones((9, 9, 4), np.uint8))
    assert image.num_bytes == TILE_PX * TILE_PX * 4
    image.write(Rect(0, 0, 9, 9), np.zeros((9, 9, 4), np.uint8))
    image.changed_since({})
    assert image.num_bytes == 0
    image.write(Rect(0, 0, 9, 9), np.ones((9, 9, 4), np.uint8))
    image.write(Rect(0, 0, TILE_PX, TILE_PX), np.zeros((TILE_PX, TILE_PX, 4), np.uint8))
    assert not image.holds_any(Rect(0, 0, 300, 300))
    assert image.bounds().is_empty and image.num_bytes == 0


@pytest.mark.parametrize("channels", [1, 4])
def test_tiles_of_one_colour_are_held_once_until_painted_over(channels: int) -> None:
    image, other = TiledImage(channels), TiledImage(channels)
    everywhere = Rect(0, 0, 4 * TILE_PX, 4 * TILE_PX)
    one_tile = TILE_PX * TILE_PX * channels
    for each in (image, other):
        each.write(everywhere, _pixels(everywhere, 200, channels))
    assert image.num_bytes == one_tile
    image.write(Rect(5, 5, 1, 1), _pixels(Rect(0, 0, 1, 1), 1, channels))
    assert image.num_bytes == 2 * one_tile
    assert (image.read(everywhere) != 200).sum() == channels
    assert (other.read(everywhere) == 200).all()


def test_a_step_of_undo_holds_nothing_of_what_is_held_once() -> None:
    image = TiledImage(4)
    image.write(Rect(0, 0, TILE_PX, TILE_PX), _pixels(Rect(0, 0, TILE_PX, TILE_PX), 9, 4))
    (tile,) = image.snapshot().values()
    held = HeldTile(tile)
    held.pack()
    assert held.num_bytes == 0 and held.unpacked() is tile
    painted = HeldTile(tile.copy())
    assert painted.num_bytes == tile.nbytes


def test_memory_stays_close_to_the_raw_bytes() -> None:
    image = TiledImage(4)
    whole = Rect(0, 0, 2048, 2048)
    for block in whole.blocks(512):
        pixels = _pixels(block, 90, 4)
        pixels[::2] = 91
        image.write(block, pixels)
    assert image.num_bytes == 2048 * 2048 * 4


def test_changed_since_tells_old_tiles_and_drops_empty_ones() -> None:
    image = TiledImage(1)
    image.write(Rect(0, 0, 20, 20), _pixels(Rect(0, 0, 20, 20), 5, 1))
    before = image.snapshot()
    image.write(Rect(0, 0, 20, 20), _pixels(Rect(0, 0, 20, 20), 0, 1))
    image.write(Rect(300, 0, 1, 1), _pixels(Rect(0, 0, 1, 1), 1, 1))
    changed = image.changed_since(before)
    assert changed.keys() == {(0, 0), (1, 0)}
    assert changed[0, 0] is before[0, 0]
    assert changed[1, 0] is None
    assert not image.holds_any(Rect(0, 0, 1, 1))


@pytest.mark.parametrize(
    "rect, other, both, around",
    [
        (Rect(0, 0, 4, 4), Rect(2, 2, 4, 4), Rect(2, 2, 2, 2), Rect(0, 0, 6, 6)),
        (Rect(0, 0, 4, 4), Rect(4, 0, 4, 4), EMPTY, Rect(0, 0, 8, 4)),
        (Rect(-5, -5, 2, 2), EMPTY, EMPTY, Rect(-5, -5, 2, 2)),
    ],
)
def test_rectangles_meet_and_join(rect: Rect, other: Rect, both: Rect, around: Rect) -> None:
    assert rect.intersected(other) == both
    assert rect.united(other) == around


def test_blocks_cover_a_rectangle_once() -> None:
    covered = np.zeros((50, 70), int)
    for block in Rect(3, 5, 40, 33).blocks(16):
        covered[block.slices] += 1
    assert covered[Rect(3, 5, 40, 33).slices].min() == covered.max() == 1
    assert covered.sum() == 40 * 33
