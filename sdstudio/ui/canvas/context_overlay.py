"""What the model will see and may change, drawn over the canvas before anything is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from sdstudio.document.context import ContextCrop
from sdstudio.document.document import Document
from sdstudio.document.repaint import MaskPlan, plan_crop, plan_masks
from sdstudio.document.state import DocumentSnapshot
from sdstudio.errors import InvalidRequestError
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.placed_picture import Placing, view_rect
from sdstudio.ui.canvas.repaint_request import RepaintWish, crop_for, has_mask

REFRESH_MS = 40
"""Wishes closer together than this are drawn once."""

LINGER_MS = 1600
"""How long the falloff stays after the last move of a slider."""

_TINT_ALPHA = 0.45
_SHOWN_SIDE_PX = 1024
"""A larger crop is drawn small, and without its fill."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """What is drawn.

    Attributes:
        has_mask: only a part of the crop is to change.
        falloff: the fill under the denoise mask's tint and the blend mask's rim, or None
            where it was not asked for or all of the crop is made anew.
    """

    crop: ContextCrop
    has_mask: bool
    falloff: np.ndarray | None = None


def sketch(
    snapshot: DocumentSnapshot, wish: RepaintWish, tint: QColor, *, draws_falloff: bool = True
) -> Sketch | None:
    """Draw what the model would see and change; None where there is nothing to change.

    Runs on any thread.
    """
    document = Document.from_snapshot(snapshot)
    try:
        crop = crop_for(document, wish)
        if not has_mask(document, wish) and wish.intent in ("generate", "refine"):
            return Sketch(crop=crop, has_mask=False)
        falloff = _falloff(document, crop, wish, tint) if draws_falloff else None
        return Sketch(crop=crop, has_mask=True, falloff=falloff)
    except InvalidRequestError:
        return None


def _falloff(document: Document, crop: ContextCrop, wish: RepaintWish, tint: QColor) -> np.ndarray:
    """(height, width, 4) uint8, straight alpha, at most about a thousand pixels a side."""
    step = max(1, -(-max(crop.box.width, crop.box.height) // _SHOWN_SIDE_PX))
    if step > 1 or wish.fill == "original":
        masks = plan_masks(document, crop, wish.edges, wish.strength, step=step)
        return _tinted(masks, tint, None)
    plan = plan_crop(document, crop, wish.edges, wish.strength)
    return _tinted(plan, tint, plan.filled(wish.fill, np.random.default_rng(0)))


def _tinted(plan: MaskPlan, tint: QColor, under: np.ndarray | None) -> np.ndarray:
    weight = plan.denoise[..., None] * np.float32(_TINT_ALPHA / 255)
    colour = np.array([tint.red(), tint.green(), tint.blue()], np.float32)
    pixels = np.empty((*weight.shape[:2], 4), np.uint8)
    if under is None:
        pixels[..., :3] = colour
        pixels[..., 3] = np.rint(weight[..., 0] * 255)
    else:
        pixels[..., :3] = np.rint(under * (1 - weight) + colour * weight)
        pixels[..., 3] = np.where(weight[..., 0] > 0, 255, 0)
    pixels[_rim(plan.blend > 0)] = (255, 255, 255, 255)
    return pixels


def _rim(inside: np.ndarray) -> np.ndarray:
    """The innermost line of what is seen of the result, dashed, where it has a neighbour."""
    around = np.pad(inside, 1, mode="edge")
    surrounded = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    rows, columns = np.ogrid[: inside.shape[0], : inside.shape[1]]
    return inside & ~surrounded & ((rows // 3 + columns // 3) % 2 == 0)


class ContextOverlay(QObject):
    """Keeps a sketch of the next run up to date and paints it.

    Args:
        look: the document's snapshot and the wish as they are now.

    Signals:
        changed: paint the view anew.
    """

    changed = Signal()

    def __init__(
        self, look: Callable[[], tuple[DocumentSnapshot, RepaintWish]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._background = Background(self)
        self._sketch: Sketch | None = None
        self._image: QImage | None = None
        self._is_drawing = self._is_stale = False
        self._tint = QColor("#4c8dff")
        self.is_muted = False
        """Something lies at the place already: a preview or a candidate."""
        self._is_pinned = False
        self._refresh_timer = _timer(self, REFRESH_MS, self._draw)
        self._linger = _timer(self, LINGER_MS, self.changed.emit)

    @property
    def crop(self) -> ContextCrop | None:
        """What the model would see, as far as it is known."""
        return None if self._sketch is None else self._sketch.crop

    @property
    def shows_falloff(self) -> bool:
        """Whether fill, growth and feather are drawn now."""
        return not self.is_muted and (self._is_pinned or self._linger.isActive())

    def refresh(self) -> None:
        """Draw anew soon; many wishes become one."""
        if not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def linger(self) -> None:
        """Show the falloff for a moment: a slider moves."""
        self._linger.start()
        self.refresh()

    def pin(self, is_pinned: bool) -> None:
        """Show the falloff all the time, not only while a slider moves."""
        self._is_pinned = is_pinned
        self.refresh()

    def close(self) -> None:
        """Wait for what is being drawn."""
        self._refresh_timer.stop()
        self._background.finish()

    def paint(self, painter: QPainter, view: Placing) -> None:
        """Draw the crop and, while a slider moves, what lies in it."""
        if self._sketch is None or self.is_muted:
            return
        frame = view_rect(view, self._sketch.crop.box)
        if self.shows_falloff:
            _dim_around(painter, frame, view.viewpoint.rect())
            if self._image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(frame, self._image, QRectF(self._image.rect()))
            _write(painter, frame, self._words(self._sketch.crop))
        if self.shows_falloff or self._sketch.has_mask:
            _outline(painter, frame)

    def _words(self, crop: ContextCrop) -> str:
        seen = self.tr("The model sees {0} × {1}").format(crop.box.width, crop.box.height)
        if not crop.is_scaled:
            return seen
        return seen + self.tr(", painted at {0} × {1}").format(crop.width, crop.height)

    def _draw(self) -> None:
        if self._is_drawing:
            self._is_stale = True
            return
        self._is_drawing, self._is_stale = True, False
        snapshot, wish = self._look()
        tint, draws = self._tint, self.shows_falloff
        self._background.run(lambda: sketch(snapshot, wish, tint, draws_falloff=draws), self._take)

    def _take(self, drawn: Sketch | None) -> None:
        self._is_drawing = False
        self._sketch = drawn
        self._image = None if drawn is None or drawn.falloff is None else _image(drawn.falloff)
        self.changed.emit()
        if self._is_stale:
            self.refresh()


def _timer(parent: QObject, interval_ms: int, act: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(act)
    return timer


def _image(pixels: np.ndarray) -> QImage:
    height, width = pixels.shape[:2]
    plain = np.ascontiguousarray(pixels)
    image = QImage(plain.data, width, height, width * 4, QImage.Format.Format_RGBA8888)  # type: ignore[arg-type]
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _dim_around(painter: QPainter, frame: QRectF, page: QRectF) -> None:
    path = QPainterPath()
    path.addRect(page.united(frame))
    path.addRect(frame)
    painter.fillPath(path, QColor(0, 0, 0, 90))


def _outline(painter: QPainter, frame: QRectF) -> None:
    """Two lines, dark under light, that are seen on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    edge = frame.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
    painter.drawRect(edge)
    painter.setPen(QPen(QColor(255, 255, 255, 220), 1, Qt.PenStyle.CustomDashLine))
    pen = painter.pen()
    pen.setDashPattern([5, 4])
    painter.setPen(pen)
    painter.drawRect(edge)


def _write(painter: QPainter, frame: QRectF, text: str) -> None:
    """A small label at the frame's upper left corner."""
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(text) + 14
    label = QRectF(frame.left() + 6, frame.top() + 6, width, 20)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(label, 4, 4)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
