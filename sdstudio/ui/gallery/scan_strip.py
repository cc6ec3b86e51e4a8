"""Tells how far the reading of folders is, and lets it be stopped."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sdstudio.ui.gallery.gallery_desk import GalleryDesk
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.progress_line import ProgressLine

MIN_FILES = 1000
"""Fewer are read before one could look at the line."""


class ScanStrip(QWidget):
    """A row that is there only while many files are read."""

    def __init__(self, desk: GalleryDesk) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = label("", "muted")
        self.line = ProgressLine(self.tr("Reading pictures"))
        self.stop = text_button(
            self.tr("Stop"), kind="quiet", tooltip=self.tr("Read the rest another time")
        )
        self.stop.clicked.connect(desk.cancel_scan)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 8, 2)
        layout.setSpacing(12)
        layout.addWidget(self.words)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.stop)
        self.hide()
        desk.scan_progressed.connect(self._show_progress)
        desk.scan_ended.connect(self.hide)

    def _show_progress(self, done: int, total: int) -> None:
        if total < MIN_FILES:
            return
        text = self.tr("Reading pictures: {0} of {1}")
        self.words.setText(text.format(f"{done:,}", f"{total:,}"))
        self.line.show_fraction(done / total)
        self.show()
