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
        self,
        painter: QPainter,
        selection: Selection,
        *,
        view: QSize,
        page: QRect,
        bounds: Rect,
        line_px: int,
    ) -> None:
        """Draw it.

        Args:
            painter: in device pixels, like `view`, `page` and `line_px`.
            page: where the document lies in the view.
            bounds: of the document.
        """
        if not selection.is_active:
            return
        if self._made_for != (view, page, bounds):
            self._made_for = view, page, bounds
            columns = _sampled(view.width(), page.x(), bounds.width / page.width(), line_px)
            rows = _sampled(view.height(), page.y(), bounds.height / page.height(), line_px)
            self._image = _outline(_inside(selection, columns, rows), line_px)
        painter.drawImage(QPoint(), self._image)


def _outline(inside: np.ndarray, line_px: int) -> QImage:
    """Dashes along the rim of what is inside; `inside` has a margin of `line_px`."""
    far = 2 * line_px
    kept = slice(line_px, -line_px)
    core = inside[:-far, kept] & inside[far:, kept]
    core &= inside[kept, :-far] & inside[kept, far:]
    y, x = np.nonzero(inside[kept, kept] & ~core)
    height, width = inside.shape[0] - far, inside.shape[1] - far
    pixels = np.zeros((height, width), np.uint32)
    pixels[y, x] = np.where((x + y) // (DASH_PX * line_px) % 2, _WHITE, _BLACK)
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _sampled(count: int, start: int, step: float, margin: int) -> np.ndarray:
    """The document's column (or row) under each of the view's, and under a margin on each side."""
    places = (np.arange(-margin, count + margin) + 0.5 - start) * step
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
