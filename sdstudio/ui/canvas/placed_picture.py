"""A result or a preview laid over the canvas at its place, seen through its blend mask."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from sdstudio.document.rect import Rect
from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas.viewpoint import Viewpoint
from sdstudio.ui.widgets.picture_view import to_qimage

MAX_SIDE_PX = 1536
"""A larger picture is scaled down before it is laid over the canvas: it is shown, not kept."""


class Placing(Protocol):
    """What an overlay needs of the view it is painted on."""

    viewpoint: Viewpoint


def view_rect(view: Placing, box: Rect) -> QRectF:
    """Where a part of the document lies in the view, in logical pixels."""
    page, size = view.viewpoint.rect(), view.viewpoint.page
    across, down = page.width() / size.width(), page.height() / size.height()
    corner = QPointF(page.left() + box.x * across, page.top() + box.y * down)
    return QRectF(corner.x(), corner.y(), box.width * across, box.height * down)


class BlendShape:
    """The blend mask of a box, ready to be put on pictures of any size.

    Args:
        blend: (height, width) uint8, 255 = all of the picture is seen.
    """

    def __init__(self, box: Rect, blend: np.ndarray) -> None:
        self.box = box
        self.is_everything = bool((blend == 255).all())
        plain = np.ascontiguousarray(blend)
        grey = QImage(
            plain.data,  # type: ignore[arg-type]
            box.width,
            box.height,
            box.width,
            QImage.Format.Format_Grayscale8,
        )
        self._alpha = _bounded(grey.copy())

    def place(self, picture: Raster, *, detail: float = 1.0) -> PlacedPicture:
        """Lay a picture of any size into the box.

        Args:
            detail: 1 keeps the pixels; a preview of 32 cells needs no more than a fraction.
        """
        size = self._alpha.size() * detail if detail < 1 else self._alpha.size()
        size = size.expandedTo(QSize(1, 1))
        image = _scaled(to_qimage(picture), size)
        if not self.is_everything:
            image = image.convertToFormat(QImage.Format.Format_ARGB32)
            image.setAlphaChannel(_scaled(self._alpha, size))
        return PlacedPicture(self.box, image)


class PlacedPicture:
    """An image and the part of the document it covers."""

    def __init__(self, box: Rect, image: QImage) -> None:
        self.box = box
        self._image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)

    def paint(self, painter: QPainter, view: Placing) -> None:
        """Draw it at its place."""
        target = view_rect(view, self.box)
        smooth = target.width() < self._image.width() * 4
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._image, QRectF(self._image.rect()))


def _bounded(image: QImage) -> QImage:
    if max(image.width(), image.height()) <= MAX_SIDE_PX:
        return image
    return image.scaled(
        MAX_SIDE_PX,
        MAX_SIDE_PX,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _scaled(image: QImage, size: QSize) -> QImage:
    if image.size() == size:
        return image
    ignore, smooth = (
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return image.scaled(size, ignore, smooth)
