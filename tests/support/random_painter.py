"""A painter without a plan: every act a document knows, in random order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster

MAX_LAYERS = 6


class RandomPainter:
    """Does random acts to a small document; what a document refuses does not count as done."""

    def __init__(self, document: Document, *, seed: int) -> None:
        self.document = document
        self._rng = np.random.default_rng(seed)
        self._acts: list[Callable[[], object]] = [
            *[self._stroke] * 5,
            *[self._shape] * 3,
            self._lasso,
            self._flood,
            self._fill,
            *[self._layer_act] * 6,
            *[self._select] * 2,
            self._box,
            self._resize,
            self._accept,
        ]

    def act(self) -> None:
        """One act, chosen at random."""
        while len(self.document.layers) > MAX_LAYERS:
            unlocked = [each for each in self.document.layers if not each.is_locked]
            if not unlocked:
                break
            self.document.layers.delete(unlocked[0].id)
            return
        try:
            self._acts[self._below(len(self._acts))]()
        except InvalidRequestError:
            self.document.layers.add()

    def _below(self, limit: int) -> int:
        return int(self._rng.integers(limit))

    def _chance(self, part: float) -> bool:
        return bool(self._rng.random() < part)

    def _ink(self) -> Ink:
        red, green, blue = (int(value) for value in self._rng.integers(0, 256, 3))
        return Ink(colour=(red, green, blue), erases=self._chance(0.2))

    def _edges(self) -> tuple[float, float, float, float]:
        width, height = self.document.size
        left, right = (float(value) for value in self._rng.uniform(-10, width + 10, 2))
        top, bottom = (float(value) for value in self._rng.uniform(-10, height + 10, 2))
        return left, top, right, bottom

    def _stroke(self) -> None:
        brush = Brush(
            size_px=float(self._rng.uniform(1, 20)),
            hardness=float(self._rng.random()),
            opacity=float(self._rng.uniform(0.2, 1)),
            flow=float(self._rng.uniform(0.2, 1)),
            spacing=0.5,
        )
        continues = self._chance(0.2)
        stroke = self.document.paint.begin_stroke(brush, self._ink(), continues=continues)
        for _ in range(1 + self._below(2)):
            x, y, _, _ = self._edges()
            stroke.add_point(x, y, float(self._rng.random()))
        if self._chance(0.05):
            stroke.cancel()
        else:
            stroke.end()

    def _shape(self) -> None:
        shape = "ellipse" if self._chance(0.5) else "rectangle"
        opacity = float(self._rng.random())
        self.document.paint.draw_shape(shape, self._edges(), self._ink(), opacity=opacity)

    def _lasso(self) -> None:
        points = [self._edges()[:2] for _ in range(5)]
        self.document.paint.draw_polygon(points, self._ink())

    def _flood(self) -> None:
        width, height = self.document.size
        x, y = self._below(width), self._below(height)
        self.document.paint.flood_fill(x, y, self._ink(), tolerance=self._below(256))

    def _fill(self) -> None:
        self.document.paint.fill_selection(self._ink())

    def _layer_act(self) -> None:
        layers = self.document.layers
        if not len(layers) or self._chance(0.2):
            layers.add(kind="mask" if self._chance(0.3) else "raster")
            return
        layer = layers[self._below(len(layers))]
        name = layer.id
        acts: list[Callable[[], object]] = [
            lambda: layers.activate(name),
            lambda: layers.delete(name),
            lambda: layers.duplicate(name),
            lambda: layers.move_to(name, self._below(len(layers))),
            lambda: layers.rename(name, f"name {self._below(99)}"),
            lambda: layers.set_opacity(name, self._below(100) / 100),
            lambda: layers.set_visible(name, self._chance(0.7)),
            lambda: layers.set_locked(name, self._chance(0.2)),
            lambda: layers.set_keeps_alpha(name, self._chance(0.3)),
            lambda: layers.shift(name, self._below(41) - 20, self._below(41) - 20),
            lambda: layers.merge_down(name),
            lambda: self.document.paint.invert_mask(name),
            layers.flatten if self._chance(0.3) else layers.add,
        ]
        acts[self._below(len(acts))]()

    def _select(self) -> None:
        selection = self.document.selection
        modes = ("replace", "add", "subtract", "intersect")
        mode = modes[self._below(4)]
        acts: list[Callable[[], object]] = [
            lambda: selection.rectangle(*self._edges(), mode=mode),
            lambda: selection.ellipse(*self._edges(), mode=mode),
            lambda: selection.lasso([self._edges()[:2] for _ in range(4)], mode=mode),
            selection.invert,
            selection.clear,
            selection.clear,
        ]
        acts[self._below(len(acts))]()

    def _box(self) -> None:
        self.document.set_box(
            Rect(self._below(60) - 30, self._below(60) - 30, 8 + self._below(80), 64)
        )

    def _resize(self) -> None:
        if self._chance(0.7):
            return
        x, y = self._below(21) - 10, self._below(21) - 10
        self.document.resize_canvas(Rect(x, y, 80 + self._below(40), 70 + self._below(40)))

    def _accept(self) -> None:
        if len(self.document.state.accepted) > 20:  # each makes every later state longer
            return
        width, height = 16 + self._below(40), 16 + self._below(40)
        x, y = self._below(40), self._below(40)
        pixels = self._rng.integers(0, 256, (height, width, 3), dtype=np.uint8).tobytes()
        picture = Raster(width=width, height=height, mode="RGB", pixels=pixels)
        self.document.accept_result(
            picture,
            Rect(x, y, width, height),
            GenerationRequest(prompt="a lighthouse", seed=self._below(1000)),
            blend_mask=self._rng.integers(0, 256, (height, width), dtype=np.uint8),
            merges=self._chance(0.5),
        )
