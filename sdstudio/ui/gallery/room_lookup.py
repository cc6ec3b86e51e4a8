"""What the views of single pictures ask of their room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QPixmap

from sdstudio.messages.raster import Raster
from sdstudio.ui.gallery.gallery_room import GalleryRoom

if TYPE_CHECKING:
    from sdstudio.gallery.thumbnails import ThumbnailCache

SMALL_PX = 256


class RoomLookup:
    """Knows where a picture stands and what there is to show of it at once.

    Args:
        thumbnail_folder: of the room's thumbnails.
    """

    def __init__(self, room: GalleryRoom, thumbnail_folder: Path) -> None:
        self._room = room
        self._folder = thumbnail_folder
        self._cache: ThumbnailCache | None = None

    def position(self, picture_id: int) -> tuple[int, int] | None:
        """(place from 1, number of all) of a picture among those that are shown."""
        row = self._room.pictures.row_of(picture_id)
        return None if row is None else (row + 1, len(self._room.order()))

    def sketch(self, picture_id: int) -> tuple[QPixmap, QSize] | None:
        """The grid's thumbnail of a picture with the size of its file, if it is in memory."""
        cells = self._room.pictures.known([picture_id])
        kept = self._room.thumbnails.get(cells[0]) if cells else None
        if kept is None or kept.pixmap is None or not cells[0].width:
            return None
        return kept.pixmap, QSize(cells[0].width, cells[0].height)

    def thumbnail(self, path: Path) -> Raster:
        """Read a small copy of a file; never on the UI thread."""
        if self._cache is None:
            from sdstudio.gallery.thumbnails import ThumbnailCache

            self._cache = ThumbnailCache(self._folder / str(SMALL_PX), side_px=SMALL_PX)
        return self._cache.get(path)
