"""The keys of the gallery, for those who work without a mouse."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label


class GalleryKeys(QDialog):
    """A table of keys and what they do to the selected pictures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys of the Gallery"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(6)
        for row, (keys, words) in enumerate(self._keys()):
            grid.addWidget(label(keys, "key"), row, 0)
            grid.addWidget(label(words), row, 1)
        close = text_button(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(14)
        layout.addLayout(grid)
        layout.addWidget(close)

    def _keys(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Arrows, Home, End"), self.tr("go on; with Shift select what lies between")),
            (self.tr("Space"), self.tr("look quickly, and again to close")),
            (self.tr("Enter"), self.tr("show the picture alone")),
            ("0 … 5", self.tr("give stars, or take them all")),
            ("Alt+1 … Alt+6", self.tr("give a colour label; Alt+0 takes it")),
            (self.tr("Del"), self.tr("delete; it stays in the trash for 30 days")),
            ("Ctrl+Z, Ctrl+Y", self.tr("take the last change back, make it again")),
            ("Ctrl+A", self.tr("select all")),
            ("Ctrl+C", self.tr("copy the picture, or several files")),
            ("Ctrl+F", self.tr("search; Down or Enter goes back to the pictures")),
            ("Ctrl+E", self.tr("export copies")),
            ("Ctrl+I", self.tr("show or hide the details")),
            (self.tr("Ctrl and the wheel"), self.tr("larger or smaller thumbnails")),
            ("F2", self.tr("rename the board in the side bar")),
        ]
