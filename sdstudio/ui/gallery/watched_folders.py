"""The row of the settings that says which other folders the gallery shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label


class WatchedFolders(QWidget):
    """Lists folders, each with a button that takes it out; nothing on the disk is touched.

    Signals:
        changed: all folders, a tuple of names.
    """

    changed = Signal(object)

    def __init__(self, folders: tuple[str, ...]) -> None:
        super().__init__()
        self._folders = folders
        self._rows: list[QWidget] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self.add = text_button(self.tr("Add…"), tooltip=self.tr("Show another folder's pictures"))
        self.add.clicked.connect(self._choose)
        note = label(self.tr("Shown in the gallery; nothing in them is moved."), "caption")
        foot = QHBoxLayout()
        foot.addWidget(note, 1)
        foot.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._list)
        layout.addLayout(foot)
        self._show_rows()

    @property
    def folders(self) -> tuple[str, ...]:
        """Their names."""
        return self._folders

    def take(self, folders: tuple[str, ...]) -> None:
        """Show other folders and tell of them."""
        self._folders = tuple(dict.fromkeys(folders))
        self._show_rows()
        self.changed.emit(self._folders)

    def _choose(self) -> None:
        start = self._folders[-1] if self._folders else str(Path.home())
        name = QFileDialog.getExistingDirectory(self, self.tr("Watch a Folder"), start)
        if name:
            self.take((*self._folders, name))

    def _show_rows(self) -> None:
        for row in self._rows:
            row.deleteLater()
        self._rows = [self._row(folder) for folder in self._folders]
        for row in self._rows:
            self._list.addWidget(row)

    def _row(self, folder: str) -> QWidget:
        row = QWidget()
        remove = icon_button("close", self.tr("Stop showing {0}").format(folder))
        remove.clicked.connect(
            lambda: self.take(tuple(each for each in self._folders if each != folder))
        )
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(ElidedLabel(folder, mode=Qt.TextElideMode.ElideMiddle), 1)
        layout.addWidget(remove)
        return row
