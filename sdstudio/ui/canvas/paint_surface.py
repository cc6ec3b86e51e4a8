"""The surface of the canvas: shows a document, and draws no more than has changed."""

from __future__ import annotations

import math
import time
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QWidget

from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.ui.canvas import page_painting
from sdstudio.ui.canvas.page_view import PageView
from sdstudio.ui.canvas.paint_composite import PictureComposer
from sdstudio.ui.canvas.paint_tiles import PictureTiles
from sdstudio.ui.canvas.selection_outline import SelectionOutline
from sdstudio.ui.canvas.view_buffer import ViewBuffer, rects_of

WORK_MS = 6.0
"""How long a frame may composite what is not shown yet; what is left waits for the next one."""


HURRY_S = 0.008
"""A zoom whose frames take longer than this is painted in a hurry, and well when it rests."""

CALM_MS = 120


class Overlay(Protocol):
    """Something drawn above the picture."""

    def paint(self, painter: QPainter, view: Any) -> None:
        """Draw, in the logical pixels of the view it lies over."""
        ...


class PaintSurface(PageView):
    """Shows one document at the viewpoint's place and size, with overlays above it.

    Attributes:
        overlays: drawn above the picture, in this order.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self.viewpoint.page = QSize(*document.size)
        self.overlays: list[Overlay] = []
        self._composer = PictureComposer(document)
        self._tiles = PictureTiles(self._composer)
        self._buffer = ViewBuffer(self._tiles)
        self._outline = SelectionOutline()
        self._work_timer = QTimer(self)
        self._work_timer.setSingleShot(True)
        self._work_timer.setInterval(0)
        self._work_timer.timeout.connect(self._work)
        self._calm_timer = QTimer(self)
        self._calm_timer.setSingleShot(True)
        self._calm_timer.setInterval(CALM_MS)
        self._calm_timer.timeout.connect(self._calm_down)
        self._frame_s = 0.0
        self._wear_palette()

    @property
    def document(self) -> Document:
        return self._composer.document

    @property
    def num_bytes(self) -> int:
        """What is kept of the picture in order to show it."""
        return self._tiles.num_bytes + self._buffer.num_bytes

    @property
    def is_settled(self) -> bool:
        """Whether all that is seen shows the document as it is now."""
        buffer = self._buffer
        is_stale = self._tiles.is_stale(level=buffer.level, seen=buffer.seen)
        return not (is_stale or buffer.is_hurried)

    def show_document(self, document: Document) -> None:
        """Show another document, whole."""
        self._composer.document = document
        self._take_page()
        self.fit()

    def touch(self, rect: Rect) -> None:
        """Show the document anew in `rect`."""
        if QSize(*self.document.size) != self.viewpoint.page:
            self._take_page()
            self.refresh_view()
        elif not rect.is_empty:
            shown = self._tiles.change(rect, level=self._buffer.level, seen=self._buffer.seen)
            self._show(shown)
            if shown != rect:
                self._work_timer.start()

    @property
    def mask_opacity(self) -> float:
        """How much a mask's veil hides, 0 to 1."""
        return self._composer.veil_opacity

    @mask_opacity.setter
    def mask_opacity(self, opacity: float) -> None:
        self._composer.veil_opacity = min(1.0, max(0.0, opacity))
        self.touch(self.document.bounds)

    # --- where things lie -----------------------------------------------------------------

    @property
    def scale(self) -> float:
        """Logical pixels of the view per pixel of the document."""
        return self.viewpoint.zoom / self.devicePixelRatioF()

    def to_document(self, position: QPointF) -> QPointF:
        """The point of the document under a point of the view."""
        page = self.viewpoint.rect()
        width, height = self.document.size
        return QPointF(
            (position.x() - page.x()) * width / page.width(),
            (position.y() - page.y()) * height / page.height(),
        )

    def to_widget(self, point: QPointF) -> QPointF:
        """The point of the view where a point of the document is shown."""
        page = self.viewpoint.rect()
        width, height = self.document.size
        return QPointF(
            page.x() + point.x() * page.width() / width,
            page.y() + point.y() * page.height() / height,
        )

    def widget_rect(self, rect: Rect) -> QRectF:
        """Where a rectangle of the document is shown, in logical pixels."""
        corner = self.to_widget(QPointF(rect.x, rect.y))
        return QRectF(corner, self.to_widget(QPointF(rect.right, rect.bottom)))

    def pan(self, delta: QPointF) -> None:
        """Move the page, by logical pixels."""
        self.viewpoint.pan(delta)
        self.refresh_view()

    def zoom_by(self, factor: float, anchor: QPointF) -> None:
        """Zoom so that what lies at `anchor` stays there."""
        self.viewpoint.zoom_to(self.viewpoint.zoom * factor, anchor)
        self.refresh_view()

    # --- painting -------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._wear_palette()
            self._buffer.mark_all()
            self.touch(self.document.bounds)

    def paintEvent(self, event: QPaintEvent) -> None:
        started = time.perf_counter()
        self._look()
        painter = QPainter(self)
        painter.save()
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        for rect in rects_of(event.region()):
            self._buffer.show(painter, _device_rect(rect, ratio), self.palette())
        self._outline.paint(
            painter,
            self.document.selection,
            view=self._view_size(),
            page=self.viewpoint.device_rect(),
            bounds=self.document.bounds,
            line_px=max(1, round(ratio)),
        )
        painter.restore()
        for overlay in self.overlays:
            painter.save()
            overlay.paint(painter, self)
            painter.restore()
        if self.has_key_focus:
            page_painting.paint_focus(painter, self.rect().toRectF(), self.palette())
        if not self.is_settled:
            self._work_timer.start()
        self._frame_s = time.perf_counter() - started

    def _take_page(self) -> None:
        """The document has other edges."""
        self._tiles.clear()
        self._buffer.mark_all()
        self.viewpoint.set_page(QSize(*self.document.size))

    def _look(self) -> None:
        """Follow the view's size and the viewpoint."""
        self.viewpoint.set_view(QSizeF(self.size()), self.devicePixelRatioF())
        page = self.viewpoint.device_rect()
        if page.size() != self._buffer.page.size() and self._frame_s > HURRY_S:
            self._buffer.is_hurried = True
            self._calm_timer.start()
        self._buffer.look(self._view_size(), page, self.document.bounds)

    def _view_size(self) -> QSize:
        ratio = self.devicePixelRatioF()
        return QSize(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))

    def _calm_down(self) -> None:
        """The zoom rests: paint well what was painted in a hurry."""
        self._buffer.is_hurried = False
        self._buffer.mark_all()
        self.update()

    def _work(self) -> None:
        """Composite more of what is seen."""
        level, seen = self._buffer.level, self._buffer.seen
        budget_ms = WORK_MS / 3 if self._buffer.is_hurried else WORK_MS
        for rect in self._tiles.work(level=level, seen=seen, budget_ms=budget_ms):
            self._show(rect)

    def _show(self, rect: Rect) -> None:
        """Let a part of the picture be painted anew from the tiles."""
        where = self._buffer.mark(rect)
        ratio = self.devicePixelRatioF()
        self.update(
            QRectF(
                where.x() / ratio, where.y() / ratio, where.width() / ratio, where.height() / ratio
            ).toAlignedRect()
        )

    def _wear_palette(self) -> None:
        self._composer.veil_colour = self.palette().color(QPalette.ColorRole.Highlight)


def _device_rect(rect: QRect, ratio: float) -> QRect:
    """In device pixels, rounded outwards."""
    return QRectF(
        rect.x() * ratio, rect.y() * ratio, rect.width() * ratio, rect.height() * ratio
    ).toAlignedRect()
