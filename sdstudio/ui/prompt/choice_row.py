"""A label with a list to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from sdstudio.ui.generation_choices import ModelChoice, NamedChoice
from sdstudio.ui.widgets.number_field import LABEL_WIDTH_PX


class CalmComboBox(QComboBox):
    """A combo box that leaves the wheel to the panel until it is used."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceRow(QWidget):
    """Reports the name of what was chosen; each entry explains itself in its tooltip."""

    name_wanted = Signal(str)

    def __init__(self, label: str, *, tooltip: str) -> None:
        super().__init__()
        self.box = CalmComboBox()
        self.box.setAccessibleName(label)
        self.box.setToolTip(tooltip)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setMinimumContentsLength(8)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._tooltip = tooltip
        title = QLabel(label)
        title.setFixedWidth(LABEL_WIDTH_PX)
        title.setBuddy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(self.box, 1)
        self.box.activated.connect(self._on_activated)

    def show_choices(self, choices: Iterable[NamedChoice | ModelChoice], current: str) -> None:
        """List the choices and show `current`, which is added if it is not among them."""
        self.box.clear()
        for choice in choices:
            hint = choice.description if isinstance(choice, ModelChoice) else choice.hint
            self.box.addItem(choice.label, choice.name)
            self.box.setItemData(self.box.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        self.show_name(current)

    def show_name(self, name: str) -> None:
        """Show the choice of this name."""
        index = self.box.findData(name)
        if index < 0:
            self.box.addItem(name, name)
            index = self.box.count() - 1
        self.box.setCurrentIndex(index)
        hint = self.box.itemData(index, Qt.ItemDataRole.ToolTipRole)
        self.box.setToolTip(f"{self._tooltip}\n{hint}" if hint else self._tooltip)

    def _on_activated(self, index: int) -> None:
        self.name_wanted.emit(self.box.itemData(index))
