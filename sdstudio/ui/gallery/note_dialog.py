"""A note about one or several pictures."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from sdstudio.ui.widgets.labels import label

MAX_CHARS = 20_000


class NoteDialog(QDialog):
    """Reports the note when it is kept."""

    kept = Signal(str)

    def __init__(self, note: str, count: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Note"))
        self.resize(420, 260)
        self.text = QPlainTextEdit(note)
        self.text.setAccessibleName(self.tr("Note"))
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(self.tr("What is worth remembering; searches find it."))
        buttons = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(buttons.Save | buttons.Cancel)
        box.accepted.connect(self._keep)
        box.rejected.connect(self.reject)
        keys = QShortcut(QKeySequence("Ctrl+Return"), self)
        keys.activated.connect(self._keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        if count > 1:
            words = self.tr("All {0} pictures get this note.").format(f"{count:,}")
            layout.addWidget(label(words, "muted"))
        layout.addWidget(self.text, 1)
        layout.addWidget(box)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self) -> None:
        self.kept.emit(self.text.toPlainText().strip()[:MAX_CHARS])
        self.accept()
