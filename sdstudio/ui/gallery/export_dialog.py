"""Copies of many pictures for elsewhere: where to, in which format, under which names."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from sdstudio.ui.background import Background
from sdstudio.ui.gallery import counted
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:
    from sdstudio.gallery.export import ExportOutcome
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.picture_row import PictureRow

PATTERNS = ("{name}", "{number}", "{date}-{words}-{seed}", "{model}-{seed}")
MIN_WIDTH_PX = 500


class ExportDialog(QDialog):
    """Asks, writes in the background, and tells what was written.

    Signals:
        exported: an `ExportOutcome` and its folder.
        failed: an error.
    """

    exported = Signal(object, object)
    failed = Signal(object)
    _written = Signal(int)

    def __init__(self, gallery: Gallery, ids: Sequence[int], parent: QWidget) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._ids = list(ids)
        self._background = Background(self)
        self._cancelled = threading.Event()
        self._is_writing = False
        self.setWindowTitle(self.tr("Export Pictures"))
        self.setMinimumWidth(MIN_WIDTH_PX)
        usual = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DesktopLocation)
        self.folder = QLineEdit(str(Path(usual) / self.tr("Exported Pictures")))
        self.folder.setAccessibleName(self.tr("Folder"))
        self.format = QComboBox()
        self.format.setAccessibleName(self.tr("Format"))
        for value, words in self._formats().items():
            self.format.addItem(words, value)
        self.names = QComboBox()
        self.names.setEditable(True)
        self.names.setAccessibleName(self.tr("Names"))
        self.names.addItems(PATTERNS)
        self.names.setToolTip(self.tr("{name} {number} {date} {time} {model} {seed} {words}"))
        self.names.currentTextChanged.connect(self._show_example)
        self.example = ElidedLabel("", "caption")
        self.progress = ProgressLine(self.tr("Exported"))
        self.progress.setVisible(False)
        self.start = text_button(self._start_text(), kind="primary", icon_name="export")
        self.start.clicked.connect(self._begin)
        self.cancel = text_button(self.tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        self._written.connect(self._show_progress)
        self._lay_out()
        self._first: PictureRow | None = None
        self._background.run(lambda: gallery.rows(ids[:1]), self._take_first, self._fail)

    def reject(self) -> None:
        """Cancel while writing stops after the picture in work; what is written stays."""
        if self._is_writing:
            self._cancelled.set()
        else:
            super().reject()

    def stop(self) -> None:
        """The window closes: write no further picture, and close."""
        self._cancelled.set()
        self.done(QDialog.DialogCode.Rejected)

    def done(self, result: int) -> None:
        """Wait for the thread before the dialog goes."""
        self._background.finish()
        super().done(result)

    def _begin(self) -> None:
        folder = Path(self.folder.text().strip()).expanduser()
        file_format, pattern = self.format.currentData() or None, self.names.currentText()
        gallery, ids, cancelled = self._gallery, self._ids, self._cancelled
        count = 0

        def report(_: Path) -> None:
            nonlocal count
            count += 1
            self._written.emit(count)

        def write() -> tuple[ExportOutcome, Path]:
            from sdstudio.gallery.export import export_pictures

            outcome = export_pictures(
                (row for each in ids for row in gallery.rows([each])),
                folder,
                file_format=file_format,
                name_pattern=pattern,
                report=report,
                cancelled=cancelled.is_set,
            )
            return outcome, folder

        self._is_writing = True
        self.start.setEnabled(False)
        self.progress.setVisible(True)
        self._background.run(write, self._end, self._fail)

    def _end(self, answer: tuple[ExportOutcome, Path]) -> None:
        self._is_writing = False
        self.exported.emit(*answer)
        self.accept()

    def _fail(self, error: Exception) -> None:
        self._is_writing = False
        self.start.setEnabled(True)
        self.progress.setVisible(False)
        self.failed.emit(error)

    def _show_progress(self, count: int) -> None:
        self.progress.show_fraction(count / max(1, len(self._ids)))

    def _take_first(self, rows: list[PictureRow]) -> None:
        self._first = rows[0] if rows else None
        self._show_example()

    def _show_example(self) -> None:
        from sdstudio.gallery.export import example_name

        file_format = self.format.currentData() or None
        if self._first is not None:
            name = example_name(self._first, self.names.currentText(), file_format)
            self.example.setText(self.tr("For example {0}").format(name))

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Folder"), self.folder.text())
        if name:
            self.folder.setText(name)

    def _formats(self) -> dict[str, str]:
        return {
            "": self.tr("As they are, byte for byte"),
            "png": self.tr("PNG"),
            "webp": self.tr("WebP, lossless"),
            "jpeg": self.tr("JPEG, smaller but not exact"),
        }

    def _start_text(self) -> str:
        return self.tr("Export {0}").format(counted.pictures(len(self._ids)))

    def _lay_out(self) -> None:
        self.format.currentIndexChanged.connect(self._show_example)
        choose = text_button(self.tr("Choose…"), tooltip=self.tr("Choose the folder"))
        choose.clicked.connect(self._choose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        fields = ((self.tr("Folder"), self.folder), (self.tr("Format"), self.format))
        for row, (words, field) in enumerate((*fields, (self.tr("Names"), self.names))):
            grid.addWidget(label(words), row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(choose, 0, 2)
        grid.addWidget(self.example, 3, 1)
        note = self.tr("Settings stay inside the copies; no file that is there is replaced.")
        foot = QHBoxLayout()
        remark = label(note, "caption")
        remark.setWordWrap(True)
        foot.addWidget(remark, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(14)
        layout.addLayout(grid)
        layout.addWidget(self.progress)
        layout.addLayout(foot)
