"""A quick look at the current picture over the grid: Space opens and closes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.gallery.picture_reader import PictureReader, ReadPicture
from sdstudio.ui.widgets.visible_text import one_line

PAD_PX = 28
CAPTION_PX = 34
_CLOSING_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Escape)


class PreviewOverlay(QWidget):
    """Lies over its parent and shows one picture as large as it fits.

    Signals:
        key_pressed: a QKeyEvent that belongs to the grid: arrows, stars, Delete, Enter.
    """

    key_pressed = Signal(object)

    def __init__(self, reader: PictureReader, parent: QWidget) -> None:
        super().__init__(parent)
        self._reader = reader
        self._id: int | None = None
        self._picture: PagePicture | None = None
        self._stand_in: QPixmap | None = None
        self._caption = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Preview"))
        self.hide()
        reader.arrived.connect(self._take)
        parent.installEventFilter(self)

    def show_picture(self, picture_id: int, stand_in: QPixmap | None, caption: str) -> None:
        """Show a picture.

        Args:
            stand_in: drawn until the picture is read.
        """
        kept = self._reader.get(picture_id)
        self._id, self._stand_in = picture_id, stand_in
        self._picture = kept.picture if kept else None
        self._caption = one_line(caption)
        self.setAccessibleDescription(self._caption)
        self._reader.want([picture_id])
        parent = self.parentWidget()
        if self.isHidden() and parent is not None:
            self.setGeometry(parent.rect())
            self.show()
            self.raise_()
            self.setFocus()
        self.update()

    def close_preview(self) -> None:
        """Give the grid back its keyboard."""
        self.hide()
        self._picture = self._stand_in = self._id = None
        self._reader.forget_all()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        parent = self.parentWidget()
        if watched is parent and event.type() == QEvent.Type.Resize and parent is not None:
            self.setGeometry(parent.rect())
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CLOSING_KEYS:
            self.close_preview()
        else:
            self.key_pressed.emit(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.close_preview()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 225))
        room = QRectF(self.rect()).adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX - CAPTION_PX)
        if self._picture is not None:
            target = _fitted(QSizeF(self._picture.size), room)
            ratio = self.devicePixelRatioF()
            device = QRectF(target.topLeft() * ratio, target.size() * ratio).toRect()
            self._picture.paint(painter, device, ratio, QRectF(event.rect()))
        elif self._stand_in is not None:
            target = _fitted(QSizeF(self._stand_in.size()), room)
            painter.drawPixmap(target, self._stand_in, QRectF(self._stand_in.rect()))
        width = self.width() - 2 * PAD_PX
        words = QRectF(PAD_PX, self.height() - CAPTION_PX - 8, width, CAPTION_PX)
        painter.setPen(Qt.GlobalColor.white)
        text = painter.fontMetrics().elidedText(self._caption, Qt.TextElideMode.ElideRight, width)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter), text)

    def _take(self, read: ReadPicture) -> None:
        if read.id == self._id and self.isVisible():
            self._picture = read.picture
            self._caption = read.fault or self._caption
            self.update()


def _fitted(size: QSizeF, room: QRectF) -> QRectF:
    """The largest place in the room; a small picture grows to at most four times its size."""
    scale = min(room.width() / size.width(), room.height() / size.height(), 4.0)
    target = QRectF(0, 0, round(size.width() * scale), round(size.height() * scale))
    target.moveCenter(room.center())
    return QRectF(target.toRect())
