"""The slim column at the left: the tools, and the two colours."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from sdstudio.ui.canvas.colour_picker import ColourPicker
from sdstudio.ui.canvas.paint_colours import Colours
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.slide_field import SlideField
from sdstudio.ui.canvas.tools.tool import Tool, words
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import NumberRange

COLUMN_PX = 44
WELL_PX = 22
GREY = NumberRange(low=0, high=1, default=1, step=0.05, fine_step=0.01, unit="%", scale=100.0)


class ColourWell(QWidget):
    """The colour in use over the one for the next swap."""

    foreground_clicked = Signal()
    background_clicked = Signal()

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self._colours = colours
        self.setFixedSize(36, 36)
        self.setAccessibleName(self.tr("Colours"))
        self.setToolTip(self.tr("Click to choose; X swaps, D takes the defaults"))
        colours.changed.connect(self.update)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._front().contains(event.position()):
            self.foreground_clicked.emit()
        elif self._back().contains(event.position()):
            self.background_clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rim = self.palette().color(QPalette.ColorRole.WindowText)
        ground = self.palette().color(QPalette.ColorRole.Window)
        for box, colour in (
            (self._back(), self._colours.background),
            (self._front(), self._colours.foreground),
        ):
            painter.setPen(QPen(ground, 3))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QPen(rim, 1))
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(box, 4, 4)

    def _front(self) -> QRectF:
        return QRectF(QPointF(1.5, 1.5), QSize(WELL_PX, WELL_PX).toSizeF())

    def _back(self) -> QRectF:
        return self._front().translated(11, 11)


class GreyOptions(QFrame):
    """A small window that sets how much a mask's strokes repaint."""

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._colours = colours
        self.field = SlideField(
            self.tr("Strength"),
            GREY,
            tooltip=self.tr("100 % repaints, 0 % keeps, between may change so much"),
        )
        self.field.setFixedWidth(180)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(label(self.tr("Paint the mask with"), "heading"))
        layout.addWidget(self.field)
        self.field.value_wanted.connect(self._set)
        colours.changed.connect(self._show)
        self._show()

    def _set(self, strength: float) -> None:
        grey = round(strength * 255)
        self._colours.set_foreground((grey, grey, grey))

    def _show(self) -> None:
        self.field.show_value(self._colours.foreground[0] / 255)


class ToolPalette(QFrame):
    """Takes tools in hand and shows which one is."""

    def __init__(self, view: PaintView) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setFixedWidth(COLUMN_PX)
        self._view = view
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.buttons = {tool.name: self._button(tool) for tool in view.tools}
        self.well = ColourWell(view.colours)
        self.greys = GreyOptions(view.colours, self)
        self.picker = ColourPicker(view.colours, self)
        self.well.foreground_clicked.connect(self._choose_foreground)
        self.well.background_clicked.connect(view.colours.swap)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 4, 8)
        layout.setSpacing(4)
        for button in self.buttons.values():
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(8)
        layout.addWidget(self.well, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        view.tools.current_changed.connect(self._show_tool)
        self._show_tool(view.tools.current.name)

    def _button(self, tool: Tool) -> QToolButton:
        name = words(tool.label)
        tip = f"{name} ({tool.key})"
        button = icon_button(
            tool.icon_name, name, tooltip=f"{tip}\n{words(tool.tip)}" if tool.tip else tip
        )
        button.setCheckable(True)
        button.clicked.connect(lambda: self._view.tools.choose(tool.name))
        self._group.addButton(button)
        return button

    def _show_tool(self, name: str) -> None:
        self.buttons[name].setChecked(True)

    def _choose_foreground(self) -> None:
        window = self.greys if self._view.colours.kind == "mask" else self.picker
        window.adjustSize()
        window.move(self.well.mapToGlobal(self.well.rect().topRight()))
        window.show()
