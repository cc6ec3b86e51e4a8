"""The studio put together: form, panel, canvas, controller and window, wired once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sdstudio.messages.generation import GenerationRequest
from sdstudio.settings.settings import with_recent_prompt
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.background import Background
from sdstudio.ui.closing import may_close
from sdstudio.ui.commands import PictureCommands, RunCommands
from sdstudio.ui.failures import Failures
from sdstudio.ui.generation_choices import ModelChoice, load_example_prompts
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.main_window import MainWindow
from sdstudio.ui.notices import Notice
from sdstudio.ui.prompt.generate_bar import GenerateBar
from sdstudio.ui.prompt.prompt_panel import PromptPanel
from sdstudio.ui.rooms import Rooms
from sdstudio.ui.run_display import RunDisplay
from sdstudio.ui.shortcuts import make_actions
from sdstudio.ui.stage import Stage
from sdstudio.ui.start.welcome import Welcome
from sdstudio.ui.taskbar import Taskbar
from sdstudio.ui.theme import ThemeChoice, ThemeSwitch
from sdstudio.ui.window_commands import WindowCommands
from sdstudio.ui.workspace_pages import (
    generates_in_page,
    make_workspaces,
    offer_recovery,
    open_pages,
)

if TYPE_CHECKING:
    from sdstudio.jobs.journal import QueueJournal

SAVE_DELAY_MS = 800
SETTLE_DELAY_MS = 20
"""After the first paint; what was typed meanwhile goes first."""

ENGINE_SETTINGS = ("device", "dtype", "preview_mode", "cpu_offload")


class Studio(QObject):
    """Everything on the UI thread.

    Args:
        controller: with the engine behind it.
        store: settings, read at start and written after changes.
        theme_switch: wears the theme.
        gallery_folder: tells where pictures are saved now.
        list_models: reads the disk; its models are offered as soon as it has answered.
    """

    session: object = None
    """What must live as long as the studio."""

    settled = Signal()
    """Once, a moment after the first paint: the window does all it can."""

    fault_happened = Signal(str, str)
    """A sentence and details of a bug that nobody caught; may be emitted on any thread."""

    def __init__(
        self,
        *,
        controller: JobController,
        store: SettingsStore,
        theme_switch: ThemeSwitch,
        gallery_folder: Callable[[], Path],
        list_models: Callable[[], tuple[ModelChoice, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.controller = controller
        self.store = store
        self.gallery_folder = gallery_folder
        self._theme_switch = theme_switch
        self._list_models = list_models
        self.background = Background(self)
        self.actions = make_actions(self)
        self.form = GenerationForm(parent=self)
        self._restore_form()
        self.rooms = Rooms(
            controller=controller,
            form=self.form,
            actions=self.actions,
            gallery_folder=gallery_folder,
            parent=self,
        )
        self._build_window(self.rooms)
        self._restore_sections()
        self._wire(self.rooms)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_DELAY_MS)
        self._save_timer.timeout.connect(self._save_settings)

    def open(self) -> None:
        """Show the window; what is not needed for the first picture comes after it is painted."""
        settings = self.store.settings
        self._theme_switch.wear()
        self.window.open_at(settings.window_geometry, settings.window_state)
        self.panel.focus_prompt()
        open_pages(self)

    def keep_journal(self, journal: QueueJournal | None) -> None:
        """Let waiting runs survive a crash, or say that they do not."""
        if journal is not None:
            self.controller.keep_journal(journal)
            return
        text = self.tr("The studio is open in another window, or its folder cannot be written.")
        hint = self.tr("Runs that wait in this window are not kept after a crash.")
        self.stage.notices.tell(Notice(text=text, hint=hint, severity="warning"))

    def change_setting(self, name: str, value: object) -> None:
        """Take a setting and let it work at once."""
        if getattr(self.store.settings, name) == value:
            return
        self.store.update(**{name: value})
        if name in ENGINE_SETTINGS:
            self.controller.reset_engine()
            self._show_device()
        if name == "gallery_folder":
            self.controller.save_again()
            self.rooms.gallery.open()
        self._apply_settings()
        self._save_timer.start()

    # --- building -------------------------------------------------------------------------

    def _build_window(self, rooms: Rooms) -> None:
        bar = GenerateBar(
            generate=self.actions["generate"],
            stop_now=self.actions["stop-now"],
            after_picture=self.actions["after-picture"],
            more=[self.actions[name] for name in ("generate-first", "pause-queue", "clear-queue")],
        )
        self.panel = PromptPanel(self.form, bar)
        keys = self.actions["generate"].shortcut()
        welcome = Welcome(load_example_prompts()[1:], keys)
        welcome.example_chosen.connect(self._use_example)
        self.stage = Stage(rooms.canvas, welcome)
        self.workspaces = make_workspaces(self)
        self.window = MainWindow(
            panel=self.panel,
            stage=self.stage,
            workspaces=self.workspaces,
            gallery=rooms.gallery,
            queue=rooms.queue,
            actions=self.actions,
        )
        self.window.may_close = lambda: may_close(self)
        self.window.painted.connect(lambda: QTimer.singleShot(SETTLE_DELAY_MS, self, self._settle))
        self.window.closed.connect(self._on_closed)

    def _wire(self, rooms: Rooms) -> None:
        self.failures = Failures(self.controller, self.stage.notices, self.form)
        self.failures.engine_setting_wanted.connect(self._take_engine_remedy)
        self.run_display = RunDisplay(
            controller=self.controller,
            window=self.window,
            canvas=rooms.canvas,
            form=self.form,
            taskbar=Taskbar(self),
        )
        self.run_commands = RunCommands(
            self.actions,
            controller=self.controller,
            form=self.form,
            panel=self.panel,
            failures=self.failures,
        )
        self.run_commands.generates_elsewhere = lambda first: generates_in_page(self, first=first)
        self.run_commands.submitted.connect(self._on_submitted)
        self.pictures = PictureCommands(
            self.actions,
            window=self.window,
            panel=self.panel,
            failures=self.failures,
            background=self.background,
        )
        rooms.connect_to(self.stage, self.pictures, self.failures)
        self.run_commands.submitted.connect(rooms.canvas.watch_run)
        self.panel.prompt.picture_pasted.connect(rooms.drop.take)
        self.window_commands = WindowCommands(
            self.actions,
            window=self.window,
            store=self.store,
            gallery_folder=self.gallery_folder,
            failures=self.failures,
        )
        self.window_commands.change_wanted.connect(self.change_setting)
        self.fault_happened.connect(self.failures.tell_fault)

    def _restore_form(self) -> None:
        settings = self.store.settings
        self.form.prompt = load_example_prompts()[0]
        self.form.from_values(settings.form_values)

    def _restore_sections(self) -> None:
        remembered = self.store.settings.panel_state
        for name, section in self.panel.sections().items():
            section.set_open(bool(remembered.get(name, section.is_open)))

    def _settle(self) -> None:
        """Do what the window can do without until it is seen."""
        self.panel.prompt.set_earlier(self.store.settings.recent_prompts)
        self._apply_settings()
        self._show_device()
        for text in self.store.take_notices():
            self.stage.notices.tell(Notice(text=text, severity="warning"))
        self.rooms.open()
        if self._list_models is not None:
            self.background.run(self._list_models, self._take_models)
        offer_recovery(self)
        for name in self.form.to_values():
            getattr(self.form, f"{name}_changed").connect(self._save_soon)
        self.settled.emit()

    def _take_models(self, models: tuple[ModelChoice, ...]) -> None:
        if models:
            self.form.take_choices(replace(self.form.choices, models=models))

    def _apply_settings(self) -> None:
        settings = self.store.settings
        theme: ThemeChoice = settings.theme
        self._theme_switch.choose(theme)
        self.actions[f"theme-{theme}"].setChecked(True)
        self.run_display.notifies = settings.notify_when_done
        self.window.setAnimated(not settings.reduced_motion)

    def _show_device(self) -> None:
        """What was chosen; the first finished picture tells what it came to."""
        device = self.store.settings.device
        automatic = self.tr("Device: automatic")
        self.window.strip.show_device(automatic if device == "auto" else device.upper())

    # --- what happens ---------------------------------------------------------------------

    def _on_submitted(self, request: GenerationRequest) -> None:
        recent = with_recent_prompt(self.store.settings.recent_prompts, request.prompt)
        self.store.update(recent_prompts=recent, form_values=self.form.to_values())
        self.panel.prompt.set_earlier(recent)
        self._save_timer.start()

    def _use_example(self, text: str) -> None:
        self.form.prompt = text
        self.panel.focus_prompt()

    def _take_engine_remedy(self, remedy: str) -> None:
        if remedy == "float32":
            self.change_setting("dtype", "float32")
        else:
            self.change_setting("cpu_offload", True)

    def _save_soon(self, _: object = None) -> None:
        """What is typed outlives a crash; the form is written once the hands rest."""
        self._save_timer.start()

    def _save_settings(self) -> None:
        self.store.update(form_values=self.form.to_values())
        self.background.run(self.store.save)

    # --- closing --------------------------------------------------------------------------

    def _on_closed(self) -> None:
        geometry, state = self.window.place()
        sections = {name: part.is_open for name, part in self.panel.sections().items()}
        self.store.update(
            window_geometry=geometry,
            window_state=state,
            form_values=self.form.to_values(),
            panel_state={**self.store.settings.panel_state, **sections},
        )
        self._save_timer.stop()
        self.window.hide()
        self.controller.shut_down()
        self.rooms.close()
        self.workspaces.close_pages()
        self.store.save()
        self.background.finish()
