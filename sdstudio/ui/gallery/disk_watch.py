"""Tells when something changed in the gallery's folders or below them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

MAX_FOLDERS = 2000
"""Systems bound how many folders a program may watch; a scan at each visit sees the rest."""


class DiskWatch(QObject):
    """Watches folders; names that come, go or are replaced count as a change."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._on_changed)

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch these folders and no others; returns whether there are new ones among them."""
        wanted, watched = set(folders), set(self._watcher.directories())
        if watched - wanted:
            self._watcher.removePaths(sorted(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(sorted(wanted - watched))
        return bool(wanted - watched)

    def _on_changed(self, _: str) -> None:
        self.changed.emit()


def folders_below(folders: Sequence[Path]) -> list[str]:
    """The folders that are there, and those below them that a scan reads; touches the disk."""
    found: list[str] = []
    for folder in folders:
        for current, below, _ in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            found.append(current)
            if len(found) >= MAX_FOLDERS:
                return found
    return found
