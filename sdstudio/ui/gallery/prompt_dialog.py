"""Lets a person change the prompts that a picture file carries."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from sdstudio.ui.widgets.labels import label

WIDTH_PX = 460


class PromptDialog(QDialog):
    """Two texts; the file is changed by whoever hears `kept`."""

    kept = Signal(str, str)  # prompt, negative prompt

    def __init__(self, prompt: str, negative_prompt: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Edit the Prompt in the File"))
        self.setMinimumWidth(WIDTH_PX)
        self.prompt = _text(self.tr("Prompt"), prompt)
        self.negative_prompt = _text(self.tr("Negative prompt"), negative_prompt)
        words = label(
            self.tr("The picture stays as it is. Making it again will follow the new words."),
            "muted",
        )
        words.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(label(self.tr("Prompt"), "heading"))
        layout.addWidget(self.prompt, 2)
        layout.addWidget(label(self.tr("Negative prompt"), "heading"))
        layout.addWidget(self.negative_prompt, 1)
        layout.addWidget(words)
        layout.addWidget(buttons)
        self.accepted.connect(self._keep)

    def _keep(self) -> None:
        self.kept.emit(self.prompt.toPlainText(), self.negative_prompt.toPlainText())


def _text(name: str, text: str) -> QPlainTextEdit:
    edit = QPlainTextEdit(text)
    edit.setAccessibleName(name)
    edit.setTabChangesFocus(True)
    edit.setMinimumHeight(64)
    return edit
