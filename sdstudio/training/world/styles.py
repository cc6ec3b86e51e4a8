"""The seven styles: treatments of a whole drawing, told by shape ids where lines run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sdstudio.training.world.paint import Surface
from sdstudio.training.world.vocabulary import Style

SKY_BANDS = 6
MARK_DARKER = 52
PIXEL_SIDE = 4
PIXEL_COLOURS = 48
CELL_SIDE = 46
SMALLEST_LEADED_PX = 150
WORLD_GLASS_GAMMA = 0.72


@dataclass(kw_only=True)  # not frozen: its pictures are made on first use
class Drawing:
    """A finished surface in its light, as the styles read it; arrays are (height, width, ...)."""

    surface: Surface
    tint_table: list[int]
    variant: int

    @cached_property
    def picture(self) -> Image.Image:
        """The picture in its light, RGB."""
        return self.surface.picture().point(self.tint_table)

    @cached_property
    def fine_ids(self) -> np.ndarray:
        """Shape ids at the surface's full resolution."""
        return self.surface.ids_at_full_resolution()

    @cached_property
    def ids(self) -> np.ndarray:
        """Shape ids, one per pixel of the picture."""
        step = self.surface.scale
        return self.fine_ids[::step, ::step]

    @cached_property
    def things(self) -> np.ndarray:
        """True where a thing, not its world, is seen."""
        return self.surface.objects() > 0

    def lines(self) -> Image.Image:
        """Return the smooth outlines of all shapes, mode "L"."""
        ids = self.fine_ids
        edge = np.zeros(ids.shape, np.uint8)
        edge[:, 1:] = (ids[:, 1:] != ids[:, :-1]) * np.uint8(255)
        edge[1:] |= (ids[1:] != ids[:-1]) * np.uint8(255)
        return Image.fromarray(edge).reduce(self.surface.scale)

    def weighted_lines(self, thing: float, world: float) -> Image.Image:
        """Return the outlines, mode "L", scaled by one weight on things and one elsewhere."""
        mask = Image.fromarray(self.things.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
        lines = self.lines()
        strong = lines.point([min(255, round(v * thing)) for v in range(256)])
        return Image.composite(
            strong, lines.point([min(255, round(v * world)) for v in range(256)]), mask
        )


def apply_style(drawing: Drawing, style: Style) -> Image.Image:
    """Return the drawing as an RGB picture in the given style."""
    return _STYLES[style](drawing)


def _picture_book(drawing: Drawing) -> Image.Image:
    picture = drawing.picture
    ink = picture.point([round(v * gain) for gain in (0.36, 0.33, 0.4) for v in range(256)])
    return Image.composite(ink, picture, drawing.weighted_lines(0.85, 0.22))


def _flat(drawing: Drawing) -> Image.Image:
    ids = drawing.fine_ids.astype(np.int32)
    shapes = int(ids.max()) + 1
    # 1. The sky has no shapes: it is cut into bands.
    band = np.arange(ids.shape[0]) * SKY_BANDS // ids.shape[0]
    ids = np.where(ids == 0, shapes + band[:, None], ids)
    # 2. Dark marks inside a shape, such as pupils, stay.
    luma = np.asarray(drawing.surface.picture_at_full_resolution().convert("L"))
    step, count = drawing.surface.scale, shapes + SKY_BANDS
    near = (slice(None, None, step), slice(None, None, step))
    areas = np.maximum(np.bincount(ids[near].ravel(), minlength=count), 1)
    usual = np.bincount(ids[near].ravel(), luma[near].ravel(), minlength=count) / areas
    ids += count * (luma < (usual - MARK_DARKER).astype(np.float32)[ids])
    # 3. The world is printed in stronger inks; things keep their own colour.
    regions = ids[near]
    colours = _region_colours(drawing.picture, regions, 2 * count, saturation=1.4)
    things = np.bincount(regions[drawing.things], minlength=2 * count) > 0
    inks = (colours.astype(np.float32) - 118) * 1.25 + 118
    colours = np.where(things[:, None], colours, inks.clip(0, 255).astype(np.uint8))
    return Image.fromarray(colours[ids]).reduce(step)


def _region_colours(
    picture: Image.Image, regions: np.ndarray, count: int, *, saturation: float
) -> np.ndarray:
    """Return each region's mean colour (count, 3) uint8, more vivid by `saturation`."""
    flat = regions.ravel()
    pixels = np.asarray(picture).reshape(-1, 3)
    areas = np.maximum(np.bincount(flat, minlength=count), 1)
    sums = [np.bincount(flat, weights=pixels[:, c], minlength=count) for c in range(3)]
    means = np.stack(sums, axis=1) / areas[:, None]
    luma = means.mean(axis=1, keepdims=True)
    return np.clip(luma + (means - luma) * saturation, 0, 255).astype(np.uint8)


def _pixel_art(drawing: Drawing) -> Image.Image:
    size = drawing.picture.size
    small = drawing.picture.reduce(PIXEL_SIDE)
    half = PIXEL_SIDE // 2
    things = drawing.surface.objects()[half::PIXEL_SIDE, half::PIXEL_SIDE]
    rim = np.zeros(things.shape, bool)
    rim[:, 1:] |= things[:, 1:] != things[:, :-1]
    rim[:, :-1] |= things[:, 1:] != things[:, :-1]
    rim[1:] |= things[1:] != things[:-1]
    rim[:-1] |= things[1:] != things[:-1]
    rim &= things == 0
    pixels = np.asarray(small).copy()
    pixels[rim] = pixels[rim] // 4 + np.array((8, 6, 16), np.uint8)
    few = Image.fromarray(pixels).quantize(PIXEL_COLOURS, dither=Image.Dither.NONE)
    return few.convert("RGB").resize(size, Image.Resampling.NEAREST)


def _pencil_sketch(drawing: Drawing) -> Image.Image:
    pixels = np.asarray(drawing.picture).astype(np.float32)
    height, width = pixels.shape[:2]
    luma = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    dark = 1 - luma / 255
    hatch = _hatching(width, height)[drawing.variant % 2]
    even, stroked = np.where(drawing.things, 92, 42), np.where(drawing.things, 92, 86)
    graphite = dark * (even + stroked * hatch * np.clip(dark * 1.7, 0, 1))
    graphite += np.asarray(drawing.weighted_lines(1.6, 0.8), np.float32) * 0.62
    graphite += _noise(width, height, 3, drawing.variant) * 5
    tint = np.where(drawing.things, 0.58, 0.38).astype(np.float32)[..., None]
    paper = np.array([249, 246, 238], np.float32)
    sketch = paper - graphite[..., None] + (pixels - luma[..., None]) * tint
    return Image.fromarray(np.clip(sketch, 0, 255).astype(np.uint8))


@lru_cache(maxsize=8)
def _hatching(width: int, height: int) -> np.ndarray:
    """Return two fields (2, height, width) of slanted strokes in 0..1, the second crossed."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = 1.5 * np.sin(y / 23) + 1.2 * np.sin(x / 31)
    strokes = [0.5 + 0.5 * np.sin((x * s + y + bend) * 2 * np.pi / 6.5) for s in (1.0, 0.8)]
    return np.stack(strokes).astype(np.float32)


def _watercolor(drawing: Drawing) -> Image.Image:
    width, height = drawing.picture.size
    variant = drawing.variant
    # 1. Colour runs over the edges of the shapes, and pools darker along them.
    ys, xs = _bleeding(width, height, variant)
    lines = drawing.weighted_lines(0.9, 0.6).filter(ImageFilter.GaussianBlur(1.1))
    wet = np.asarray(drawing.picture.filter(ImageFilter.GaussianBlur(0.9)))[ys, xs]
    pool = np.asarray(lines)[ys, xs].astype(np.float32) / 255
    # 2. Thin, uneven pigment on grainy paper with an unpainted margin.
    uneven = 0.7 * _noise(width, height, 40, variant) + 0.3 * _noise(width, height, 9, variant)
    things = drawing.things[ys, xs]
    wash = np.where(things, 0.84, 0.69) + np.where(things, 0.13, 0.22) * uneven
    density = (wash + 0.5 * pool) * _margin(width, height, variant)
    density *= 1 + 0.07 * _noise(width, height, 2, variant + 1)
    paper = np.array([253, 251, 245], np.float32)
    painted = paper - (paper - wet) * density[..., None]
    return Image.fromarray(np.clip(painted, 0, 255).astype(np.uint8))


@lru_cache(maxsize=64)
def _noise(width: int, height: int, cell_px: int, variant: int) -> np.ndarray:
    """Return smooth noise (height, width) in -1..1 with features of about `cell_px`."""
    rng = np.random.default_rng((width, height, cell_px, variant))
    shape = (height // cell_px + 3, width // cell_px + 3)
    coarse = Image.fromarray(rng.uniform(-1, 1, shape).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).clip(-1, 1)


@lru_cache(maxsize=32)
def _bleeding(width: int, height: int, variant: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns from which each pixel takes its wet colour."""
    y, x = np.mgrid[0:height, 0:width]
    dy = 2.6 * _noise(width, height, 11, variant) + _noise(width, height, 4, variant)
    dx = 2.6 * _noise(width, height, 11, variant + 1) + _noise(width, height, 4, variant + 1)
    rows = np.clip(np.rint(y + dy), 0, height - 1).astype(np.intp)
    return rows, np.clip(np.rint(x + dx), 0, width - 1).astype(np.intp)


@lru_cache(maxsize=32)
def _margin(width: int, height: int, variant: int) -> np.ndarray:
    """Return 1 where the paper is painted and 0 in its ragged margin."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    ragged = inside - 7 - 3.5 * _noise(width, height, 18, variant)
    return np.clip(ragged / 2.5, 0, 1)


def _neon(drawing: Drawing) -> Image.Image:
    picture = drawing.picture
    pixels = np.asarray(picture).astype(np.float32)
    brightest = pixels.max(axis=2, keepdims=True) + 1
    vivid = 1 - pixels.min(axis=2, keepdims=True) / brightest
    lit = pixels * (1 + 0.7 * vivid * (255 / brightest - 1))
    tubes = Image.composite(
        Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)),
        Image.new("RGB", picture.size),
        drawing.weighted_lines(2.2, 1.6),
    )
    small = tubes.reduce(4)
    halo = small.filter(ImageFilter.GaussianBlur(1.2)).resize(
        picture.size, Image.Resampling.BILINEAR
    )
    # The glow stays mostly outside the things, so that dark ones keep their colour.
    things = drawing.things[..., None]
    glow = np.asarray(halo, np.float32) * np.where(things, 0.7, 1.9)
    gray = pixels.mean(axis=2, keepdims=True)
    dusk = 0.5 * pixels - 0.26 * gray + np.array([10, 4, 22], np.float32)
    base = np.where(things, 0.78 * pixels, dusk)
    glowing = Image.fromarray(np.clip(base + glow, 0, 255).astype(np.uint8))
    return ImageChops.lighter(glowing, tubes)


def _stained_glass(drawing: Drawing) -> Image.Image:
    width, height = drawing.picture.size
    ids = drawing.ids.astype(np.int64)
    areas = np.bincount(ids.ravel())
    leaded = (areas >= SMALLEST_LEADED_PX)[ids]
    # 1. The world breaks into panes; a thing's parts are panes already.
    panes = _panes(width, height, drawing.variant)
    pieces = ids + np.where(leaded & ~drawing.things, panes + 1, 0) * len(areas)
    count = (int(panes.max()) + 2) * len(areas)
    # 2. One vivid colour a pane, each pane a little lighter or darker.
    colours = _region_colours(drawing.picture, pieces, count, saturation=1.4).astype(np.float32)
    tone = np.random.default_rng(drawing.variant).uniform(0.86, 1.14, (count, 1))
    tone[: len(areas)] = 1.0
    colours[len(areas) :] = 255 * (colours[len(areas) :] / 255) ** WORLD_GLASS_GAMMA
    glass = (colours * tone)[pieces] + (14 * _noise(width, height, 14, drawing.variant))[..., None]
    # 3. Lead between panes; eyes and other small marks are painted on.
    lead = np.zeros(ids.shape, np.uint8)
    across = (pieces[:, 1:] != pieces[:, :-1]) & leaded[:, 1:] & leaded[:, :-1]
    down = (pieces[1:] != pieces[:-1]) & leaded[1:] & leaded[:-1]
    lead[:, 1:][across] = 255
    lead[1:][down] = 255
    strips = Image.fromarray(lead).filter(ImageFilter.MaxFilter(3))
    strips = strips.filter(ImageFilter.GaussianBlur(0.6))
    picture = Image.fromarray(np.clip(glass, 0, 255).astype(np.uint8))
    picture.paste((18, 17, 22), (0, 0, width, height), strips)
    return picture


@lru_cache(maxsize=32)
def _panes(width: int, height: int, variant: int) -> np.ndarray:
    """Return the number of the pane (height, width) in an irregular net of about CELL_SIDE px."""
    rng = np.random.default_rng((width, height, variant))
    across, down = round(width / CELL_SIDE), round(height / CELL_SIDE)
    grid = np.stack(np.meshgrid(np.arange(across), np.arange(down)), axis=-1).reshape(-1, 2)
    seeds = (grid + rng.uniform(0.1, 0.9, grid.shape)) * (width / across, height / down)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    nearest = np.zeros((height, width), np.int64)
    least = np.full((height, width), np.inf, np.float32)
    for number, (sx, sy) in enumerate(seeds.tolist()):
        distance = (x - sx) ** 2 + (y - sy) ** 2
        closer = distance < least
        nearest[closer] = number
        least[closer] = distance[closer]
    return nearest


_STYLES: dict[Style, Callable[[Drawing], Image.Image]] = {
    "picture book": _picture_book,
    "flat": _flat,
    "pixel art": _pixel_art,
    "pencil sketch": _pencil_sketch,
    "watercolor": _watercolor,
    "neon": _neon,
    "stained glass": _stained_glass,
}
