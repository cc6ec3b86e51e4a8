"""Cut, copy and paste of what is painted on a layer, and copy of what is seen of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QByteArray, QMimeData, QObject
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.document.state import DocumentSnapshot
from sdstudio.messages.raster import Raster, RasterMode
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.picture_view import to_qimage

MIME_TYPE = "application/x-sdstudio-pixels"
_MODES: dict[int, RasterMode] = {1: "L", 4: "RGBA"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPixels:
    """A part of a layer, and where it lay; a mask's is "L"."""

    picture: Raster
    x: int
    y: int


class LayerClipboard(QObject):
    """Puts pixels on the system's clipboard, and remembers where they came from.

    Attributes:
        copy_merged_action: for the menu.
    """

    def __init__(self, easel: Easel, background: Background) -> None:
        super().__init__(easel)
        self._easel = easel
        self._background = background
        self._copied: CopiedPixels | None = None
        self.copy_merged_action = QAction(self.tr("Copy Merged"), self)
        self.copy_merged_action.setObjectName("copy-merged")
        self.copy_merged_action.setShortcut(QKeySequence("Ctrl+Shift+C"))
        self.copy_merged_action.setIcon(icon("picture"))
        self.copy_merged_action.setToolTip(self.tr("Copy what is seen of all layers"))
        self.copy_merged_action.triggered.connect(self.copy_merged)

    def copy(self) -> None:
        """Copy the selected part of the active layer, all of it where nothing is selected."""
        document = self._easel.document
        active = document.layers.active
        if active is not None:
            snapshot, layer_id = document.snapshot(), active.id
            self._background.run(lambda: copied_pixels(snapshot, layer_id), self._put)

    def copy_merged(self) -> None:
        """Copy what is seen of all layers, within the selection if there is one."""
        snapshot = self._easel.document.snapshot()
        self._background.run(lambda: merged_pixels(snapshot), self._put)

    def cut(self) -> None:
        """Copy, and take it off the layer."""
        document = self._easel.document
        if document.layers.active is not None:
            self.copy()
            self._easel.do(lambda: document.paint.fill_selection(Ink(erases=True)))

    def paste(self) -> bool:
        """Paste what was copied here as a layer, where it lay; False if that is not what is there.

        A selection is given up first: what is pasted is meant to be worked on.
        """
        mime = QGuiApplication.clipboard().mimeData()
        copied = self._copied
        if copied is None or mime is None or not mime.hasFormat(MIME_TYPE):
            return False
        document = self._easel.document
        where = _within(copied, document)
        self._easel.do(
            lambda: document.layers.add_picture(copied.picture, x=where.x, y=where.y, label="Paste")
        )
        return True

    def _put(self, copied: CopiedPixels | None) -> None:
        if copied is None:
            return
        self._copied = copied
        mime = QMimeData()
        mime.setImageData(to_qimage(copied.picture))
        mime.setData(MIME_TYPE, QByteArray(b"1"))
        QGuiApplication.clipboard().setMimeData(mime)


def copied_pixels(snapshot: DocumentSnapshot, layer_id: int) -> CopiedPixels | None:
    """The selected part of a layer, None where nothing is painted; may run on any thread."""
    document = Document.from_snapshot(snapshot)
    look = partial(document.layer_pixels, layer_id)
    return _selected(document, document.layers.bounds(layer_id), look)


def merged_pixels(snapshot: DocumentSnapshot) -> CopiedPixels | None:
    """The selected part of what is seen, None where nothing is; may run on any thread."""
    document = Document.from_snapshot(snapshot)
    return _selected(document, document.bounds, document.composite)


def _selected(
    document: Document, area: Rect, look: Callable[[Rect], np.ndarray]
) -> CopiedPixels | None:
    if document.selection.is_active:
        area = area.intersected(document.selection.bounds)
    if area.is_empty:
        return None
    pixels = look(area)
    strength = pixels if pixels.ndim == 2 else pixels[..., 3]
    if document.selection.is_active:
        share = document.selection.values(area).astype(np.float32) / 255
        strength[...] = np.rint(strength * share)
    if not strength.any():
        return None
    mode = _MODES[1 if pixels.ndim == 2 else 4]
    picture = Raster(width=area.width, height=area.height, mode=mode, pixels=pixels.tobytes())
    return CopiedPixels(picture=picture, x=area.x, y=area.y)


def _within(copied: CopiedPixels, document: Document) -> Rect:
    """Where it lay, or the middle of the picture if nothing of it would be seen there."""
    place = Rect(copied.x, copied.y, *copied.picture.size)
    if place.intersected(document.bounds).area:
        return place
    width, height = document.size
    return Rect((width - place.width) // 2, (height - place.height) // 2, *copied.picture.size)
