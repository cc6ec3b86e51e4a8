"""The bar above the canvas: what the tool in hand can be set to."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QStackedWidget, QWidget

from sdstudio.document.brush import MAX_SIZE_PX
from sdstudio.ui.canvas.brush_settings import MIN_SIZE_PX
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.pressure_curve import PenOptions
from sdstudio.ui.canvas.slide_field import SlideField
from sdstudio.ui.canvas.tools.brush import BrushTool
from sdstudio.ui.canvas.tools.fill import DEFAULT_TOLERANCE, FillTool
from sdstudio.ui.canvas.tools.tool import Tool, words
from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.number_field import NumberRange
from sdstudio.ui.widgets.overflow_row import OverflowRow

BAR_PX = 40
FILL_ROW_PX = 460
VEIL_PX = 88
SELECTING = ("lasso", "rectangle", "ellipse")
PERCENT = {"low": 0.0, "high": 1.0, "step": 0.05, "fine_step": 0.01, "unit": "%", "scale": 100.0}
SIZE_POWER = 3.0


def _percent(label: str, default: float, tooltip: str, low: float = 0.0) -> SlideField:
    limits = NumberRange(**{**PERCENT, "low": low}, default=default)
    return SlideField(label, limits, tooltip=tooltip)


class BrushOptions(QWidget):
    """Size, hardness, opacity and flow of a brush, and its pen."""

    def __init__(self, tool: BrushTool) -> None:
        super().__init__()
        self._settings = tool.settings
        first = tool.settings.brush
        size = NumberRange(
            low=MIN_SIZE_PX, high=MAX_SIZE_PX, default=first.size_px, step=5, unit="px"
        )
        self.fields = {
            "size_px": SlideField(
                self.tr("Size"), size, tooltip=self.tr("Diameter ([ and ])"), power=SIZE_POWER
            ),
            "hardness": _percent(
                self.tr("Hardness"), first.hardness, self.tr("How sharp the rim is")
            ),
            "opacity": _percent(
                self.tr("Opacity"), first.opacity, self.tr("The most one stroke covers")
            ),
            "flow": _percent(
                self.tr("Flow"), first.flow, self.tr("How fast a stroke gets there"), low=0.01
            ),
        }
        self.pen_button = icon_button(
            "pen-pressure", self.tr("Pen pressure"), tooltip=self.tr("What the pen's pressure does")
        )
        self.pen_options = PenOptions(self._settings, self)
        self.pen_button.clicked.connect(self._open_pen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for name, field in self.fields.items():
            field.value_wanted.connect(partial(self._change, name))
        self.row = OverflowRow(*self.fields.values())
        layout.addWidget(self.row, 1)
        layout.addWidget(self.pen_button)
        self._settings.changed.connect(self._show)
        self._show()

    def _change(self, name: str, value: float) -> None:
        self._settings.change(**{name: value})

    def _show(self) -> None:
        brush = self._settings.brush
        for name, field in self.fields.items():
            field.show_value(getattr(brush, name))

    def _open_pen(self) -> None:
        self.pen_options.adjustSize()
        corner = QPoint(self.pen_button.width() - self.pen_options.width(), BAR_PX - 4)
        self.pen_options.move(self.pen_button.mapToGlobal(corner))
        self.pen_options.show()


class FillOptions(QWidget):
    """How much alike pixels must be, how much is covered, and which layers are looked at."""

    def __init__(self, tool: FillTool) -> None:
        super().__init__()
        self._tool = tool
        limits = NumberRange(low=0, high=255, default=DEFAULT_TOLERANCE, step=4)
        self.tolerance = SlideField(
            self.tr("Tolerance"), limits, tooltip=self.tr("How far colours may differ, 0 to 255")
        )
        self.opacity = _percent(self.tr("Opacity"), 1.0, self.tr("How much is covered"))
        self.sees_all = QCheckBox(self.tr("Look at all layers"))
        self.sees_all.setToolTip(self.tr("Else only at the active layer"))
        self.sees_all.setChecked(tool.sees_all)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.row = OverflowRow(self.tolerance, self.opacity, self.sees_all)
        self.row.setMaximumWidth(FILL_ROW_PX)
        layout.addWidget(self.row, 1)
        layout.addStretch()
        self.tolerance.value_wanted.connect(self._set_tolerance)
        self.opacity.value_wanted.connect(self._set_opacity)
        self.sees_all.toggled.connect(self._set_sees_all)

    def _set_tolerance(self, value: float) -> None:
        self._tool.tolerance = round(value)
        self.tolerance.show_value(value)

    def _set_opacity(self, value: float) -> None:
        self._tool.opacity = value
        self.opacity.show_value(value)

    def _set_sees_all(self, is_on: bool) -> None:
        self._tool.sees_all = is_on


class PlainOptions(QWidget):
    """What a tool does, and the few acts that go with it."""

    def __init__(self, tool: Tool, view: PaintView) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(ElidedLabel(words(tool.tip), "muted"), 1)
        if tool.name in SELECTING:
            for text, tip, act in (
                (self.tr("All"), self.tr("Select everything (Ctrl+A)"), view.select_all),
                (self.tr("None"), self.tr("Select nothing (Ctrl+D)"), view.select_nothing),
                (self.tr("Invert"), self.tr("Turn it over (Ctrl+I)"), view.invert_selection),
            ):
                self._add(text, tip, lambda _=False, act=act: view.attempt(act))
        if tool.name == "generation-box":
            text, tip = self.tr("Whole picture"), self.tr("Put the box around the picture")
            self._add(text, tip, lambda: setattr(view, "generation_box", None))

    def _add(self, text: str, tip: str, act) -> None:
        button = text_button(text, kind="quiet", tooltip=tip)
        button.clicked.connect(act)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(button)


class ToolOptions(QFrame):
    """Shows the options of the tool in hand; on a mask also how much its veil hides."""

    def __init__(self, view: PaintView) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setFixedHeight(BAR_PX)
        self._view = view
        self._pages = QStackedWidget()
        self._by_tool = {tool.name: self._page(tool) for tool in view.tools}
        limits = NumberRange(**PERCENT, default=0.5)
        self.veil = SlideField(
            self.tr("Veil"), limits, tooltip=self.tr("How much the masks' colour hides")
        )
        self.veil.setFixedWidth(max(VEIL_PX, self.veil.minimumSizeHint().width()))
        self.veil.value_wanted.connect(self._set_veil)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.veil)
        view.tools.current_changed.connect(self._show_tool)
        view.colours.changed.connect(self._show_veil)
        self._show_tool(view.tools.current.name)
        self._show_veil()

    def page(self, name: str) -> QWidget:
        """The options of a tool."""
        return self._by_tool[name]

    def _page(self, tool: Tool) -> QWidget:
        if isinstance(tool, BrushTool):
            page: QWidget = BrushOptions(tool)
        elif isinstance(tool, FillTool):
            page = FillOptions(tool)
        else:
            page = PlainOptions(tool, self._view)
        self._pages.addWidget(page)
        return page

    def _show_tool(self, name: str) -> None:
        self._pages.setCurrentWidget(self._by_tool[name])

    def _show_veil(self) -> None:
        self.veil.setVisible(self._view.colours.kind == "mask")

    def _set_veil(self, opacity: float) -> None:
        self._view.mask_opacity = opacity
        self.veil.show_value(opacity)
