"""The settings: each takes effect at once, nothing needs an OK."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from sdstudio.settings.settings import Settings
from sdstudio.ui.gallery.watched_folders import WatchedFolders
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label, line


class SettingsDialog(QDialog):
    """Shows the settings and reports each change as (name, value)."""

    change_wanted = Signal(str, object)

    def __init__(self, settings: Settings, gallery_folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(520)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnMinimumWidth(0, 120)
        self._grid.setColumnStretch(1, 1)
        self._add_look(settings)
        self._add_pictures(settings, gallery_folder)
        self._add_engine(settings)
        close = text_button(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(label(self.tr("Changes take effect at once."), "caption"), 1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(self._grid)
        layout.addStretch()
        layout.addLayout(foot)

    def _add_look(self, settings: Settings) -> None:
        self._heading(self.tr("Look"))
        themes = {
            "dark": self.tr("Dark"),
            "light": self.tr("Light"),
            "system": self.tr("Like the system"),
        }
        self._choice("theme", self.tr("Theme"), themes, settings.theme)
        self._switch(
            "reduced_motion",
            self.tr("Reduce motion"),
            settings.reduced_motion,
            tooltip=self.tr("Nothing slides or fades."),
        )
        self._switch(
            "notify_when_done",
            self.tr("Tell me when a long run is done"),
            settings.notify_when_done,
            tooltip=self.tr("A notification of the desktop, if the window is not in front."),
        )

    def _add_pictures(self, settings: Settings, gallery_folder: Path) -> None:
        self._heading(self.tr("Pictures"))
        self.folder = QLineEdit(settings.gallery_folder)
        self.folder.setPlaceholderText(str(gallery_folder))
        self.folder.setAccessibleName(self.tr("Picture folder"))
        self.folder.setToolTip(self.tr("Where new pictures are saved; empty for the usual place."))
        self.folder.editingFinished.connect(self._take_folder)
        choose = text_button(self.tr("Choose…"), tooltip=self.tr("Choose the picture folder"))
        choose.clicked.connect(self._choose_folder)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        self._row(self.tr("Folder"), self.folder, row)
        self.watched = WatchedFolders(settings.extra_folders)
        self.watched.changed.connect(self._take_watched)
        self._row(self.tr("Also show"), self.watched.add, self.watched)
        formats = {
            "png": self.tr("PNG"),
            "webp": self.tr("WebP, lossless"),
            "jpeg": self.tr("JPEG, smaller but not exact"),
        }
        self._choice("picture_format", self.tr("Format"), formats, settings.picture_format)
        modes = {
            "automatic": self.tr("Automatic: at most 3 % of the run"),
            "linear": self.tr("Fast and rough"),
            "tiny": self.tr("Small decoder, if installed"),
            "full": self.tr("Full quality, slow"),
            "off": self.tr("Off"),
        }
        self._choice("preview_mode", self.tr("Previews"), modes, settings.preview_mode)

    def _add_engine(self, settings: Settings) -> None:
        self._heading(self.tr("Engine"))
        devices = {
            "auto": self.tr("Automatic"),
            "cpu": self.tr("Processor (CPU)"),
            "cuda": self.tr("NVIDIA or AMD graphics card (CUDA)"),
            "mps": self.tr("Apple graphics (MPS)"),
        }
        self._choice("device", self.tr("Device"), devices, settings.device)
        dtypes = {
            "auto": self.tr("Automatic"),
            "float32": self.tr("Full (float32)"),
            "float16": self.tr("Half (float16)"),
            "bfloat16": self.tr("Half (bfloat16)"),
        }
        self._choice("dtype", self.tr("Precision"), dtypes, settings.dtype)
        self._switch(
            "cpu_offload",
            self.tr("Save graphics memory"),
            settings.cpu_offload,
            tooltip=self.tr("Slower; lets large models run on small graphics cards."),
        )

    def _heading(self, text: str) -> None:
        row = self._grid.rowCount()
        if row > 1:
            self._grid.addWidget(line(), row, 0, 1, 2)
            row += 1
        self._grid.addWidget(label(text, "heading"), row, 0, 1, 2)

    def _row(self, text: str, buddy: QWidget, content: QWidget | QHBoxLayout) -> None:
        row = self._grid.rowCount()
        words = QLabel(text)
        words.setBuddy(buddy)
        self._grid.addWidget(words, row, 0)
        if isinstance(content, QWidget):
            self._grid.addWidget(content, row, 1)
        else:
            self._grid.addLayout(content, row, 1)

    def _choice(self, name: str, text: str, options: dict[str, str], current: str) -> None:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(text)
        box.setToolTip(text)
        for value, words in options.items():
            box.addItem(words, value)
        box.setCurrentIndex(box.findData(current))
        box.activated.connect(lambda: self.change_wanted.emit(name, box.currentData()))
        self._row(text, box, box)

    def _switch(self, name: str, text: str, is_on: bool, *, tooltip: str) -> None:
        box = QCheckBox(text)
        box.setObjectName(name)
        box.setToolTip(tooltip)
        box.setChecked(is_on)
        box.toggled.connect(lambda value: self.change_wanted.emit(name, value))
        self._grid.addWidget(box, self._grid.rowCount(), 1, Qt.AlignmentFlag.AlignLeft)

    def _take_watched(self, folders: tuple[str, ...]) -> None:
        self.change_wanted.emit("extra_folders", folders)

    def _take_folder(self) -> None:
        self.change_wanted.emit("gallery_folder", self.folder.text().strip())

    def _choose_folder(self) -> None:
        start = self.folder.text() or self.folder.placeholderText()
        name = QFileDialog.getExistingDirectory(self, self.tr("Picture Folder"), start)
        if name:
            self.folder.setText(name)
            self._take_folder()
