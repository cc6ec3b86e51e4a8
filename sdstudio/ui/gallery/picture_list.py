"""The newest pictures as a list model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QUrl,
)

from sdstudio.ui.gallery.thumbnail_loader import ThumbnailLoader

PATH_ROLE = Qt.ItemDataRole.UserRole
BROKEN_ROLE = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


def picture_mime(paths: Sequence[Path]) -> QMimeData:
    """What a drag of picture files carries."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


class PictureList(QAbstractListModel):
    """Paths in their order; a thumbnail is fetched when a view first asks for it."""

    def __init__(self, loader: ThumbnailLoader) -> None:
        super().__init__(loader)
        self._loader = loader
        self._paths: list[Path] = []
        loader.loaded.connect(self._on_loaded)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All pictures, the newest first."""
        return tuple(self._paths)

    def take(self, paths: Sequence[Path]) -> None:
        """Change into another list; rows that stay are not touched."""
        if list(paths) == self._paths:
            return
        wanted = set(paths)
        for row in range(len(self._paths) - 1, -1, -1):
            if self._paths[row] not in wanted:
                self._remove_row(row)
        old = set(self._paths)
        if [path for path in paths if path in old] != self._paths:
            self.beginResetModel()
            self._paths = list(paths)
            self.endResetModel()
            return
        for row, path in enumerate(paths):
            if path not in old:
                self._insert_row(row, path)

    def add_newest(self, path: Path) -> None:
        """Put a picture at the front."""
        self._loader.forget(path)
        if path in self._paths:
            self._remove_row(self._paths.index(path))
        self._insert_row(0, path)

    def remove(self, path: Path) -> None:
        """Take a picture out, if it is there."""
        if path in self._paths:
            self._remove_row(self._paths.index(path))

    def index_of(self, path: Path | None) -> QModelIndex:
        """Where a picture stands; invalid if it does not."""
        return self.index(self._paths.index(path)) if path in self._paths else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._paths)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        path = self._paths[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return self._loader.get(path)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return path.name
        if role == BROKEN_ROLE:
            return self._loader.is_broken(path)
        return path if role == PATH_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return picture_mime([self._paths[index.row()] for index in indexes])

    def _insert_row(self, row: int, path: Path) -> None:
        self.beginInsertRows(QModelIndex(), row, row)
        self._paths.insert(row, path)
        self.endInsertRows()

    def _remove_row(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        self._loader.forget(self._paths.pop(row))
        self.endRemoveRows()

    def _on_loaded(self, path: Path) -> None:
        index = self.index_of(path)
        if index.isValid():
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])
