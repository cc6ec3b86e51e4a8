"""How large a new picture shall be, and on what it is painted."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QVBoxLayout, QWidget

from sdstudio.document.blend import Colour
from sdstudio.messages.generation import MAX_SIDE_PX
from sdstudio.ui.widgets.buttons import answer_row
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import NumberField, NumberRange

SIZES = (
    (256, 256),
    (512, 512),
    (768, 512),
    (512, 768),
    (1024, 1024),
    (1216, 832),
    (832, 1216),
    (1920, 1080),
    (2048, 2048),
    (4096, 4096),
)
GROUNDS: tuple[Colour | None, ...] = ((255, 255, 255), (128, 128, 128), (0, 0, 0), None)


class NewPictureDialog(QDialog):
    """Asks for size and ground.

    Signals:
        wanted: width, height in pixels, and the ground: a colour, or None for none.
    """

    wanted = Signal(int, int, object)

    def __init__(self, width: int, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New Picture"))
        self.setMinimumWidth(420)
        self.sizes = QComboBox()
        self.sizes.setAccessibleName(self.tr("Size"))
        self.sizes.addItem(self.tr("Other"), None)
        for size in SIZES:
            self.sizes.addItem(self.tr("{0} x {1} pixels").format(*size), size)
        self.across = self._number(self.tr("Width"), width)
        self.down = self._number(self.tr("Height"), height)
        self.ground = QComboBox()
        self.ground.setAccessibleName(self.tr("Ground"))
        words = (self.tr("White"), self.tr("Grey"), self.tr("Black"), self.tr("Transparent"))
        for text, colour in zip(words, GROUNDS, strict=True):
            self.ground.addItem(text, colour)
        self._lay_out()
        self.sizes.activated.connect(self._take_size)
        self._show_size()

    def accept(self) -> None:
        ground = GROUNDS[self.ground.currentIndex()]
        self.wanted.emit(round(self.across.value), round(self.down.value), ground)
        super().accept()

    def _number(self, text: str, value: int) -> NumberField:
        limits = NumberRange(
            low=1, high=MAX_SIDE_PX, default=512, step=64, slider_high=2048, unit="px"
        )
        tip = self.tr("From 1 to {0} pixels").format(MAX_SIDE_PX)
        field = NumberField(text, limits, tooltip=tip)
        field.edit.setFixedWidth(80)
        field.show_value(value)
        field.value_wanted.connect(field.show_value)
        field.value_wanted.connect(self._show_size)
        return field

    def _take_size(self) -> None:
        size = self.sizes.currentData()
        if size is not None:
            self.across.show_value(size[0])
            self.down.show_value(size[1])

    def _show_size(self) -> None:
        size = round(self.across.value), round(self.down.value)
        self.sizes.setCurrentIndex(SIZES.index(size) + 1 if size in SIZES else 0)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label(self.tr("Size")), 0, 0)
        grid.addWidget(self.sizes, 0, 1)
        grid.addWidget(self.across, 1, 0, 1, 2)
        grid.addWidget(self.down, 2, 0, 1, 2)
        grid.addWidget(label(self.tr("Ground")), 3, 0)
        grid.addWidget(self.ground, 3, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addLayout(answer_row(self, self.tr("Create"), self.tr("Cancel")))
