"""A picture scaled into whatever room there is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from sdstudio.messages.raster import Raster

_FORMATS = {
    "L": (QImage.Format.Format_Grayscale8, 1),
    "RGB": (QImage.Format.Format_RGB888, 3),
    "RGBA": (QImage.Format.Format_RGBA8888, 4),
}


def to_qimage(raster: Raster) -> QImage:
    """A deep copy as a QImage: the raster's bytes may go away at any time."""
    image_format, channels = _FORMATS[raster.mode]
    stride = raster.width * channels
    return QImage(raster.pixels, raster.width, raster.height, stride, image_format).copy()


class PictureView(QWidget):
    """Shows one picture whole, with its proportions kept."""

    def __init__(self, *, radius: float = 0.0) -> None:
        super().__init__()
        self._image = QImage()
        self._radius = radius

    def show_raster(self, raster: Raster | None) -> None:
        """Show a picture, or nothing."""
        self._image = QImage() if raster is None else to_qimage(raster)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(256, 256)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(QRectF(self.rect()).center())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._radius:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            path = QPainterPath()
            path.addRoundedRect(target, self._radius, self._radius)
            painter.setClipPath(path)
        painter.drawImage(target, self._image)
