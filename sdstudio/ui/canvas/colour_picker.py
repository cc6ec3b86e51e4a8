"""A small window to choose a colour in: a field of shades, a bar of hues, what was used lately."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from sdstudio.document.blend import Colour
from sdstudio.ui.canvas.paint_colours import Colours

FIELD_PX, BAR_PX, SWATCH_PX = 208, 16, 20
NUM_RECENT = 8
STEP = 0.02
FIRST_COLOURS: tuple[Colour, ...] = (
    (0, 0, 0),
    (255, 255, 255),
    (128, 128, 128),
    (201, 60, 48),
    (233, 168, 62),
    (88, 150, 82),
    (62, 112, 190),
    (126, 84, 160),
)
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-STEP, 0),
    Qt.Key.Key_Right: QPointF(STEP, 0),
    Qt.Key.Key_Up: QPointF(0, -STEP),
    Qt.Key.Key_Down: QPointF(0, STEP),
}


class _Pad(QWidget):
    """Something to point into: reports a place as parts of its width and height."""

    pointed = Signal(QPointF)

    def __init__(self, size: QSize, name: str) -> None:
        super().__init__()
        self.place = QPointF()
        self.colour = QColor()
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def show_place(self, place: QPointF, colour: QColor) -> None:
        """Mark a place; `colour` is what the pad is drawn with."""
        self.place, self.colour = place, colour
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _ARROWS.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
        else:
            self.pointed.emit(_within(self.place + way))

    def _point(self, position: QPointF) -> None:
        self.pointed.emit(
            _within(QPointF(position.x() / self.width(), position.y() / self.height()))
        )

    def _spot(self) -> QPointF:
        return QPointF(self.place.x() * self.width(), self.place.y() * self.height())

    def _paint_rim(self, painter: QPainter) -> None:
        role = QPalette.ColorRole.Link if self.hasFocus() else QPalette.ColorRole.Mid
        painter.setPen(QPen(self.palette().color(role), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class ShadeField(_Pad):
    """All shades of one hue: stronger to the right, darker downwards."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self.rect().toRectF()
        hue = QColor.fromHsvF(max(0.0, self.colour.hsvHueF()), 1.0, 1.0)
        across = QLinearGradient(box.topLeft(), box.topRight())
        across.setColorAt(0, QColor(255, 255, 255))
        across.setColorAt(1, hue)
        painter.fillRect(box, across)
        down = QLinearGradient(box.topLeft(), box.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0))
        painter.fillRect(box, down)
        self._paint_rim(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(self._spot(), 6, 6)


class HueBar(_Pad):
    """All hues, from red to red."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        across = QLinearGradient(QPointF(0, 0), QPointF(self.width(), 0))
        for sixth in range(7):
            across.setColorAt(sixth / 6, QColor.fromHsvF(sixth / 6 % 1.0, 1.0, 1.0))
        painter.fillRect(self.rect(), across)
        self._paint_rim(painter)
        x = self._spot().x()
        painter.setPen(QPen(QColor(0, 0, 0, 160), 4))
        painter.drawLine(QPointF(x, 1), QPointF(x, self.height() - 1))
        painter.setPen(QPen(QColor(255, 255, 255), 2))
        painter.drawLine(QPointF(x, 1), QPointF(x, self.height() - 1))


class Swatches(QWidget):
    """Colours to take with a click."""

    chosen = Signal(object)  # Colour

    def __init__(self) -> None:
        super().__init__()
        self.colours: tuple[Colour, ...] = FIRST_COLOURS
        self.setFixedSize(FIELD_PX, SWATCH_PX)
        self.setAccessibleName(self.tr("Colours used lately"))
        self.setToolTip(self.accessibleName())

    def add(self, colour: Colour) -> None:
        """Put a colour first."""
        others = (each for each in self.colours if each != colour)
        self.colours = (colour, *others)[:NUM_RECENT]
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().x() / (self.width() / NUM_RECENT))
        if 0 <= index < len(self.colours):
            self.chosen.emit(self.colours[index])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        step = self.width() / NUM_RECENT
        for index, colour in enumerate(self.colours):
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(
                QRectF(index * step + 0.5, 0.5, SWATCH_PX - 1, SWATCH_PX - 1), 4, 4
            )


class ColourPicker(QFrame):
    """Changes the foreground colour while one looks; a click elsewhere closes it."""

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._colours = colours
        self._hue = 0.0  # greys have none: the one before stays
        self.field = ShadeField(QSize(FIELD_PX, FIELD_PX * 3 // 4), self.tr("Shades"))
        self.bar = HueBar(QSize(FIELD_PX, BAR_PX), self.tr("Hues"))
        self.swatches = Swatches()
        self.edit = QLineEdit()
        self.edit.setAccessibleName(self.tr("Colour as #rrggbb"))
        self.edit.setToolTip(self.edit.accessibleName())
        self._lay_out()
        self.field.pointed.connect(self._take_shade)
        self.bar.pointed.connect(self._take_hue)
        self.swatches.chosen.connect(colours.set_foreground)
        self.edit.editingFinished.connect(self._take_text)
        colours.changed.connect(self._show)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._colours.kind == "raster":
            self.swatches.add(self._colours.foreground)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        for part in (self.field, self.bar, self.swatches, self.edit):
            layout.addWidget(part)

    def _show(self) -> None:
        colour = QColor(*self._colours.foreground)
        if colour.hsvHueF() >= 0:
            self._hue = colour.hsvHueF()
        shade = QPointF(colour.hsvSaturationF(), 1 - colour.valueF())
        self.field.show_place(shade, QColor.fromHsvF(self._hue, 1.0, 1.0))
        self.bar.show_place(QPointF(self._hue, 0.5), colour)
        self.edit.setText(colour.name())

    def _take_shade(self, place: QPointF) -> None:
        self._put(QColor.fromHsvF(self._hue, place.x(), 1 - place.y()))

    def _take_hue(self, place: QPointF) -> None:
        self._hue = min(place.x(), 0.999)
        shade = self.field.place
        self._put(QColor.fromHsvF(self._hue, shade.x(), 1 - shade.y()))
        self._show()

    def _take_text(self) -> None:
        match = _HEX.fullmatch(self.edit.text().strip())
        if match:
            self._put(QColor(f"#{match[1]}"))
        self._show()

    def _put(self, colour: QColor) -> None:
        self._colours.set_foreground((colour.red(), colour.green(), colour.blue()))


def _within(place: QPointF) -> QPointF:
    return QPointF(min(1.0, max(0.0, place.x())), min(1.0, max(0.0, place.y())))
