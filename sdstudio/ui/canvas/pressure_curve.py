"""How hard one must press: a curve to drag, and what the pen's pressure drives."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QFrame, QVBoxLayout, QWidget

from sdstudio.document.brush import PressureCurve
from sdstudio.ui.canvas.brush_settings import BrushSettings
from sdstudio.ui.canvas.slide_field import SlideField
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import NumberRange

SIDE_PX = 148
MIN_GAMMA, MAX_GAMMA = 0.25, 4.0
LEAST = NumberRange(
    low=0.0, high=0.9, default=0.0, step=0.05, fine_step=0.01, unit="%", scale=100.0
)


class CurveEdit(QWidget):
    """Shows a pressure curve; dragging bends it through the pointer."""

    curve_wanted = Signal(object)  # PressureCurve

    def __init__(self, curve: PressureCurve) -> None:
        super().__init__()
        self._curve = curve
        self.setFixedSize(SIDE_PX, SIDE_PX)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setAccessibleName(self.tr("Pressure curve"))
        self.setToolTip(self.tr("Harder goes right; drag to make the pen softer or harder"))

    def show_curve(self, curve: PressureCurve) -> None:
        """Draw another curve."""
        self._curve = curve
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._bend(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._bend(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.curve_wanted.emit(PressureCurve(at_zero=self._curve.at_zero))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        box = self._box()
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Mid), 1))
        painter.setBrush(colours.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(box, 6, 6)
        for part in (0.25, 0.5, 0.75):
            x, y = box.left() + part * box.width(), box.top() + part * box.height()
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Link), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([self._place(step / 40) for step in range(41)]))

    def sizeHint(self) -> QSize:
        return QSize(SIDE_PX, SIDE_PX)

    def _box(self) -> QRectF:
        return self.rect().toRectF().adjusted(1, 1, -1, -1)

    def _place(self, pressure: float) -> QPointF:
        box = self._box()
        height = self._curve(pressure) * box.height()
        return QPointF(box.left() + pressure * box.width(), box.bottom() - height)

    def _bend(self, position: QPointF) -> None:
        box, least = self._box(), self._curve.at_zero
        across = min(0.95, max(0.05, (position.x() - box.left()) / box.width()))
        up = (box.bottom() - position.y()) / box.height()
        reached = min(0.99, max(0.01, (up - least) / (1 - least)))
        gamma = min(MAX_GAMMA, max(MIN_GAMMA, math.log(reached) / math.log(across)))
        self.curve_wanted.emit(PressureCurve(at_zero=least, gamma=round(gamma, 2)))


class PenOptions(QFrame):
    """A small window with all that concerns pen pressure."""

    def __init__(self, settings: BrushSettings, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._settings = settings
        self.size_box = QCheckBox(self.tr("Pressure changes the size"))
        self.opacity_box = QCheckBox(self.tr("Pressure changes the opacity"))
        self.curve = CurveEdit(settings.curve)
        self.least = SlideField(
            self.tr("Lightest"), LEAST, tooltip=self.tr("What the lightest touch still gives")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(label(self.tr("Pen pressure"), "heading"))
        layout.addWidget(self.size_box)
        layout.addWidget(self.opacity_box)
        layout.addWidget(self.curve, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.least)
        self.size_box.toggled.connect(lambda on: settings.set_pen(size=on))
        self.opacity_box.toggled.connect(lambda on: settings.set_pen(opacity=on))
        self.curve.curve_wanted.connect(lambda curve: settings.set_pen(curve=curve))
        self.least.value_wanted.connect(self._set_least)
        settings.changed.connect(self._show)
        self._show()

    def _set_least(self, least: float) -> None:
        self._settings.set_pen(curve=PressureCurve(at_zero=least, gamma=self._settings.curve.gamma))

    def _show(self) -> None:
        settings = self._settings
        self.size_box.setChecked(settings.size_follows_pen)
        self.opacity_box.setChecked(settings.opacity_follows_pen)
        self.curve.show_curve(settings.curve)
        self.least.show_value(settings.curve.at_zero)
