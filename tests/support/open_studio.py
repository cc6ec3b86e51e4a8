"""The whole window over a fake engine, for tests and screenshots."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QApplication

from sdstudio.gallery.store import GalleryStore
from sdstudio.jobs.engine import Engine
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.studio import Studio
from sdstudio.ui.theme import ThemeSwitch, application_font
from tests.support.fake_engine import FakeEngine


def open_studio(
    app: QApplication,
    folder: Path,
    engine: Engine | None = None,
    *,
    theme: Literal["dark", "light"] = "dark",
) -> Studio:
    """Open the window; settings and pictures lie in `folder`."""
    store = SettingsStore(folder / "settings.json")
    store.update(theme=theme)
    app.setFont(application_font())
    pictures = GalleryStore(folder / "pictures")
    studio = Studio(
        controller=JobController(engine or FakeEngine(), pictures.add),
        store=store,
        theme_switch=ThemeSwitch(app, theme),
        gallery_folder=lambda: pictures.folder,
    )
    studio.open()
    studio.window.showNormal()
    studio.window.resize(1280, 800)
    studio.window.reset_layout()
    return studio
