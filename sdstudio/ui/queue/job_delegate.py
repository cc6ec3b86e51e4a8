"""How one waiting run is drawn, and the cross that cancels it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QImage, QMouseEvent, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate

from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.ui.icons import icon
from sdstudio.ui.queue import job_words
from sdstudio.ui.queue.waiting_list import DETAILS_ROLE, JOB_ROLE
from sdstudio.ui.widgets.picture_view import to_qimage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

ROW_PX = 44
MARK_PX = 32
CROSS_PX = 24
CAPTION_PX = 11


class JobDelegate(QStyledItemDelegate):
    """Two lines and a mark; the cross appears under the mouse."""

    cancel_wanted = Signal(object)  # Job

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(120, ROW_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        from PySide6.QtWidgets import QStyle  # its many enums would delay the first paint

        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, rect, palette, state)
        job: Job = index.data(JOB_ROLE)
        paint_mark(painter, _mark_rect(rect), job, palette)
        words = rect.adjusted(MARK_PX + 18, 0, -8, 0)
        if is_hovered:
            words.setRight(_cross_rect(rect).left() - 4)
            icon("close", "muted").paint(painter, _cross_rect(rect).adjusted(3, 3, -3, -3))
        lines = (index.data(Qt.ItemDataRole.DisplayRole), index.data(DETAILS_ROLE))
        _paint_words(painter, words, lines, palette)
        painter.restore()

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            rect: QRect = option.rect  # type: ignore[attr-defined]
            if self.is_on_cross(event.position().toPoint(), rect):
                if event.type() == QEvent.Type.MouseButtonRelease:
                    self.cancel_wanted.emit(index.data(JOB_ROLE))
                return True
        return False

    @staticmethod
    def is_on_cross(point: QPoint, row: QRect) -> bool:
        """Whether a point lies on the cross of a row."""
        return _cross_rect(row).contains(point)


def paint_mark(painter: QPainter, rect: QRect, job: Job, palette: QPalette) -> None:
    """Draw what the run starts from, or the icon of its kind."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
    painter.drawRoundedRect(rect, 4, 4)
    start = job.request.start if isinstance(job.request, GenerationRequest) else None
    if start is None:
        icon(job_words.icon_name(job.request), "muted").paint(painter, rect.adjusted(7, 7, -7, -7))
        return
    picture = _small(start.init_image)
    painter.drawPixmap(rect, picture, _middle_square(picture))


def _middle_square(picture: QPixmap) -> QRect:
    side = min(picture.width(), picture.height())
    square = QRect(0, 0, side, side)
    square.moveCenter(picture.rect().center())
    return square


@lru_cache(maxsize=64)
def _small(raster: Raster) -> QPixmap:
    """A small copy, cheap for any size: thinned out first, then smoothed."""
    side = 4 * MARK_PX
    stride = max(1, max(raster.size) // side)
    image = to_qimage(raster) if stride == 1 else _thinned(raster, stride)
    keep, smooth = (
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    return QPixmap.fromImage(image.scaled(2 * MARK_PX, 2 * MARK_PX, keep, smooth))


def _thinned(raster: Raster, stride: int) -> QImage:
    """Every `stride`-th pixel of every `stride`-th row."""
    channels = len(raster.pixels) // (raster.width * raster.height)
    rows = bytearray()
    columns = range(0, raster.width, stride)
    for y in range(0, raster.height, stride):
        row = raster.pixels[y * raster.width * channels : (y + 1) * raster.width * channels]
        for x in columns:
            rows += row[x * channels : (x + 1) * channels]
    height = len(range(0, raster.height, stride))
    return to_qimage(
        Raster(width=len(columns), height=height, mode=raster.mode, pixels=bytes(rows))
    )


def _mark_rect(row: QRect) -> QRect:
    return QRect(row.left() + 10, row.top() + (ROW_PX - MARK_PX) // 2, MARK_PX, MARK_PX)


def _cross_rect(row: QRect) -> QRect:
    return QRect(
        row.right() - CROSS_PX - 6, row.top() + (ROW_PX - CROSS_PX) // 2, CROSS_PX, CROSS_PX
    )


def _paint_ground(
    painter: QPainter, rect: QRect, palette: QPalette, state: QStyle.StateFlag
) -> None:
    from PySide6.QtWidgets import QStyle

    inside = QRectF(rect).adjusted(4, 1, -4, -1)
    if state & QStyle.StateFlag.State_Selected:
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Link), 1.5))
        painter.setBrush(palette.color(QPalette.ColorRole.Light))
        painter.drawRoundedRect(inside, 5, 5)
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Button))
        painter.drawRoundedRect(inside, 5, 5)


def _paint_words(painter: QPainter, rect: QRect, lines: tuple[str, str], palette: QPalette) -> None:
    half = rect.height() // 2
    top = QRect(rect.left(), rect.top() + 4, rect.width(), half - 3)
    below = QRect(rect.left(), rect.top() + half, rect.width(), half - 5)
    font = QFont(painter.font())
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    _paint_line(painter, top, lines[0])
    font.setPixelSize(CAPTION_PX)
    painter.setFont(font)
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    _paint_line(painter, below, lines[1])


def _paint_line(painter: QPainter, rect: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
