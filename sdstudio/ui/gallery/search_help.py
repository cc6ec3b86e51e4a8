"""What can be typed to find pictures, with examples that can be tried."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label


class SearchHelp(QDialog):
    """A table of examples; a click on one types it."""

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("How to Search"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for row, (example, words) in enumerate(self._examples()):
            button = text_button(example, kind="chip", tooltip=self.tr("Search for this"))
            button.clicked.connect(lambda _=False, text=example: self._choose(text))
            grid.addWidget(button, row, 0)
            grid.addWidget(label(words), row, 1)
        close = text_button(self.tr("Close"))
        close.clicked.connect(self.accept)
        note = label(
            self.tr("All that is typed must be true of a picture. A minus turns a part around."),
            "muted",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(14)
        layout.addWidget(note)
        layout.addLayout(grid)
        layout.addWidget(close)

    def _examples(self) -> list[tuple[str, str]]:
        return [
            ("red hou", self.tr("prompts and notes with words that begin like these")),
            ('"at night"', self.tr("words that follow each other")),
            ("fox -snow", self.tr("a fox, but no snow")),
            ("rating:>=4", self.tr("four stars or five; also rating:3, is:unrated")),
            ("label:green", self.tr("red, orange, yellow, green, blue or purple")),
            ('board:"my best"', self.tr("on this board; is:unboarded for none")),
            ("date:2026-01..2026-03", self.tr("also date:today, date:2026, date:2026-02-14")),
            ("model:dreamy", self.tr("made with this model; also sampler:euler")),
            ("size:512x768", self.tr("also size:512x, size:square, portrait, landscape")),
            ("seed:42", self.tr("made from this seed")),
            ("negative:blurry", self.tr("in the negative prompt; note: for your notes only")),
            ("source:comfyui", self.tr("made by another program")),
            ("is:broken", self.tr("files that cannot be read")),
        ]

    def _choose(self, text: str) -> None:
        self.example_chosen.emit(text)
        self.accept()
