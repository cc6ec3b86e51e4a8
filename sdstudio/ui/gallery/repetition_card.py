"""Says what came of making a picture again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.difference import PictureDifference
    from sdstudio.gallery.repetition import Change, Repetition


class RepetitionCard(QFrame):
    """One sentence on the pixels, one on what changed since, and a button to keep the picture."""

    keep_wanted = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._verdict = label("", "heading")
        self._reason = label("", "muted")
        for words in (self._verdict, self._reason):
            words.setWordWrap(True)
        self.keep_button = text_button(
            self.tr("Keep it"),
            icon_name="save",
            tooltip=self.tr("Save the new picture in the gallery"),
        )
        self.keep_button.clicked.connect(self._keep)
        close = icon_button("close", self.tr("Close this report"))
        close.clicked.connect(self.closed)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._verdict)
        words.addWidget(self._reason)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(words, 1)
        layout.addWidget(self.keep_button)
        layout.addWidget(close)
        self.hide()

    @property
    def text(self) -> str:
        """All it says."""
        return f"{self._verdict.text()} {self._reason.text()}".strip()

    def show_repetition(self, repetition: Repetition, difference_words: str) -> None:
        """Report."""
        difference, changes = repetition.difference, repetition.changes
        self._verdict.setText(
            self.tr("Reproduced exactly.") if difference.is_zero else difference_words
        )
        self._reason.setText(self._reason_for(difference, changes))
        self.setAccessibleName(self.text)
        self.keep_button.setEnabled(True)
        self.show()

    def _reason_for(self, difference: PictureDifference, changes: tuple[Change, ...]) -> str:
        if changes:
            told = "; ".join(self._told(change) for change in changes)
            if difference.is_zero:
                return self.tr("Even so, this is not what it was: {0}.").format(told)
            return self.tr("Changed since: {0}.").format(told)
        if difference.is_zero:
            return self.tr("Every pixel is the same, and so is all that decides them.")
        return self.tr(
            "Nothing that the file tells of has changed. It may have been painted into its"
            " surroundings or edited since, or another processor rounds differently."
        )

    def _told(self, change: Change) -> str:
        names = {
            "model_hash": self.tr("the model's weights"),
            "device": self.tr("device"),
            "dtype": self.tr("precision"),
            "sdstudio": self.tr("this program"),
        }
        unknown = self.tr("unknown")
        before, after = (one_line(text, limit=40) for text in (change.before, change.after))
        name = one_line(names.get(change.name, change.name), limit=40)
        return f"{name} {before or unknown} → {after or unknown}"

    def _keep(self) -> None:
        self.keep_button.setEnabled(False)
        self.keep_wanted.emit()
