"""The overview of all keys, a page for each part of the studio."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QTabWidget, QVBoxLayout, QWidget

from sdstudio.ui.help_dialogs import finish_dialog
from sdstudio.ui.shortcuts import ACTIONS, translated
from sdstudio.ui.widgets.labels import label

Row = tuple[str, str]
"""(what it does, keys)"""


class ShortcutsDialog(QDialog):
    """Every key of the studio; those of the menus come from the table of actions.

    Args:
        page: of the window; its keys are shown first.
    """

    def __init__(self, parent: QWidget, *, page: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        tabs.addTab(_page(_menu_rows()), self.tr("Everywhere"))
        tabs.addTab(_page(_picture_rows()), self.tr("Picture and Queue"))
        tabs.addTab(_page(_paint_rows()), self.tr("Paint"))
        tabs.addTab(_page(_gallery_rows()), self.tr("Gallery"))
        tabs.setCurrentIndex({"paint": 2, "gallery": 3}.get(page, 0))
        self.tabs = tabs
        content = QVBoxLayout()
        content.addWidget(tabs)
        finish_dialog(self, content)


def _page(rows: Sequence[Row]) -> QWidget:
    page = QWidget()
    grid = QGridLayout(page)
    grid.setContentsMargins(0, 14, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(2, 24)
    half = (len(rows) + 1) // 2
    for index, (words, keys) in enumerate(rows):
        row, column = index % half, 3 * (index // half)
        grid.addWidget(label(words), row, column)
        grid.addWidget(label(keys, "key"), row, column + 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(3, 1)
    grid.setRowStretch(half, 1)
    return page


def _menu_rows() -> list[Row]:
    return [
        (
            translated(spec.text).rstrip("…"),
            QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText),
        )
        for spec in ACTIONS
        if spec.keys
    ]


def _picture_rows() -> list[Row]:
    return [
        (_tr("Zoom"), _tr("Wheel")),
        (_tr("Move the view"), _tr("Space or middle button")),
        (_tr("Fit the window"), _tr("Ctrl+0 or double-click")),
        (_tr("Actual size"), "Ctrl+1"),
        (_tr("Take the file to another program"), _tr("Ctrl+drag")),
        (_tr("Earlier and later prompts"), "Alt+↑  Alt+↓"),
        (_tr("Other pictures of the strip"), _tr("Arrows")),
        (_tr("Use the settings of a picture of the strip"), "Enter"),
        (_tr("Move a picture of the strip to the trash"), "Delete"),
        (_tr("Move a waiting run"), "Ctrl+↑  Ctrl+↓"),
        (_tr("Cancel a waiting run"), "Delete"),
    ]


def _paint_rows() -> list[Row]:
    return [
        (_tr("Brush"), "B"),
        (_tr("Eraser"), "E"),
        (_tr("Fill"), "G"),
        (_tr("Colour picker"), _tr("I or Ctrl+click")),
        (_tr("Lasso"), "L"),
        (_tr("Rectangle or ellipse"), "R"),
        (_tr("Move layer"), "V"),
        (_tr("Generation box"), "C"),
        (_tr("Move the view"), _tr("H or Space")),
        (_tr("Borrow a tool for a moment"), _tr("Hold its key")),
        (_tr("Brush size"), _tr("[  ]  or Ctrl+wheel")),
        (_tr("Straight line"), _tr("Shift+click")),
        (_tr("Swap colours"), "X"),
        (_tr("Black and white"), "D"),
        (_tr("Invert the mask"), "Shift+V"),
        (_tr("Select everything"), "Ctrl+A"),
        (_tr("Select nothing"), "Ctrl+D"),
        (_tr("Turn the selection over"), "Ctrl+I"),
        (_tr("Other candidates"), "←  →"),
        (_tr("See the original"), _tr("Hold Space")),
        (_tr("Accept as a new layer"), "Enter"),
        (_tr("Accept into the active layer"), "Shift+Enter"),
        (_tr("Discard a candidate"), "Delete"),
        (_tr("Save a candidate to the gallery"), "S"),
        (_tr("Back to the picture"), "Esc"),
    ]


def _gallery_rows() -> list[Row]:
    from sdstudio.ui.gallery.gallery_keys import gallery_keys

    return [(words[:1].upper() + words[1:], keys) for keys, words in gallery_keys()]


def _tr(text: str) -> str:
    return QCoreApplication.translate("KeyboardHelp", text)
