"""Generating into the picture, put together for one view: panel, strip, overlays, live painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sdstudio.document.state import DocumentSnapshot
from sdstudio.errors import InvalidRequestError, SdstudioError
from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui.canvas import repaint_words
from sdstudio.ui.canvas.candidates import CandidateList
from sdstudio.ui.canvas.context_overlay import ContextOverlay
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.live_painting import LivePainting
from sdstudio.ui.canvas.live_panel import LivePanel
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.repaint_form import RepaintForm
from sdstudio.ui.canvas.repaint_intent import TRAITS, Intent, Situation, intent_of
from sdstudio.ui.canvas.repaint_panel import RepaintPanel
from sdstudio.ui.canvas.repaint_request import PreparedRepaint, RepaintWish
from sdstudio.ui.canvas.repaint_run import RepaintRun
from sdstudio.ui.canvas.staging import Staging, StagingKeys
from sdstudio.ui.canvas.staging_strip import StagingStrip
from sdstudio.ui.generation_form import GenerationForm, random_seed
from sdstudio.ui.job_controller import JobController


class Repainting(QObject):
    """What the Paint room adds to its view so that a model paints with the painter.

    Args:
        form: prompt, model, seed and steps.
        tell: shows an error to the person.

    Signals:
        accepted: a result became part of the document, which should be saved now.
        intent_text_changed: what the button says now; "" while the room is not shown.
    """

    accepted = Signal()
    intent_text_changed = Signal(str)

    def __init__(
        self,
        view: PaintView,
        *,
        easel: Easel,
        form: GenerationForm,
        controller: JobController,
        tell: Callable[[Exception], None],
    ) -> None:
        super().__init__(view)
        self._view = view
        self._easel = easel
        self._form = form
        self._tell = tell
        self._live_seed = random_seed()
        self._is_shown = False
        self.form = RepaintForm(self)
        self.run = RepaintRun(controller, self)
        self.candidates = CandidateList(self)
        self.staging = Staging(easel, self.candidates, self.run, controller)
        self.context = ContextOverlay(self._look, self)
        self.live = LivePainting(
            easel=easel, run=self.run, controller=controller, wish=self._live_wish
        )
        self.repaint_panel = RepaintPanel(self.form)
        self.live_panel = LivePanel(self.live)
        self.panel = _column(self.repaint_panel, self.live_panel, self.repaint_panel.details)
        self.strip = StagingStrip(self.staging)
        self._jobs: list[Job] = []
        self._veil = view.mask_opacity
        self._lay_over(view)
        self._connect(controller)
        self.follow()

    # --- what the room asks for -----------------------------------------------------------

    def generate(self, *, first: bool = False) -> None:
        """Do what the button says."""
        try:
            wish = self.wish(self._situation())
            base = replace(self._base(wish.intent), count=self.form.count)
        except SdstudioError as error:
            self._tell(error)
            return
        self.step_back()
        self.run.run(self._easel.document, wish, base, first=first)

    def step_back(self) -> None:
        """Take the candidate off the canvas; it stays on the strip."""
        self.candidates.look_at(None)

    def set_shown(self, is_shown: bool) -> None:
        """The room came to the front, or went: live painting ends when nobody sees it."""
        self._is_shown = is_shown
        self.follow()
        if not is_shown:
            self.live.set_on(False)

    def close(self) -> None:
        """Stop live painting and wait for what is prepared or drawn."""
        self.live.set_on(False)
        self.context.close()
        self.run.close()

    def follow(self) -> None:
        """Show what follows from the document and the form as they are now."""
        self.repaint_panel.show_situation(self._situation())
        name = repaint_words.intent_name(self.repaint_panel.intent)
        self.intent_text_changed.emit(name if self._is_shown else "")
        self.context.refresh()

    def wish(self, situation: Situation, intent: Intent | None = None) -> RepaintWish:
        """What would be asked of the model now."""
        intent = intent or intent_of(situation)
        model, form = self._form.model_choice, self.form
        return RepaintWish(
            intent=intent,
            strength=min(situation.strength, TRAITS[intent].strength),
            fill=form.fill_for(TRAITS[intent].fill),
            edges=form.edges,
            sight=form.sight,
            matches_colours=form.matches_colours,
            use_inpainting_model=form.use_inpainting_model,
            training_side=model.native_side,
            multiple=model.size_multiple,
        )

    # --- wiring ---------------------------------------------------------------------------

    def _lay_over(self, view: PaintView) -> None:
        view.overlays.extend([self.live, self.staging, self.context])
        self._keys = StagingKeys(self.staging)
        view.installEventFilter(self._keys)
        for part in (self.live, self.staging, self.context):
            part.changed.connect(view.update)
        view.stroke_began.connect(self.step_back)
        view.stroke_began.connect(self.live.begin_stroke)
        view.stroke_ended.connect(self.live.end_stroke)

    def _connect(self, controller: JobController) -> None:
        self._easel.document_changed.connect(self._leave_document)
        self._easel.touched.connect(self.follow)
        self.form.changed.connect(self.follow)
        for changed in (self._form.model_changed, self._form.choices_changed):
            changed.connect(self.follow)
        self._form.prompt_changed.connect(self.live.follow)
        self.repaint_panel.run_wanted.connect(self.generate)
        self.repaint_panel.edges_moved.connect(self.context.linger)
        self.repaint_panel.sight_pinned.connect(self.context.pin)
        self.run.refused.connect(self._tell)
        self.run.started.connect(self._on_started)
        self.run.ended.connect(self._on_ended)
        self.run.preview_changed.connect(self._show_making)
        self.staging.refused.connect(self._tell)
        self.staging.accepted.connect(self.accepted)
        self.staging.changed.connect(self._clear_view)
        self.repaint_panel.run_wanted.connect(self._view.setFocus)
        self.strip.touched.connect(self._view.setFocus)
        self.strip.more_wanted.connect(self._more)
        self.strip.stop_wanted.connect(self._stop)
        self.live.refused.connect(self._tell)
        self.live.kept.connect(self._keep)
        self.live_panel.keep_wanted.connect(self.candidates.add)
        self.candidates.changed.connect(self._forget_plans)

    def _situation(self) -> Situation:
        document = self._easel.document
        return Situation(
            has_mask=not document.mask_bounds().is_empty,
            bounds=document.bounds,
            box=document.box,
            strength=self.form.strength,
            chosen=self.form.chosen,
        )

    def _look(self) -> tuple[DocumentSnapshot, RepaintWish]:
        return self._easel.document.snapshot(), self.wish(self._situation())

    def _live_wish(self) -> tuple[RepaintWish, GenerationRequest]:
        """Refine at the live strength, in as few steps as that takes, with a seed that stays.

        Always with the few-step companion if the model has one: the hand does not wait.
        """
        situation = replace(self._situation(), strength=self.live.strength)
        base = self._base("refine")
        seed = self._live_seed if self._form.is_seed_random else base.seed
        few_step = self._form.model_choice.few_step
        quickly: dict[str, Any] = {"num_inference_steps": 1}
        if few_step is not None:
            quickly = {"few_step": True, "sampler": "auto", "schedule": "auto", **asdict(few_step)}
        return self.wish(situation, "refine"), replace(base, seed=seed, **quickly)

    def _base(self, intent: Intent) -> GenerationRequest:
        """What the prompt panel says, for a picture that descends from what is on the easel.

        Raises:
            InvalidRequestError: the model cannot start from a picture.
        """
        model = self._form.model_choice
        if intent != "generate" and not model.can_start_from_picture:
            raise InvalidRequestError(
                self.tr("{0} cannot start from a picture.").format(model.label),
                self.tr("Choose another model, or generate without a mask."),
            )
        return replace(self._form.to_request(paints=True), parents=self._easel.parents)

    def _on_started(self, job: Job, prepared: PreparedRepaint, live: bool) -> None:
        if not live:
            self._jobs.append(job)
            self._form.last_seed = prepared.request.seed
            self._show_making()

    def _on_ended(self, job: Job) -> None:
        self._jobs = [each for each in self._jobs if each.id != job.id]
        self._show_making()

    def _show_making(self) -> None:
        self.strip.show_making(self.run.preview_raster, is_busy=bool(self._jobs))

    def _leave_document(self) -> None:
        self.run.give_up()
        self._jobs.clear()
        self._show_making()

    def _stop(self) -> None:
        for job in list(self._jobs):
            self.run.stop(job)
        self._jobs.clear()
        self._show_making()

    def _more(self) -> None:
        self.staging.more(self.form.count)

    def _keep(self, candidate: object) -> None:
        self.candidates.add(candidate, shows=False)  # type: ignore[arg-type]

    def _forget_plans(self) -> None:
        if not len(self.candidates):
            self.run.forget_plans()

    def _clear_view(self) -> None:
        """Nothing but the picture under a candidate: neither its mask's veil nor the context."""
        covers = self.staging.covers
        if covers == self.context.is_muted:
            return
        self.context.is_muted = covers
        if covers:
            self._veil, self._view.mask_opacity = self._view.mask_opacity, 0.0
        else:
            self._view.mask_opacity = self._veil


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    column.setProperty("role", "panel")
    layout = QVBoxLayout(column)
    layout.setContentsMargins(12, 8, 12, 8)
    layout.setSpacing(8)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return column
