"""The side bar of the gallery: all pictures, boards, kept searches and the trash."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QMenu, QVBoxLayout

from sdstudio.ui.gallery.gallery_desk import Contents
from sdstudio.ui.gallery.place_delegate import PlaceDelegate
from sdstudio.ui.gallery.place_list import PLACE_ROLE, Place, PlaceList
from sdstudio.ui.gallery.places_view import PlacesView
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button

WIDTH_PX = 184


class BoardsPanel(QFrame):
    """Shows places and reports where a person wants to go.

    Signals:
        place_chosen: a `Place`.
        board_made: the name of a new board.
        board_renamed: (old, new).
        remove_wanted: a board or kept search.
        order_wanted: the names of all boards in their new order.
        dropped: (place, ids) pictures were dropped on a board or on the trash.
    """

    place_chosen = Signal(object)
    board_made = Signal(str)
    board_renamed = Signal(str, str)
    remove_wanted = Signal(object)
    order_wanted = Signal(object)
    dropped = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.places = PlaceList()
        self.places.renamed.connect(self._on_renamed)
        self.places.dropped.connect(self.dropped)
        self.view = PlacesView(self.places)
        delegate = PlaceDelegate(self.view)
        delegate.closeEditor.connect(self._on_typed, Qt.ConnectionType.QueuedConnection)
        self.view.setItemDelegate(delegate)
        self.view.setAccessibleName(self.tr("Boards and searches"))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.remove_wanted.connect(self._want_remove)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.board_moved.connect(self._move_board)
        self.view.clicked.connect(self._on_clicked)
        new = text_button(self.tr("New Board"), kind="quiet", icon_name="plus")
        new.clicked.connect(self.begin_board)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self.view, 1)
        layout.addWidget(new)
        self.setMinimumWidth(150)
        self._is_filling = False
        self._contents = Contents()
        self.view.setCurrentIndex(self.places.index(0))

    @property
    def place(self) -> Place:
        """Where one is."""
        return self.view.currentIndex().data(PLACE_ROLE) or Place(kind="all")

    def take(self, contents: Contents) -> None:
        """Show boards, searches and numbers; the current place stays."""
        self._contents = contents
        if self.view.state() == QAbstractItemView.State.EditingState:
            return
        old = self.place
        self._is_filling = True
        self.places.take(contents)
        index = self.places.index_of(old)
        self.view.setCurrentIndex(index if index.isValid() else self.places.index(0))
        self._is_filling = False
        if not index.isValid():
            self.place_chosen.emit(self.place)

    def go_to(self, place: Place) -> None:
        """Choose a place."""
        index = self.places.index_of(place)
        if index.isValid():
            self.view.setCurrentIndex(index)

    def begin_board(self) -> None:
        """Let a name be typed for a new board."""
        index = self.places.add_unnamed()
        self.view.scrollTo(index)
        self.view.edit(index)

    def _on_typed(self) -> None:
        """The new board comes with the next contents; Escape leaves nothing behind."""
        self.places.drop_unnamed()
        self.take(self._contents)

    def _on_renamed(self, place: Place, name: str) -> None:
        if name and place.is_unnamed:
            self.board_made.emit(name)
        elif name:
            self.board_renamed.emit(place.name, name)

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        place = current.data(PLACE_ROLE)
        if place is not None and not self._is_filling and not place.is_unnamed:
            self.place_chosen.emit(place)

    def _on_clicked(self, index: QModelIndex) -> None:
        """A kept search is asked again when it is clicked again."""
        place = index.data(PLACE_ROLE)
        if place is not None and place.kind == "search":
            self.place_chosen.emit(place)

    def _move_board(self, name: str, at: int) -> None:
        """Show the new order before it is on the disk."""
        counts = dict(self._contents.boards)
        names = [each for each in counts if each != name]
        names.insert(at, name)
        if name in counts and names != list(counts):
            self.take(replace(self._contents, boards=[(each, counts[each]) for each in names]))
            self.order_wanted.emit(names)

    def _want_remove(self, place: Place) -> None:
        if place.kind in ("board", "search"):
            self.remove_wanted.emit(place)

    def _show_menu(self, place: Place, spot: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if place.kind == "board":
            index = self.places.index_of(place)
            menu.addAction(self.tr("Rename…"), lambda: self.view.edit(index))
            at, last = self.places.boards().index(place.name), len(self.places.boards()) - 1
            up = menu.addAction(self.tr("Move Up") + "\tAlt+↑")
            up.triggered.connect(lambda: self._move_board(place.name, at - 1))
            up.setEnabled(at > 0)
            down = menu.addAction(self.tr("Move Down") + "\tAlt+↓")
            down.triggered.connect(lambda: self._move_board(place.name, at + 1))
            down.setEnabled(at < last)
        if place.kind in ("board", "search"):
            remove = self.tr("Remove Board") if place.kind == "board" else self.tr("Remove Search")
            menu.addAction(icon("trash"), remove, lambda: self.remove_wanted.emit(place))
            menu.addSeparator()
        menu.addAction(icon("plus"), self.tr("New Board"), self.begin_board)
        menu.popup(spot)
