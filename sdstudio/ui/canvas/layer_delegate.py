"""How one layer is drawn in the list, and what a click on its signs does."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPalette,
)
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sdstudio.document.state import Layer
from sdstudio.ui.canvas.layer_list import LAYER_ROLE, THUMBNAIL_ROLE
from sdstudio.ui.icons import Tint, icon

ROW_PX = 44
SIGN_PX = 28
PICTURE_PX = 36
CHECK_PX = 6
_LIGHT, _DARK = QColor("#c8c8c8"), QColor("#a0a0a0")

_Index = QModelIndex | QPersistentModelIndex


class LayerDelegate(QStyledItemDelegate):
    """An eye, the layer's picture, its name, and a lock.

    Signals:
        eye_clicked, lock_clicked: the Layer; True if it shall alone be visible (Alt-click).
    """

    eye_clicked = Signal(object, bool)
    lock_clicked = Signal(object)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        layer: Layer = index.data(LAYER_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        is_active = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_active or state & QStyle.StateFlag.State_MouseOver:
            role = QPalette.ColorRole.Highlight if is_active else QPalette.ColorRole.Light
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(role))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 1, -2, -1), 5, 5)
        tint: Tint = "on-accent" if is_active else "text"
        _sign(painter, eye_rect(rect), "eye" if layer.is_visible else "eye-off", tint)
        if not layer.is_visible:
            painter.setOpacity(0.55)
        self._paint_picture(painter, rect, layer, index.data(THUMBNAIL_ROLE))
        self._paint_words(painter, rect, layer, palette, is_active)
        painter.setOpacity(1.0)
        if layer.is_locked or state & QStyle.StateFlag.State_MouseOver:
            painter.setOpacity(1.0 if layer.is_locked else 0.35)
            _sign(painter, lock_rect(rect), "lock", tint)
        painter.restore()

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: _Index,
    ) -> bool:
        kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if event.type() not in kinds or not isinstance(event, QMouseEvent):
            return super().editorEvent(event, model, option, index)
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        rect: QRect = option.rect  # type: ignore[attr-defined]
        place = event.position().toPoint()
        layer: Layer = index.data(LAYER_ROLE)
        if eye_rect(rect).contains(place):
            alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self.eye_clicked.emit(layer, alone)
            return True
        if lock_rect(rect).contains(place):
            self.lock_clicked.emit(layer)
            return True
        return False

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        editor.setAccessibleName(self.tr("Name of the layer"))
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        words = words_rect(option.rect)  # type: ignore[attr-defined]
        editor.setGeometry(words.adjusted(-8, 7, 0, -7))

    def _paint_picture(
        self,
        painter: QPainter,
        rect: QRect,
        layer: Layer,
        image: QImage | None,
    ) -> None:
        frame = QRectF(picture_rect(rect))
        if image is not None:
            size = image.size().scaled(PICTURE_PX, PICTURE_PX, Qt.AspectRatioMode.KeepAspectRatio)
            inner = QRectF(0, 0, size.width(), size.height())
            inner.moveCenter(frame.center())
            frame = inner
        painter.save()
        clip = QPainterPath()
        clip.addRoundedRect(frame, 3, 3)
        painter.setClipPath(clip)
        if layer.kind == "mask":
            painter.fillRect(frame, Qt.GlobalColor.black)
        else:
            _paint_checks(painter, frame)
        if image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(frame, image)
        painter.restore()
        painter.setPen(_muted())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_words(
        self, painter: QPainter, rect: QRect, layer: Layer, palette: QPalette, is_active: bool
    ) -> None:
        group = QPalette.ColorRole.HighlightedText if is_active else QPalette.ColorRole.Text
        painter.setPen(palette.color(group))
        place = words_rect(rect)
        notes = self._notes(layer)
        if notes:
            lower = QRect(place.x(), place.center().y() + 1, place.width(), place.height() // 2)
            place = QRect(place.x(), place.y() + 4, place.width(), place.height() // 2 - 2)
            font = painter.font()
            small = painter.font()
            small.setPixelSize(11)
            painter.setFont(small)
            if not is_active:
                painter.setPen(_muted())
            _line(painter, lower.adjusted(0, -2, 0, -6), notes)
            painter.setFont(font)
            painter.setPen(palette.color(group))
        _line(painter, place, layer.name)

    def _notes(self, layer: Layer) -> str:
        words = [self.tr("Mask")] if layer.kind == "mask" else []
        if layer.opacity < 1.0:
            words.append(self.tr("{0} %").format(round(layer.opacity * 100)))
        if layer.keeps_alpha:
            words.append(self.tr("transparency locked"))
        return " · ".join(words)


def _muted() -> QColor:
    """The quiet text's colour; a styled widget's own palette has a fainter one."""
    return QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)


def eye_rect(row: QRect) -> QRect:
    """Where the eye of a row lies."""
    return QRect(row.x() + 4, row.y(), SIGN_PX, row.height())


def lock_rect(row: QRect) -> QRect:
    """Where the lock of a row lies."""
    return QRect(row.right() - SIGN_PX - 2, row.y(), SIGN_PX, row.height())


def picture_rect(row: QRect) -> QRect:
    """Where the picture of a row lies."""
    top = row.y() + (row.height() - PICTURE_PX) // 2
    return QRect(eye_rect(row).right() + 4, top, PICTURE_PX, PICTURE_PX)


def words_rect(row: QRect) -> QRect:
    """Where the name of a row lies."""
    left = picture_rect(row).right() + 10
    return QRect(left, row.y(), lock_rect(row).x() - left - 2, row.height())


def _sign(painter: QPainter, rect: QRect, name: str, tint: Tint) -> None:
    place = QRect(0, 0, 18, 18)
    place.moveCenter(rect.center())
    icon(name, tint).paint(painter, place)


def _line(painter: QPainter, place: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), shown)


def _paint_checks(painter: QPainter, frame: QRectF) -> None:
    """What shows where nothing is painted."""
    painter.fillRect(frame, _LIGHT)
    steps = range(PICTURE_PX // CHECK_PX + 1)
    for row in steps:
        for column in steps:
            if (row + column) % 2:
                corner = frame.topLeft() + QPointF(column, row) * CHECK_PX
                painter.fillRect(QRectF(corner.x(), corner.y(), CHECK_PX, CHECK_PX), _DARK)
