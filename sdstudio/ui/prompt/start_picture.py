"""The picture a run starts from, and how much of it may change."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from sdstudio.messages.raster import Raster
from sdstudio.ui.widgets.buttons import icon_button, set_look
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.number_field import NumberField, NumberRange
from sdstudio.ui.widgets.picture_view import PictureView

THUMBNAIL_PX = 52


class StartPicture(QFrame):
    """A card that is there only while a run starts from a picture."""

    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.thumbnail = PictureView(radius=4)
        self.thumbnail.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        self.thumbnail.setAccessibleName(self.tr("Starting picture"))
        self.caption = label("", "caption")
        self._size_text = ""
        self._fits = True
        self.remove_button = icon_button("close", self.tr("Remove the starting picture"))
        self.remove_button.clicked.connect(self.remove_wanted)
        self.strength = NumberField(
            self.tr("Strength"),
            NumberRange(
                low=0.01, high=1.0, default=0.6, step=0.05, fine_step=0.01, unit="%", scale=100
            ),
            tooltip=self.tr("How much may change: low keeps the picture, 100 % starts anew."),
        )
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(label(self.tr("Starting picture"), "heading"))
        words.addWidget(self.caption)
        words.addStretch()
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.thumbnail)
        top.addLayout(words, 1)
        top.addWidget(self.remove_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.strength)

    def show_picture(self, picture: Raster | None) -> None:
        """Show a picture, or disappear."""
        self.thumbnail.show_raster(picture)
        if picture is not None:
            self._size_text = f"{picture.width} × {picture.height}"
        self.show_fit(self._fits)
        self.setVisible(picture is not None)

    def show_fit(self, fits: bool) -> None:
        """Say so if the chosen model cannot start from a picture."""
        self._fits = fits
        self.strength.setEnabled(fits)
        self.caption.setText(self._size_text if fits else self.tr("This model cannot use it."))
        set_look(self.caption, "role", "caption" if fits else "warning")
