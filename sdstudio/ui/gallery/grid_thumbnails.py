"""Thumbnails for the large gallery: what is on screen first, drawn at the size it is shown in."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QImage, QPainter, QPainterPath, QPixmap

from sdstudio.errors import PictureFileError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.widgets.picture_view import to_qimage

if TYPE_CHECKING:
    from sdstudio.gallery.thumbnails import ThumbnailCache

SMALL_PX, LARGE_PX = 256, 512
"""Sides of the two sizes that are kept on the disk."""

RADIUS_PX = 5.0
MIN_BYTES = 64 << 20
SCREENS_KEPT = 3
AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """One thumbnail in memory.

    Attributes:
        side_px: the side of the square it was fitted into, in pixels of the screen.
        pixmap: None for a picture that cannot be read.
    """

    stamp: tuple[int, int]
    side_px: int
    pixmap: QPixmap | None

    @property
    def num_bytes(self) -> int:
        """About what it takes in memory."""
        return 4 * self.pixmap.width() * self.pixmap.height() if self.pixmap else 64


class GridThumbnails(QObject):
    """Keeps what was shown last, within a bound of bytes, and fetches what is wished for now.

    Args:
        folder: of the thumbnails on the disk.
    """

    arrived = Signal(object)  # the id of a picture

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._background = Background(self, threads=AT_ONCE)
        self._caches: dict[int, ThumbnailCache] = {}
        self._kept: OrderedDict[int, Thumbnail] = OrderedDict()
        self._num_bytes = 0
        self._bound = MIN_BYTES
        self._wishes: deque[Cell] = deque()
        self._reading: set[int] = set()
        self._is_closed = False
        self.side_px = SMALL_PX
        self.scale = 1.0
        self.fetched = 0

    def show_at(self, side_px: int, scale: float, screen_bytes: int) -> None:
        """Fetch thumbnails of this size from now on; others stand in until they are there.

        Args:
            side_px: in pixels of the screen.
            scale: pixels of the screen for each of the window.
            screen_bytes: what all that can be seen at once takes.
        """
        self.side_px, self.scale = side_px, scale
        self._bound = max(MIN_BYTES, SCREENS_KEPT * screen_bytes)

    def get(self, cell: Cell) -> Thumbnail | None:
        """The best there is."""
        kept = self._kept.get(cell.id)
        if kept is None:
            return None
        self._kept.move_to_end(cell.id)
        return kept

    def is_due(self, cell: Cell) -> bool:
        """Whether there is a better one to fetch."""
        kept = self._kept.get(cell.id)
        return kept is None or kept.stamp != cell.stamp or kept.side_px != self.side_px

    def wish(self, cells: Sequence[Cell]) -> None:
        """Fetch these, in this order, and forget earlier wishes."""
        self._wishes = deque(cell for cell in cells if cell.id not in self._reading)
        self._fetch_next()

    def wish_also(self, cell: Cell) -> None:
        """Fetch this one after all others."""
        if cell.id not in self._reading and all(cell.id != each.id for each in self._wishes):
            self._wishes.append(cell)
            self._fetch_next()

    def close(self) -> None:
        """Read nothing more, and wait for what is being read."""
        self._is_closed = True
        self._wishes.clear()
        self._background.finish()

    def _fetch_next(self) -> None:
        while self._wishes and len(self._reading) < AT_ONCE and not self._is_closed:
            cell = self._wishes.popleft()
            if self.is_due(cell) and cell.id not in self._reading:
                self._begin(cell, self.side_px, self.scale)

    def _begin(self, cell: Cell, side_px: int, scale: float) -> None:
        self._reading.add(cell.id)
        cache = self._cache(SMALL_PX if side_px <= SMALL_PX else LARGE_PX)

        def done(image: QImage | None) -> None:
            self._keep(cell, side_px, image)

        self._background.run(lambda: _read(cache, cell.path, side_px, scale), done)

    def _cache(self, side_px: int) -> ThumbnailCache:
        if side_px not in self._caches:
            from sdstudio.gallery.thumbnails import ThumbnailCache

            folder = self._folder / str(side_px)
            self._caches[side_px] = ThumbnailCache(folder, side_px=side_px)
        return self._caches[side_px]

    def _keep(self, cell: Cell, side_px: int, image: QImage | None) -> None:
        self._reading.discard(cell.id)
        pixmap = None if image is None else QPixmap.fromImage(image)
        old = self._kept.pop(cell.id, None)
        new = Thumbnail(stamp=cell.stamp, side_px=side_px, pixmap=pixmap)
        self._kept[cell.id] = new
        self._num_bytes += new.num_bytes - (old.num_bytes if old else 0)
        while self._num_bytes > self._bound and len(self._kept) > 1:
            self._num_bytes -= self._kept.popitem(last=False)[1].num_bytes
        self.fetched += 1
        self.arrived.emit(cell.id)
        self._fetch_next()


def _read(cache: ThumbnailCache, path: Path, side_px: int, scale: float) -> QImage | None:
    try:
        return _fitted(cache.get(path), side_px, RADIUS_PX * scale)
    except (PictureFileError, OSError):
        return None


def _fitted(raster: Raster, side_px: int, radius_px: float) -> QImage:
    """The picture inside a square, with round corners."""
    image = to_qimage(raster)
    size = image.size().scaled(QSize(side_px, side_px), Qt.AspectRatioMode.KeepAspectRatio)
    image = image.scaled(
        size.expandedTo(QSize(1, 1)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    result = QImage(image.size(), QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(Qt.GlobalColor.transparent)
    path = QPainterPath()
    path.addRoundedRect(QRectF(result.rect()), radius_px, radius_px)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(path, QBrush(image))  # a clip path would have jagged edges
    painter.end()
    return result
