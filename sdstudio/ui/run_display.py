"""Carries what the controller says to strip, title, taskbar and canvas."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from sdstudio.jobs.job import Job
from sdstudio.messages.events import (
    FinalEvent,
    JobCancelled,
    JobFailed,
    ProgressEvent,
    StepEvent,
)
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.ui import run_progress
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.main_window import APP_NAME, MainWindow
from sdstudio.ui.run_progress import RunProgress
from sdstudio.ui.stage import Canvas
from sdstudio.ui.taskbar import Taskbar

LONG_RUN_S = 20.0


class RunDisplay(QObject):
    """Shows the state of the run wherever the window has a place for it."""

    def __init__(
        self,
        *,
        controller: JobController,
        window: MainWindow,
        canvas: Canvas,
        form: GenerationForm,
        taskbar: Taskbar,
    ) -> None:
        super().__init__(window)
        self.notifies = True
        self._controller = controller
        self._window = window
        self._canvas = canvas
        self._form = form
        self._taskbar = taskbar
        self._started_at = 0.0
        self._pictures = 0
        controller.job_started.connect(self._on_started)
        controller.progress.connect(self._on_progress)
        controller.step.connect(self._on_step)
        controller.picture_saved.connect(self._on_picture)
        controller.job_ended.connect(self._on_ended)
        controller.queue_changed.connect(self._on_queue)
        form.model_changed.connect(self._show_model)
        form.choices_changed.connect(self._show_model)
        self._show_model()

    def _on_started(self, job: Job) -> None:
        self._started_at = time.monotonic()
        self._pictures = 0
        self._window.stage.hide_welcome()
        self._show(RunProgress(text=self.tr("Starting")))

    def _on_progress(self, event: ProgressEvent) -> None:
        self._show(run_progress.of_progress(event))

    def _on_step(self, event: StepEvent) -> None:
        self._canvas.show_preview(event)
        self._show(run_progress.of_step(event))

    def _on_picture(self, result: PictureResult, path: Path) -> None:
        self._pictures += 1
        self._canvas.show_picture(result, path)
        self._window.strip.show_device(f"{result.device.upper()} · {result.dtype}")

    def _on_ended(self, job: Job, event: FinalEvent) -> None:
        seconds = time.monotonic() - self._started_at
        if isinstance(event, JobFailed | JobCancelled):
            self._canvas.drop_preview()
        self._window.setWindowTitle(APP_NAME)
        self._taskbar.clear()
        self._window.strip.show_idle(self._ending(event, seconds))
        if seconds >= LONG_RUN_S and not isinstance(event, JobCancelled):
            self._notify(job, event)

    def _ending(self, event: FinalEvent, seconds: float) -> str:
        if isinstance(event, JobCancelled):
            return self.tr("Stopped")
        if isinstance(event, JobFailed):
            return self.tr("Failed")
        return self.tr("Done in {0}").format(run_progress.duration(seconds))

    def _notify(self, job: Job, event: FinalEvent) -> None:
        in_front = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if in_front or not self.notifies:
            return
        prompt = job.request.prompt if isinstance(job.request, GenerationRequest) else ""
        failed = isinstance(event, JobFailed)
        title = self.tr("The run failed") if failed else self.tr("The picture is done")
        self._taskbar.notify(self._window, title, event.message if failed else prompt)

    def _on_queue(self) -> None:
        queue = self._controller.queue
        self._window.strip.show_waiting(len(queue), is_paused=queue.is_paused)

    def _show_model(self) -> None:
        self._window.strip.show_model(self._form.model_choice.label)

    def _show(self, progress: RunProgress) -> None:
        self._window.strip.show_progress(progress)
        if progress.fraction is not None:
            percent = f"{round(progress.fraction * 100)} %"
            self._window.setWindowTitle(f"{percent} · {progress.text} — {APP_NAME}")
            self._taskbar.show(progress.fraction)
