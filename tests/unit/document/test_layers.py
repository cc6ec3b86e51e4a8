"""Layers: order, opacity, merging, and what they look like together."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster


def _raster(pixels: np.ndarray) -> Raster:
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[1 if pixels.ndim == 2 else pixels.shape[2]]
    height, width = pixels.shape[:2]
    return Raster(width=width, height=height, mode=mode, pixels=pixels.tobytes())  # pyright: ignore


def _noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def _seen(document: Document) -> np.ndarray:
    return document.composite(document.bounds)


def test_one_opaque_layer_is_seen_byte_for_byte() -> None:
    pixels = _noise(90, 70, 4)
    document = Document(70, 90)
    document.layers.add_picture(_raster(pixels))
    assert np.array_equal(_seen(document), pixels)


def test_layers_lie_over_one_another_as_pillow_says() -> None:
    document = Document(300, 280)  # more than a tile
    expected = Image.new("RGBA", (300, 280))
    for seed in range(4):
        pixels = _noise(280, 300, 4, seed=seed)
        document.layers.add_picture(_raster(pixels))
        expected = Image.alpha_composite(expected, Image.fromarray(pixels))
    seen, wanted = _seen(document).astype(int), np.asarray(expected).astype(int)
    # Pillow rounds after every layer, we once: one value per layer may differ.
    assert np.abs(seen - wanted)[wanted[..., 3] > 128].max() <= 4
    assert np.abs(seen - wanted)[..., 3].max() <= 2


def test_opacity_and_visibility_count() -> None:
    document = Document(8, 8)
    document.layers.add_picture(_raster(np.full((8, 8, 3), 100, np.uint8)))
    upper = document.layers.add_picture(_raster(np.full((8, 8, 3), 200, np.uint8)))
    document.layers.set_opacity(upper.id, 0.25)
    assert set(_seen(document)[..., 0].flat) == {125}
    document.layers.set_visible(upper.id, False)
    assert set(_seen(document)[..., 0].flat) == {100}


def test_masks_are_no_part_of_the_picture() -> None:
    document = Document(8, 8)
    mask = document.layers.add_picture(_raster(np.full((8, 8), 200, np.uint8)))
    assert mask.kind == "mask"
    assert not _seen(document).any()
    assert set(document.mask_values(document.bounds).flat) == {200}


def test_the_strongest_visible_mask_counts_times_its_opacity() -> None:
    document = Document(4, 1)
    first = document.layers.add_picture(_raster(np.array([[0, 100, 200, 50]], np.uint8)))
    second = document.layers.add_picture(_raster(np.array([[255, 0, 100, 50]], np.uint8)))
    document.layers.set_opacity(second.id, 0.5)
    assert document.mask_values(document.bounds).tolist() == [[128, 100, 200, 50]]
    document.layers.set_visible(first.id, False)
    assert document.mask_raster(document.bounds).pixels == bytes([128, 0, 50, 25])


def test_without_a_painted_mask_the_selection_is_the_mask() -> None:
    document = Document(64, 64)
    document.layers.add(kind="mask")
    assert document.mask_bounds().is_empty
    document.selection.rectangle(10, 20, 30, 40)
    assert document.mask_bounds() == Rect(10, 20, 20, 20)
    assert document.mask_values(document.bounds).sum() == 400 * 255
    document.paint.draw_shape("rectangle", (10, 20, 12, 22), Ink(colour=(255, 255, 255)))
    assert document.mask_bounds() == Rect(10, 20, 2, 2)


def test_reordering_changes_what_is_on_top() -> None:
    document = Document(8, 8)
    lower = document.layers.add_picture(_raster(np.full((8, 8, 3), 1, np.uint8)))
    upper = document.layers.add_picture(_raster(np.full((8, 8, 3), 2, np.uint8)))
    assert [layer.id for layer in document.layers] == [lower.id, upper.id]
    document.layers.move_to(lower.id, 1)
    assert _seen(document)[0, 0, 0] == 1
    document.layers.move_to(lower.id, 99)
    assert [layer.id for layer in document.layers] == [upper.id, lower.id]


def test_deleting_makes_the_one_below_active_and_undo_brings_it_back() -> None:
    document = Document(8, 8)
    ids = [document.layers.add_picture(_raster(_noise(8, 8, 3, seed=i))).id for i in range(3)]
    before = _seen(document)
    document.layers.delete(ids[2])
    assert document.layers.active and document.layers.active.id == ids[1]
    document.undo()
    assert document.layers.active and document.layers.active.id == ids[2]
    assert np.array_equal(_seen(document), before)


def test_a_duplicate_shares_nothing_once_it_is_painted_on() -> None:
    document = Document(300, 300)
    source = document.layers.add_picture(_raster(_noise(300, 300, 4)), x=5, y=-7)
    document.layers.set_opacity(source.id, 0.5)
    copy = document.layers.duplicate(source.id)
    assert (copy.opacity, copy.x, copy.y) == (0.5, source.x, source.y)
    before = document.layer_pixels(source.id, document.bounds)
    assert np.array_equal(document.layer_pixels(copy.id, document.bounds), before)
    document.paint.fill_selection(Ink(colour=(1, 2, 3)))
    assert np.array_equal(document.layer_pixels(source.id, document.bounds), before)


def test_moving_a_layer_loses_nothing_beyond_the_edge() -> None:
    document = Document(100, 100)
    layer = document.layers.add_picture(_raster(_noise(100, 100, 4)))
    before = _seen(document)
    assert document.layers.shift(layer.id, 30, -90) == Rect(0, 0, 100, 100)
    assert np.array_equal(_seen(document)[:10, 30:], before[90:, :70])
    document.layers.shift(layer.id, -30, 90)
    assert np.array_equal(_seen(document), before)


@pytest.mark.parametrize("opacities", [(1.0, 1.0), (1.0, 0.4), (0.7, 0.6)])
def test_merging_down_looks_the_same(opacities: tuple[float, float]) -> None:
    document = Document(300, 40)
    for seed, opacity in enumerate(opacities):
        layer = document.layers.add_picture(_raster(_noise(40, 300, 4, seed=seed)), x=seed * 3)
        document.layers.set_opacity(layer.id, opacity)
    before = _seen(document).astype(int)
    document.layers.merge_down(document.layers[1].id)
    assert len(document.layers) == 1
    after = _seen(document).astype(int)
    assert np.abs(after - before)[before[..., 3] > 16].max() <= 1
    document.undo()
    assert np.array_equal(_seen(document), before)


def test_flattening_looks_the_same_and_keeps_masks() -> None:
    document = Document(80, 80)
    for seed in range(3):
        document.layers.add_picture(_raster(_noise(80, 80, 4, seed=seed)))
    document.layers.set_visible(document.layers[1].id, False)
    document.layers.add(kind="mask")
    before = _seen(document)
    document.layers.flatten()
    assert [layer.kind for layer in document.layers] == ["raster", "mask"]
    assert np.array_equal(_seen(document), before)


def test_masks_merge_with_masks_only() -> None:
    document = Document(4, 4)
    document.layers.add_picture(_raster(np.full((4, 4, 3), 9, np.uint8)))
    first = document.layers.add_picture(_raster(np.full((4, 4), 90, np.uint8)))
    second = document.layers.add_picture(_raster(np.full((4, 4), 60, np.uint8)))
    document.layers.merge_down(second.id)
    assert set(document.mask_values(document.bounds).flat) == {90}
    with pytest.raises(InvalidRequestError, match="mask cannot be merged"):
        document.layers.merge_down(first.id)


def test_what_cannot_be_done_is_said_and_changes_nothing() -> None:
    document = Document(8, 8)
    only = document.layers.add()
    steps = document.undo_stack.num_steps
    for wrong in (
        lambda: document.layers.merge_down(only.id),
        lambda: document.layers.get(99),
        lambda: document.layers.set_opacity(only.id, 2.0),
        lambda: document.paint.invert_mask(only.id),
        lambda: document.set_box(Rect(0, 0, 0, 8)),
        lambda: document.resize_canvas(Rect(0, 0, 9000, 8)),
        lambda: Document(0, 5),
    ):
        with pytest.raises(InvalidRequestError):
            wrong()
    document.layers.set_locked(only.id, True)
    with pytest.raises(InvalidRequestError, match="locked"):
        document.layers.delete(only.id)
    assert document.undo_stack.num_steps == steps + 1


def test_resizing_moves_everything_and_comes_back() -> None:
    document = Document(60, 50)
    document.layers.add_picture(_raster(_noise(50, 60, 4)))
    document.selection.ellipse(5, 5, 40, 40)
    document.set_box(Rect(8, 8, 16, 16))
    before, selected = _seen(document), document.selection.values(document.bounds)
    document.resize_canvas(Rect(-10, -20, 90, 90))
    assert document.size == (90, 90)
    assert document.box == Rect(18, 28, 16, 16)
    assert np.array_equal(_seen(document)[20:70, 10:70], before)
    assert np.array_equal(document.selection.values(document.bounds)[20:70, 10:70], selected)
    document.undo()
    assert np.array_equal(_seen(document), before)
    assert np.array_equal(document.selection.values(document.bounds), selected)


def test_a_result_becomes_a_layer_whose_clear_parts_change_nothing() -> None:
    document = Document(64, 64)
    document.layers.add_picture(_raster(_noise(64, 64, 3)))
    before = _seen(document)
    blend = np.zeros((32, 32), np.uint8)
    blend[8:24, 8:24] = 255
    request = GenerationRequest(prompt="a red barn", seed=2**64 - 1)
    made = _noise(32, 32, 3, seed=9)
    layer = document.accept_result(_raster(made), Rect(16, 16, 32, 32), request, blend_mask=blend)
    after = _seen(document)
    assert np.array_equal(after[24:40, 24:40, :3], made[8:24, 8:24])
    after[24:40, 24:40] = before[24:40, 24:40]
    assert np.array_equal(after, before)
    assert document.state.accepted[0].request == request
    assert document.state.accepted[0].layer_id == layer.id
    document.undo()
    assert not document.state.accepted


def test_a_merged_result_changes_the_active_layer_only_where_it_is_seen() -> None:
    document = Document(64, 64)
    below = document.layers.add_picture(_raster(_noise(64, 64, 4)))
    before = document.layer_pixels(below.id, document.bounds)
    blend = np.zeros((64, 64), np.uint8)
    blend[:10] = 77
    document.accept_result(
        _raster(_noise(64, 64, 3, seed=4)),
        document.bounds,
        GenerationRequest(prompt=""),
        blend_mask=blend,
        merges=True,
    )
    after = document.layer_pixels(below.id, document.bounds)
    assert len(document.layers) == 1
    assert np.array_equal(after[10:], before[10:])
    assert not np.array_equal(after[:10], before[:10])


def test_a_result_beyond_the_edges_makes_the_picture_larger() -> None:
    document = Document(64, 64)
    document.layers.add_picture(_raster(_noise(64, 64, 3)))
    before = _seen(document)
    blend = np.full((96, 96), 255, np.uint8)
    blend[32:, 32:] = 0
    document.accept_result(
        _raster(_noise(96, 96, 3, seed=1)),
        Rect(-32, -32, 96, 96),
        GenerationRequest(prompt="more sky", width=96, height=96),
        blend_mask=blend,
    )
    assert document.size == (96, 96)
    assert np.array_equal(_seen(document)[32:, 32:], before)
    assert (_seen(document)[..., 3] == 255).all()
    document.undo()
    assert document.size == (64, 64)
    assert np.array_equal(_seen(document), before)


def test_colours_are_picked_from_the_picture_or_a_layer() -> None:
    document = Document(8, 8)
    below = document.layers.add_picture(_raster(np.full((8, 8, 3), (10, 20, 30), np.uint8)))
    document.layers.add_picture(_raster(np.full((4, 4, 3), (40, 50, 60), np.uint8)))
    assert document.pick_colour(1, 1) == (40, 50, 60)
    assert document.pick_colour(1, 1, layer_id=below.id) == (10, 20, 30)
    assert document.pick_colour(6, 6) == (10, 20, 30)
    assert document.pick_colour(-1, 3) is None
    assert Document(4, 4).pick_colour(0, 0) is None


def test_saved_or_not_is_known() -> None:
    document = Document.from_picture(_raster(_noise(8, 8)))
    assert not document.is_modified
    document.layers.add()
    assert document.is_modified
    revision = document.revision
    document.layers.add()
    document.mark_saved(revision)
    assert document.is_modified
    document.mark_saved()
    assert not document.is_modified


def test_a_picture_for_the_model_is_opaque() -> None:
    document = Document(4, 4)
    document.layers.add_picture(_raster(np.full((2, 4, 4), (200, 100, 0, 0), np.uint8)))
    picture = document.picture_raster(Rect(-1, -1, 6, 6), background=(1, 2, 3))
    assert picture.mode == "RGB"
    assert picture.pixels == bytes((1, 2, 3)) * 36


def test_an_accepted_result_hides_the_masks_in_the_same_step() -> None:
    document = Document(20, 20)
    mask = document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (0, 0, 9, 9), Ink(colour=(255, 255, 255)))
    picture = Raster(width=8, height=8, mode="RGB", pixels=bytes(192))
    document.accept_result(picture, Rect(0, 0, 8, 8), GenerationRequest(prompt="a house"))
    assert not document.layers.get(mask.id).is_visible
    assert document.mask_bounds().is_empty
    document.undo()
    assert document.layers.get(mask.id).is_visible
