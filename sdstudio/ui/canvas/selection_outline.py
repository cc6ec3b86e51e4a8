"""The outline of the selection, as thin on the screen as it can be, whatever the zoom."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter

from sdstudio.document.rect import Rect
from sdstudio.document.selection import Selection
from sdstudio.ui.canvas.outline_pen import DASH_PX

_BLACK, _WHITE = np.uint32(0xFF000000), np.uint32(0xFFFFFFFF)
_HALF = 128


class SelectionOutline:
    """Draws dashes around what is at least half selected; finds them anew only after a change."""

    def __init__(self) -> None:
        self._image = QImage()
        self._made_for: tuple[QSize, QRect, Rect] | None = None
        self._selection: tuple[Selection, bool, int] | None = None

    def follow(self, selection: Selection) -> bool:
        """Whether this is another selection than before; then the outline is found anew."""
        known, self._selection = (
            self._selection,
            (selection, selection.is_active, selection.version),
        )
        if known == self._selection:
            return False
        self._made_for = None
        return True

    def paint(
        self, painter: QPainter, selection: Selection, *, view: QSize, page: QRect, bounds: Rect
    ) -> None:
        """Draw it.

        Args:
            painter: in device pixels, like `view` and `page`.
            page: where the document lies in the view.
            bounds: of the document.
        """
        if not selection.is_active:
            return
        if self._made_for != (view, page, bounds):
            self._made_for = view, page, bounds
            self._image = _outline(selection, view, page, bounds)
        painter.drawImage(QPoint(), self._image)


def _outline(selection: Selection, view: QSize, page: QRect, bounds: Rect) -> QImage:
    columns = _sampled(view.width(), page.x(), bounds.width / page.width())
    rows = _sampled(view.height(), page.y(), bounds.height / page.height())
    inside = _inside(selection, columns, rows)
    middle = inside[1:-1, 1:-1]
    # a pixel of the rim is selected and has a neighbour that is not
    rim = ~(inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:])
    rim &= middle
    y, x = np.nonzero(rim)
    pixels = np.zeros((view.height(), view.width()), np.uint32)
    pixels[y, x] = np.where((x + y) // DASH_PX % 2, _WHITE, _BLACK)
    image = QImage(
        pixels.data, view.width(), view.height(), pixels.strides[0], QImage.Format.Format_ARGB32
    )
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _sampled(count: int, start: int, step: float) -> np.ndarray:
    """The document's column (or row) under each of the view's, and under one more on each side."""
    places = (np.arange(-1, count + 1) + 0.5 - start) * step
    return np.floor(places).astype(np.int64)


def _inside(selection: Selection, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(rows, columns), bool: whether the pixel at each crossing is selected."""
    inside = np.zeros((len(rows), len(columns)), bool)
    area = Rect.between(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    for where, tile in selection.tiles_under(area):
        left, right = np.searchsorted(columns, (where.x, where.right))
        top, bottom = np.searchsorted(rows, (where.y, where.bottom))
        part = tile[(rows[top:bottom] - where.y)[:, None], (columns[left:right] - where.x)[None]]
        inside[top:bottom, left:right] = part >= _HALF
    return inside
