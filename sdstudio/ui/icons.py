"""Our own icons: SVG strokes that take the palette's colour whenever they are painted."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from sdstudio.paths import resource_path

ICON_PX = 20
Tint = Literal["text", "muted", "accent", "on-accent", "danger", "warning", "success"]

_ROLES: dict[Tint, QPalette.ColorRole] = {
    "text": QPalette.ColorRole.WindowText,
    "muted": QPalette.ColorRole.PlaceholderText,
    "accent": QPalette.ColorRole.Link,
    "on-accent": QPalette.ColorRole.HighlightedText,
    "danger": QPalette.ColorRole.BrightText,
    # Qt has no roles for these two, and no widget of ours draws with the ones they borrow
    "warning": QPalette.ColorRole.LinkVisited,
    "success": QPalette.ColorRole.Shadow,
}


def icon(name: str, tint: Tint = "text") -> QIcon:
    """The icon `resources/icons/NAME.svg`; it follows a change of theme by itself."""
    return QIcon(_StrokeEngine(name, tint))


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))


class _StrokeEngine(QIconEngine):
    """Draws one SVG in a colour of the application's present palette."""

    def __init__(self, name: str, tint: Tint) -> None:
        super().__init__()
        self._name = name
        self._tint: Tint = tint

    def _color(self, mode: QIcon.Mode) -> str:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            group, role = QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText
        else:
            group, role = QPalette.ColorGroup.Active, _ROLES[self._tint]
        return palette.color(group, role).name()

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        target = QRectF(0, 0, side, side)
        target.moveCenter(QRectF(rect).center())
        _renderer(self._name, self._color(mode)).render(painter, target)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        result = QPixmap(size * scale)
        result.setDevicePixelRatio(scale)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result

    def clone(self) -> QIconEngine:
        return _StrokeEngine(self._name, self._tint)
