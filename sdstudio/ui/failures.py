"""Turns what went wrong into notices whose buttons do something about it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from sdstudio.errors import Remedy
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobFailed
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from sdstudio.ui.error_text import remedied, remedy_buttons, remedy_text, told
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.notices import Notice, NoticeAction, NoticeBar

UNSAVED = "unsaved"
RECOVERED = "recovered"
JOURNAL = "journal"
ENGINE_REMEDIES = ("cpu-offload", "float32")
"""Remedies that are settings of the engine."""


class Failures(QObject):
    """Listens to the controller and tells the person.

    Signals:
        engine_setting_wanted: a remedy that is a setting of the engine: "cpu-offload", "float32".
        folder_wanted: another folder for pictures should be chosen.
        report_wanted: the details of a bug should be shown.
    """

    engine_setting_wanted = Signal(str)
    folder_wanted = Signal()
    report_wanted = Signal(str)

    def __init__(self, controller: JobController, notices: NoticeBar, form: GenerationForm) -> None:
        super().__init__(notices)
        self._controller = controller
        self._notices = notices
        self._form = form
        self.last_details = ""
        controller.job_failed.connect(self._on_failed)
        controller.picture_not_saved.connect(self._on_not_saved)
        controller.picture_saved.connect(self._on_saved)
        controller.jobs_recovered.connect(self._on_recovered)
        controller.journal_failed.connect(self._on_journal_failed)

    def tell(self, error: Exception) -> None:
        """Show an error of something the person just did."""
        message, hint = told(error)
        self._notices.tell(Notice(text=message, hint=hint, severity="warning", key="told"))

    def tell_fault(self, sentence: str, details: str) -> None:
        """Show a bug that nobody caught."""
        self.last_details = details
        show = NoticeAction(
            text=self.tr("Show details"), act=partial(self.report_wanted.emit, details)
        )
        self._notices.tell(Notice(text=sentence, severity="error", actions=(show,), key="fault"))

    def _on_failed(self, job: Job, failure: JobFailed) -> None:
        self.last_details = failure.details
        actions: list[NoticeAction] = []
        runs_again = not self._controller.is_kept_aside(job)  # else who asked for it does that
        if isinstance(job.request, GenerationRequest):
            for button in remedy_buttons(failure, job.request):
                if runs_again or button.remedy in ENGINE_REMEDIES:
                    act = partial(self._apply, button.remedy, job.request, runs_again=runs_again)
                    actions.append(NoticeAction(text=button.text, act=act))
        if failure.kind == "bug":
            show = NoticeAction(
                text=self.tr("Show details"), act=partial(self.report_wanted.emit, failure.details)
            )
            actions = [*actions[:1], show]
        self._notices.tell(
            Notice(
                text=failure.message, hint=failure.hint, severity="error", actions=tuple(actions)
            )
        )

    def _apply(self, remedy: Remedy, request: GenerationRequest, *, runs_again: bool) -> None:
        if remedy in ENGINE_REMEDIES:
            self.engine_setting_wanted.emit(remedy)
        if remedy == "choose-folder":
            self.folder_wanted.emit()
        if remedy == "save-again":
            self._controller.save_again()
            return
        if not runs_again:
            return
        multiple = self._form.choices.model(request.model).size_multiple
        self._controller.submit(remedied(request, remedy, multiple=multiple), first=True)

    def _on_not_saved(self, result: PictureResult, error: Exception) -> None:
        count = len(self._controller.unsaved)
        reason, _ = told(error)
        kept = self.tr("The picture is kept in memory.")
        if count > 1:
            kept = self.tr("{0} pictures are kept in memory.").format(count)
        again = NoticeAction(text=remedy_text("save-again"), act=self._controller.save_again)
        choose = NoticeAction(text=remedy_text("choose-folder"), act=self.folder_wanted.emit)
        self._notices.tell(
            Notice(text=reason, hint=kept, severity="error", actions=(again, choose), key=UNSAVED)
        )

    def _on_saved(self) -> None:
        if not self._controller.unsaved:
            self._notices.drop(UNSAVED)

    def _on_recovered(self, jobs: tuple[Job, ...]) -> None:
        text = self.tr("One run was not finished when the studio closed.")
        if len(jobs) > 1:
            text = self.tr("{0} runs were not finished when the studio closed.").format(len(jobs))
        run = partial(self._controller.take_recovered, run_them=True)
        forget = partial(self._controller.take_recovered, run_them=False)
        actions = (
            NoticeAction(text=self.tr("Run now"), act=run),
            NoticeAction(text=self.tr("Forget"), act=forget),
        )
        self._notices.tell(Notice(text=text, actions=actions, key=RECOVERED))

    def _on_journal_failed(self, error: Exception) -> None:
        reason, _ = told(error)
        hint = self.tr("Waiting runs would be lost if the studio ended unexpectedly.")
        self._notices.tell(Notice(text=reason, hint=hint, severity="warning", key=JOURNAL))
