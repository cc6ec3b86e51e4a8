"""A number in little room: a bar to drag, with its name and value written on it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from sdstudio.ui.widgets.buttons import CONTROL_PX
from sdstudio.ui.widgets.number_field import NumberRange

DRAG_PX = 3
WIDTH_PX = 112
SIDE_PX = 7
GAP_PX = 6
RADIUS_PX = 6
LABEL_PX = 11
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
}


class _Edit(QLineEdit):
    """Keeps Enter and Escape to itself: the field behind it would answer them as well."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.hide()
        else:
            super().keyPressEvent(event)
        event.accept()


class SlideField(QWidget):
    """Drag to slide, click to type, double-click to return to the default.

    Args:
        power: above 1 the small values have more of the bar.
    """

    value_wanted = Signal(float)

    def __init__(
        self, label: str, limits: NumberRange, *, tooltip: str, power: float = 1.0
    ) -> None:
        super().__init__()
        self._label = label
        self.limits = limits
        self._power = power
        self._value = limits.default
        self._press: QPointF | None = None
        self._slides = False
        self.setFixedHeight(CONTROL_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setAccessibleName(label)
        self.setAccessibleDescription(tooltip)
        default = limits.text(limits.default)
        how = self.tr("Drag to change, click to type, double-click for {0}").format(default)
        self.setToolTip(f"{tooltip}\n{how}")
        self.edit = _Edit(self)
        self.edit.setProperty("kind", "number")
        self.edit.setAccessibleName(label)
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.hide()
        self.edit.editingFinished.connect(self._take_text)

    @property
    def value(self) -> float:
        """The value shown."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show a value; does not report it as a wish."""
        self._value = value
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(WIDTH_PX, self.minimumSizeHint().width()), CONTROL_PX)

    def minimumSizeHint(self) -> QSize:
        """Room for the name beside the widest value."""
        self.ensurePolished()
        value = self.fontMetrics().horizontalAdvance(self.limits.text(self.limits.slider_end))
        name = QFontMetrics(self._label_font()).horizontalAdvance(self._label)
        return QSize(value + name + 2 * SIDE_PX + GAP_PX, CONTROL_PX)

    # --- what a person does ---------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press, self._slides = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        if abs(event.position().x() - self._press.x()) >= DRAG_PX:
            self._slides = True
        if self._slides:
            self._want(self._value_at(event.position().x() / max(1, self.width())))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_click = self._press is not None and not self._slides
        self._press = None
        if is_click and event.button() == Qt.MouseButton.LeftButton:
            self._open_edit(self.limits.text(self._value))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._press = None
        self._want(self.limits.default)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        self._step((delta > 0) - (delta < 0), event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = _STEPS.get(Qt.Key(event.key()))
        if direction is not None:
            self._step(direction, event.modifiers())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_edit(self.limits.text(self._value))
        elif event.text().isdigit():
            self._open_edit(event.text(), selects=False)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        rim = colours.color(QPalette.ColorRole.Link if self.hasFocus() else QPalette.ColorRole.Mid)
        box = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        fill = QColor(colours.color(QPalette.ColorRole.Highlight))
        fill.setAlphaF(0.3)
        painter.setBrush(fill)
        painter.setClipRect(QRectF(0, 0, self.width() * self._part(), self.height()))
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(rim, 2 if self.hasFocus() else 1))
        painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        self._paint_words(painter, colours)

    def _paint_words(self, painter: QPainter, colours: QPalette) -> None:
        inside = self.rect().adjusted(SIDE_PX, 0, -SIDE_PX, 0)
        value = self.limits.text(self._value)
        painter.setPen(colours.color(QPalette.ColorRole.Text))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        room = inside.width() - painter.fontMetrics().horizontalAdvance(value) - 4
        painter.setFont(self._label_font())
        painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
        label = painter.fontMetrics().elidedText(self._label, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)

    def _label_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(LABEL_PX)
        return font

    # --- values ---------------------------------------------------------------------------

    def _part(self) -> float:
        """How much of the bar is filled."""
        span = self.limits.slider_end - self.limits.low
        part = min(1.0, max(0.0, (self._value - self.limits.low) / span))
        return part ** (1 / self._power)

    def _value_at(self, part: float) -> float:
        span = self.limits.slider_end - self.limits.low
        return self.limits.low + span * min(1.0, max(0.0, part)) ** self._power

    def _step(self, direction: int, modifiers: Qt.KeyboardModifier) -> None:
        is_fine = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        step = self.limits.fine_step if is_fine else self.limits.step
        self._want(self._value + direction * step)

    def _want(self, value: float) -> None:
        value = self.limits.clamp(value)
        if value != self._value:
            self.value_wanted.emit(value)

    def _open_edit(self, text: str, *, selects: bool = True) -> None:
        self.edit.setGeometry(self.rect())
        self.edit.setText(text)
        self.edit.show()
        self.edit.setFocus()
        if selects:
            self.edit.selectAll()

    def _take_text(self) -> None:
        if self.edit.isHidden():
            return
        self.edit.hide()
        value = self.limits.parse(self.edit.text())
        if value is not None:
            self._want(value)
