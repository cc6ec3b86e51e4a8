"""Buttons for what a new picture can take from one of the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sdstudio.ui.widgets.buttons import icon_button, text_button

if TYPE_CHECKING:
    from sdstudio.gallery.picture_row import PictureRow


class ReuseBar(QWidget):
    """Use, remix, make again, and a menu with the rest.

    Signals:
        all_wanted, remix_wanted, again_wanted: for the picture that is shown.
        menu_wanted: a QPoint on the screen below the button.
    """

    all_wanted = Signal()
    remix_wanted = Signal()
    again_wanted = Signal()
    menu_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.use = text_button(
            self.tr("Use"),
            icon_name="reuse",
            tooltip=self.tr("Put all of its settings into the panel"),
        )
        self.remix = text_button(
            self.tr("Remix"),
            icon_name="dice",
            tooltip=self.tr("Put all of its settings but the seed into the panel"),
        )
        self.again = icon_button("difference", self.tr("Make it again and compare"), kind="")
        self.more = icon_button("more", self.tr("More to do with it"), kind="")
        self.use.clicked.connect(self.all_wanted)
        self.remix.clicked.connect(self.remix_wanted)
        self.again.clicked.connect(self.again_wanted)
        self.more.clicked.connect(self._show_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.use, 1)
        row.addWidget(self.remix, 1)
        row.addWidget(self.again)
        row.addWidget(self.more)

    def show_for(self, row: PictureRow | None) -> None:
        """Offer what this picture can give."""
        has_settings = row is not None and bool(row.source)
        for button in (self.use, self.remix):
            button.setEnabled(has_settings)
        self.again.setEnabled(row is not None and row.source == "sdstudio")

    def _show_menu(self) -> None:
        self.menu_wanted.emit(self.more.mapToGlobal(self.more.rect().bottomLeft()))
