"""What can be done with the selected pictures, and how they are shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSlider, QToolButton, QWidget

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.mark_menus import fill_label_menu, fill_rating_menu
from sdstudio.ui.gallery.virtual_grid import DEFAULT_CELL_PX, MAX_CELL_PX, MIN_CELL_PX
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import ElidedLabel

HEIGHT_PX = 40
SLIDER_PX = 92
MAX_COMPARED = 4


class ActionBar(QWidget):
    """One row below the pictures.

    Signals:
        rate_wanted, label_wanted: for the selected pictures.
        board_menu_wanted: a menu of boards below this button.
        compare_wanted, export_wanted, delete_wanted: with the selected pictures.
        days_toggled: whether days should have headings.
        details_toggled: whether details should stand at the right.
        cell_px_wanted: the size of thumbnails.
    """

    rate_wanted = Signal(int)
    label_wanted = Signal(str)
    board_menu_wanted = Signal(object)
    compare_wanted = Signal()
    export_wanted = Signal()
    delete_wanted = Signal()
    days_toggled = Signal(bool)
    details_toggled = Signal(bool)
    cell_px_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT_PX)
        self.count = ElidedLabel("", "muted")
        self.rate = self._menu_button("star", self.tr("Give stars (0 to 5)"))
        self.label = self._menu_button("label", self.tr("Give a colour label"))
        fill_rating_menu(self.rate.menu(), self.rate_wanted.emit)
        fill_label_menu(self.label.menu(), self.label_wanted.emit)
        self.board = icon_button("board", self.tr("Put on a board"))
        self.board.clicked.connect(self._want_boards)
        self.compare = self._button("compare", self.tr("Compare two to four"), self.compare_wanted)
        self.export = self._button("export", self.tr("Export… (Ctrl+E)"), self.export_wanted)
        self.delete = self._button("trash", self.tr("Delete (Del)"), self.delete_wanted)
        self.days = icon_button("days", self.tr("Show by day"))
        self.days.setCheckable(True)
        self.days.toggled.connect(self.days_toggled)
        self.details = icon_button("sidebar-right", self.tr("Show details (Ctrl+I)"))
        self.details.setCheckable(True)
        self.details.setChecked(True)
        self.details.toggled.connect(self.details_toggled)
        self.cell_size = QSlider(Qt.Orientation.Horizontal)
        self.cell_size.setRange(MIN_CELL_PX, MAX_CELL_PX)
        self.cell_size.setValue(DEFAULT_CELL_PX)
        self.cell_size.setFixedWidth(SLIDER_PX)
        self.cell_size.setAccessibleName(self.tr("Size of thumbnails"))
        self.cell_size.setToolTip(self.tr("Size of thumbnails (Ctrl and the wheel)"))
        self.cell_size.valueChanged.connect(self.cell_px_wanted)
        self._lay_out()
        self.show_selection(0, 0)

    def show_selection(self, selected: int, total: int) -> None:
        """Tell how many there are, and enable what can be done."""
        if selected:
            text = self.tr("{0} selected").format(f"{selected:,}")
        else:
            text = counted.pictures(total)
        self.count.setText(text)
        for button in (self.rate, self.label, self.board, self.export, self.delete):
            button.setEnabled(selected > 0)
        self.compare.setEnabled(2 <= selected <= MAX_COMPARED)

    def show_cell_px(self, cell_px: int) -> None:
        """Let the slider follow."""
        self.cell_size.setValue(cell_px)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 10, 0)
        layout.setSpacing(2)
        layout.addWidget(self.count, 1)
        actions = (self.rate, self.label, self.board, self.compare, self.export, self.delete)
        for button in actions:
            layout.addWidget(button)
        layout.addSpacing(10)
        layout.addWidget(self.days)
        layout.addSpacing(4)
        layout.addWidget(self.cell_size)
        layout.addSpacing(4)
        layout.addWidget(self.details)

    def _button(self, icon_name: str, name: str, wanted: SignalInstance) -> QToolButton:
        button = icon_button(icon_name, name)
        button.clicked.connect(wanted)
        return button

    def _menu_button(self, icon_name: str, name: str) -> QToolButton:
        button = icon_button(icon_name, name)
        button.setMenu(QMenu(button))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _want_boards(self) -> None:
        self.board_menu_wanted.emit(self.board)
