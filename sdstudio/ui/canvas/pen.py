"""Pen and mouse: from their events to points on the document, gathered for each frame.

A pen sends 200 points a second and more. Each is kept, for the stroke to be smooth, but they are
painted together whenever the window has nothing else to do: a busy machine paints fewer frames,
never a stroke that lags behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView
    from sdstudio.ui.canvas.tools.tool import Tool

PRESS, MOVE, RELEASE = "press", "move", "release"
_STAGES = {
    QEvent.Type.MouseButtonPress: PRESS,
    QEvent.Type.MouseButtonDblClick: PRESS,
    QEvent.Type.MouseMove: MOVE,
    QEvent.Type.MouseButtonRelease: RELEASE,
    QEvent.Type.TabletPress: PRESS,
    QEvent.Type.TabletMove: MOVE,
    QEvent.Type.TabletRelease: RELEASE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerPoint:
    """Where the pointer is.

    Attributes:
        x, y: in the document's pixels; (0.5, 0.5) is the middle of the first one.
        position: in the view, logical pixels.
        pressure: 0 to 1; of a mouse 1.
    """

    x: float
    y: float
    position: QPointF
    pressure: float = 1.0
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def has_shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def has_alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)

    @property
    def has_control(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)


def keep_every_point() -> None:
    """Let Qt hand on every point of a pen or mouse instead of the newest only."""
    for name in ("AA_CompressHighFrequencyEvents", "AA_CompressTabletEvents"):
        QCoreApplication.setAttribute(getattr(Qt.ApplicationAttribute, name), False)


class PointerInput(QObject):
    """Turns the events of one view into presses, drags and releases of its tools."""

    def __init__(self, view: PaintView) -> None:
        super().__init__(view)
        self._view = view
        self._tool: Tool | None = None
        self._hovered: Tool | None = None
        self._last: QPointF | None = None
        """Where the pointer is above the view, if it is."""
        self._button = Qt.MouseButton.NoButton
        self._is_pen = False
        self._waiting: list[PointerPoint] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.flush)

    @property
    def is_down(self) -> bool:
        """Whether a tool is at work."""
        return self._tool is not None

    @property
    def has_waiting(self) -> bool:
        """Whether points wait to be painted."""
        return bool(self._waiting)

    @property
    def shown_tool(self) -> Tool:
        """The tool whose marks belong on the picture."""
        return self._tool or self._hovered or self._view.tools.current

    def take(self, event: QMouseEvent | QTabletEvent) -> None:
        """Handle a mouse or tablet event."""
        is_pen = isinstance(event, QTabletEvent)
        stage = _STAGES.get(event.type())
        if stage is None or (self.is_down and is_pen != self._is_pen):
            return
        self._last = event.position()
        pressure = event.pressure() if isinstance(event, QTabletEvent) else 1.0
        point = self._point_at(event.position(), event.modifiers(), pressure)
        if stage == PRESS:
            self._press(event, point)
        elif stage == RELEASE:
            self._release(event, point)
        elif self.is_down:
            self._waiting.append(point)
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._hover(self._hovering_tool(event), point)
        event.accept()

    def follow_tool(self, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Another tool is in hand, or another key is held, under a pointer that rests."""
        if self._last is not None and not self.is_down:
            self._hover(self._view.tools.current, self._point_at(self._last, modifiers))

    def flush(self) -> None:
        """Let the tool do what was gathered since the last frame."""
        self._timer.stop()
        points, self._waiting = self._waiting, []
        if points and self._tool is not None:
            tool = self._tool
            self._view.attempt(lambda: tool.drag(points))

    def cancel(self) -> None:
        """Take back what the tool at work does; the rest of the drag is without effect."""
        self._waiting.clear()
        if self._tool is not None:
            tool, self._tool = self._tool, None
            tool.cancel()

    def leave(self) -> None:
        """The pointer left the view."""
        self._last = None
        if self._hovered is not None and not self.is_down:
            self._hovered.hover(None)
            self._hovered = None

    def _press(self, event: QMouseEvent | QTabletEvent, point: PointerPoint) -> None:
        if self.is_down:
            return
        tool = self._tool_for(event)
        if tool is None:
            return
        self._tool, self._button = tool, event.button()
        self._is_pen = isinstance(event, QTabletEvent)
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        self._view.keys.tool_was_used()
        if not self._view.attempt(lambda: tool.press(point)):
            self._tool = None

    def _release(self, event: QMouseEvent | QTabletEvent, point: PointerPoint) -> None:
        if self._tool is None or event.button() != self._button:
            return
        self.flush()
        tool, self._tool = self._tool, None
        self._view.attempt(lambda: tool.release(point))
        self._view.tools.show_cursor()
        self._hover(self._hovering_tool(event), point)

    def _tool_for(self, event: QMouseEvent | QTabletEvent) -> Tool | None:
        tools = self._view.tools
        if event.button() == Qt.MouseButton.MiddleButton:
            return tools["pan"]
        if event.button() == Qt.MouseButton.LeftButton:
            return self._hovering_tool(event)
        return None

    def _hovering_tool(self, event: QMouseEvent | QTabletEvent) -> Tool:
        tools = self._view.tools
        is_eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        return tools["eraser"] if is_eraser else tools.current

    def _hover(self, tool: Tool, point: PointerPoint) -> None:
        if self._hovered is not None and self._hovered is not tool:
            self._hovered.hover(None)
        self._hovered = tool
        tool.hover(point)

    def _point_at(
        self, position: QPointF, modifiers: Qt.KeyboardModifier, pressure: float = 1.0
    ) -> PointerPoint:
        place = self._view.to_document(position)
        return PointerPoint(
            x=place.x(), y=place.y(), position=position, pressure=pressure, modifiers=modifiers
        )
