"""The switch of live painting, how it is done, and what it sees."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from sdstudio.ui.canvas.live_painting import LIVE_STRENGTH, LivePainting
from sdstudio.ui.canvas.repaint_request import Candidate
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.number_field import NumberField, NumberRange
from sdstudio.ui.widgets.picture_view import PictureView
from sdstudio.ui.widgets.section import Section

STRENGTH = NumberRange(
    low=0.05, high=0.95, default=LIVE_STRENGTH, step=0.05, fine_step=0.01, scale=100, unit="%"
)
PICTURE_PX = 200


class LivePanel(QWidget):
    """One section: on or off, strength, and the newest picture.

    Signals:
        keep_wanted: Candidate: the newest picture should lie on the strip.
    """

    keep_wanted = Signal(object)

    def __init__(self, live: LivePainting) -> None:
        super().__init__()
        self._live = live
        self.section = Section(self.tr("Live painting"), is_open=False)
        self.switch = text_button(
            self.tr("Paint live"),
            kind="toggle",
            icon_name="brush",
            tooltip=self.tr("The picture follows the brush after every stroke"),
        )
        self.switch.setCheckable(True)
        self.switch.toggled.connect(live.set_on)
        live.on_changed.connect(self._show_on)
        self.strength = NumberField(
            self.tr("Strength"), STRENGTH, tooltip=self.tr("How far it may leave what is painted.")
        )
        self.strength.value_wanted.connect(self._take_strength)
        self.keeps_all = QCheckBox(self.tr("Keep every result"))
        self.keeps_all.setToolTip(self.tr("Lays each finished picture on the strip"))
        self.keeps_all.toggled.connect(self._keep_all)
        self.on_canvas = QCheckBox(self.tr("Show on the canvas"))
        self.on_canvas.setToolTip(self.tr("Lays the newest picture over what is painted"))
        self.on_canvas.setChecked(live.lies_on_canvas)
        self.on_canvas.toggled.connect(self._lay_on_canvas)
        self.keep = text_button(
            self.tr("Keep"), icon_name="check", tooltip=self.tr("Lay this picture on the strip")
        )
        self.keep.setEnabled(False)
        self.keep.clicked.connect(self._keep)
        self.picture = PictureView(radius=4)
        self.picture.setFixedHeight(PICTURE_PX)
        self.picture.setAccessibleName(self.tr("The newest live picture"))
        self.picture.hide()
        live.picture_made.connect(self._show_picture)
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.switch, 1)
        buttons.addWidget(self.keep)
        self.section.body.addLayout(buttons)
        for row in (self.strength, self.on_canvas, self.keeps_all, self.picture):
            self.section.body.addWidget(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.section)

    def _take_strength(self, strength: float) -> None:
        self.strength.show_value(strength)
        self._live.strength = strength
        self._live.follow()

    def _keep_all(self, keeps_all: bool) -> None:
        self._live.keeps_all = keeps_all

    def _lay_on_canvas(self, lies_there: bool) -> None:
        self._live.lies_on_canvas = lies_there
        self._live.changed.emit()

    def _keep(self) -> None:
        if self._live.picture is not None:
            self.keep_wanted.emit(self._live.picture)

    def _show_on(self, is_on: bool) -> None:
        self.switch.setChecked(is_on)
        self.switch.setText(self.tr("Painting live") if is_on else self.tr("Paint live"))
        self.switch.setIcon(icon("brush", "on-accent" if is_on else "text"))
        if not is_on:
            self.picture.hide()
            self.keep.setEnabled(False)

    def _show_picture(self, candidate: Candidate) -> None:
        self.picture.show_raster(candidate.small)
        self.picture.show()
        self.keep.setEnabled(True)
