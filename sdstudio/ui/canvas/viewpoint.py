"""Where the page lies in the view, and how large."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF

MARGIN_PX = 24
MIN_ZOOM, MAX_ZOOM = 0.02, 64.0
MIN_MARGIN_PX = 8
"""What is left of the margin where that makes the zoom a whole number."""

MAX_FIT_ZOOM = 4.0
"""A small picture is not fitted larger than this: beyond it single pixels show."""

MIN_WHOLE_SHARE = 0.88
"""A fitted picture gives up less than an eighth of its size for a whole number."""

ZOOM_STOPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Viewpoint:
    """Fits the page into the view, or keeps the zoom and place that a person chose.

    A zoom of 1 maps one pixel of the picture to one device pixel. Positions are in logical
    pixels of the view unless they are called device pixels.
    """

    def __init__(self) -> None:
        self.is_fit = True
        self.page = QSize(1, 1)
        self._view = QSizeF(1, 1)
        self._ratio = 1.0
        self._zoom = 1.0
        self._centre = QPointF()
        """The point of the picture that lies in the middle of the view."""

    @property
    def zoom(self) -> float:
        """Device pixels per pixel of the picture."""
        return self._zoom

    @property
    def overflows(self) -> bool:
        """Whether the page is larger than the view in some direction."""
        size = QSizeF(self.page) * self._scale
        return size.width() > self._view.width() or size.height() > self._view.height()

    def set_view(self, view: QSizeF, ratio: float) -> None:
        """Take the view's size and its device pixels per logical pixel."""
        if ratio != self._ratio and not self.is_fit:
            self._zoom *= ratio / self._ratio  # the page keeps its size for the eye
        self._view, self._ratio = view, ratio
        self._settle()

    def set_page(self, page: QSize) -> None:
        """Take another page; one of the same size keeps zoom and place."""
        if page != self.page and not page.isEmpty():
            self.page = QSize(page)
            self.fit()

    def fit(self) -> None:
        """Show the whole page, and keep doing so when the view changes."""
        self.is_fit = True
        self._settle()

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zoom so that what lies at `anchor` (the view's middle by default) stays there."""
        arm = QPointF() if anchor is None else anchor - self._middle
        held = self._centre + arm / self._scale
        self.is_fit = False
        self._zoom = min(MAX_ZOOM, max(MIN_ZOOM, zoom))
        self._centre = held - arm / self._scale
        self._settle()

    def step(self, direction: int) -> None:
        """Zoom to the next stop in (1) or out (-1)."""
        if direction > 0:
            stops = [stop for stop in ZOOM_STOPS if stop > self._zoom * 1.001]
        else:
            stops = [stop for stop in ZOOM_STOPS[::-1] if stop < self._zoom * 0.999]
        if stops:
            self.zoom_to(stops[0])

    def pan(self, delta: QPointF) -> None:
        """Move the page."""
        self.is_fit = False
        self._centre -= delta / self._scale
        self._settle()

    def device_rect(self) -> QRect:
        """The page in whole device pixels of the view."""
        width, height = self.page.width() * self._zoom, self.page.height() * self._zoom
        middle = self._middle * self._ratio
        left = middle.x() - self._centre.x() * self._zoom
        top = middle.y() - self._centre.y() * self._zoom
        return QRect(round(left), round(top), max(1, round(width)), max(1, round(height)))

    def rect(self) -> QRectF:
        """The page in logical pixels; its edges lie on device pixels."""
        rect = self.device_rect()
        ratio = self._ratio
        return QRectF(
            rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio
        )

    @property
    def _scale(self) -> float:
        return self._zoom / self._ratio

    @property
    def _middle(self) -> QPointF:
        return QPointF(self._view.width() / 2, self._view.height() / 2)

    def _fitting(self) -> float:
        """The zoom that shows the whole page; whole where that is near, for crisp pixels."""
        zoom, most = self._zoom_within(MARGIN_PX), self._zoom_within(MIN_MARGIN_PX)
        if zoom <= 1.0:
            return zoom
        whole = math.floor(most)
        return float(whole) if whole / zoom >= MIN_WHOLE_SHARE else zoom

    def _zoom_within(self, margin_px: int) -> float:
        free_width = max(1.0, self._view.width() - 2 * margin_px)
        free_height = max(1.0, self._view.height() - 2 * margin_px)
        return min(free_width / self.page.width(), free_height / self.page.height()) * self._ratio

    def _settle(self) -> None:
        """Follow the fit, or keep the page within reach."""
        width, height = self.page.width(), self.page.height()
        if self.is_fit:
            self._zoom = min(MAX_FIT_ZOOM, self._fitting())
        self._centre = QPointF(
            _held(self._centre.x(), width, self._view.width() / self._scale),
            _held(self._centre.y(), height, self._view.height() / self._scale),
        )


def _held(centre: float, page: float, view: float) -> float:
    """A page that fits is centred; an edge of a larger one comes in as far as the middle."""
    return page / 2 if page <= view else min(page, max(0.0, centre))
