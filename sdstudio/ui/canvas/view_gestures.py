"""Mouse and keys on the canvas: wheel zooms, Space and the middle button pan."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from sdstudio.ui.canvas.page_view import PageView

ZOOM_PER_NOTCH = 1.25
NOTCH = 120.0
ARROWS = {
    Qt.Key.Key_Left: QPointF(1, 0),
    Qt.Key.Key_Right: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}
ARROW_PAN_PX = 48


class ViewGestures(QObject):
    """Turns what a person does on the canvas into moves of its viewpoint."""

    def __init__(self, canvas: PageView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._space_is_held = False
        self._pan_from: QPointF | None = None
        self._drag_from: QPointF | None = None
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        if isinstance(event, QKeyEvent):
            return self._key(event)
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if event.type() == QEvent.Type.FocusOut:
            self._hold_space(False)
        return False

    def _wheel(self, event: QWheelEvent) -> bool:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if delta:
            viewpoint = self._canvas.viewpoint
            factor = ZOOM_PER_NOTCH ** (delta / NOTCH)
            viewpoint.zoom_to(viewpoint.zoom * factor, self._canvas.place(event.position()))
            self._canvas.refresh_view()
        event.accept()
        return True

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        viewpoint = self._canvas.viewpoint
        anchor = self._canvas.place(event.position())
        viewpoint.zoom_to(viewpoint.zoom * (1 + event.value()), anchor)
        self._canvas.refresh_view()
        return True

    def _key(self, event: QKeyEvent) -> bool:
        is_press = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(is_press)
            return True
        arrow = ARROWS.get(Qt.Key(event.key()))
        if not is_press or arrow is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if self._canvas.viewpoint.overflows:
            self._canvas.viewpoint.pan(arrow * ARROW_PAN_PX)
            self._canvas.refresh_view()
        else:
            self._canvas.neighbour_wanted.emit(-1 if arrow.x() + arrow.y() > 0 else 1)
        return True

    def _mouse(self, event: QMouseEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress:
                return self._press(event)
            case QEvent.Type.MouseMove:
                return self._move(event)
            case QEvent.Type.MouseButtonRelease:
                self._pan_from = self._drag_from = None
                self._show_cursor()
            case QEvent.Type.MouseButtonDblClick if event.button() == Qt.MouseButton.LeftButton:
                self._canvas.fit()
                return True
        return False

    def _press(self, event: QMouseEvent) -> bool:
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._drag_from = event.position()
        elif event.button() == Qt.MouseButton.MiddleButton or (
            is_left and (self._space_is_held or self._canvas.viewpoint.overflows)
        ):
            self._pan_from = event.position()
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
            self._show_cursor()
            return True
        return False

    def _move(self, event: QMouseEvent) -> bool:
        if self._pan_from is not None:
            self._canvas.viewpoint.pan(event.position() - self._pan_from)
            self._pan_from = event.position()
            self._canvas.refresh_view()
            return True
        if self._drag_from is not None:
            way = (event.position() - self._drag_from).manhattanLength()
            if way >= QApplication.startDragDistance():
                self._drag_from = None
                self._canvas.drag_wanted.emit()
            return True
        return False

    def _hold_space(self, is_held: bool) -> None:
        self._space_is_held = is_held
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self._pan_from is not None:
            self._canvas.setCursor(QCursor(Qt.CursorShape.ClosedHandCursor))
        elif self._space_is_held:
            self._canvas.setCursor(QCursor(Qt.CursorShape.OpenHandCursor))
        else:
            self._canvas.unsetCursor()
