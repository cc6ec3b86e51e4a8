"""Names and values of a picture, each of which can be copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.visible_text import one_line, visible_text

LONG_CHARS = 16
"""Longer values stand below their name, on as many lines as they need."""

MAX_VALUE_CHARS = 420
"""Of a longer one only the beginning is shown until a person asks for all of it."""

MAX_SHOWN_CHARS = 20_000
MAX_FACTS = 120

Fact = tuple[str, str]


class FactsTable(QWidget):
    """Shows facts as plain text; copying takes the whole of a value, as it is in the file."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: tuple[Fact, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Take other facts."""
        if tuple(facts) == self.facts:
            return
        self.facts = tuple(facts)
        while self._grid.count():
            item = self._grid.takeAt(0)
            if item is not None and (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        row = 0
        for name, value in self.facts[:MAX_FACTS]:
            row = self._add(row, name, value)

    def text(self) -> str:
        """All facts as lines, for the clipboard."""
        return "\n".join(f"{name}: {value}" for name, value in self.facts)

    def _add(self, row: int, name: str, value: str) -> int:
        shown_name = one_line(name, limit=40)
        title = label(shown_name, "muted")
        copy = icon_button("copy", self.tr("Copy {0}").format(shown_name))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(value))
        self._grid.addWidget(title, row, 0)
        self._grid.addWidget(copy, row, 2, Qt.AlignmentFlag.AlignTop)
        if len(value) <= LONG_CHARS and "\n" not in value:
            self._grid.addWidget(ElidedLabel(one_line(value)), row, 1)
            return row + 1
        words = self._long(name, value)
        self._grid.addWidget(words, row + 1, 0, 1, 3)
        if len(value) > MAX_VALUE_CHARS:
            self._grid.addWidget(self._more_button(words, value), row + 2, 0, 1, 3)
        return row + 3

    def _long(self, name: str, value: str) -> QLabel:
        words = label(visible_text(value, limit=MAX_VALUE_CHARS))
        words.setWordWrap(True)
        words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        words.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        words.setAccessibleName(one_line(name))
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        words.setContentsMargins(0, 0, 4, 6)
        return words

    def _more_button(self, words: QLabel, value: str) -> QPushButton:
        text = self.tr("Show all {0} characters").format(f"{len(value):,}")
        if len(value) > MAX_SHOWN_CHARS:
            text = self.tr("Show more; Copy takes all {0} characters").format(f"{len(value):,}")
        button = text_button(text, kind="quiet")

        def show() -> None:
            words.setText(visible_text(value, limit=MAX_SHOWN_CHARS))
            button.hide()

        button.clicked.connect(show)
        return button
