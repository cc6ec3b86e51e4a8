"""The queue panel: the run in work above, the waiting ones below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent, ProgressEvent, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui import run_progress
from sdstudio.ui.icons import icon
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.queue.running_card import RunningCard
from sdstudio.ui.queue.waiting_list import WaitingList
from sdstudio.ui.queue.waiting_view import WaitingView
from sdstudio.ui.widgets.buttons import icon_button, with_shortcut
from sdstudio.ui.widgets.labels import label


class QueuePanel(QWidget):
    """Shows the controller's queue and passes wishes on to it.

    Args:
        actions: the window's, by name.
        model_label: a model's name for people.
    """

    settings_wanted = Signal(object)  # GenerationRequest

    def __init__(
        self,
        controller: JobController,
        actions: Mapping[str, QAction],
        model_label: Callable[[str], str],
    ) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._controller = controller
        self.waiting = WaitingList(controller.queue.move, model_label, self)
        self.card = RunningCard(actions["stop-now"], actions["after-picture"])
        self.view = WaitingView(self.waiting)
        self._paused = label(self.tr("Paused: no further run starts."), "warning")
        self._count = label("", "caption")
        pause = _title_button("pause", actions["pause-queue"])
        clear = _title_button("trash", actions["clear-queue"])
        self.title_widgets = (self._count, pause, clear)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(self.refresh)
        self._lay_out(actions["generate"])
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show the queue as it is now."""
        queue = self._controller.queue
        self.card.show_job(queue.running)
        self.waiting.take(queue.waiting)
        count = len(queue)
        self._stack.setCurrentIndex(0 if not count else 1)
        self._empty_words.setVisible(not count)
        self._hint.setVisible(not count and queue.running is None)
        self._paused.setVisible(queue.is_paused)
        self._count.setText(f"{count:,}" if count else "")
        self._count.setAccessibleName(self.tr("{0} runs wait").format(count))

    def _lay_out(self, generate: QAction) -> None:
        keys = generate.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self._empty_words = label(self.tr("No run is waiting."), "muted")
        text = self.tr("Press {0} as often as you like: runs wait here for their turn.")
        self._hint = label(text.format(keys), "caption")
        for words in (self._empty_words, self._hint):
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._mark = QLabel()
        empty = QWidget()
        inside = QVBoxLayout(empty)
        inside.setContentsMargins(16, 8, 16, 8)
        inside.setSpacing(4)
        inside.addStretch()
        inside.addWidget(self._empty_words)
        inside.addWidget(self._hint)
        inside.addStretch()
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.view)
        self._paused.setContentsMargins(12, 6, 12, 0)
        card_place = QVBoxLayout()
        card_place.setContentsMargins(8, 8, 8, 2)
        card_place.addWidget(self.card)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._paused)
        layout.addLayout(card_place)
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        controller = self._controller
        controller.queue_changed.connect(self._refresh_soon)
        controller.progress.connect(self._on_progress)
        controller.step.connect(self._on_step)
        controller.job_ended.connect(self._on_ended)
        self.view.cancel_wanted.connect(self._cancel)
        self.view.settings_wanted.connect(self._want_settings)
        self.view.menu_wanted.connect(self._show_menu)
        self.card.menu_wanted.connect(self._show_menu)

    def _refresh_soon(self) -> None:
        """A thousand changes in a row are shown once."""
        if not self._refresh_timer.isActive():
            self._refresh_timer.start(0)

    def _on_progress(self, event: ProgressEvent) -> None:
        self.card.show_progress(run_progress.of_progress(event))

    def _on_step(self, event: StepEvent) -> None:
        self.card.show_progress(run_progress.of_step(event))

    def _on_ended(self, job: Job, event: FinalEvent) -> None:
        self._refresh_soon()

    def _cancel(self, jobs: list[Job]) -> None:
        for job in jobs:
            self._controller.cancel(job.id)

    def _want_settings(self, job: Job) -> None:
        if isinstance(job.request, GenerationRequest):
            self.settings_wanted.emit(job.request)

    def _run_first(self, job: Job) -> None:
        if job in self._controller.queue.waiting:
            self._controller.queue.move(job.id, 0)

    def _show_menu(self, job: Job, place: QPoint) -> None:
        self.make_menu(job).popup(place)

    def make_menu(self, job: Job) -> QMenu:
        """The context menu of a run."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(job.request, GenerationRequest):
            menu.addAction(
                icon("reuse"), self.tr("Use Its Settings"), partial(self._want_settings, job)
            )
            menu.addSeparator()
        if job is not self._controller.queue.running:
            menu.addAction(icon("first"), self.tr("Run First"), partial(self._run_first, job))
            selected = self.view.selected if job in self.view.selected else [job]
            text = self.tr("Cancel Run")
            if len(selected) > 1:
                text = self.tr("Cancel {0} Runs").format(len(selected))
            menu.addAction(icon("close"), text, partial(self._cancel, selected))
        else:
            stop = self.tr("Stop Now")
            menu.addAction(icon("stop"), stop, partial(self._cancel, [job]))
            menu.addAction(
                icon("after-picture"),
                self.tr("Stop After This Picture"),
                self._controller.stop_after_picture,
            )
        return menu


def _title_button(icon_name: str, action: QAction) -> QToolButton:
    """A small button in the dock's title that shares an action's state."""
    name = action.text().replace("&", "")
    button = icon_button(icon_name, name, tooltip=with_shortcut(name, action.shortcut()))
    button.setFixedSize(26, 26)
    button.setCheckable(action.isCheckable())
    button.clicked.connect(action.trigger)

    def take_state() -> None:
        button.setEnabled(action.isEnabled())
        button.setChecked(action.isChecked())

    action.changed.connect(take_state)
    action.toggled.connect(button.setChecked)
    take_state()
    return button
