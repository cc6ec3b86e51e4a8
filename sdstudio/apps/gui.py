"""The studio's front door: the only place where window, engine and disk meet."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sdstudio import paths
from sdstudio.apps.display import require_display
from sdstudio.settings.store import FILE_NAME, SettingsStore

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from sdstudio.jobs.engine import Engine
    from sdstudio.jobs.journal import QueueJournal
    from sdstudio.messages.result import PictureResult
    from sdstudio.model_store.records import ModelRecord
    from sdstudio.ui.generation_choices import ModelChoice
    from sdstudio.ui.studio import Studio

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

        settings = self._store.settings
        store = GalleryStore(
            self.folder(),
            name_pattern=settings.name_pattern or DEFAULT_NAME_PATTERN,
            file_format=settings.picture_format,
        )
        return store.add(result)


class Session:
    """Sees to it that only one window of a user keeps the queue's journal.

    Attributes:
        journal: None where another window keeps it, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        from PySide6.QtCore import QLockFile

        from sdstudio.jobs.journal import QueueJournal

        self.journal: QueueJournal | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = QLockFile(str(folder / "studio.lock"))
        self._lock.setStaleLockTime(0)  # held as long as the process lives, however long that is
        if self._lock.tryLock(0):
            self.journal = QueueJournal(folder / "queue.jsonl")


def run_studio(engine: Engine | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        engine: in place of the diffusion engine, for tests and screenshots.

    Raises:
        EnvironmentFault: there is no display.
    """
    require_display(os.environ)
    sys.setswitchinterval(GIL_SWITCH_S)
    store = SettingsStore(paths.config_folder() / FILE_NAME)
    app = make_application()
    studio = build_studio(app, store, engine or diffusion_engine(store))
    studio.settled.connect(lambda: _watch_over(studio))
    studio.open()
    return app.exec()


def make_application() -> QApplication:
    """The Qt application with its name and font."""
    from sdstudio.ui.immortal_constants import make_constants_immortal

    make_constants_immortal()
    from PySide6.QtWidgets import QApplication

    from sdstudio.ui.theme import application_font

    QApplication.setDesktopFileName("sdstudio")
    app = QApplication([*sys.argv[:1], "-style", "Fusion"])
    app.setApplicationName("sdstudio")
    app.setApplicationDisplayName("SD Studio")
    app.setFont(application_font())
    return app


def build_studio(app: QApplication, store: SettingsStore, engine: Engine) -> Studio:
    """Put window, engine and disk together; the window is not shown yet."""
    from sdstudio.ui.icons import icon
    from sdstudio.ui.job_controller import JobController
    from sdstudio.ui.studio import Studio
    from sdstudio.ui.theme import ThemeSwitch

    theme_switch = ThemeSwitch(app, store.settings.theme)
    app.setWindowIcon(icon("generate", "accent"))
    place = SavingPlace(store)
    return Studio(
        controller=JobController(engine, place.save),
        store=store,
        theme_switch=theme_switch,
        gallery_folder=place.folder,
        list_models=list_models,
    )


def diffusion_engine(store: SettingsStore) -> Engine:
    """The diffusion engine, built (and torch imported) by the first run, on the engine thread."""
    from sdstudio.jobs.engine import LazyEngine

    def build() -> Engine:
        from sdstudio.apps.engine_start import start_diffusion_engine

        settings = store.settings
        return start_diffusion_engine(
            device=settings.device,
            dtype=settings.dtype,
            previews=settings.preview_mode,
            cpu_offload=settings.cpu_offload,
        )

    return LazyEngine(build)


def list_models() -> tuple[ModelChoice, ...]:
    """The models on this machine's disks, as the prompt panel offers them."""
    from sdstudio.model_store.catalog import ModelCatalog

    records, _ = ModelCatalog().records()
    return tuple(_choice(record) for record in records)


def _choice(record: ModelRecord) -> ModelChoice:
    from sdstudio.ui.generation_choices import ModelChoice

    defaults = record.defaults
    return ModelChoice(
        name=record.name,
        label=record.title,
        description=defaults.description,
        size_multiple=record.size_multiple,
        width=defaults.width,
        height=defaults.height,
        num_inference_steps=defaults.num_inference_steps,
        guidance_scale=defaults.guidance_scale,
        sampler=defaults.sampler,
        schedule=defaults.schedule,
        takes_prompt=record.takes_prompt,
        can_start_from_picture=record.can_start_from_picture,
        few_step=record.few_step,
    )


def _watch_over(studio: Studio) -> None:
    """Keep log and journal, and obey signals: what the window needs once it is in use."""
    from sdstudio.engine.allocator import keep_freed_memory

    keep_freed_memory()  # before the first run starts the engine thread
    _report_faults(studio)
    _close_on_signals(studio)
    studio.session = Session(paths.data_folder())  # lives, and keeps its lock, as long as this
    studio.keep_journal(studio.session.journal)


def _report_faults(studio: Studio) -> None:
    from sdstudio.logs.excepthook import install_excepthooks
    from sdstudio.logs.log_file import start_log

    start_log(paths.data_folder() / "logs")
    install_excepthooks(studio.fault_happened.emit)


def _close_on_signals(studio: Studio) -> None:
    """Close the window at Ctrl+C and SIGTERM.

    Python runs a handler only between two of its own instructions, and Qt's loop has none while
    nothing happens: the signal's byte on a socket wakes it.
    """
    import signal
    import socket

    from PySide6.QtCore import QSocketNotifier

    from sdstudio.ui.closing import close_at_signal

    reading, writing = socket.socketpair()
    for end in (reading, writing):
        end.setblocking(False)
    signal.set_wakeup_fd(writing.fileno())
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read, studio)
    notifier.activated.connect(lambda: reading.recv(64) and writing.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: close_at_signal(studio))
