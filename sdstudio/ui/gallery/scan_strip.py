"""Tells how far long work on the gallery is, and lets it be stopped."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sdstudio.ui.gallery.gallery_desk import GalleryDesk
from sdstudio.ui.gallery.gallery_edits import STOPPABLE, UNDO, GalleryEdits
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.progress_line import ProgressLine

MIN_FILES = 1000
"""Fewer are read before one could look at the line."""


class ProgressStrip(QWidget):
    """A row of words, a line that fills up and a button; hidden at first."""

    def __init__(self, name: str, stop_tooltip: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = label("", "muted")
        self.line = ProgressLine(name)
        self.stop = text_button(self.tr("Stop"), kind="quiet", tooltip=stop_tooltip)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 8, 2)
        layout.setSpacing(12)
        layout.addWidget(self.words)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.stop)
        self.hide()

    def show_progress(self, words: str, done: int, total: int) -> None:
        """Say what is done, and how much of it."""
        self.words.setText(words)
        self.line.show_fraction(done / total if total else None)
        self.show()


class ScanStrip(ProgressStrip):
    """There only while many files are read."""

    def __init__(self, desk: GalleryDesk) -> None:
        super().__init__(self.tr("Reading pictures"), self.tr("Read the rest another time"))
        self.stop.clicked.connect(desk.cancel_scan)
        desk.scan_progressed.connect(self._on_progress)
        desk.scan_ended.connect(self.hide)

    def _on_progress(self, done: int, total: int) -> None:
        if total >= MIN_FILES:
            text = self.tr("Reading pictures: {0} of {1}")
            self.show_progress(text.format(f"{done:,}", f"{total:,}"), done, total)


class EditStrip(ProgressStrip):
    """There only while a change of many pictures takes its time."""

    def __init__(self, edits: GalleryEdits) -> None:
        super().__init__(self.tr("Changing pictures"), "")
        self.stop.clicked.connect(edits.stop)
        edits.progressed.connect(self._on_progress)
        edits.settled.connect(self.hide)

    def _on_progress(self, kind: str, done: int, total: int) -> None:
        words = {
            "delete": self.tr("Moving pictures to the trash"),
            "restore": self.tr("Bringing pictures back"),
            UNDO: self.tr("Taking the change back"),
        }
        hints = {"delete": self.tr("Leave the rest where it is")}
        self.stop.setVisible(kind in STOPPABLE)
        self.stop.setToolTip(hints.get(kind, self.tr("Leave the pictures as they were")))
        percent = f"{100 * done // total if total else 0} %"
        text = words.get(kind, self.tr("Changing pictures"))
        self.show_progress(f"{text}: {percent}", done, total)
