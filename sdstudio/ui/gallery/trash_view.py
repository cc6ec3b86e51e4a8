"""The shelf of deleted pictures: look, bring back, or delete for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QMenu,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.gallery.empty_state import Emptiness, EmptyState
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.moments import date_text, moment_text
from sdstudio.ui.gallery.picture_list import Index
from sdstudio.ui.gallery.shelf_delegate import SHELF_ROLE, ShelfDelegate
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.trash import Deletion

SHOWN_PICTURES = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelved:
    """One deletion on the shelf.

    Attributes:
        cells: its first pictures, where they lie now.
        is_marked: whether stars, notes or boards come back with them.
    """

    folder: Path
    deletion: Deletion
    cells: tuple[Cell, ...]
    deleted_at: datetime
    kept_until: datetime
    is_marked: bool

    @property
    def count(self) -> int:
        """How many pictures were deleted together."""
        return len(self.deletion.pictures)


class ShelfList(QAbstractListModel):
    """Deletions, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.shelved: list[Shelved] = []

    def take(self, shelved: list[Shelved]) -> None:
        """Show these."""
        old = [each.deletion.batch for each in self.shelved]
        if [each.deletion.batch for each in shelved] != old:
            self.beginResetModel()
            self.shelved = shelved
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.shelved)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        shelved = self.shelved[index.row()]
        if role == SHELF_ROLE:
            return shelved
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self.title(shelved)}, {self.detail(shelved)}"
        return None

    def title(self, shelved: Shelved) -> str:
        """How many pictures."""
        return counted.pictures(shelved.count)

    def detail(self, shelved: Shelved) -> str:
        """When they were deleted, and how long they are kept."""
        then, until = moment_text(shelved.deleted_at), date_text(shelved.kept_until)
        return self.tr("deleted {0}, kept until {1}").format(then, until)


class ShelfView(QListView):
    """The list; Enter restores, Delete deletes for good."""

    restore_wanted = Signal()
    discard_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore_wanted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.discard_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.selectionModel().hasSelection():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(icon("undo"), self.tr("Restore"), self.restore_wanted.emit)
            menu.addAction(icon("trash"), self.tr("Delete for Good…"), self.discard_wanted.emit)
            menu.popup(event.globalPos())


class TrashView(QWidget):
    """Shows the shelf and reports what should happen with it.

    Signals:
        restore_wanted, discard_wanted: a list of `Shelved`.
    """

    restore_wanted = Signal(object)
    discard_wanted = Signal(object)

    def __init__(self, thumbnails: GridThumbnails) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shelf = ShelfList()
        self.view = ShelfView()
        self.view.setModel(self.shelf)
        self.view.setItemDelegate(ShelfDelegate(self.shelf, thumbnails, self.view))
        self.view.setAccessibleName(self.tr("Deleted pictures"))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.selectionModel().selectionChanged.connect(self._show_state)
        self.view.restore_wanted.connect(self._want_restore)
        self.view.discard_wanted.connect(self._want_discard)
        self.view.doubleClicked.connect(self._want_restore)
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
        """Show what lies on the shelf."""
        self.shelf.take(shelved)
        self._stack.setCurrentIndex(0 if shelved else 1)
        self._show_state()

    def selected(self) -> list[Shelved]:
        """The selected deletions."""
        rows = sorted(index.row() for index in self.view.selectedIndexes())
        return [self.shelf.shelved[row] for row in rows]

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        note = self.tr("Deleted pictures stay here for 30 days, then go to the system's trash.")
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

    def _show_state(self) -> None:
        has_selection = self.view.selectionModel().hasSelection()
        self.restore.setEnabled(has_selection)
        self.discard.setEnabled(has_selection)
        self.empty.setEnabled(bool(self.shelf.shelved))

    def _want_restore(self) -> None:
        if self.selected():
            self.restore_wanted.emit(self.selected())

    def _want_discard(self) -> None:
        if self.selected():
            self.discard_wanted.emit(self.selected())

    def _want_empty(self) -> None:
        self.discard_wanted.emit(list(self.shelf.shelved))


def read_shelf(gallery: Gallery) -> list[Shelved]:
    """What lies on the shelf; touches the disk."""
    from sdstudio.gallery.trash import SHELF_DAYS, Trash

    found = []
    for folder, deletion in gallery.shelf():
        trash = Trash(folder)
        shown = deletion.pictures[:SHOWN_PICTURES]
        cells = tuple(
            Cell(
                id=-(hash(deletion.batch) % 2**40 * SHOWN_PICTURES + place),
                path=trash.path_of(deletion, picture),
                stamp=(picture.mtime_ns, picture.num_bytes),
            )
            for place, picture in enumerate(shown)
        )
        deleted_at = deletion.deleted_at.astimezone()
        found.append(
            Shelved(
                folder=folder,
                deletion=deletion,
                cells=cells,
                deleted_at=deleted_at,
                kept_until=deleted_at + timedelta(days=SHELF_DAYS),
                is_marked=any(not picture.marks.is_empty for picture in deletion.pictures),
            )
        )
    return found


def _nothing(tr: Callable[[str], str]) -> Emptiness:
    return Emptiness(
        icon_name="trash",
        title=tr("The trash is empty."),
        text=tr("Delete moves pictures here, with their stars, notes and boards."),
        acts={},
    )
