"""The drawing surface: anti-aliased, gradient-filled shapes, each remembered by an id."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Linear:
    """A gradient of evenly spaced colours from one point to another, in final pixels."""

    start: Point
    end: Point
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Radial:
    """A gradient of evenly spaced colours from a centre out to a radius, in final pixels."""

    centre: Point
    radius: float
    colours: tuple[Colour, ...]


Fill = Colour | Linear | Radial

_SHADOW_TINT: Colour = (28, 26, 66)
_EMBER_TINT: Colour = (170, 50, 14)
_HONEY_TINT: Colour = (176, 116, 6)
_LIGHT_TINT: Colour = (255, 247, 214)
_SHADOW_COLOUR: Colour = (30, 28, 58)
_CURVE_STEPS = 6
_UNIT = 256


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """The colour a fraction t (0..1) of the way from a to b."""
    return (
        round(a[0] + (b[0] - a[0]) * t),
        round(a[1] + (b[1] - a[1]) * t),
        round(a[2] + (b[2] - a[2]) * t),
    )


def _shadow_tint(colour: Colour) -> Colour:
    """Blue for most; orange and yellow would turn brown and olive, so theirs glow instead."""
    if colour[0] > 200 and colour[1] > 90 and colour[2] < 100:
        return _HONEY_TINT if colour[1] > 175 else _EMBER_TINT
    return _SHADOW_TINT


def shade(colour: Colour, amount: float) -> Colour:
    """The colour darker (-1, towards blue) or lighter (+1, towards warm white) by amount."""
    if amount < 0:
        return mix(colour, _shadow_tint(colour), min(-amount, 1.0))
    return mix(colour, _LIGHT_TINT, min(amount, 1.0))


def lit(
    colour: Colour, x0: float, x1: float, light: float, *, strength: float = 1.0, y: float = 0.0
) -> Linear:
    """A soft gradient across x0..x1, brighter on the side light (-1 left .. +1 right) is from.

    y tilts the gradient: the number of pixels it falls from its bright to its dark end.
    """
    reach = strength * (0.45 + 0.55 * abs(light))
    # White and black must stay white and black, so they are lit less.
    luma = (colour[0] * 3 + colour[1] * 6 + colour[2]) / 2550
    bright = shade(colour, 0.24 * reach * min(1.0, luma * 2.2))
    dark = shade(colour, (-0.14 if luma > 0.9 else -0.26) * reach)
    start, end = (x0, 0.0), (x1, y)
    if light > 0:
        start, end = (x1, 0.0), (x0, y)
    return Linear(start, end, (bright, colour, colour, dark))


@lru_cache(maxsize=1)
def _unit_distance() -> Image.Image:
    """Distances from the centre of a square reaching -1..1, scaled so that 255 is a corner.

    A palette image: a radial gradient is a new palette on it, which Pillow applies fastest.
    """
    axis = (np.arange(_UNIT, dtype=np.float32) + 0.5) / _UNIT * 2 - 1
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    levels = np.minimum(distance / math.sqrt(2) * 255, 255).astype(np.uint8)
    return Image.frombytes("P", (_UNIT, _UNIT), levels.tobytes())


@lru_cache(maxsize=256)
def _soft_mask(strength: int) -> Image.Image:
    """A round, softly fading mask whose centre has the value strength (0..255)."""
    distance = np.asarray(_unit_distance()).astype(np.float32) / 255 * math.sqrt(2)
    fade = np.clip(1 - distance, 0, 1)
    return Image.fromarray((fade * fade * (3 - 2 * fade) * strength).astype(np.uint8), "L")


@lru_cache(maxsize=16)
def _unit_circle(count: int) -> np.ndarray:
    angles = np.arange(count) * (2 * math.pi / count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@lru_cache(maxsize=1)
def _catmull_rom() -> np.ndarray:
    """The weights of four neighbouring points at each step of a segment: (steps, 4)."""
    t = np.arange(_CURVE_STEPS) / _CURVE_STEPS
    t2, t3 = t * t, t * t * t
    rows = [-t + 2 * t2 - t3, 2 - 5 * t2 + 3 * t3, t + 4 * t2 - 3 * t3, -t2 + t3]
    return np.stack(rows, axis=1) / 2


def _curve(points: np.ndarray, *, closed: bool) -> np.ndarray:
    """A Catmull-Rom curve through points (n, 2), closed or ending at the last point."""
    if len(points) < 3:
        return points
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([points[:1], points, points[-1:]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 4, axis=0)
    curve = np.einsum("st,nct->nsc", _catmull_rom(), windows).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, points[-1:]])


def _ramp(colours: Sequence[Colour], positions: np.ndarray) -> np.ndarray:
    """The gradient's colours (n, 3) uint8 at positions, clamped to 0..1."""
    stops = np.linspace(0, 1, len(colours))
    table = np.asarray(colours, dtype=np.float32)
    channels = [np.interp(positions, stops, table[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _linear_patch(
    fill: Linear, left: float, top: float, size: tuple[int, int], scale: int
) -> Image.Image:
    """The part of a linear gradient that covers a box, in enlarged pixels."""
    dx, dy = fill.end[0] - fill.start[0], fill.end[1] - fill.start[1]
    length = max(dx * dx + dy * dy, 1e-6)
    across, down = dx / length / scale, dy / length / scale
    first = ((left / scale - fill.start[0]) * dx + (top / scale - fill.start[1]) * dy) / length
    width, height = size
    low = first + min(across * width, 0) + min(down * height, 0)
    span = max(abs(across) * width + abs(down) * height, 1e-6)
    count = int(min(max(width, height, 8), 256))
    strip = Image.fromarray(_ramp(fill.colours, low + span * np.arange(count + 2)[None] / count))
    if down == 0.0 and across > 0:
        return strip.resize(size, Image.Resampling.NEAREST, box=(0, 0, count, 1))
    step = count / span
    matrix = (across * step, down * step, (first - low) * step, 0.0, 0.0, 0.5)
    return strip.transform(size, Image.Transform.AFFINE, matrix)


def _radial_patch(
    fill: Radial, left: float, top: float, size: tuple[int, int], scale: int
) -> Image.Image:
    """The part of a radial gradient that covers a box, in enlarged pixels."""
    x, y = fill.centre[0] * scale - left, fill.centre[1] * scale - top
    reach = max(abs(x), abs(size[0] - x), abs(y), abs(size[1] - y)) + 1
    positions = np.arange(256) / 255 * (math.sqrt(2) * reach / max(fill.radius * scale, 1e-6))
    step = _UNIT / (2 * reach)
    matrix = (step, 0.0, _UNIT / 2 - x * step, 0.0, step, _UNIT / 2 - y * step)
    patch = _unit_distance().transform(size, Image.Transform.AFFINE, matrix)
    patch.putpalette(_ramp(fill.colours, positions).tobytes())
    return patch.convert("RGB")


class Surface:
    """A picture being drawn, with the id of the topmost shape at every pixel.

    Coordinates are final pixels, y down; drawing happens `supersample` times larger.
    """

    def __init__(
        self,
        width: int,
        height: int,
        *,
        supersample: int = 2,
        background: Fill = (255, 255, 255),
    ) -> None:
        self.width, self.height, self.scale = width, height, supersample
        size = (width * supersample, height * supersample)
        if isinstance(background, tuple):
            self._image = Image.new("RGB", size, background)
        else:
            self._image = self._patch(background, (0, 0, *size))
        self._pen = ImageDraw.Draw(self._image)
        self._ids = Image.new("I", size, 0)
        self._id_pen = ImageDraw.Draw(self._ids)
        self._owners = [0]
        self._object = 0

    def begin_object(self, object_id: int) -> None:
        """Let the shapes that follow belong to the thing object_id (1..255)."""
        self._object = object_id

    def end_object(self) -> None:
        """Let the shapes that follow belong to the background again."""
        self._object = 0

    def polygon(
        self,
        points: Iterable[Point] | np.ndarray,
        fill: Fill,
        *,
        opacity: float = 1.0,
        smooth: bool = False,
        part_id: bool = True,
    ) -> None:
        """Fill a polygon, or with smooth the closed Catmull-Rom curve through its points."""
        outline = np.asarray(points if isinstance(points, np.ndarray) else list(points), float)
        if smooth:
            outline = _curve(outline, closed=True)
        self._shape(outline * self.scale, fill, opacity, part_id)

    def ellipse(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        fill: Fill,
        *,
        rotation_deg: float = 0.0,
        opacity: float = 1.0,
        part_id: bool = True,
    ) -> None:
        """Fill an ellipse with half axes rx and ry, turned clockwise by rotation_deg."""
        count = 12 if max(rx, ry) < 3 else 24 if max(rx, ry) < 16 else 48
        outline = _unit_circle(count) * (rx, ry)
        if rotation_deg:
            cos, sin = math.cos(math.radians(rotation_deg)), math.sin(math.radians(rotation_deg))
            outline = outline @ np.array([[cos, sin], [-sin, cos]])
        self._shape((outline + (cx, cy)) * self.scale, fill, opacity, part_id)

    def rectangle(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Fill,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
        part_id: bool = True,
    ) -> None:
        """Fill an upright rectangle, its corners rounded by radius."""
        radius = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        corners = np.array([(x1, y1), (x0, y1), (x0, y0), (x1, y0)], dtype=float)
        if radius > 0:
            inward = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * radius
            quarter = np.concatenate([_unit_circle(16), _unit_circle(16)[:1]]) * radius
            arcs = [
                corner + shift + quarter[4 * index : 4 * index + 5]
                for index, (corner, shift) in enumerate(zip(corners, inward, strict=True))
            ]
            corners = np.concatenate(arcs)
        self._shape(corners * self.scale, fill, opacity, part_id)

    def line(
        self,
        points: Iterable[Point] | np.ndarray,
        width: float,
        fill: Colour,
        *,
        opacity: float = 1.0,
        smooth: bool = False,
        part_id: bool = True,
    ) -> None:
        """Stroke a path of the given width with round joins and caps."""
        path = np.asarray(points if isinstance(points, np.ndarray) else list(points), float)
        path = (_curve(path, closed=False) if smooth else path) * self.scale
        thick = max(1, round(width * self.scale))
        if part_id:
            _stroke(self._id_pen, path, thick, self._next_id(), smooth=smooth)
        if opacity >= 1.0:
            _stroke(self._pen, path, thick, fill, smooth=smooth)
            return
        box = self._clip(path, thick)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
        _stroke(ImageDraw.Draw(mask), path - box[:2], thick, round(255 * opacity), smooth=smooth)
        self._image.paste(fill, box, mask)

    def glow(
        self, cx: float, cy: float, radius: float, colour: Colour, *, opacity: float = 0.6
    ) -> None:
        """Lay a soft round light over the picture; it writes no id."""
        self._soft(cx, cy, radius, radius, colour, opacity)

    def shadow(self, cx: float, cy: float, rx: float, ry: float, *, opacity: float = 0.25) -> None:
        """Lay a soft elliptical shadow on the ground; it writes no id."""
        self._soft(cx, cy, rx, ry, _SHADOW_COLOUR, opacity)

    def picture(self) -> Image.Image:
        """The finished picture, RGB, width x height."""
        return self._image.reduce(self.scale)

    def ids_at_full_resolution(self) -> np.ndarray:
        """Shape ids (height * supersample, width * supersample) uint16; 0 is the background."""
        return np.asarray(self._ids).astype(np.uint16)

    def picture_at_full_resolution(self) -> Image.Image:
        """The enlarged picture before reduction, RGB, matching the ids pixel for pixel."""
        return self._image

    def objects(self) -> np.ndarray:
        """The thing covering each pixel (height, width) uint8; 0 is the background."""
        ids = np.asarray(self._ids)[:: self.scale, :: self.scale]
        return np.array(self._owners, dtype=np.uint8)[ids]

    def _next_id(self) -> int:
        self._owners.append(self._object)
        return len(self._owners) - 1

    def _shape(self, outline: np.ndarray, fill: Fill, opacity: float, part_id: bool) -> None:
        """Fill an outline given in enlarged pixels."""
        path = outline.ravel().tolist()
        if part_id:
            self._id_pen.polygon(path, fill=self._next_id())
        if opacity >= 1.0 and isinstance(fill, tuple):
            self._pen.polygon(path, fill=fill)
            return
        box = self._clip(outline, 2)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
        inside = (outline - box[:2]).ravel().tolist()
        ImageDraw.Draw(mask).polygon(inside, fill=round(255 * min(opacity, 1.0)))
        ink = fill if isinstance(fill, tuple) else self._patch(fill, box)
        self._image.paste(ink, box, mask)

    def _soft(
        self, cx: float, cy: float, rx: float, ry: float, colour: Colour, opacity: float
    ) -> None:
        scale = self.scale
        box = self._clip(np.array([(cx - rx, cy - ry), (cx + rx, cy + ry)]) * scale, 0)
        if box is None or min(rx, ry) <= 0:
            return
        across, down = _UNIT / (2 * rx * scale), _UNIT / (2 * ry * scale)
        left, top = (box[0] - (cx - rx) * scale) * across, (box[1] - (cy - ry) * scale) * down
        mask = _soft_mask(round(255 * min(opacity, 1.0))).transform(
            (box[2] - box[0], box[3] - box[1]),
            Image.Transform.AFFINE,
            (across, 0.0, left, 0.0, down, top),
            Image.Resampling.BILINEAR,
        )
        self._image.paste(colour, box, mask)

    def _patch(self, fill: Linear | Radial, box: tuple[int, int, int, int]) -> Image.Image:
        size = (box[2] - box[0], box[3] - box[1])
        painter = _linear_patch if isinstance(fill, Linear) else _radial_patch
        return painter(fill, box[0], box[1], size, self.scale)  # type: ignore[arg-type]

    def _clip(self, outline: np.ndarray, margin: int) -> tuple[int, int, int, int] | None:
        """The enlarged-pixel box around an outline, inside the picture; None if outside."""
        (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
        box = (
            max(math.floor(left) - margin, 0),
            max(math.floor(top) - margin, 0),
            min(math.ceil(right) + margin + 1, self.width * self.scale),
            min(math.ceil(bottom) + margin + 1, self.height * self.scale),
        )
        return box if box[0] < box[2] and box[1] < box[3] else None


def _stroke(
    pen: ImageDraw.ImageDraw, path: np.ndarray, thick: int, ink: int | Colour, *, smooth: bool
) -> None:
    """Stroke a path in enlarged pixels; thin strokes need no round joins."""
    if smooth and thick > 3:
        pen.polygon(_ribbon(path, thick).ravel().tolist(), fill=ink)
    else:
        pen.line(path.ravel().tolist(), fill=ink, width=thick)
    if thick < 3:
        return
    radius = (thick - 1) / 2
    rounded = path if thick > 4 and not smooth else path[[0, -1]]
    for x, y in rounded.tolist():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _ribbon(path: np.ndarray, thick: int) -> np.ndarray:
    """The outline of a band along a smooth path (n, 2)."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
    offset = np.stack([-along[:, 1], along[:, 0]], axis=1) * ((thick - 1) / 2)
    return np.concatenate([path + offset, (path - offset)[::-1]])
