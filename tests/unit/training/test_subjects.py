"""The picture-book subjects: reproducible, inside their boxes, and of the colour asked for."""

from __future__ import annotations

import numpy as np
import pytest

from sdstudio.training.world.paint import Linear, Radial, Surface, mix, shade
from sdstudio.training.world.palette import COLOURS, colour_of
from sdstudio.training.world.subjects.table import SUBJECTS

SIZE = 96


def _draw(
    name: str, colour: str, seed: int, light: float = 0.6
) -> tuple[Surface, tuple[float, float, float, float]]:
    """One subject alone on a mid tone, with room around its box."""
    spec, rng = SUBJECTS[name], np.random.default_rng(seed)
    high = 68.0 / max(spec.aspect, 1.0)
    wide = high * spec.aspect
    box = ((SIZE - wide) / 2, SIZE - 14 - high, (SIZE + wide) / 2, SIZE - 14.0)
    surface = Surface(SIZE, SIZE, background=(90, 170, 170))
    surface.begin_object(3)
    spec.draw(surface, box, colour_of(colour, rng), rng, light)
    surface.end_object()
    return surface, box


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D65) of sRGB values 0..255, shape (..., 3)."""
    unit = np.asarray(rgb, dtype=float) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / (0.9505, 1.0, 1.089)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _nearest_names(pixels: np.ndarray) -> np.ndarray:
    """The name of the palette colour nearest to each pixel (n, 3), as people see difference."""
    table = _lab(np.array(list(COLOURS.values())))
    distance = ((_lab(pixels)[:, None] - table[None]) ** 2).sum(-1)
    return np.array(list(COLOURS))[distance.argmin(1)]


def test_the_world_has_its_twenty_one_subjects() -> None:
    assert len(SUBJECTS) == 21
    assert all(spec.name == name and spec.aspect > 0 for name, spec in SUBJECTS.items())


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_colour_draws_and_the_same_seed_draws_the_same(name: str) -> None:
    for colour in SUBJECTS[name].colours:
        first, second = _draw(name, colour, 5)[0], _draw(name, colour, 5)[0]
        assert np.array_equal(np.asarray(first.picture()), np.asarray(second.picture()))
        assert np.array_equal(first.ids_at_full_resolution(), second.ids_at_full_resolution())


@pytest.mark.parametrize("name", SUBJECTS)
def test_seeds_vary_the_drawing(name: str) -> None:
    shapes = {_draw(name, "blue", seed)[0].objects().tobytes() for seed in range(6)}
    assert len(shapes) >= 2


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_fills_its_box_and_stays_inside(name: str) -> None:
    blank = np.asarray(Surface(SIZE, SIZE, background=(90, 170, 170)).picture()).astype(int)
    for seed in range(8):
        surface, (x0, y0, x1, y1) = _draw(name, "red", seed, light=-0.8 + 0.2 * seed)
        covered = np.equal(surface.objects(), 3)
        changed = (np.abs(np.asarray(surface.picture()) - blank) > 24).any(-1)
        for mask in (covered, changed):
            rows, columns = (np.unique(indices) for indices in np.nonzero(mask))
            assert rows[0] >= y0 - 2 and rows[-1] <= y1 + 2
            assert columns[0] >= x0 - 2 and columns[-1] <= x1 + 2
            assert rows[-1] - rows[0] > 0.8 * (y1 - y0)
            assert columns[-1] - columns[0] > 0.7 * (x1 - x0)
        if SUBJECTS[name].grounded:
            assert np.argwhere(covered)[:, 0].max() >= y1 - 3


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("colour", COLOURS)
def test_the_colour_asked_for_dominates(name: str, colour: str) -> None:
    shares = []
    for seed, light in ((1, -0.9), (2, 0.1), (3, 0.8)):
        surface, _ = _draw(name, colour, seed, light)
        seen = _nearest_names(np.asarray(surface.picture())[surface.objects() == 3])
        names, counts = np.unique(seen, return_counts=True)
        assert names[counts.argmax()] == colour, dict(zip(names, counts, strict=True))
        shares.append((seen == colour).mean())
    assert np.mean(shares) >= 0.45


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("box", [(3, 3, 9, 9), (-40, -60, 20, 30), (60, 70, 160, 180)])
def test_tiny_and_cut_off_boxes_draw(name: str, box: tuple[float, float, float, float]) -> None:
    surface, rng = Surface(SIZE, SIZE), np.random.default_rng(0)
    surface.begin_object(1)
    SUBJECTS[name].draw(surface, box, (200, 40, 40), rng, -1.0)
    rows, columns = np.nonzero((np.asarray(surface.picture()) < 240).any(-1))
    assert all(box[1] - 2 <= row <= box[3] + 2 for row in rows)
    assert all(box[0] - 2 <= column <= box[2] + 2 for column in columns)


def test_palette_jitter_never_crosses_into_another_colour() -> None:
    rng = np.random.default_rng(0)
    for name in COLOURS:
        draws = np.array([colour_of(name, rng) for _ in range(200)])
        assert set(_nearest_names(draws)) == {name}


def test_gradients_run_from_their_first_colour_to_their_last() -> None:
    surface = Surface(40, 40)
    surface.rectangle(0, 0, 40, 40, Linear((0, 0), (40, 0), ((0, 0, 0), (200, 100, 0))))
    pixels = np.asarray(surface.picture()).astype(int)
    assert abs(pixels[20, 20] - (100, 50, 0)).max() <= 4
    assert pixels[20, 39, 0] > 190 and pixels[20, 0, 0] < 10
    surface.ellipse(20, 20, 15, 15, Radial((20, 20), 15, ((255, 255, 255), (0, 0, 0))))
    pixels = np.asarray(surface.picture()).astype(int)
    assert pixels[20, 20].min() > 235 and abs(pixels[20, 27, 0] - 127) < 16


def test_ids_and_objects_tell_shapes_and_things_apart() -> None:
    surface = Surface(30, 20)
    surface.rectangle(0, 12, 30, 20, (0, 120, 0))
    surface.begin_object(2)
    surface.rectangle(5, 5, 15, 15, (200, 0, 0))
    surface.line([(5, 10), (15, 10)], 2, (0, 0, 0), part_id=False)
    surface.ellipse(10, 10, 2, 2, (0, 0, 255))
    surface.end_object()
    before = surface.ids_at_full_resolution().copy()
    surface.shadow(15, 10, 10, 4)
    surface.glow(15, 10, 8, (255, 255, 255), opacity=0.5)
    ids, objects = surface.ids_at_full_resolution(), surface.objects()
    assert ids.shape == (40, 60) and ids.dtype == np.uint16
    assert np.array_equal(ids, before)
    assert ids[2, 2] == 0 and len({ids[36, 2], ids[12, 12], ids[20, 20]}) == 3
    assert ids[20, 12] == ids[12, 12]
    assert objects.dtype == np.uint8 and objects[10, 10] == 2 and objects[18, 2] == 0


def test_shapes_outside_the_picture_are_harmless() -> None:
    surface = Surface(20, 20)
    far = Linear((100, 0), (200, 0), ((1, 2, 3), (4, 5, 6)))
    surface.rectangle(100, 100, 140, 140, far)
    surface.ellipse(-80, 4, 10, 5, Radial((-80, 4), 9, ((9, 9, 9), (1, 1, 1))), rotation_deg=30)
    surface.line([(50, 50), (90, 90)], 3, (0, 0, 0), opacity=0.5)
    surface.glow(200, 200, 20, (255, 255, 0), opacity=0.8)
    assert (np.asarray(surface.picture()) == 255).all()


def test_opacity_blends() -> None:
    surface = Surface(20, 20, background=(0, 0, 0))
    surface.rectangle(0, 0, 20, 20, (200, 200, 200), opacity=0.5)
    assert abs(int(np.asarray(surface.picture())[10, 10, 0]) - 100) <= 2


def test_shade_darkens_towards_blue_and_lightens_towards_yellow() -> None:
    grey = (128, 128, 128)
    dark, bright = shade(grey, -0.4), shade(grey, 0.4)
    assert sum(dark) < sum(grey) < sum(bright)
    assert dark[2] > dark[0] and bright[2] < bright[0]
    assert mix((0, 0, 0), (100, 200, 50), 0.5) == (50, 100, 25)
