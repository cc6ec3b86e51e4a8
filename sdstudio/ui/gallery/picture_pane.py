"""One picture of the gallery, with zoom and pan."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPixmap

from sdstudio.ui.canvas import page_painting
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.canvas.page_view import PageView

EMPTY_PAGE = QSize(256, 256)


class PicturePane(PageView):
    """Shows a picture, or words where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Picture"))
        self._picture: PagePicture | None = None
        self._sketch: QPixmap | None = None
        self._words = ""

    @property
    def picture(self) -> PagePicture | None:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: PagePicture | None, words: str = "") -> None:
        """Show a picture; `words` stand where there is none."""
        self._picture, self._words, self._sketch = picture, words, None
        self.viewpoint.set_page(EMPTY_PAGE if picture is None else picture.size)
        self.refresh_view()

    def show_sketch(self, thumbnail: QPixmap, size: QSize) -> None:
        """Show a thumbnail at the place of a picture that is still being read.

        Args:
            size: of the file; its sides are exchanged where the thumbnail lies the other way.
        """
        self._picture, self._words, self._sketch = None, "", thumbnail
        is_turned = (size.width() > size.height()) != (thumbnail.width() > thumbnail.height())
        self.viewpoint.set_page(size.transposed() if is_turned else size)
        self.refresh_view()

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        self.viewpoint.set_view(self.view_size(), ratio)
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(event.rect(), palette.color(QPalette.ColorRole.Dark))
        page = self.viewpoint.rect()
        if self._picture is not None:
            if self._picture.has_alpha:
                page_painting.paint_checker(painter, page, palette)
            device = self.viewpoint.device_rect()
            self._picture.paint(painter, device, ratio, event.rect().toRectF())
        elif self._sketch is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(page, self._sketch, self._sketch.rect().toRectF())
        elif self._words:
            page_painting.paint_empty_page(painter, page, palette)
            inside = page.adjusted(12, 12, -12, -12)
            page_painting.paint_caption(painter, inside, self._words, palette)
        if self.has_key_focus:
            page_painting.paint_focus(painter, self.rect().toRectF(), palette)
