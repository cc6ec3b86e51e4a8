"""The painter's keys: a letter takes a tool; held down, it borrows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from sdstudio.ui.canvas.paint_view import PaintView

HOLD_S = 0.35
"""A key that is down for longer was held, not tapped."""

ARROW_PAN_PX = 48
NUDGE_PX = 8
"""How far Shift and an arrow key move."""

_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PaintKeys:
    """Answers the keys of one view; a room may hand it the keys its other panels leave over."""

    def __init__(self, view: PaintView) -> None:
        self._view = view
        self._held: int | None = None
        self._since = 0.0
        self._was_used = False
        self._letters: dict[int, list[str]] = {}
        for tool in view.tools:
            self._letters.setdefault(ord(tool.key), []).append(tool.name)
        self._acts: dict[tuple[int, Qt.KeyboardModifier], Callable[[], object]] = {
            (Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier): view.colours.swap,
            (Qt.Key.Key_D, Qt.KeyboardModifier.NoModifier): view.colours.reset,
            (Qt.Key.Key_V, _SHIFT): view.invert_mask,
            (Qt.Key.Key_A, _CONTROL): view.select_all,
            (Qt.Key.Key_D, _CONTROL): view.select_nothing,
            (Qt.Key.Key_I, _CONTROL): view.invert_selection,
            (Qt.Key.Key_Z, _CONTROL): view.undo,
            (Qt.Key.Key_Z, _CONTROL | _SHIFT): view.redo,
            (Qt.Key.Key_Y, _CONTROL): view.redo,
            (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier): view.clear_selected,
            (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier): view.clear_selected,
        }

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key says; False where it says nothing."""
        key = event.key()
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Qt.Key.Key_Space, self._held) and event.isAutoRepeat():
            return True
        if event.text() in ("[", "]"):
            self._view.tools.brush.step_size(1 if event.text() == "]" else -1)
            return True
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if key == Qt.Key.Key_Shift:
            self._view.pointer.follow_tool(_SHIFT)
            return False
        if Qt.Key(key) in _ARROWS:
            return self._arrow(Qt.Key(key), modifiers)
        act = self._acts.get((key, modifiers))
        if act is not None:
            self._view.attempt(act)
            return True
        if modifiers == Qt.KeyboardModifier.NoModifier:
            return self._take(key)
        return False

    def release(self, event: QKeyEvent) -> bool:
        """A key is let go."""
        if event.key() == Qt.Key.Key_Shift:
            self._view.pointer.follow_tool()
        if event.isAutoRepeat() or event.key() != self._held:
            return False
        is_tap = time.monotonic() - self._since < HOLD_S and not self._was_used
        if is_tap and self._held != Qt.Key.Key_Space:
            self._view.tools.keep()
            self._held = None
        else:
            self.let_go()
        return True

    def let_go(self) -> None:
        """Give a borrowed tool back: its key is up, or no longer ours to see."""
        if self._held is not None:
            self._held = None
            self._view.tools.give_back()

    def tool_was_used(self) -> None:
        """A key that is held now was held on purpose, however short."""
        self._was_used = True

    def _take(self, key: int) -> bool:
        names = ["pan"] if key == Qt.Key.Key_Space else self._letters.get(key)
        if not names:
            return False
        if self._held is None and not self._view.pointer.is_down:
            self._held, self._since, self._was_used = key, time.monotonic(), False
            self._view.tools.borrow(self._next(names))
        return True

    def _next(self, names: list[str]) -> str:
        """The tool of a letter; if that is in hand, the other one of the same letter."""
        current = self._view.tools.current.name
        if current not in names:
            return names[0]
        return names[(names.index(current) + 1) % len(names)]

    def _escape(self) -> bool:
        if self._view.pointer.is_down:
            self._view.pointer.cancel()
            return True
        return False

    def _arrow(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if modifiers & ~_SHIFT:
            return False
        dx, dy = _ARROWS[key]
        step = NUDGE_PX if modifiers & _SHIFT else 1
        tool = self._view.tools.current
        if tool.can_be_nudged:
            self._view.attempt(lambda: tool.nudge(dx * step, dy * step))
        else:
            self._view.pan(QPointF(-dx, -dy) * ARROW_PAN_PX)
        return True
