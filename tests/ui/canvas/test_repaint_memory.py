"""What was set on the panel is there again in the next session."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas.repaint_form import RepaintForm
from sdstudio.ui.canvas.repaint_memory import RepaintMemory


def test_values_come_back_but_not_what_was_to_be_made(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    form = RepaintForm()
    RepaintMemory(form, store)
    form.grow_px, form.fill, form.matches_colours, form.feather = 9, "noise", False, 0.25
    form.strength, form.chosen = 0.4, "remove"
    store.save()
    again = RepaintForm()
    RepaintMemory(again, SettingsStore(tmp_path / "settings.json"))
    assert (again.grow_px, again.fill, again.matches_colours) == (9, "noise", False)
    assert (again.feather, again.strength, again.chosen) == (0.25, 1.0, "fill")


def test_nonsense_is_left_at_its_default(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    store.update(
        panel_state={
            "repaint-grow_px": "wide",
            "repaint-fill": "glitter",
            "repaint-matches_colours": 3,
            "repaint-count": 99999,
            "repaint-blend_px": True,
        }
    )
    form = RepaintForm()
    RepaintMemory(form, store)
    assert (form.grow_px, form.fill, form.matches_colours) == (4, "auto", True)
    assert (form.count, form.blend_px) == (16, 25)
