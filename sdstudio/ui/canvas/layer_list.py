"""The layers as a list, the topmost first, for a view that reorders by drag."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
)

from sdstudio.document.state import Layer
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.layer_thumbnails import LayerThumbnails

MIME_TYPE = "application/x-sdstudio-layer"
LAYER_ROLE = int(Qt.ItemDataRole.UserRole)
THUMBNAIL_ROLE = LAYER_ROLE + 1

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class LayerList(QAbstractListModel):
    """Follows the document on the easel; renaming and dropping change it."""

    def __init__(self, easel: Easel, thumbnails: LayerThumbnails) -> None:
        super().__init__(easel)
        self._easel = easel
        self._thumbnails = thumbnails
        self._layers: tuple[Layer, ...] = ()
        easel.touched.connect(self._follow)
        easel.document_changed.connect(self._start_anew)
        thumbnails.changed.connect(self._show_thumbnail)
        self._follow()

    def row_of(self, layer_id: int) -> int:
        """Where a layer stands, -1 if it is not there."""
        ids = [layer.id for layer in self._layers]
        return ids.index(layer_id) if layer_id in ids else -1

    def layer_at(self, row: int) -> Layer | None:
        """The layer of a row."""
        return self._layers[row] if 0 <= row < len(self._layers) else None

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._layers)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        layer = self.layer_at(index.row())
        if layer is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(layer)
        if role == LAYER_ROLE:
            return layer
        return self._thumbnails.get(layer.id) if role == THUMBNAIL_ROLE else None

    def setData(
        self, index: _Index, value: object, role: int = int(Qt.ItemDataRole.EditRole)
    ) -> bool:
        layer, name = self.layer_at(index.row()), str(value).strip()
        if layer is None or not name or name == layer.name:
            return False
        self._easel.do(lambda: self._easel.document.layers.rename(layer.id, name))
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        return (
            flag.ItemIsEnabled
            | flag.ItemIsSelectable
            | flag.ItemIsEditable
            | flag.ItemIsDragEnabled
            | flag.ItemNeverHasChildren
        )

    # --- dragging -------------------------------------------------------------------------

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        layer = self.layer_at(indexes[0].row()) if indexes else None
        if layer is not None:
            mime.setData(MIME_TYPE, QByteArray(str(layer.id).encode()))
        return mime

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index
    ) -> bool:
        if not data.hasFormat(MIME_TYPE):
            return False
        from_row = self.row_of(int(bytes(data.data(MIME_TYPE).data())))
        target = len(self._layers) if row < 0 else row
        self.move_row(from_row, target)
        return False  # the document moved it; the view has nothing to take away

    def move_row(self, from_row: int, target: int) -> None:
        """Put the layer of a row before another row, counted before it is taken away."""
        layer = self.layer_at(from_row)
        if layer is None or target in (from_row, from_row + 1):
            return
        left_above = target - (from_row < target)
        index = len(self._layers) - 1 - left_above
        self._easel.do(lambda: self._easel.document.layers.move_to(layer.id, index))

    # --- following ------------------------------------------------------------------------

    def _start_anew(self) -> None:
        self.beginResetModel()
        self._layers = self._easel.document.state.layers[::-1]
        self.endResetModel()

    def _follow(self) -> None:
        layers = self._easel.document.state.layers[::-1]
        if [each.id for each in layers] != [each.id for each in self._layers]:
            self._start_anew()
            return
        changed = [
            row
            for row, pair in enumerate(zip(self._layers, layers, strict=True))
            if pair[0] != pair[1]
        ]
        self._layers = layers
        for row in changed:
            self.dataChanged.emit(self.index(row), self.index(row))

    def _show_thumbnail(self, layer_id: int) -> None:
        row = self.row_of(layer_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def _spoken(self, layer: Layer) -> str:
        words = [layer.name, self.tr("mask") if layer.kind == "mask" else self.tr("layer")]
        if not layer.is_visible:
            words.append(self.tr("hidden"))
        if layer.is_locked:
            words.append(self.tr("locked"))
        return ", ".join(words)
