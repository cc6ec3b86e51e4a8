"""Hands on a `PaintView`: mouse, pen and keys, and a look at its frame."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QInputDevice, QKeyEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdstudio.document.document import Document
from sdstudio.ui.canvas.paint_view import PaintView

NONE = Qt.KeyboardModifier.NoModifier
PATIENCE_S = 60.0


def open_paint_view(document: Document, width: int = 400, height: int = 300) -> PaintView:
    """A view on the (offscreen) screen that has painted the document."""
    view = PaintView(document)
    view.resize(width, height)
    view.show()
    view.setFocus()
    settle(view)
    return view


def settle(view: PaintView) -> None:
    """Let everything that is seen be composited and painted."""
    end = time.monotonic() + PATIENCE_S
    QApplication.processEvents()
    while not view.is_settled or view.pointer.has_waiting:
        assert time.monotonic() < end, "the view does not come to rest"
        QApplication.processEvents()
    QApplication.processEvents()


def frame(view: PaintView) -> np.ndarray:
    """(height, width, 3) uint8: the picture as painted, without overlays and pointer."""
    settle(view)
    image = view._buffer._pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def place(view: PaintView, x: float, y: float) -> QPoint:
    """Where a point of the document is shown."""
    return view.to_widget(QPointF(x, y)).toPoint()


def colour_at(view: PaintView, x: float, y: float) -> tuple[int, int, int]:
    """The painted colour at a point of the document."""
    spot = place(view, x, y)
    red, green, blue = (int(value) for value in frame(view)[spot.y(), spot.x()])
    return red, green, blue


def drag(
    view: PaintView,
    *points: tuple[float, float],
    modifiers: Qt.KeyboardModifier = NONE,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    """Press at the first point of the document, move over the others, let go at the last."""
    spots = [place(view, *point) for point in points]
    QTest.mousePress(view, button, modifiers, spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(view, spot)
        QApplication.processEvents()
    QTest.mouseRelease(view, button, modifiers, spots[-1])
    settle(view)


def click(view: PaintView, x: float, y: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press and let go at a point of the document."""
    drag(view, (x, y), modifiers=modifiers)


def key(
    view: PaintView,
    kind: QEvent.Type,
    code: Qt.Key,
    modifiers: Qt.KeyboardModifier = NONE,
    text: str = "",
) -> bool:
    """Send one key event; whether the view took it."""
    event = QKeyEvent(kind, code, modifiers, text)
    QApplication.sendEvent(view, event)
    return event.isAccepted()


def tap(
    view: PaintView, code: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, text: str = ""
) -> bool:
    """Press and let go of a key."""
    taken = key(view, QEvent.Type.KeyPress, code, modifiers, text)
    key(view, QEvent.Type.KeyRelease, code, modifiers, text)
    return taken


_CAN = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
PEN, ERASER = (
    QPointingDevice(name, number, QInputDevice.DeviceType.Stylus, end, _CAN, 1, 3)
    for name, number, end in (
        ("pen", 71, QPointingDevice.PointerType.Pen),
        ("eraser", 72, QPointingDevice.PointerType.Eraser),
    )
)


def pen(
    view: PaintView,
    kind: QEvent.Type,
    at: tuple[float, float],
    pressure: float,
    device: QPointingDevice = PEN,
) -> None:
    """Send one event of a pen at a point of the document."""
    position = view.to_widget(QPointF(*at))
    is_up, is_move = (kind == each for each in (_UP, _MOVE))
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind,
        device,
        position,
        view.mapToGlobal(position),
        pressure,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        NONE,
        none if is_move else left,
        none if is_up else left,
    )
    QApplication.sendEvent(view, event)


_MOVE, _UP = QEvent.Type.TabletMove, QEvent.Type.TabletRelease


def pen_stroke(
    view: PaintView, *points: tuple[float, float, float], device: QPointingDevice = PEN
) -> None:
    """Draw through (x, y, pressure) with a pen."""
    x, y, pressure = points[0]
    pen(view, QEvent.Type.TabletPress, (x, y), pressure, device)
    for x, y, pressure in points[1:]:
        pen(view, _MOVE, (x, y), pressure, device)
    pen(view, _UP, (x, y), 0.0, device)
    settle(view)
