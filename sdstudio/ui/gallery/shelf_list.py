"""What lies on the shelf of deleted pictures, as a list of single pictures."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.gallery.day_headings import DayHeadings
from sdstudio.ui.gallery.gallery_edits import Choice
from sdstudio.ui.gallery.gallery_list import Deliver, GalleryList
from sdstudio.ui.gallery.moments import date_text, moment_text
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.trash import Deletion

PLACES = 1 << 20
"""Ids a deletion has for its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelved:
    """One deletion on the shelf.

    Attributes:
        ids: of its pictures; they stay while others come back, and descend from deletion to
            deletion, the newest first.
    """

    folder: Path
    deletion: Deletion
    ids: array[int]
    deleted_at: datetime
    kept_until: datetime


class ShelfList(GalleryList):
    """The pictures of all deletions, those of the newest deletion first."""

    def __init__(self) -> None:
        super().__init__(self._give)
        self.shelved: list[Shelved] = []
        self.starts: list[int] = []

    def take_shelved(self, shelved: list[Shelved]) -> None:
        """Show these."""
        self.shelved, self.starts = shelved, []
        ids = array("q")
        for each in shelved:
            self.starts.append(len(ids))
            ids.extend(each.ids)
        self.take(ids)

    def choice(self, rows: Iterable[int]) -> list[Choice]:
        """The deletions that these pictures belong to, with their names."""
        names: dict[int, set[str]] = {}
        for row in rows:
            section, place = self._place(row)
            picture = self.shelved[section].deletion.pictures[place]
            names.setdefault(section, set()).add(picture.name)
        return [
            (self.shelved[section].folder, self.shelved[section].deletion, frozenset(some))
            for section, some in names.items()
        ]

    def describe(self, cell: Cell) -> str:
        row = self.row_of(cell.id)
        parts = [one_line(cell.words)]
        if row is not None:
            parts.append(deleted_text(self.shelved[self._place(row)[0]]))
        if cell.rating:
            parts.append(counted.stars(cell.rating))
        if cell.boards:
            boards = ", ".join(one_line(board) for board in cell.boards)
            parts.append(self.tr("on {0}").format(boards))
        return "\n".join(parts)

    def _place(self, row: int) -> tuple[int, int]:
        """(deletion, place in it) of a row."""
        section = bisect_right(self.starts, row) - 1
        return section, row - self.starts[section]

    def _give(self, ids: list[int], deliver: Deliver) -> None:
        """All is known already; but a view may be painting."""
        QTimer.singleShot(0, self, lambda: deliver([*self._cells_of(ids)]))

    def _cells_of(self, ids: Sequence[int]) -> Iterable[Cell]:
        from sdstudio.gallery.trash import Trash

        for row in self.rows_of(ids):
            section, place = self._place(row)
            shelved = self.shelved[section]
            picture = shelved.deletion.pictures[place]
            yield Cell(
                id=self.ids[row],
                path=Trash(shelved.folder).path_of(shelved.deletion, picture),
                stamp=(picture.mtime_ns, picture.num_bytes),
                words=picture.name,
                rating=picture.marks.rating,
                label=picture.marks.label,
                has_note=bool(picture.marks.note),
                boards=picture.marks.boards,
            )


class ShelfHeadings(DayHeadings):
    """Above each deletion, how many pictures it has and until when they are kept."""

    def __init__(self, shelf: ShelfList) -> None:
        super().__init__()
        self._shelf = shelf

    def words(self, ids: Sequence[int], span: tuple[int, int]) -> tuple[str, str]:
        section = bisect_right(self.starts, span[0]) - 1
        return counted.pictures(span[1] - span[0]), deleted_text(self._shelf.shelved[section])


def deleted_text(shelved: Shelved) -> str:
    """When pictures were deleted, and how long they are kept."""
    text = QCoreApplication.translate("ShelfList", "deleted {0}, kept until {1}")
    return text.format(moment_text(shelved.deleted_at), date_text(shelved.kept_until))


def read_shelf(gallery: Gallery) -> list[Shelved]:
    """What lies on the shelf; touches the disk."""
    from sdstudio.gallery.trash import SHELF_DAYS

    found: list[Shelved] = []
    below = 1 << 42
    for folder, deletion in gallery.shelf():
        deleted_at = deletion.deleted_at.astimezone()
        below = min(below - 1, int(deleted_at.timestamp() * 1000))
        found.append(
            Shelved(
                folder=folder,
                deletion=deletion,
                ids=_ids(deletion, (below + 1) * PLACES - 1),
                deleted_at=deleted_at,
                kept_until=deleted_at + timedelta(days=SHELF_DAYS),
            )
        )
    return found


def _ids(deletion: Deletion, first: int) -> array[int]:
    """Downwards from `first` by the numbers that the pictures have in the trash."""
    ids, number = array("q"), -1
    for picture in deletion.pictures:
        stem = Path(picture.stored).stem
        said = int(stem) if len(stem) < 7 and stem.isascii() and stem.isdigit() else 0
        number = max(number + 1, said)
        ids.append(first - number)
    return ids
