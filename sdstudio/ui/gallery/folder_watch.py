"""Keeps a list of pictures like the folder on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from sdstudio.ui.background import Background

MAX_PICTURES = 1000
"""The strip shows the newest; all of them are the full gallery's business."""

QUIET_MS = 400


class FolderWatch(QObject):
    """Reads the folder in the background, once after any number of changes.

    Args:
        folder: tells where pictures are now.
    """

    listed = Signal(object)  # list[Path], the newest first

    def __init__(
        self, folder: Callable[[], Path], background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self._background = background
        self._is_reading = False
        self._is_stale = False
        self.is_closed = False
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._on_changed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self.read)

    def read(self) -> None:
        """List the folder now and watch it from now on."""
        if self._is_reading or self.is_closed:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        folder = self.folder()
        self._background.run(lambda: _list(folder), self._on_listed, self._on_failed)

    def read_soon(self) -> None:
        """List the folder when it has been quiet for a moment."""
        self._timer.start()

    def _on_changed(self, _: str) -> None:
        self.read_soon()

    def _on_listed(self, answer: tuple[Path, bool, list[Path]]) -> None:
        folder, exists, paths = answer
        watched = self._watcher.directories()
        if watched and watched != [str(folder)]:
            self._watcher.removePaths(watched)
        if exists and watched != [str(folder)]:
            self._watcher.addPath(str(folder))
        self.listed.emit(paths)
        self._done()

    def _on_failed(self, _: Exception) -> None:
        """A folder that cannot be read shows no pictures; saving into it says why."""
        self.listed.emit([])
        self._done()

    def _done(self) -> None:
        self._is_reading = False
        if self._is_stale:
            self.read()


def _list(folder: Path) -> tuple[Path, bool, list[Path]]:
    from sdstudio.gallery.store import GalleryStore

    return folder, folder.is_dir(), GalleryStore(folder).newest(MAX_PICTURES)
