"""Where one can go in the gallery, as a list model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, Qt, Signal

from sdstudio.ui.gallery.gallery_desk import Contents
from sdstudio.ui.gallery.gallery_list import IDS_MIME, dragged_ids
from sdstudio.ui.gallery.picture_list import Index
from sdstudio.ui.widgets.visible_text import one_line

BOARD_MIME = "application/x-sdstudio-board"
PLACE_ROLE = Qt.ItemDataRole.UserRole
COUNT_ROLE = Qt.ItemDataRole.UserRole + 1

Kind = Literal["all", "unsorted", "heading", "board", "search", "trash"]

ICONS: dict[Kind, str] = {
    "all": "gallery",
    "unsorted": "unsorted",
    "board": "board",
    "search": "search",
    "trash": "trash",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place.

    Attributes:
        name: of a board or kept search.
        text: what a kept search asks.
        is_unnamed: a board whose name is being typed.
    """

    kind: Kind
    name: str = ""
    text: str = ""
    is_unnamed: bool = False


class PlaceList(QAbstractListModel):
    """Fixed places first, then boards, searches and the trash.

    Signals:
        renamed: (place, name) a name was typed; "" for none.
        dropped: (place, ids) pictures were dropped.
    """

    renamed = Signal(object, str)
    dropped = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[Place, int | None]] = []
        self.take(Contents())

    def take(self, contents: Contents) -> None:
        """Show these boards, searches and numbers."""
        places: list[tuple[Place, int | None]] = [
            (Place(kind="all"), contents.total),
            (Place(kind="unsorted"), contents.unboarded),
            (Place(kind="heading", name=self.tr("Boards")), None),
        ]
        places += [(Place(kind="board", name=name), count) for name, count in contents.boards]
        if contents.searches:
            places.append((Place(kind="heading", name=self.tr("Searches")), None))
        places += [
            (Place(kind="search", name=name, text=text), None)
            for name, text in contents.searches.items()
        ]
        places.append((Place(kind="heading"), None))
        places.append((Place(kind="trash"), contents.trashed))
        if places != self._places:
            self.beginResetModel()
            self._places = places
            self.endResetModel()

    def index_of(self, place: Place) -> QModelIndex:
        """Where a place stands, by kind and name."""
        for row, (each, _) in enumerate(self._places):
            if (each.kind, each.name) == (place.kind, place.name):
                return self.index(row)
        return QModelIndex()

    def boards(self) -> list[str]:
        """The names of all boards."""
        return [place.name for place, _ in self._places if place.kind == "board"]

    def board_rows(self) -> list[int]:
        """Where the boards stand, one below the other."""
        return [row for row, (place, _) in enumerate(self._places) if place.kind == "board"]

    def add_unnamed(self) -> QModelIndex:
        """Make room for a board whose name is to be typed."""
        self.drop_unnamed()
        row = 3 + len(self.boards())
        self.beginInsertRows(QModelIndex(), row, row)
        self._places.insert(row, (Place(kind="board", is_unnamed=True), None))
        self.endInsertRows()
        return self.index(row)

    def drop_unnamed(self) -> None:
        """Take that room away again."""
        for row, (place, _) in enumerate(self._places):
            if place.is_unnamed:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._places[row]
                self.endRemoveRows()
                return

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._places)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        place, count = self._places[index.row()]
        if role == PLACE_ROLE:
            return place
        if role == COUNT_ROLE:
            return count
        if role == Qt.ItemDataRole.EditRole:
            return place.name
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(place)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._title(place)}, {count:,}" if count is not None else self._title(place)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        place, _ = self._places[index.row()]
        name = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or name == place.name:
            return False
        self.renamed.emit(place, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        place, _ = self._places[index.row()] if index.isValid() else (Place(kind="heading"), 0)
        if place.kind == "heading":
            return Qt.ItemFlag.ItemNeverHasChildren
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if place.kind == "board":
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
        if place.kind in ("board", "trash"):
            flags |= Qt.ItemFlag.ItemIsDropEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        return [IDS_MIME, BOARD_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        for index in indexes:
            place: Place | None = index.data(PLACE_ROLE)
            if place is not None and place.kind == "board" and not place.is_unnamed:
                mime.setData(BOARD_MIME, place.name.encode())
        return mime

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction | Qt.DropAction.MoveAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return data.hasFormat(IDS_MIME) and bool(self.flags(parent) & Qt.ItemFlag.ItemIsDropEnabled)

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        ids = dragged_ids(data)
        if parent.isValid() and ids:
            self.dropped.emit(self._places[parent.row()][0], ids)
        return bool(ids)

    def _title(self, place: Place) -> str:
        titles = {
            "all": self.tr("All Pictures"),
            "unsorted": self.tr("Unsorted"),
            "trash": self.tr("Trash"),
        }
        return titles.get(place.kind) or one_line(place.name)
