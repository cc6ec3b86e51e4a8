"""A number as a slider with an editable field."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QWidget,
)

LABEL_WIDTH_PX = 76
EDIT_WIDTH_PX = 58
HANDLE_PX = 14
"""Width of the slider's handle in the style sheet, which QStyle would tell at a cost: its many
enums alone take a hundredth of a second of the start."""

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """What a number may be and how it moves.

    Attributes:
        low, high: hard limits of what can be typed.
        default: marked on the slider; a double-click returns to it.
        step: of wheel, arrow keys and slider; `fine_step` with Shift.
        slider_high: right end of the slider where the hard limit is far out.
        scale: what is shown is the value times this (100 for a percentage).
    """

    low: float
    high: float
    default: float
    step: float = 1.0
    fine_step: float = 1.0
    slider_high: float | None = None
    decimals: int = 0
    unit: str = ""
    scale: float = 1.0

    @property
    def slider_end(self) -> float:
        """The value at the right end of the slider."""
        return self.high if self.slider_high is None else self.slider_high

    def clamp(self, value: float) -> float:
        """The nearest allowed value, rounded to the shown decimals."""
        digits = self.decimals + round(math.log10(self.scale))
        return min(self.high, max(self.low, round(value, digits)))

    def text(self, value: float) -> str:
        """The value as a person reads it."""
        number = f"{value * self.scale:.{self.decimals}f}"
        return f"{number} {self.unit}".strip()

    def parse(self, text: str) -> float | None:
        """The value meant by a text, in "1.5" or "1,5"; None if there is no number in it."""
        match = _NUMBER.search(text)
        return self.clamp(float(match[0].replace(",", ".")) / self.scale) if match else None


class NumberEdit(QLineEdit):
    """A typed number; arrows and the wheel step it, Escape gives the old one back."""

    value_typed = Signal(float)
    stepped = Signal(float)  # signed number of steps, in values

    def __init__(self, limits: NumberRange) -> None:
        super().__init__()
        self._limits = limits
        self._value = limits.default
        self.setProperty("kind", "number")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(EDIT_WIDTH_PX)
        self.editingFinished.connect(self._commit)

    def show_value(self, value: float) -> None:
        """Show a value that came from elsewhere."""
        self._value = value
        self.setText(self._limits.text(value))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if direction is not None:
            self._commit()
            self.stepped.emit(direction * _step(self._limits, event.modifiers()))
        elif event.key() == Qt.Key.Key_Escape and self.isModified():
            self.show_value(self._value)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():  # the wheel belongs to the panel until the field is used
            event.ignore()
            return
        self.stepped.emit(_direction(event) * _step(self._limits, event.modifiers()))
        event.accept()

    def _commit(self) -> None:
        if not self.isModified():
            return
        value = self._limits.parse(self.text())
        self.show_value(self._value if value is None else value)
        if value is not None:
            self.value_typed.emit(value)


class DefaultSlider(QSlider):
    """A slider that marks its default and returns to it at a double-click."""

    stepped = Signal(float)
    reset_wanted = Signal()

    def __init__(self, limits: NumberRange) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.limits = limits
        self.setRange(0, round((limits.slider_end - limits.low) / limits.fine_step))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumWidth(64)

    def value_at(self, position: int) -> float:
        """The number at a slider position."""
        return self.limits.clamp(self.limits.low + position * self.limits.fine_step)

    def position_of(self, value: float) -> int:
        """The slider position of a number."""
        return round((value - self.limits.low) / self.limits.fine_step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._drag_to(event)
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._drag_to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():
            event.ignore()
            return
        self.stepped.emit(_direction(event) * _step(self.limits, event.modifiers()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self.stepped.emit(-_step(self.limits, event.modifiers()))
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self.stepped.emit(_step(self.limits, event.modifiers()))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.value() == self.position_of(self.limits.default):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.palette().color(QPalette.ColorRole.PlaceholderText)))
        x = self._x_of(self.position_of(self.limits.default))
        painter.drawEllipse(QPointF(x, self.height() / 2 + 9), 1.6, 1.6)

    def _span(self) -> tuple[int, int]:
        """(x of the handle's middle at 0, pixels it can travel)."""
        return HANDLE_PX // 2, max(1, self.width() - HANDLE_PX)

    def _x_of(self, position: int) -> float:
        start, length = self._span()
        return start + length * position / max(1, self.maximum()) + 0.5

    def _drag_to(self, event: QMouseEvent) -> None:
        start, length = self._span()
        position = (event.position().x() - start) / length * self.maximum()
        coarse = max(1.0, self.limits.step / self.limits.fine_step)
        if not event.modifiers() & _SHIFT:
            offset = -self.limits.low / self.limits.fine_step  # whole steps, not offsets of low
            position = round((position - offset) / coarse) * coarse + offset
        self.setValue(round(position))


class NumberField(QWidget):
    """Label, slider and field of one number; reports wishes, shows what it is told."""

    value_wanted = Signal(float)

    def __init__(self, label: str, limits: NumberRange, *, tooltip: str) -> None:
        super().__init__()
        self.limits = limits
        self._value = limits.default
        self.label = QLabel(label)
        self.label.setFixedWidth(LABEL_WIDTH_PX)
        self.slider = DefaultSlider(limits)
        self.edit = NumberEdit(limits)
        self.label.setBuddy(self.edit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.label)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.edit)
        self._tooltip = tooltip
        self._describe()
        self.slider.valueChanged.connect(self._on_slider)
        self.slider.stepped.connect(self._on_step)
        self.slider.reset_wanted.connect(self._on_reset)
        self.edit.stepped.connect(self._on_step)
        self.edit.value_typed.connect(self.value_wanted)
        self.show_value(limits.default)

    @property
    def value(self) -> float:
        """The value shown."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show a value; does not report it as a wish."""
        self._value = value
        self.edit.show_value(value)
        self.slider.blockSignals(True)
        self.slider.setValue(self.slider.position_of(value))
        self.slider.blockSignals(False)
        self.slider.update()

    def set_default(self, default: float) -> None:
        """Move the default, and with it the mark."""
        self.limits = replace(self.limits, default=default)
        self.slider.limits = self.limits
        self.slider.update()
        self._describe()

    def _describe(self) -> None:
        label, tooltip = self.label.text(), self._tooltip
        default = self.limits.text(self.limits.default)
        how = self.tr("Default {0}; double-click the slider to return. Shift: fine steps.")
        self.setToolTip(f"{tooltip}\n{how.format(default)}")
        for part in (self, self.slider, self.edit):
            part.setAccessibleName(label)
            part.setAccessibleDescription(tooltip)

    def _want(self, value: float) -> None:
        value = self.limits.clamp(value)
        if value != self._value:
            self.value_wanted.emit(value)

    def _on_slider(self, position: int) -> None:
        self._want(self.slider.value_at(position))

    def _on_step(self, amount: float) -> None:
        self._want(self._value + amount)

    def _on_reset(self) -> None:
        self._want(self.limits.default)


def _step(limits: NumberRange, modifiers: Qt.KeyboardModifier) -> float:
    return limits.fine_step if modifiers & _SHIFT else limits.step


def _direction(event: QWheelEvent) -> int:
    delta = event.angleDelta().y() or event.angleDelta().x()  # Shift turns the wheel sideways
    return (delta > 0) - (delta < 0)
