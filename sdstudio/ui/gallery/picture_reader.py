"""Whole pictures of the gallery, read and prepared elsewhere, the newest wish first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sdstudio.errors import PictureFileError
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.page_picture import PagePicture

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.picture_row import PictureRow

MAX_KEPT = 5
MAX_KEPT_PX = 48_000_000
"""About 200 MB; the picture that is looked at is kept however large it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPicture:
    """One picture of the gallery as it was read.

    Attributes:
        row: None where the gallery does not know it any more.
        picture: None where it cannot be read.
        fault: a sentence about that, else "".
    """

    id: int
    row: PictureRow | None = None
    picture: PagePicture | None = None
    fault: str = ""

    @property
    def stamp(self) -> tuple[str, int, int] | None:
        """Changes with the file."""
        row = self.row
        return None if row is None else (str(row.path), row.mtime_ns, row.num_bytes)

    @property
    def num_px(self) -> int:
        """How much of the bound it takes."""
        return self.picture.size.width() * self.picture.size.height() if self.picture else 0


class PictureReader(QObject):
    """Reads what is wanted now, then what may be wanted next; older wishes are forgotten.

    Args:
        gallery: tells which gallery is open now.

    Signals:
        arrived: a `ReadPicture`, each time one was read or was found changed.
    """

    arrived = Signal(object)

    def __init__(
        self,
        gallery: Callable[[], Gallery],
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._background = background
        self._kept: OrderedDict[int, ReadPicture] = OrderedDict()
        self._wishes: list[int] = []
        self._reading = False

    def get(self, picture_id: int) -> ReadPicture | None:
        """What is in memory."""
        return self._kept.get(picture_id)

    def want(self, ids: Sequence[int]) -> None:
        """Read these in this order; those in memory are read again if their file changed."""
        self._wishes = list(dict.fromkeys(ids))[:MAX_KEPT]
        for each in reversed(self._wishes):
            if each in self._kept:
                self._kept.move_to_end(each)
        self._read_next()

    def forget_all(self) -> None:
        """Let go of every picture, because nobody looks at one."""
        self._wishes.clear()
        self._kept.clear()

    def _read_next(self) -> None:
        if self._reading or not self._wishes:
            return
        self._reading = True
        picture_id = self._wishes.pop(0)
        gallery, kept = self._gallery(), self._kept.get(picture_id)

        def failed(error: Exception) -> None:
            self._keep(ReadPicture(id=picture_id, fault=str(error)))

        self._background.run(lambda: _read(gallery, picture_id, kept), self._keep, failed)

    def _keep(self, read: ReadPicture) -> None:
        self._reading = False
        self._kept[read.id] = read
        self._kept.move_to_end(read.id)
        while len(self._kept) > MAX_KEPT or (
            len(self._kept) > 1 and sum(each.num_px for each in self._kept.values()) > MAX_KEPT_PX
        ):
            self._kept.popitem(last=False)
        self.arrived.emit(read)
        self._read_next()


def _read(gallery: Gallery, picture_id: int, kept: ReadPicture | None) -> ReadPicture:
    from sdstudio.gallery.picture_import import import_picture

    rows = gallery.rows([picture_id])
    if not rows:
        return ReadPicture(id=picture_id, fault="The picture is not in the gallery any more.")
    row = rows[0]
    if kept is not None and kept.stamp == (str(row.path), row.mtime_ns, row.num_bytes):
        return ReadPicture(id=picture_id, row=row, picture=kept.picture, fault=kept.fault)
    try:
        return ReadPicture(id=picture_id, row=row, picture=PagePicture(import_picture(row.path)))
    except PictureFileError as error:
        return ReadPicture(id=picture_id, row=row, fault=error.message)
