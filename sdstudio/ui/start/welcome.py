"""What lies over the empty canvas: how the first picture is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label

MAX_EXAMPLES = 3


class Welcome(QFrame):
    """Teaches the one thing to know, and offers prompts that work.

    Args:
        examples: prompts; a click on one puts it into the prompt field.
        generate_keys: the shortcut that makes a picture.
    """

    example_chosen = Signal(str)

    def __init__(self, examples: Sequence[str], generate_keys: QKeySequence) -> None:
        super().__init__()
        self.setProperty("role", "welcome")
        title = label(self.tr("Describe a picture"), "title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(36, 30, 36, 28)
        layout.setSpacing(10)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._lead(generate_keys))
        layout.addSpacing(10)
        for text in examples[:MAX_EXAMPLES]:
            chip = text_button(text, kind="chip", tooltip=self.tr("Use this prompt"))
            chip.clicked.connect(self._choose(text))
            layout.addWidget(chip, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(10)
        layout.addWidget(self._foot(), 0, Qt.AlignmentFlag.AlignHCenter)

    def _lead(self, keys: QKeySequence) -> QWidget:
        """'A prompt is ready on the left. Press [Ctrl+Enter].'"""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addStretch()
        layout.addWidget(label(self.tr("A prompt is ready on the left. Press"), "muted"))
        spelled = keys.toString(QKeySequence.SequenceFormat.NativeText)
        layout.addWidget(label(spelled, "key"))
        layout.addWidget(label(self.tr("and watch it appear."), "muted"))
        layout.addStretch()
        return row

    def _foot(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        picture = QLabel()
        picture.setPixmap(icon("drop", "muted").pixmap(16, 16))
        layout.addWidget(picture)
        layout.addWidget(label(self.tr("Or drop a picture here to start from it."), "caption"))
        return row

    def _choose(self, text: str) -> Callable[[], None]:
        return lambda: self.example_chosen.emit(text)
