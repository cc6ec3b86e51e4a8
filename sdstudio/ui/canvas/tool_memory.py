"""Brushes come back as they were left."""

from __future__ import annotations

import contextlib

from PySide6.QtCore import QObject

from sdstudio.document.brush import PressureCurve
from sdstudio.errors import InvalidRequestError
from sdstudio.settings.settings import PlainValue
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas.brush_settings import BrushSettings
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.tools.brush import BrushTool

_VALUES = ("size_px", "hardness", "opacity", "flow")


class ToolMemory(QObject):
    """Gives a view's brushes the settings of the last session, and keeps them for the next."""

    def __init__(self, view: PaintView, store: SettingsStore) -> None:
        super().__init__(view)
        self._store = store
        self._brushes = {
            f"paint-{tool.name}": tool.settings
            for tool in view.tools
            if isinstance(tool, BrushTool)
        }
        for name, brush in self._brushes.items():
            # what another version or a person wrote may be anything
            with contextlib.suppress(InvalidRequestError, KeyError, TypeError, ValueError):
                _restore(name, brush, store.settings.panel_state)
            brush.changed.connect(self._keep)

    def _keep(self) -> None:
        state = dict(self._store.settings.panel_state)
        for name, settings in self._brushes.items():
            brush = settings.brush
            state |= {f"{name}-{value}": getattr(brush, value) for value in _VALUES}
            state |= {
                f"{name}-pen-size": settings.size_follows_pen,
                f"{name}-pen-opacity": settings.opacity_follows_pen,
                f"{name}-pen-least": settings.curve.at_zero,
                f"{name}-pen-gamma": settings.curve.gamma,
            }
        self._store.update(panel_state=state)


def _restore(name: str, brush: BrushSettings, state: dict[str, PlainValue]) -> None:
    brush.change(**{value: float(state[f"{name}-{value}"]) for value in _VALUES})
    brush.set_pen(
        size=bool(state[f"{name}-pen-size"]),
        opacity=bool(state[f"{name}-pen-opacity"]),
        curve=PressureCurve(
            at_zero=min(1.0, max(0.0, float(state[f"{name}-pen-least"]))),
            gamma=min(8.0, max(0.1, float(state[f"{name}-pen-gamma"]))),
        ),
    )
