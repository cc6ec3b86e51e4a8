"""The seed: random, fixed, or the last one again."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from sdstudio.messages.generation import MAX_SEED
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.number_field import LABEL_WIDTH_PX


class SeedRow(QWidget):
    """Shows the seed and reports wishes; a line edit, because spin boxes end at 2**31."""

    seed_wanted = Signal(object)
    random_wanted = Signal(bool)
    reuse_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._seed = 0
        self._is_random = True
        self.edit = QLineEdit()
        self.edit.setAccessibleName(self.tr("Seed"))
        self.edit.setToolTip(self.tr("The same seed and settings make the same picture."))
        digits = QRegularExpression(r"\s*\d{0,20}\s*")
        self.edit.setValidator(QRegularExpressionValidator(digits, self))
        self.random_button = icon_button(
            "dice",
            self.tr("Random seed"),
            tooltip=self.tr("A new random seed for every run. Click again to keep the seed."),
        )
        self.random_button.setCheckable(True)
        self.reuse_button = icon_button("reuse", self.tr("Reuse the last seed"))
        title = QLabel(self.tr("Seed"))
        title.setFixedWidth(LABEL_WIDTH_PX)
        title.setBuddy(self.edit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.random_button)
        layout.addWidget(self.reuse_button)
        self.edit.editingFinished.connect(self._commit)
        self.random_button.clicked.connect(self.random_wanted)
        self.reuse_button.clicked.connect(self.reuse_wanted)
        self.show_last(None)

    def show_seed(self, seed: int, is_random: bool) -> None:
        """Show the fixed seed, or that each run draws one."""
        self._seed, self._is_random = seed, is_random
        self.edit.setText("" if is_random else str(seed))
        self.edit.setPlaceholderText(self.tr("New for every run"))
        self.edit.setCursorPosition(0)
        self.random_button.setChecked(is_random)

    def show_last(self, seed: int | None) -> None:
        """Say which seed `reuse` would bring back."""
        self.reuse_button.setEnabled(seed is not None)
        tip = (
            self.tr("There is no seed to reuse before the first run.")
            if seed is None
            else self.tr("Keep the seed of the last run: {0}").format(seed)
        )
        self.reuse_button.setToolTip(tip)
        self.reuse_button.setAttribute(Qt.WidgetAttribute.WA_AlwaysShowToolTips)

    def _commit(self) -> None:
        if not self.edit.isModified():
            return
        text = self.edit.text().strip()
        self.edit.setModified(False)
        if text:
            self.seed_wanted.emit(min(MAX_SEED, int(text)))
        else:
            self.random_wanted.emit(True)
        self.show_seed(self._seed, self._is_random)
