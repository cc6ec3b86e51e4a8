"""How much a picture's file may lose, with the size it will have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QVBoxLayout, QWidget

from sdstudio.document.export import ExportOptions, PictureFormat
from sdstudio.errors import InvalidRequestError
from sdstudio.settings.settings import PlainValue
from sdstudio.ui.widgets.buttons import answer_row
from sdstudio.ui.widgets.labels import label, short_name
from sdstudio.ui.widgets.number_field import NumberField, NumberRange

QUALITY, LOSSLESS = "export-quality", "export-lossless"
"""Under these names in the settings' panel state."""

REST_MS = 250

Measure = Callable[[ExportOptions, Callable[[tuple[ExportOptions, int]], None]], object]
"""Finds out how many bytes a file of these options has, and tells it with the options."""


class ExportDialog(QDialog):
    """Asks for the quality of a JPEG or WebP.

    Args:
        measure: asked for one file at a time, when the sliders rest.

    Signals:
        wanted: ExportOptions.
    """

    wanted = Signal(object)

    def __init__(
        self,
        file_name: str,
        picture_format: PictureFormat,
        options: ExportOptions,
        measure: Measure,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export {0}").format(short_name(file_name)))
        self.setMinimumWidth(420)
        self._measure = measure
        self._measured: ExportOptions | None = None
        self._is_measuring = False
        limits = NumberRange(low=1, high=100, default=ExportOptions().quality, step=5)
        tip = self.tr("From 1, small and rough, to 100, large and true; 92 is hard to tell apart")
        self.quality = NumberField(self.tr("Quality"), limits, tooltip=tip)
        self.quality.show_value(options.quality)
        self.lossless = QCheckBox(self.tr("Keep every pixel as it is (lossless)"))
        self.lossless.setChecked(options.is_lossless and picture_format == "WEBP")
        self.lossless.setVisible(picture_format == "WEBP")
        self.file_size = label("", "muted")
        self._rest_timer = QTimer(self)
        self._rest_timer.setSingleShot(True)
        self._rest_timer.setInterval(REST_MS)
        self._rest_timer.timeout.connect(self._measure_now)
        self._lay_out()
        self.quality.value_wanted.connect(self._take_quality)
        self.lossless.toggled.connect(self._follow)
        self._follow()

    @property
    def options(self) -> ExportOptions:
        """What is chosen now."""
        return ExportOptions(
            quality=round(self.quality.value), is_lossless=self.lossless.isChecked()
        )

    def accept(self) -> None:
        self.wanted.emit(self.options)
        super().accept()

    def _take_quality(self, value: float) -> None:
        self.quality.show_value(value)
        self._follow()

    def _follow(self) -> None:
        self.quality.setEnabled(not self.lossless.isChecked())
        self._rest_timer.start()

    def _measure_now(self) -> None:
        if not self._is_measuring and self._measured != self.options:
            self._is_measuring = True
            self.file_size.setText(self.tr("Finding out how large the file will be…"))
            self._measure(self.options, self._show_size)

    def _show_size(self, measured: tuple[ExportOptions, int]) -> None:
        self._is_measuring = False
        self._measured, num_bytes = measured
        if self._measured == self.options:
            size = self.locale().formattedDataSize(num_bytes)
            self.file_size.setText(self.tr("The file will have {0}.").format(size))
        else:
            self._rest_timer.start()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.quality)
        layout.addWidget(self.lossless)
        layout.addWidget(self.file_size)
        layout.addLayout(answer_row(self, self.tr("Export"), self.tr("Cancel")))


def remembered_options(panel_state: Mapping[str, PlainValue]) -> ExportOptions:
    """What was chosen last; the default where nothing, or nonsense, is remembered."""
    with contextlib.suppress(InvalidRequestError, KeyError, TypeError, ValueError):
        return ExportOptions(
            quality=int(panel_state[QUALITY]), is_lossless=bool(panel_state[LOSSLESS])
        )
    return ExportOptions()


def remember_options(
    panel_state: Mapping[str, PlainValue], options: ExportOptions
) -> dict[str, PlainValue]:
    """The panel state with what is to be offered next time."""
    return {**panel_state, QUALITY: options.quality, LOSSLESS: options.is_lossless}
