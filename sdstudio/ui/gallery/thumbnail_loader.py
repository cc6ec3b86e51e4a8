"""Thumbnails by the latest wish, decoded elsewhere, kept within bounds."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from sdstudio.errors import PictureFileError
from sdstudio.ui.background import Background
from sdstudio.ui.widgets.picture_view import to_qimage

THUMBNAIL_PX = 256
MAX_KEPT = 160
MAX_WANTED = 64
"""Older wishes than this are forgotten: their rows have been scrolled away."""


class ThumbnailLoader(QObject):
    """Answers with what it has, fetches what it has not; what was asked for last comes first.

    Args:
        background: one task is given at a time, so that it is never blocked for long.
    """

    loaded = Signal(object)  # Path

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._kept: OrderedDict[Path, QPixmap | None] = OrderedDict()
        self._wanted: OrderedDict[Path, None] = OrderedDict()
        self._reading: Path | None = None
        self.is_closed = False
        self.decoded = 0

    def get(self, path: Path) -> QPixmap | None:
        """The thumbnail, or None while it is being fetched and for a broken picture."""
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        if path == self._reading:
            return None
        self._wanted[path] = None
        self._wanted.move_to_end(path)
        while len(self._wanted) > MAX_WANTED:
            self._wanted.popitem(last=False)
        self._fetch_next()
        return None

    def is_broken(self, path: Path) -> bool:
        """Whether the picture could not be read; it is not tried again until `forget`."""
        return path in self._kept and self._kept[path] is None

    def forget(self, path: Path) -> None:
        """Drop a thumbnail, because its file has changed or is gone."""
        self._kept.pop(path, None)
        self._wanted.pop(path, None)

    def _fetch_next(self) -> None:
        if self._reading is not None or self.is_closed or not self._wanted:
            return
        path, _ = self._wanted.popitem()
        self._reading = path

        def done(image: QImage | None) -> None:
            self._keep(path, image)

        self._background.run(lambda: _read(path), done)

    def _keep(self, path: Path, image: QImage | None) -> None:
        self._reading = None
        self.decoded += 1
        self._kept[path] = None if image is None else QPixmap.fromImage(image)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        self.loaded.emit(path)
        self._fetch_next()


def _read(path: Path) -> QImage | None:
    from sdstudio.gallery.thumbnails import read_thumbnail

    try:
        return to_qimage(read_thumbnail(path, side_px=THUMBNAIL_PX))
    except PictureFileError:
        return None
