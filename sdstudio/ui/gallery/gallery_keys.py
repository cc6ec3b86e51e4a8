"""The keys of the gallery, for those who work without a mouse."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
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
        for row, (keys, words) in enumerate(gallery_keys()):
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


def gallery_keys() -> list[tuple[str, str]]:
    """(keys, what they do), in the order of their use."""
    return [
        (_tr("Arrows, Home, End"), _tr("go on; with Shift select what lies between")),
        (_tr("Space"), _tr("look quickly, and again to close")),
        (_tr("Enter"), _tr("show the picture alone")),
        ("0 … 5", _tr("give stars, or take them all")),
        ("Alt+1 … Alt+6", _tr("give a colour label; Alt+0 takes it")),
        (_tr("Del"), _tr("delete; it stays in the trash for 30 days")),
        ("Ctrl+Z, Ctrl+Y", _tr("take the last change back, make it again")),
        ("Ctrl+A", _tr("select all")),
        ("Ctrl+C", _tr("copy the picture, or several files")),
        ("Ctrl+F", _tr("search; Down or Enter goes back to the pictures")),
        ("Ctrl+E", _tr("export copies")),
        ("Ctrl+I", _tr("show or hide the details")),
        (_tr("Ctrl and the wheel"), _tr("larger or smaller thumbnails")),
        ("F2", _tr("rename the board in the side bar")),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("GalleryKeys", text)
