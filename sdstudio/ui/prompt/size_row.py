"""Width, height, swap and the presets."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from sdstudio.messages.generation import MAX_SIDE_PX
from sdstudio.ui.generation_choices import ModelChoice, load_size_shapes
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import CONTROL_PX, icon_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import EDIT_WIDTH_PX, LABEL_WIDTH_PX, NumberEdit, NumberRange


class SizeRow(QWidget):
    """The size of the picture in pixels; reports wishes and shows what it is told."""

    size_wanted = Signal(float, float)
    swap_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._size = (1, 1)
        self._shapes = load_size_shapes()
        self._model = ModelChoice(name="", label="")
        self.width_edit = self._side_edit(self.tr("Width in pixels"))
        self.height_edit = self._side_edit(self.tr("Height in pixels"))
        self.swap_button = icon_button("swap", self.tr("Swap width and height"))
        self.preset_button = QToolButton()
        self.preset_button.setProperty("kind", "menu")
        self.preset_button.setAccessibleName(self.tr("Shape of the picture"))
        self.preset_button.setToolTip(self.tr("Shapes that suit the model"))
        self.preset_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.preset_button.setFixedSize(EDIT_WIDTH_PX, CONTROL_PX)
        self.preset_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self.preset_button)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.preset_button.setMenu(self._menu)
        title = QLabel(self.tr("Size"))
        title.setFixedWidth(LABEL_WIDTH_PX)
        title.setBuddy(self.width_edit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(self.width_edit, 1)
        layout.addWidget(label("×", "muted"))
        layout.addWidget(self.height_edit, 1)
        layout.addWidget(self.swap_button)
        layout.addWidget(self.preset_button)
        self.width_edit.value_typed.connect(self._want_width)
        self.height_edit.value_typed.connect(self._want_height)
        self.width_edit.stepped.connect(self._step_width)
        self.height_edit.stepped.connect(self._step_height)
        self.swap_button.clicked.connect(self.swap_wanted)

    def show_size(self, width: int, height: int) -> None:
        """Show a size."""
        self._size = (width, height)
        self.width_edit.show_value(width)
        self.height_edit.show_value(height)
        self.preset_button.setText(self._shape_name())

    def show_model(self, model: ModelChoice) -> None:
        """Let steps and presets follow the model."""
        self._model = model
        self.preset_button.setText(self._shape_name())
        tip = self.tr("A multiple of {0} pixels for this model.").format(model.size_multiple)
        self.width_edit.setToolTip(self.tr("Width in pixels.") + " " + tip)
        self.height_edit.setToolTip(self.tr("Height in pixels.") + " " + tip)

    def _side_edit(self, name: str) -> NumberEdit:
        edit = NumberEdit(NumberRange(low=8, high=MAX_SIDE_PX, default=256, step=1))
        edit.setMinimumWidth(44)
        edit.setMaximumWidth(16_777_215)
        edit.setAccessibleName(name)
        return edit

    def _shape_name(self) -> str:
        """The shape of the present size, as "4:3"."""
        for shape in self._shapes:
            size = shape.size(self._model.native_side, self._model.size_multiple)
            if size == self._size or shape.across * self._size[1] == shape.down * self._size[0]:
                return f"{shape.across}:{shape.down}"
        return self.tr("free")

    def _fill_menu(self) -> None:
        self._menu.clear()
        for shape in self._shapes:
            width, height = shape.size(self._model.native_side, self._model.size_multiple)
            action = QAction(f"{self.tr(shape.label)}\t{width} × {height}", self._menu)
            action.setData((width, height))
            action.setCheckable(True)
            action.setChecked((width, height) == self._size)
            action.triggered.connect(self._take_preset)
            self._menu.addAction(action)
        self._menu.addSeparator()
        half = self._menu.addAction(icon("minus"), self.tr("Half the size"))
        half.triggered.connect(lambda: self._scale(0.5))
        double = self._menu.addAction(icon("plus"), self.tr("Twice the size"))
        double.triggered.connect(lambda: self._scale(2.0))

    def _take_preset(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.size_wanted.emit(*action.data())

    def _scale(self, factor: float) -> None:
        self.size_wanted.emit(self._size[0] * factor, self._size[1] * factor)

    def _want_width(self, width: float) -> None:
        self._want(width, self._size[1])

    def _want_height(self, height: float) -> None:
        self._want(self._size[0], height)

    def _step_width(self, direction: float) -> None:
        self._want(self._size[0] + direction * self._model.size_multiple, self._size[1])

    def _step_height(self, direction: float) -> None:
        self._want(self._size[0], self._size[1] + direction * self._model.size_multiple)

    def _want(self, width: float, height: float) -> None:
        self.size_wanted.emit(width, height)
        self.show_size(*self._size)  # a value that snaps to the old one must not stay in the field
