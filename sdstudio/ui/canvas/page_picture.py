"""A picture made ready for painting: converted once, scaled once per zoom."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from sdstudio.messages.raster import Raster
from sdstudio.ui.widgets.picture_view import to_qimage

LEVEL_PX = 4_000_000
"""A picture with more pixels than this gets smaller copies, each half as wide as the last."""

MAX_SCALED_PX = 4_000_000
"""A scaled copy is kept up to this size; above, only what shows is scaled."""

PIXELS_SHOW_ZOOM = 4.0
"""Above this zoom pixels are drawn as squares."""


class PagePicture:
    """A picture and its smaller copies; may be made on any thread, is painted on the UI thread.

    Args:
        raster: copied, so its bytes may go away.
        is_smooth: never draw pixels as squares, for previews that are smaller than their page.
    """

    def __init__(self, raster: Raster, *, is_smooth: bool = False) -> None:
        self.has_alpha = raster.mode == "RGBA"
        self._is_smooth = is_smooth
        wanted = (
            QImage.Format.Format_ARGB32_Premultiplied
            if self.has_alpha
            else QImage.Format.Format_RGB32
        )
        self._levels = [to_qimage(raster).convertToFormat(wanted)]
        while _area(self._levels[-1].size()) > LEVEL_PX:
            last = self._levels[-1]
            self._levels.append(_scaled(last, last.size() / 2, smooth=True))
        self._copy = QImage()

    @property
    def size(self) -> QSize:
        """In pixels of the picture."""
        return self._levels[0].size()

    def paint(self, painter: QPainter, page: QRect, ratio: float, exposed: QRectF) -> None:
        """Draw the picture into `page`.

        Args:
            page: in device pixels.
            ratio: device pixels per logical pixel of the painter.
            exposed: what must be drawn, in logical pixels.
        """
        smooth = self._is_smooth or page.width() <= self.size.width() * PIXELS_SHOW_ZOOM
        source = self._level_for(page.size())
        if _area(page.size()) > MAX_SCALED_PX:
            _paint_part(painter, source, page, ratio, exposed, smooth=smooth)
            return
        if self._copy.size() != page.size():
            self._copy = _scaled(source, page.size(), smooth=smooth)
        self._copy.setDevicePixelRatio(ratio)
        painter.drawImage(QRectF(page).topLeft() / ratio, self._copy)

    def _level_for(self, size: QSize) -> QImage:
        """The smallest copy that is not smaller than what is painted."""
        large = (level for level in reversed(self._levels) if level.width() >= size.width())
        return next(large, self._levels[0])


def _area(size: QSize) -> int:
    return size.width() * size.height()


def _scaled(image: QImage, size: QSize, *, smooth: bool) -> QImage:
    mode = (
        Qt.TransformationMode.SmoothTransformation
        if smooth
        else Qt.TransformationMode.FastTransformation
    )
    whole = size.expandedTo(QSize(1, 1))
    return image.scaled(whole, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def _paint_part(
    painter: QPainter, image: QImage, page: QRect, ratio: float, exposed: QRectF, *, smooth: bool
) -> None:
    """Scale only what shows, snapped outwards to whole pixels of the picture."""
    across, down = page.width() / image.width(), page.height() / image.height()
    left = max(0, int((exposed.left() * ratio - page.x()) / across) - 1)
    top = max(0, int((exposed.top() * ratio - page.y()) / down) - 1)
    right = min(image.width(), int((exposed.right() * ratio - page.x()) / across) + 2)
    bottom = min(image.height(), int((exposed.bottom() * ratio - page.y()) / down) + 2)
    if right <= left or bottom <= top:
        return
    target = QRectF(
        (page.x() + left * across) / ratio,
        (page.y() + top * down) / ratio,
        (right - left) * across / ratio,
        (bottom - top) * down / ratio,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, image, QRectF(left, top, right - left, bottom - top))
