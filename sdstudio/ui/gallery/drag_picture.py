"""What hangs on the pointer while pictures are dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPalette, QPixmap

SIDE_PX = 72
STEP_PX = 7
HOT_SPOT_PX = 12
BADGE_PX = 22


def drag_picture(thumbnails: Sequence[QPixmap], count: int) -> QPixmap:
    """A small pile of pictures with their number."""
    scale = QGuiApplication.primaryScreen().devicePixelRatio()
    side = SIDE_PX + STEP_PX * 2 + BADGE_PX // 2
    result = QPixmap(round(side * scale), round(side * scale))
    result.setDevicePixelRatio(scale)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for place, pixmap in reversed(list(enumerate(thumbnails[:3]))):
        size = QSizeF(pixmap.size()).scaled(SIDE_PX, SIDE_PX, Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(QRectF(0, BADGE_PX / 2, SIDE_PX, SIDE_PX).center())
        target.translate(place * STEP_PX, place * STEP_PX)
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
    if count > 1:
        _paint_badge(painter, f"{count:,}")
    painter.end()
    return result


def _paint_badge(painter: QPainter, text: str) -> None:
    palette = QGuiApplication.palette()
    width = max(BADGE_PX, painter.fontMetrics().horizontalAdvance(text) + 12)
    badge = QRectF(SIDE_PX - width / 2, 0, width, BADGE_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
    painter.drawRoundedRect(badge, BADGE_PX / 2, BADGE_PX / 2)
    painter.setPen(palette.color(QPalette.ColorRole.HighlightedText))
    painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), text)
