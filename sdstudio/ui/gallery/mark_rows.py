"""Stars, colours, boards and a note: what a person says about pictures, as rows to change."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.mark_menus import label_icon, label_names
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.visible_text import one_line

STARS = 5
NOTE_DELAY_MS = 1200
NOTE_PX = 64


class StarRow(QWidget):
    """Five stars; a click on the last lit one puts all out."""

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Stars"))
        self._stars = 0
        self.buttons: list[QToolButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for number in range(1, STARS + 1):
            name = counted.stars(number)
            button = icon_button("star", name, tooltip=f"{name} ({number})")
            button.clicked.connect(lambda _=False, number=number: self._choose(number))
            self.buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)

    def show_stars(self, stars: int | None) -> None:
        """Light this many; None where the pictures differ."""
        self._stars = stars or 0
        for number, button in enumerate(self.buttons, 1):
            is_lit = number <= self._stars
            button.setIcon(
                icon("star-filled" if is_lit else "star", "warning" if is_lit else "muted")
            )
            button.setAccessibleDescription(self.tr("given") if number == self._stars else "")

    def _choose(self, number: int) -> None:
        self.wanted.emit(0 if number == self._stars else number)


class LabelRow(QWidget):
    """A colour, or none."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Colour label"))
        names = {"": self.tr("No colour"), **label_names()}
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for label, name in names.items():
            button = icon_button("close", name)
            if label:
                button.setIcon(label_icon(label))
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, label=label: self.wanted.emit(label))
            self.buttons[label] = button
            row.addWidget(button)
        row.addStretch(1)

    def show_label(self, label: str | None) -> None:
        """Mark the colour that is given; None where the pictures differ."""
        for name, button in self.buttons.items():
            button.setChecked(name == label)


class BoardRows(QWidget):
    """The boards that pictures are on, and a field to put them on another."""

    added = Signal(str)
    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Put on a board…"))
        self.field.setAccessibleName(self.tr("Put on a board"))
        self.field.returnPressed.connect(self._add)
        self.remove_buttons: dict[str, QToolButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addWidget(self.field)

    def show_boards(self, boards: Sequence[str], known: Sequence[str]) -> None:
        """Show these boards; `known` are offered while typing."""
        if list(boards) != list(self.remove_buttons):
            self._replace_rows(boards)
        completer = QCompleter(list(known), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        old = self.field.completer()
        self.field.setCompleter(completer)
        if old is not None:
            old.deleteLater()

    def _replace_rows(self, boards: Sequence[str]) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            if item is not None and (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.remove_buttons.clear()
        for board in boards:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            shown = one_line(board)
            row.addWidget(ElidedLabel(shown), 1)
            button = icon_button("close", self.tr("Take off the board {0}").format(shown))
            button.clicked.connect(lambda _=False, board=board: self.removed.emit(board))
            row.addWidget(button)
            self.remove_buttons[board] = button
            self._rows.addWidget(line)

    def _add(self) -> None:
        name = self.field.text().strip()
        if name:
            self.field.clear()
            self.added.emit(name)


class NoteEdit(QPlainTextEdit):
    """A note that is kept when the typing stops or the field is left."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(self.tr("Note"))
        self.setAccessibleName(self.tr("Note"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(NOTE_PX)
        self._kept = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(NOTE_DELAY_MS)
        self._timer.timeout.connect(self.keep)
        self.textChanged.connect(self._on_typed)

    @property
    def is_dirty(self) -> bool:
        """Whether something was typed that is not kept yet."""
        return self.toPlainText() != self._kept

    def show_note(self, note: str) -> None:
        """Show a note; what is being typed is never overwritten by what was there before it."""
        if note == self._kept or self.is_dirty:
            return
        self._kept = note
        self.setPlainText(note)

    def replace_note(self, note: str) -> None:
        """Show the note of another picture."""
        self._timer.stop()
        self._kept = note
        self.setPlainText(note)

    def keep(self) -> None:
        """Report what was typed, if that is something new."""
        self._timer.stop()
        if self.is_dirty:
            self._kept = self.toPlainText()
            self.wanted.emit(self._kept)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.keep()

    def _on_typed(self) -> None:
        if self.is_dirty:
            self._timer.start()
