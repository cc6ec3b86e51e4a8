"""The studio's front door: the only place where window, engine and disk meet."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sdstudio import paths
from sdstudio.settings.store import FILE_NAME, SettingsStore

if TYPE_CHECKING:
    from sdstudio.jobs.engine import Engine
    from sdstudio.messages.result import PictureResult

GIL_SWITCH_S = 0.001
"""How long the engine thread may hold Python while the window wants to paint."""


class SavingPlace:
    """Saves pictures where the settings say at that moment."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store

    def folder(self) -> Path:
        """The picture folder now."""
        chosen = self._store.settings.gallery_folder
        return Path(chosen).expanduser() if chosen else paths.default_gallery_folder()

    def save(self, result: PictureResult) -> Path:
        """Write a picture; runs in the background."""
        from sdstudio.gallery.store import DEFAULT_NAME_PATTERN, GalleryStore

        pattern = self._store.settings.name_pattern or DEFAULT_NAME_PATTERN
        return GalleryStore(self.folder(), name_pattern=pattern).add(result)


def run_studio(engine: Engine | None = None, arguments: list[str] | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        engine: in place of the diffusion engine, for tests and screenshots.
    """
    sys.setswitchinterval(GIL_SWITCH_S)
    store = SettingsStore(paths.config_folder() / FILE_NAME)

    from PySide6.QtGui import QFont
    from PySide6.QtWidgets import QApplication

    from sdstudio.jobs.journal import QueueJournal
    from sdstudio.ui.icons import icon
    from sdstudio.ui.job_controller import JobController
    from sdstudio.ui.studio import Studio
    from sdstudio.ui.theme import ThemeSwitch, application_font

    QApplication.setDesktopFileName("sdstudio")
    app = QApplication(sys.argv[:1] + (arguments or []))
    app.setApplicationName("sdstudio")
    app.setApplicationDisplayName("SD Studio")
    font: QFont = application_font()
    app.setFont(font)
    theme_switch = ThemeSwitch(app, store.settings.theme)
    app.setWindowIcon(icon("generate", "accent"))
    place = SavingPlace(store)
    controller = JobController(
        engine or _lazy_engine(store),
        place.save,
        journal=QueueJournal(paths.data_folder() / "queue.jsonl"),
    )
    studio = Studio(
        controller=controller, store=store, theme_switch=theme_switch, gallery_folder=place.folder
    )
    signal.signal(signal.SIGINT, lambda *_: studio.window.close())
    studio.open()
    return app.exec()


def _lazy_engine(store: SettingsStore) -> Engine:
    """The diffusion engine, built (and torch imported) by the first run, on the engine thread."""
    from sdstudio.jobs.engine import LazyEngine

    def build() -> Engine:
        from sdstudio.engine.diffusion_engine import DiffusionEngine

        settings = store.settings
        return DiffusionEngine(
            device=settings.device, dtype=settings.dtype, preview_mode=settings.preview_mode
        )

    return LazyEngine(build)
