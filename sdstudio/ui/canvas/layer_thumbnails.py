"""Small pictures of layers, made beside the window's own work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from sdstudio.document.rect import Rect
from sdstudio.document.state import DocumentSnapshot, Layer
from sdstudio.document.tiles import TILE_PX, Tiles, tile_rect
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.easel import Easel

THUMBNAIL_PX = 72
"""Longer side; rows are drawn at half of it, for screens of double density."""
DELAY_MS = 120

_OVERSAMPLED = 4


class LayerThumbnails(QObject):
    """Keeps a thumbnail of every layer; only layers whose tiles changed are drawn anew.

    Args:
        background: where they are made.
    """

    changed = Signal(int)  # layer id

    def __init__(self, easel: Easel, background: Background) -> None:
        super().__init__(easel)
        self._easel = easel
        self._background = background
        self._images: dict[int, QImage] = {}
        self._drawn: dict[int, tuple[Layer, Rect, Tiles]] = {}
        self._is_busy = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._refresh)
        easel.touched.connect(self._timer.start)
        easel.document_changed.connect(self._forget)
        self._timer.start()

    def get(self, layer_id: int) -> QImage | None:
        """The thumbnail, in the shape of the document; None until it is made."""
        return self._images.get(layer_id)

    def _forget(self) -> None:
        self._images.clear()
        self._drawn.clear()

    def _refresh(self) -> None:
        if self._is_busy:
            self._timer.start()
            return
        document = self._easel.document
        snapshot = document.snapshot()
        stale = [layer for layer in snapshot.state.layers if self._is_stale(layer, snapshot)]
        if not stale:
            return
        self._is_busy = True

        def done(images: Mapping[int, QImage]) -> None:
            self._is_busy = False
            if self._easel.document is not document:
                return
            for layer in stale:
                tiles = snapshot.tiles.get(layer.id, {})
                self._drawn[layer.id] = (layer, snapshot.state.bounds, tiles)
            self._images |= images
            for layer_id in images:
                self.changed.emit(layer_id)

        def draw() -> dict[int, QImage]:
            bounds = snapshot.state.bounds
            tiles = snapshot.tiles
            return {each.id: layer_image(each, tiles.get(each.id, {}), bounds) for each in stale}

        self._background.run(draw, done)

    def _is_stale(self, layer: Layer, snapshot: DocumentSnapshot) -> bool:
        drawn = self._drawn.get(layer.id)
        if drawn is None:
            return True
        old, bounds, tiles = drawn
        now = snapshot.tiles.get(layer.id, {})
        is_same_place = (old.x, old.y) == (layer.x, layer.y) and bounds == snapshot.state.bounds
        return (
            not is_same_place
            or tiles.keys() != now.keys()
            or any(tile is not now[key] for key, tile in tiles.items())
        )


def layer_image(layer: Layer, tiles: Tiles, bounds: Rect) -> QImage:
    """A layer within the document's bounds, its longer side `THUMBNAIL_PX`; any thread.

    Only every so many pixels are looked at: the cost hardly grows with the document.
    """
    stride = max(1, max(bounds.width, bounds.height) // (THUMBNAIL_PX * _OVERSAMPLED))
    width, height = -(-bounds.width // stride), -(-bounds.height // stride)
    channels = 1 if layer.kind == "mask" else 4
    sampled = np.zeros((height, width, channels), np.uint8)
    for key, tile in tiles.items():
        where = tile_rect(key).moved(layer.x, layer.y)
        rows = _sampled(where.y, bounds.height, stride)
        columns = _sampled(where.x, bounds.width, stride)
        part = tile[np.ix_(rows * stride - where.y, columns * stride - where.x)]
        sampled[np.ix_(rows, columns)] = part[..., None] if channels == 1 else part
    scale = THUMBNAIL_PX / max(bounds.width, bounds.height)
    size = max(1, round(bounds.width * scale)), max(1, round(bounds.height * scale))
    picture = Image.fromarray(sampled[..., 0] if channels == 1 else sampled)
    picture = picture.resize(size, Image.Resampling.BOX)
    return _to_qimage(np.asarray(picture))


def _sampled(start: int, end: int, stride: int) -> np.ndarray:
    """Which samples of a document `end` pixels long lie in a tile that begins at `start`."""
    return np.arange(max(0, -(-start // stride)), -(-min(end, start + TILE_PX) // stride))


def _to_qimage(pixels: np.ndarray) -> QImage:
    height, width = pixels.shape[:2]
    is_grey = pixels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGBA8888
    data = np.ascontiguousarray(pixels).tobytes()
    return QImage(data, width, height, width * (1 if is_grey else 4), kind).copy()
