"""What lies on the screen under the overlays: scrolled, not painted anew, where it only moved."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPalette, QPixmap, QRegion

from sdstudio.document.rect import Rect
from sdstudio.ui.canvas import page_painting
from sdstudio.ui.canvas.paint_tiles import MAX_LEVEL, PictureTiles

PIXELS_SHOW_ZOOM = 2.0
"""From this zoom on pixels are drawn as squares."""


class ViewBuffer:
    """A copy of the view in device pixels: ground, chequers and picture.

    Args:
        tiles: where the picture comes from.
    """

    def __init__(self, tiles: PictureTiles) -> None:
        self._tiles = tiles
        self._pixmap = QPixmap()
        self.page = QRect()
        """Where the document lies, in device pixels."""
        self._document = Rect()
        self._stale = QRegion()
        self.is_hurried = False
        """Scale by the nearest pixel: rougher and faster, for a page that is being zoomed."""
        self.painted_px = 0
        """How many pixels were painted so far, for tests and measurements."""

    @property
    def num_bytes(self) -> int:
        return self._pixmap.width() * self._pixmap.height() * 4

    @property
    def level(self) -> int:
        """The coarsest level of tiles that is not coarser than the screen."""
        zoom = self.page.width() / max(1, self._document.width)
        return min(MAX_LEVEL, max(0, math.floor(math.log2(1 / max(zoom, 1e-6)) + 1e-3)))

    @property
    def seen(self) -> Rect:
        """The part of the document that is looked at."""
        visible = self.page.intersected(QRect(0, 0, self._pixmap.width(), self._pixmap.height()))
        return self._to_document(visible).intersected(self._document)

    def look(self, view: QSize, page: QRect, document: Rect) -> None:
        """Take the view's size and where the page lies in it, in device pixels."""
        same_scale = page.size() == self.page.size() and document == self._document
        way = page.topLeft() - self.page.topLeft()
        self.page, self._document = page, document
        if view != self._pixmap.size():
            self._pixmap = QPixmap(view)
            self.mark_all()
        elif not same_scale:
            self.mark_all()
        elif not way.isNull():
            self._scroll(way.x(), way.y())

    def mark_all(self) -> None:
        """Everything must be painted anew."""
        self._stale = QRegion(QRect(0, 0, self._pixmap.width(), self._pixmap.height()))

    def mark(self, rect: Rect) -> QRect:
        """This part of the document must be painted anew; returns where that is."""
        where = self._to_device(rect).intersected(
            QRect(0, 0, self._pixmap.width(), self._pixmap.height())
        )
        self._stale += where
        return where

    def show(self, painter: QPainter, area: QRect, palette: QPalette) -> None:
        """Draw the view.

        Args:
            painter: in device pixels.
            area: what of it is needed.
        """
        if not self._stale.isEmpty():
            self._repaint(palette)
        painter.drawPixmap(area.topLeft(), self._pixmap, area)

    def _scroll(self, dx: int, dy: int) -> None:
        whole = QRect(0, 0, self._pixmap.width(), self._pixmap.height())
        self._stale.translate(dx, dy)
        if abs(dx) >= whole.width() or abs(dy) >= whole.height():
            self.mark_all()
            return
        self._pixmap.scroll(dx, dy, whole)
        self._stale += QRegion(whole) - QRegion(whole.translated(dx, dy))
        self._stale &= whole

    def _repaint(self, palette: QPalette) -> None:
        stale, self._stale = self._stale, QRegion()
        painter = QPainter(self._pixmap)
        for rect in rects_of(stale):
            self.painted_px += rect.width() * rect.height()
            painter.save()
            painter.setClipRect(rect)
            for beside in rects_of(QRegion(rect) - QRegion(self.page)):
                painter.fillRect(beside, palette.color(QPalette.ColorRole.Dark))
            self._paint_page(painter, rect.intersected(self.page), palette)
            painter.restore()
        painter.end()

    def _paint_page(self, painter: QPainter, rect: QRect, palette: QPalette) -> None:
        if rect.isEmpty():
            return
        painter.setClipRect(rect)
        page_painting.paint_checker(painter, QRectF(self.page), palette)
        level = self.level
        across = self.page.width() / self._document.width * 2**level
        down = self.page.height() / self._document.height * 2**level
        left, top = self.page.x(), self.page.y()
        source = Rect.between(
            (rect.left() - left) / across - 1,
            (rect.top() - top) / down - 1,
            (rect.right() + 1 - left) / across + 1,
            (rect.bottom() + 1 - top) / down + 1,
        )
        source = source.intersected(
            Rect(0, 0, -(-self._document.width >> level), -(-self._document.height >> level))
        )
        is_smooth = across < PIXELS_SHOW_ZOOM and not (across == down == 1.0 or self.is_hurried)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        painter.translate(left, top)
        painter.scale(across, down)
        if is_smooth:
            painter.drawImage(QPointF(source.x, source.y), self._tiles.part(level, source))
        else:
            self._tiles.draw(painter, level, source)

    def _to_device(self, rect: Rect) -> QRect:
        """The device pixels that a part of the document may colour."""
        across = self.page.width() / max(1, self._document.width)
        down = self.page.height() / max(1, self._document.height)
        spread = 2**self.level  # smooth scaling looks at the neighbours
        left = self.page.x() + (rect.x - spread) * across
        top = self.page.y() + (rect.y - spread) * down
        right = self.page.x() + (rect.right + spread) * across
        bottom = self.page.y() + (rect.bottom + spread) * down
        return QRectF(left, top, right - left, bottom - top).toAlignedRect()

    def _to_document(self, rect: QRect) -> Rect:
        if rect.isEmpty() or self.page.isEmpty():
            return Rect()
        across = self._document.width / self.page.width()
        down = self._document.height / self.page.height()
        return Rect.between(
            (rect.left() - self.page.left()) * across - 2,
            (rect.top() - self.page.top()) * down - 2,
            (rect.right() + 1 - self.page.left()) * across + 2,
            (rect.bottom() + 1 - self.page.top()) * down + 2,
        )


def rects_of(region: QRegion) -> list[QRect]:
    """The rectangles that make up a region."""
    return list(region)  # pyright: ignore[reportArgumentType, reportCallIssue]: stubs lack __iter__
