"""The two colours in a painter's hands, and two greys for masks."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sdstudio.document.blend import Colour
from sdstudio.document.state import LayerKind

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)

DEFAULTS: dict[LayerKind, tuple[Colour, Colour]] = {
    "raster": (BLACK, WHITE),
    "mask": (WHITE, BLACK),  # a mask starts out black: the first stroke must show
}


class Colours(QObject):
    """Foreground and background; a mask has its own pair, for white means 'repaint' there."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pairs = dict(DEFAULTS)
        self._kind: LayerKind = "raster"

    @property
    def kind(self) -> LayerKind:
        """What the pair in use paints on."""
        return self._kind

    @property
    def foreground(self) -> Colour:
        return self._pairs[self._kind][0]

    @property
    def background(self) -> Colour:
        return self._pairs[self._kind][1]

    def set_foreground(self, colour: Colour) -> None:
        """Paint with this colour from now on."""
        self._put(colour, self.background)

    def set_background(self, colour: Colour) -> None:
        """Keep this colour for the next swap."""
        self._put(self.foreground, colour)

    def swap(self) -> None:
        """Exchange the two."""
        self._put(self.background, self.foreground)

    def reset(self) -> None:
        """Black and white; on a mask white and black."""
        self._put(*DEFAULTS[self._kind])

    def use_for(self, kind: LayerKind) -> None:
        """Take the pair for layers of this kind."""
        if kind != self._kind:
            self._kind = kind
            self.changed.emit()

    def _put(self, foreground: Colour, background: Colour) -> None:
        if (foreground, background) != self._pairs[self._kind]:
            self._pairs[self._kind] = foreground, background
            self.changed.emit()
