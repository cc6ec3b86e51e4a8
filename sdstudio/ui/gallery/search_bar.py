"""Finding pictures as one types: words, filters from a menu, and searches that are kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QWidget

from sdstudio.ui.gallery.filter_menu import fill_filter_menu
from sdstudio.ui.gallery.gallery_desk import Contents, Found
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import icon_button, with_shortcut
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.open_dialog import open_dialog

MIN_FIELD_PX = 180


class SearchField(QLineEdit):
    """A line that gives the keyboard on to the pictures with Down or Enter, and Escape empties."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class SearchBar(QWidget):
    """Reports what is typed with every key.

    Signals:
        changed: the text.
        left: the keyboard should go to the pictures.
        save_wanted: the text should be kept under a name.
    """

    changed = Signal(str)
    left = Signal()
    save_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._contents = Contents()
        self.field = SearchField()
        self.field.setPlaceholderText(self.tr("Search prompts, models, boards, dates…"))
        self.field.setAccessibleName(self.tr("Search pictures"))
        keys = QKeySequence(QKeySequence.StandardKey.Find)
        self.field.setToolTip(with_shortcut(self.tr("Search pictures"), keys))
        self.field.setClearButtonEnabled(True)
        self.field.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.setMinimumWidth(MIN_FIELD_PX)
        self.field.textChanged.connect(self._on_text)
        self.field.left.connect(self.left)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.filters = icon_button("filter", self.tr("Add a filter"))
        self.filters.setPopupMode(self.filters.ToolButtonPopupMode.InstantPopup)
        self.filters.setMenu(self._menu)
        self.keep = icon_button("bookmark", self.tr("Keep this search"))
        self.keep.clicked.connect(self._want_save)
        help_button = icon_button("info", self.tr("How to search"))
        help_button.clicked.connect(self.show_help)
        self.more = QMenu(self)
        more = icon_button("more", self.tr("More"))
        more.setPopupMode(more.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self.more)
        self.problems = ElidedLabel("", "warning")
        self.problems.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 10, 6)
        layout.setSpacing(4)
        layout.addWidget(self.field, 3)
        for button in (self.filters, self.keep, help_button):
            layout.addWidget(button)
        layout.addWidget(self.problems, 2)
        layout.addWidget(more)
        self._show_state()

    def take_keys(self) -> None:
        """Begin to type."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def add_filter(self, text: str) -> None:
        """Add a filter to what is typed; one of the same kind is replaced."""
        name = text.partition(":")[0]
        kept = [part for part in _parts(self.field.text()) if part.partition(":")[0] != name]
        self.field.setText(" ".join([*kept, text]))

    def take_contents(self, contents: Contents) -> None:
        """Know what the filters can choose from."""
        self._contents = contents

    def show_found(self, found: Found) -> None:
        """Tell what could not be understood."""
        self.problems.setText(" ".join(found.problems))
        self.problems.setVisible(bool(found.problems))

    def show_help(self) -> None:
        """Explain the language of searches."""
        from sdstudio.ui.gallery.search_help import SearchHelp

        dialog = SearchHelp(self.window())
        dialog.example_chosen.connect(self.field.setText)
        open_dialog(dialog)

    def _on_text(self, text: str) -> None:
        self._show_state()
        self.changed.emit(text)

    def _show_state(self) -> None:
        self.keep.setEnabled(bool(self.field.text().strip()))

    def _want_save(self) -> None:
        self.save_wanted.emit(self.field.text().strip())

    def _fill_menu(self) -> None:
        self._menu.clear()
        fill_filter_menu(self._menu, self._contents, self.add_filter)


def _parts(text: str) -> list[str]:
    """What is typed, split at spaces outside quotes."""
    parts, current, is_quoted = [], "", False
    for letter in text:
        is_quoted ^= letter == '"'
        if letter == " " and not is_quoted:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [part for part in (*parts, current) if part]
