"""A subject's own drawing space: one unit high, lit from one side, possibly mirrored."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sdstudio.training.world.paint import Colour, Linear, Point, Radial, Surface, lit, mix, shade

Box = tuple[float, float, float, float]

INK: Colour = (34, 30, 42)
CREAM: Colour = (250, 240, 214)
WARM_LIGHT: Colour = (255, 222, 128)
WOOD: Colour = (128, 84, 50)
LEAF: Colour = (86, 150, 66)
BLUSH: Colour = (244, 168, 168)
STEEL: Colour = (176, 184, 196)
GLASS: Colour = (176, 216, 236)


def brightness(colour: Colour) -> float:
    """How light a colour looks, 0..1."""
    return (colour[0] * 3 + colour[1] * 6 + colour[2]) / 2550


def dark_iris(colour: Colour) -> Colour | None:
    """The iris an eye needs to show on colour: amber on nearly black, else none."""
    return (240, 190, 90) if brightness(colour) < 0.22 else None


def detail(colour: Colour, amount: float = 0.5) -> Colour:
    """A colour for strokes on top of colour: darker, or lighter where colour is nearly black."""
    if brightness(colour) < 0.22:
        return mix(colour, (206, 208, 220), amount * 0.6)
    return shade(colour, -amount * (0.65 if brightness(colour) > 0.9 else 1.0))


def paler(colour: Colour, amount: float = 0.35) -> Colour:
    """A lighter patch of colour, for bellies and chests; nearly black stays dark."""
    return mix(colour, (255, 250, 240), amount * (0.35 if brightness(colour) < 0.22 else 1.0))


class Frame:
    """Draws in units of the subject's height: x 0..aspect from the left, y 0..1 from the top."""

    def __init__(
        self, surface: Surface, box: Box, aspect: float, light: float, *, flip: bool = False
    ) -> None:
        self.surface, self.light = surface, light
        self._left, self._top = box[0], box[1]
        self._aspect, self._flip = aspect, flip
        self._across, self._down = (box[2] - box[0]) / aspect, box[3] - box[1]
        self._scale = min(self._across, self._down)
        # Towards the light, in the frame's own direction of x.
        self.toward = -light if flip else light

    def x(self, x: float) -> float:
        """Picture x of a frame x."""
        return self._left + (self._aspect - x if self._flip else x) * self._across

    def y(self, y: float) -> float:
        """Picture y of a frame y."""
        return self._top + y * self._down

    def _points(self, points: Iterable[Point]) -> np.ndarray:
        path = np.asarray(list(points), dtype=float)
        if self._flip:
            path[:, 0] = self._aspect - path[:, 0]
        return path * (self._across, self._down) + (self._left, self._top)

    def lit(
        self, colour: Colour, x0: float, x1: float, *, strength: float = 1.0, fall: float = 0.0
    ) -> Linear:
        """A side-lit gradient between two frame xs, falling by `fall` heights."""
        left, right = sorted((self.x(x0), self.x(x1)))
        return lit(colour, left, right, self.light, strength=strength, y=fall * self._down)

    def ball(self, colour: Colour, cx: float, cy: float, r: float, *, strength: float = 1.0):
        """A rounded body's gradient: bright towards the light and the sky, dark away from it."""
        bright = shade(colour, 0.26 * strength * min(1.0, brightness(colour) * 2.2))
        dark = shade(colour, (-0.2 if brightness(colour) > 0.9 else -0.3) * strength)
        centre = (self.x(cx + 0.45 * r * self.toward), self.y(cy - 0.45 * r))
        return Radial(centre, 1.5 * r * self._scale, (bright, colour, colour, dark))

    def polygon(self, points: Iterable[Point], fill, **options) -> None:
        """Surface.polygon in frame units."""
        self.surface.polygon(self._points(points), fill, **options)

    def ellipse(
        self, cx: float, cy: float, rx: float, ry: float, fill, *, turn: float = 0.0, **options
    ) -> None:
        """Surface.ellipse in frame units; turn is clockwise degrees before mirroring."""
        self.surface.ellipse(
            self.x(cx),
            self.y(cy),
            rx * self._across,
            ry * self._down,
            fill,
            rotation_deg=-turn if self._flip else turn,
            **options,
        )

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, fill, *, radius: float = 0.0, **options
    ) -> None:
        """Surface.rectangle in frame units."""
        left, right = sorted((self.x(x0), self.x(x1)))
        self.surface.rectangle(
            left, self.y(y0), right, self.y(y1), fill, radius=radius * self._scale, **options
        )

    def line(self, points: Iterable[Point], width: float, fill: Colour, **options) -> None:
        """Surface.line in frame units."""
        self.surface.line(self._points(points), width * self._scale, fill, **options)

    def glow(self, cx: float, cy: float, radius: float, colour: Colour, opacity: float) -> None:
        """Surface.glow in frame units."""
        self.surface.glow(self.x(cx), self.y(cy), radius * self._scale, colour, opacity=opacity)

    def eye(self, x: float, y: float, r: float, iris: Colour | None = None) -> None:
        """A shining eye of radius r, with a coloured iris or all dark."""
        if iris is not None:
            self.ellipse(x, y, r, r * 1.08, iris)
            self.ellipse(x, y, r * 0.5, r * 0.85, INK, part_id=False)
        else:
            self.ellipse(x, y, r, r * 1.08, INK)
        self.ellipse(x + r * 0.28, y - r * 0.36, r * 0.3, r * 0.3, (255, 255, 255), part_id=False)


def mirrored(rng: np.random.Generator) -> bool:
    """Toss whether a subject faces left instead of right."""
    return bool(rng.random() < 0.5)
