"""Names and values of a picture, each of which can be copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.visible_text import one_line, visible_text

LONG_CHARS = 15
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
        self._rows: list[_Row] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Take other facts; the widgets of those before are used again."""
        if tuple(facts) == self.facts:
            return
        self.facts = tuple(facts)
        shown = self.facts[:MAX_FACTS]
        while len(self._rows) < len(shown):
            self._rows.append(_Row(self, self._grid, 3 * len(self._rows)))
        for row, (name, value) in zip(self._rows, shown, strict=False):
            row.show_fact(name, value)
        for row in self._rows[len(shown) :]:
            row.hide()

    def text(self) -> str:
        """All facts as lines, for the clipboard."""
        return "\n".join(f"{name}: {value}" for name, value in self.facts)


class _Row(QObject):
    """One fact: its name, its value beside or below it, and a button to copy it."""

    def __init__(self, parent: QWidget, grid: QGridLayout, place: int) -> None:
        super().__init__(parent)
        self._grid = grid
        self._place = place
        self._value = ""
        self._name = label("", "muted")
        self._short = ElidedLabel()
        self._copy = icon_button("copy", self.tr("Copy"))
        self._copy.clicked.connect(self._copy_value)
        self._long: QLabel | None = None
        self._more: QPushButton | None = None
        grid.addWidget(self._name, place, 0)
        grid.addWidget(self._short, place, 1)
        grid.addWidget(self._copy, place, 2, Qt.AlignmentFlag.AlignTop)

    def show_fact(self, name: str, value: str) -> None:
        self._value = value
        shown_name = one_line(name, limit=40)
        is_long = len(value) > LONG_CHARS or "\n" in value
        self._name.setText(shown_name)
        self._copy.setAccessibleName(self.tr("Copy {0}").format(shown_name))
        self._copy.setToolTip(self._copy.accessibleName())
        self._short.setText("" if is_long else one_line(value))
        for widget in (self._name, self._short, self._copy):
            widget.show()
        if is_long or self._long is not None:
            self._show_long(shown_name, value if is_long else "")

    def hide(self) -> None:
        for widget in (self._name, self._short, self._copy, self._long, self._more):
            if widget is not None:
                widget.hide()

    def _show_long(self, name: str, value: str) -> None:
        if self._long is None:
            self._long = _long_label()
            self._grid.addWidget(self._long, self._place + 1, 0, 1, 3)
        self._long.setText(visible_text(value, limit=MAX_VALUE_CHARS))
        self._long.setAccessibleName(name)
        self._long.setVisible(bool(value))
        if len(value) > MAX_VALUE_CHARS or self._more is not None:
            self._offer_more(value)

    def _offer_more(self, value: str) -> None:
        if self._more is None:
            self._more = text_button("", kind="quiet")
            self._more.clicked.connect(self._show_all)
            self._grid.addWidget(self._more, self._place + 2, 0, 1, 3)
        text = self.tr("Show all {0} characters")
        if len(value) > MAX_SHOWN_CHARS:
            text = self.tr("Show more; Copy takes all {0} characters")
        self._more.setText(text.format(f"{len(value):,}"))
        self._more.setToolTip(self._more.text())
        self._more.setVisible(len(value) > MAX_VALUE_CHARS)

    def _show_all(self) -> None:
        if self._long is not None and self._more is not None:
            self._long.setText(visible_text(self._value, limit=MAX_SHOWN_CHARS))
            self._more.hide()

    def _copy_value(self) -> None:
        QGuiApplication.clipboard().setText(self._value)


def _long_label() -> QLabel:
    words = label()
    words.setWordWrap(True)
    words.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    words.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    words.setContentsMargins(0, 0, 4, 6)
    return words
