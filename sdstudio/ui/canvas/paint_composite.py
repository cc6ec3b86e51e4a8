"""Layers laid over one another by Qt, straight from the document's tiles: for looking, not saving.

Qt's blending works through a pixel several times as fast as numpy; its eight bits per step may
differ from the document's own composite by a level or two.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, qRgba

from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.document.state import Layer

PICTURE_FORMAT = QImage.Format.Format_ARGB32_Premultiplied


class PictureComposer:
    """Draws what is seen of a document, with its masks as a veil of one colour.

    Attributes:
        veil_colour: of the masks.
        veil_opacity: of a mask's white, 0 to 1; 0 hides the masks.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.veil_colour = QColor(47, 104, 217)
        self.veil_opacity = 0.5

    def compose(self, rect: Rect) -> QImage:
        """The picture in `rect`, pixel for pixel; clear beyond its edges."""
        image = QImage(rect.width, rect.height, PICTURE_FORMAT)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.translate(-rect.x, -rect.y)
        self._draw(painter, rect.intersected(self.document.bounds))
        painter.end()
        return image

    def sketched(self, rect: Rect, level: int) -> QImage:
        """Like `reduced`, but of each 2**level x 2**level pixels only one is looked at."""
        image = QImage(rect.width >> level, rect.height >> level, PICTURE_FORMAT)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.scale(1 / 2**level, 1 / 2**level)
        painter.translate(-rect.x, -rect.y)
        self._draw(painter, rect.intersected(self.document.bounds))
        painter.end()
        return image

    def reduced(self, rect: Rect, level: int) -> QImage:
        """The picture in `rect`, each pixel the mean of 2**level x 2**level.

        Args:
            rect: its edges lie on multiples of 2**level; may reach beyond the picture by less
                than that.
        """
        whole = self.compose(rect)
        if not level:
            return whole
        inside = rect.intersected(self.document.bounds).moved(-rect.x, -rect.y)
        _continue_edges(whole, inside)
        return whole.scaled(
            rect.width >> level,
            rect.height >> level,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )

    def _draw(self, painter: QPainter, rect: Rect) -> None:
        for layer in self.document.layers:
            if layer.kind == "raster" and layer.is_visible and layer.opacity > 0:
                self._draw_layer(painter, layer, rect)
        if self.veil_opacity <= 0:
            return
        for layer in self.document.layers:
            if layer.kind == "mask" and layer.is_visible and layer.opacity > 0:
                self._draw_layer(painter, layer, rect)

    def _draw_layer(self, painter: QPainter, layer: Layer, rect: Rect) -> None:
        is_mask = layer.kind == "mask"
        kind = QImage.Format.Format_Indexed8 if is_mask else QImage.Format.Format_RGBA8888
        painter.setOpacity(layer.opacity * (self.veil_opacity if is_mask else 1.0))
        for where, tile in self.document.layers.tiles_under(layer, rect):
            part = where.intersected(rect)
            image = QImage(tile.data, where.width, where.height, tile.strides[0], kind)
            if is_mask:
                image.setColorTable(self._veil())
            source = QRect(part.x - where.x, part.y - where.y, part.width, part.height)
            painter.drawImage(QPoint(part.x, part.y), image, source)

    def _veil(self) -> list[int]:
        colour = self.veil_colour
        red, green, blue = colour.red(), colour.green(), colour.blue()
        return [qRgba(red, green, blue, value) for value in range(256)]


def _continue_edges(image: QImage, inside: Rect) -> None:
    """Repeat the picture's last column and row outwards: an edge does not fade when shrunk."""
    if inside.right < image.width():
        column = image.copy(inside.right - 1, 0, 1, image.height())
        _fill(image, QRect(inside.right, 0, image.width() - inside.right, image.height()), column)
    if inside.bottom < image.height():
        row = image.copy(0, inside.bottom - 1, image.width(), 1)
        _fill(image, QRect(0, inside.bottom, image.width(), image.height() - inside.bottom), row)


def _fill(image: QImage, where: QRect, line: QImage) -> None:
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(where, line)
    painter.end()
