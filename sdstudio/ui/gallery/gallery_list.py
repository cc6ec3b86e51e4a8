"""The pictures of the large gallery as a list model: ids in memory, the rest by the page."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, Qt, Signal

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.gallery.moments import moment_text
from sdstudio.ui.gallery.picture_list import Index, picture_mime
from sdstudio.ui.widgets.plain_tooltip import plain_tooltip
from sdstudio.ui.widgets.visible_text import one_line

PAGE_ROWS = 120
MAX_CELLS = 2400
MAX_WISHES = 4
FEW = 1000
IDS_MIME = "application/x-sdstudio-pictures"
ID_ROLE = Qt.ItemDataRole.UserRole
CELL_ROLE = Qt.ItemDataRole.UserRole + 1

Deliver = Callable[[list[Cell]], None]


class GalleryList(QAbstractListModel):
    """Eight bytes for each picture; cells are fetched when a view first asks for them.

    Args:
        fetch: reads the cells of some ids elsewhere and delivers them here.

    Signals:
        cells_arrived: what is on screen can be drawn better now.
    """

    cells_arrived = Signal()

    def __init__(self, fetch: Callable[[list[int], Deliver], None]) -> None:
        super().__init__()
        self.ids = array("q")
        self._fetch = fetch
        self._cells: OrderedDict[int, Cell] = OrderedDict()
        self._stale: set[int] = set()
        self._wishes: OrderedDict[int, None] = OrderedDict()
        self._fetching: int | None = None

    def take(self, ids: array[int]) -> None:
        """Show these pictures; known cells are read anew when they are next seen."""
        self._stale = set(self._cells)
        if ids == self.ids:
            self.cells_arrived.emit()
            return
        self.beginResetModel()
        self.ids = ids
        self._wishes.clear()
        self.endResetModel()

    def cell(self, row: int) -> Cell | None:
        """What is known of a picture; it is fetched if that is nothing, or old."""
        picture_id = self.ids[row]
        cell = self._cells.get(picture_id)
        if cell is None or picture_id in self._stale:
            self._wish(row // PAGE_ROWS)
        if cell is not None:
            self._cells.move_to_end(picture_id)
        return cell

    def row_of(self, picture_id: int) -> int | None:
        """Where a picture stands; ids descend."""
        low, high = 0, len(self.ids)
        while low < high:
            middle = (low + high) // 2
            if self.ids[middle] > picture_id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.ids) and self.ids[low] == picture_id else None

    def rows_of(self, ids: Sequence[int]) -> list[int]:
        """Where these stand; a few are looked up, many are met on a walk through all."""
        if len(ids) < FEW:
            found = (self.row_of(each) for each in ids)
            return [row for row in found if row is not None]
        wanted = set(ids)
        return [row for row, each in enumerate(self.ids) if each in wanted]

    def known(self, ids: Iterable[int]) -> list[Cell]:
        """The cells of those of `ids` that are in memory."""
        return [self._cells[each] for each in ids if each in self._cells]

    def show_at_once(self, ids: Iterable[int], **changes: object) -> None:
        """Draw a change of some cells before it is on the disk."""
        for each in ids:
            if each in self._cells:
                self._cells[each] = replace(self._cells[each], **changes)  # type: ignore[arg-type]
        self.cells_arrived.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == ID_ROLE:
            return self.ids[index.row()]
        cell = self.cell(index.row())
        if role == CELL_ROLE or cell is None:
            return cell if role == CELL_ROLE else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(self.describe(cell))
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole):
            return self.describe(cell).replace("\n", ", ")
        return None

    def describe(self, cell: Cell) -> str:
        """A picture in words, for a tooltip and a screen reader."""
        parts = [one_line(cell.words or cell.path.name)]
        if cell.fault:
            parts.append(one_line(cell.fault))
        parts.append(f"{cell.width} × {cell.height} · {moment_text(cell.made)}")
        if cell.rating:
            parts.append(counted.stars(cell.rating))
        if cell.label:
            parts.append(self.tr("label: {0}").format(cell.label))
        if cell.boards:
            boards = ", ".join(one_line(board) for board in cell.boards)
            parts.append(self.tr("on {0}").format(boards))
        return "\n".join(parts)

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def mimeTypes(self) -> list[str]:
        return [IDS_MIME, "text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return pictures_mime(self.known(self.ids[index.row()] for index in indexes))

    def _wish(self, page: int) -> None:
        if page == self._fetching:
            return
        self._wishes[page] = None
        self._wishes.move_to_end(page)
        while len(self._wishes) > MAX_WISHES:
            self._wishes.popitem(last=False)
        if self._fetching is None:
            self._fetch_next()

    def _fetch_next(self) -> None:
        if not self._wishes:
            return
        page, _ = self._wishes.popitem()
        self._fetching = page
        ids = list(self.ids[page * PAGE_ROWS : (page + 1) * PAGE_ROWS])

        def keep(cells: list[Cell]) -> None:
            self._keep(ids, cells)

        self._fetch(ids, keep)

    def _keep(self, asked: list[int], cells: list[Cell]) -> None:
        self._fetching = None
        self._stale.difference_update(asked)
        for cell in cells:
            self._cells[cell.id] = cell
            self._cells.move_to_end(cell.id)
        while len(self._cells) > MAX_CELLS:
            self._stale.discard(self._cells.popitem(last=False)[0])
        self.cells_arrived.emit()
        self._fetch_next()


def pictures_mime(cells: Sequence[Cell]) -> QMimeData:
    """What a drag of pictures carries: real files for other programs, ids for our own boards."""
    mime = picture_mime([cell.path for cell in cells])
    mime.setData(IDS_MIME, ",".join(str(cell.id) for cell in cells).encode())
    return mime


def dragged_ids(mime: QMimeData) -> list[int]:
    """The ids of the gallery's pictures that a drag carries."""
    text = bytes(mime.data(IDS_MIME).data()).decode("ascii", "ignore")
    return [int(part) for part in text.split(",") if part.isdigit()]
