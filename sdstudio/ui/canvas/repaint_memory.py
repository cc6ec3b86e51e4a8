"""How repaints are made comes back as it was left; what is made is asked anew each time."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas.repaint_form import RepaintForm

_KEPT = tuple(name for name in RepaintForm.NAMES if name not in ("strength", "chosen"))
_CHOICES = {
    "fill": ("auto", "original", "blur", "neutral", "noise", "edge"),
    "sight": ("auto", "box", "picture"),
    "use_inpainting_model": ("auto", "off"),
}


class RepaintMemory(QObject):
    """Gives the form the values of the last session, and keeps them for the next."""

    def __init__(self, form: RepaintForm, store: SettingsStore) -> None:
        super().__init__(form)
        self._form = form
        self._store = store
        for name in _KEPT:
            value = store.settings.panel_state.get(_key(name))
            if _makes_sense(name, value):
                setattr(form, name, value)
        form.changed.connect(self._keep)

    def _keep(self) -> None:
        kept = {_key(name): getattr(self._form, name) for name in _KEPT}
        self._store.update(panel_state={**self._store.settings.panel_state, **kept})


def _key(name: str) -> str:
    return f"repaint-{name}"


def _makes_sense(name: str, value: object) -> bool:
    """What another version or a person wrote may be anything."""
    if name in _CHOICES:
        return value in _CHOICES[name]
    default = getattr(RepaintForm, name).default
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return isinstance(value, int | float)
