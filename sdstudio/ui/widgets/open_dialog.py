"""Opens a dialog over its window."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def open_dialog(dialog: QDialog) -> None:
    """Open it in the middle of its window, which has the keyboard again after it."""
    parent = dialog.parentWidget()
    assert parent is not None, "a dialog needs a window"
    window = parent.window()
    dialog.finished.connect(window.activateWindow)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    place = dialog.frameGeometry()
    place.moveCenter(window.frameGeometry().center())
    dialog.move(place.topLeft())
