"""The shelf of deleted pictures: look, bring back, or delete for good."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from sdstudio.ui.gallery.empty_state import Emptiness, EmptyState
from sdstudio.ui.gallery.gallery_edits import Choice
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.grid_view import GridView
from sdstudio.ui.gallery.shelf_list import ShelfHeadings, ShelfList, Shelved
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label

CELL_PX = 120


class TrashView(QWidget):
    """Shows the shelf and reports what should happen with pictures on it.

    Signals:
        restore_wanted, discard_wanted: a list of `Choice`.
    """

    restore_wanted = Signal(object)
    discard_wanted = Signal(object)

    def __init__(self, thumbnails: GridThumbnails) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shelf = ShelfList()
        self.view = GridView(self.shelf, thumbnails)
        self.view.headings = ShelfHeadings(self.shelf)
        self.view.set_cell_px(CELL_PX)
        self.view.setDragEnabled(False)
        self.view.setAccessibleName(self.tr("Deleted pictures"))
        self.view.selection_settled.connect(self._show_state)
        self.view.open_wanted.connect(self._want_restore)
        self.view.doubleClicked.connect(self._want_restore)
        self.view.delete_wanted.connect(self._want_discard)
        self.view.menu_wanted.connect(self._show_menu)
        self.restore = text_button(self.tr("Restore"), icon_name="undo")
        self.restore.clicked.connect(self._want_restore)
        self.discard = text_button(self.tr("Delete for Good…"), kind="danger")
        self.discard.clicked.connect(self._want_discard)
        self.empty = text_button(self.tr("Empty Trash…"), kind="danger")
        self.empty.clicked.connect(self._want_empty)
        self._nothing = EmptyState()
        self._nothing.show_emptiness(_nothing(self.tr))
        self._lay_out()
        self._show_state()

    def take(self, shelved: list[Shelved]) -> None:
        """Show what lies on the shelf; what is selected stays so."""
        chosen = [self.shelf.ids[row] for row in self.view.selected_rows()]
        self.shelf.take_shelved(shelved)
        self.view.show_days(self.shelf.starts)
        self.view.select_rows(self.shelf.rows_of(chosen))
        self._stack.setCurrentIndex(0 if shelved else 1)
        self._show_state()

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        note = self.tr(
            "Deleted pictures stay here for 30 days, then go to the system's trash."
            " A heading selects all that were deleted together."
        )
        words = label(note, "muted")
        words.setWordWrap(True)
        words.setContentsMargins(12, 8, 12, 0)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 8)
        bar.setSpacing(8)
        for button in (self.restore, self.discard, self.empty):
            bar.addWidget(button)
        bar.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(words)
        layout.addLayout(bar)
        layout.addLayout(self._stack, 1)

    def _selected(self) -> list[Choice]:
        return self.shelf.choice(self.view.selected_rows())

    def _show_state(self) -> None:
        has_selection = self.view.selectionModel().hasSelection()
        self.restore.setEnabled(has_selection)
        self.discard.setEnabled(has_selection)
        self.empty.setEnabled(bool(self.shelf.shelved))

    def _show_menu(self, spot: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("undo"), self.tr("Restore"), self._want_restore)
        menu.addAction(icon("trash"), self.tr("Delete for Good…"), self._want_discard)
        menu.popup(spot)

    def _want_restore(self) -> None:
        if chosen := self._selected():
            self.restore_wanted.emit(chosen)

    def _want_discard(self) -> None:
        if chosen := self._selected():
            self.discard_wanted.emit(chosen)

    def _want_empty(self) -> None:
        self.discard_wanted.emit(
            [(each.folder, each.deletion, None) for each in self.shelf.shelved]
        )


def _nothing(tr: Callable[[str], str]) -> Emptiness:
    return Emptiness(
        icon_name="trash",
        title=tr("The trash is empty."),
        text=tr("Delete moves pictures here, with their stars, notes and boards."),
        acts={},
    )
