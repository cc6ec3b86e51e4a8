"""The text field for prompts."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from sdstudio.ui.canvas.found_settings import looks_like_settings

_FRAME_PX = 18


class PromptEdit(QPlainTextEdit):
    """Several lines that grow with the text; Alt+Up and Alt+Down recall earlier prompts.

    Args:
        lines: (fewest, most) lines shown before it scrolls.
    """

    changed_by_hand = Signal(str)
    picture_pasted = Signal(object)  # QMimeData
    settings_pasted = Signal(str)  # only where `takes_settings`

    def __init__(self, name: str, placeholder: str, *, lines: tuple[int, int]) -> None:
        super().__init__()
        self.takes_settings = False
        """Whether a pasted text that says how a picture was made is more than a prompt."""
        self._lines = lines
        self._earlier: tuple[str, ...] = ()
        self._recalled = -1
        self._draft = ""
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # the panel takes all drops, text as well
        self.setInputMethodHints(Qt.InputMethodHint.ImhMultiLine)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._on_text)
        self._fit()

    def show_text(self, text: str) -> None:
        """Show a text that came from elsewhere; Ctrl+Z brings the old one back."""
        if text == self.toPlainText():
            return
        cursor = self.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)

    def set_earlier(self, prompts: tuple[str, ...]) -> None:
        """Prompts to recall, newest first."""
        self._earlier = prompts
        self._recalled = -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() == Qt.Key.Key_Up:
            self._recall(1)
        elif alt and event.key() == Qt.Key.Key_Down:
            self._recall(-1)
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text; a picture on the clipboard is not for the prompt."""
        if source.hasImage() and not source.hasText():
            self.picture_pasted.emit(source)
        elif self.takes_settings and looks_like_settings(source.text()):
            self.settings_pasted.emit(source.text())
        else:
            super().insertFromMimeData(source)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _recall(self, direction: int) -> None:
        target = min(len(self._earlier) - 1, self._recalled + direction)
        if target < -1 or target == self._recalled:
            return
        if self._recalled == -1:
            self._draft = self.toPlainText()
        self._recalled = target
        self.show_text(self._draft if target == -1 else self._earlier[target])

    def _on_text(self) -> None:
        self._fit()
        self.changed_by_hand.emit(self.toPlainText())

    def _fit(self) -> None:
        fewest, most = self._lines
        lines = min(most, max(fewest, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + _FRAME_PX)
