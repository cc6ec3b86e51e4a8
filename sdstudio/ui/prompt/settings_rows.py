"""The rows of the prompt panel below the texts, made and bound to the form."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from sdstudio.messages.generation import MAX_COUNT, MAX_STEPS
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.prompt.choice_row import ChoiceRow
from sdstudio.ui.prompt.seed_row import SeedRow
from sdstudio.ui.prompt.size_row import SizeRow
from sdstudio.ui.widgets.number_field import NumberField, NumberRange


def bind_number(field: NumberField, form: GenerationForm, name: str) -> None:
    """Show a number of the form and carry wishes back to it."""
    field.value_wanted.connect(partial(setattr, form, name))
    changed: Signal = getattr(form, f"{name}_changed")
    changed.connect(field.show_value)  # type: ignore[attr-defined]
    field.show_value(getattr(form, name))


def _tr(text: str) -> str:
    return QCoreApplication.translate("SettingsRows", text)


class BasicRows(QObject):
    """Model, size, pictures per run and seed."""

    def __init__(self, form: GenerationForm, layout: QVBoxLayout) -> None:
        super().__init__(form)
        self._form = form
        self.model = ChoiceRow(_tr("Model"), tooltip=_tr("The model that draws the picture."))
        self.size = SizeRow()
        self.count = NumberField(
            _tr("Pictures"),
            NumberRange(low=1, high=MAX_COUNT, default=1, slider_high=16),
            tooltip=_tr("Pictures per run; each has the next seed."),
        )
        self.seed = SeedRow()
        for row in (self.model, self.size, self.seed, self.count):
            layout.addWidget(row)
        self.model.show_choices(form.choices.models, form.model)
        self.model.name_wanted.connect(form.choose_model)
        form.model_changed.connect(self._show_model)
        form.choices_changed.connect(self._show_models)
        self.size.size_wanted.connect(form.set_size)
        self.size.swap_wanted.connect(form.swap_size)
        form.width_changed.connect(self._show_size)
        form.height_changed.connect(self._show_size)
        bind_number(self.count, form, "count")
        self.seed.seed_wanted.connect(form.use_seed)
        self.seed.random_wanted.connect(form.choose_random)
        self.seed.reuse_wanted.connect(form.reuse_last_seed)
        form.seed_changed.connect(self._show_seed)
        form.is_seed_random_changed.connect(self._show_seed)
        form.last_seed_changed.connect(self.seed.show_last)
        self._show_model()
        self._show_size()
        self._show_seed()

    def _show_models(self) -> None:
        self.model.show_choices(self._form.choices.models, self._form.model)
        self._show_model()

    def _show_model(self) -> None:
        self.model.show_name(self._form.model)
        self.size.show_model(self._form.model_choice)

    def _show_size(self) -> None:
        self.size.show_size(self._form.width, self._form.height)

    def _show_seed(self) -> None:
        self.seed.show_seed(self._form.seed, self._form.is_seed_random)


class SamplingRows(QObject):
    """Quick or not, steps, guidance, sampler and schedule."""

    def __init__(self, form: GenerationForm, layout: QVBoxLayout) -> None:
        super().__init__(form)
        self._form = form
        model = form.sampling_defaults
        self.quick = QCheckBox(_tr("Quick sketch"))
        self.steps = NumberField(
            _tr("Steps"),
            NumberRange(low=1, high=MAX_STEPS, default=model.num_inference_steps, slider_high=60),
            tooltip=_tr("More steps take longer and give cleaner pictures, up to a point."),
        )
        self.guidance = NumberField(
            _tr("Guidance"),
            NumberRange(
                low=0.0,
                high=100.0,
                default=model.guidance_scale,
                slider_high=15.0,
                step=0.5,
                fine_step=0.1,
                decimals=1,
            ),
            tooltip=_tr("How closely the picture follows the prompt (CFG scale)."),
        )
        self.sampler = ChoiceRow(_tr("Sampler"), tooltip=_tr("How noise becomes a picture."))
        self.schedule = ChoiceRow(_tr("Schedule"), tooltip=_tr("How the steps are spaced."))
        for row in (self.quick, self.steps, self.guidance, self.sampler, self.schedule):
            layout.addWidget(row)
        self.quick.toggled.connect(form.paint_quickly)
        form.few_step_changed.connect(self._follow_model)
        bind_number(self.steps, form, "num_inference_steps")
        bind_number(self.guidance, form, "guidance_scale")
        self.sampler.show_choices(form.choices.samplers, form.sampler)
        self.sampler.name_wanted.connect(partial(setattr, form, "sampler"))
        self.schedule.name_wanted.connect(partial(setattr, form, "schedule"))
        form.sampler_changed.connect(self._show_sampler)
        form.schedule_changed.connect(self.schedule.show_name)
        form.model_changed.connect(self._follow_model)
        form.choices_changed.connect(self._follow_model)
        self._show_sampler()
        self._follow_model()

    def _show_sampler(self) -> None:
        self.sampler.show_name(self._form.sampler)
        choices = self._form.choices.schedules_of(self._form.sampler)
        if choices and self._form.schedule not in {each.name for each in choices}:
            self._form.schedule = "auto"
        self.schedule.show_choices(choices, self._form.schedule)

    def _follow_model(self) -> None:
        defaults, quick = self._form.sampling_defaults, self._form.model_choice.few_step
        self.steps.set_default(defaults.num_inference_steps)
        self.guidance.set_default(defaults.guidance_scale)
        self.quick.setVisible(quick is not None)
        self.quick.setChecked(quick is not None and self._form.few_step)
        if quick is not None:
            words = _tr("Paints in {0} steps: far sooner, a little softer and less obedient.")
            self.quick.setToolTip(words.format(quick.num_inference_steps))


class AdvancedRows(QObject):
    """What most pictures never need."""

    def __init__(self, form: GenerationForm, layout: QVBoxLayout) -> None:
        super().__init__(form)
        self._form = form
        self.rescale = NumberField(
            _tr("Rescale"),
            NumberRange(low=0, high=1, default=0, step=0.1, fine_step=0.01, decimals=2),
            tooltip=_tr("Tames colours that high guidance overdrives."),
        )
        self.clip_skip = NumberField(
            _tr("CLIP skip"),
            NumberRange(low=0, high=11, default=0, slider_high=4),
            tooltip=_tr("Last layers of the text encoder to leave out."),
        )
        self.tiling = QCheckBox(_tr("Decode in tiles"))
        self.tiling.setToolTip(_tr("Needs less memory for large pictures, a little slower."))
        for row in (self.rescale, self.clip_skip, self.tiling):
            layout.addWidget(row)
        bind_number(self.rescale, form, "guidance_rescale")
        bind_number(self.clip_skip, form, "clip_skip")
        self.tiling.setChecked(form.vae_tiling)
        self.tiling.toggled.connect(partial(setattr, form, "vae_tiling"))
        form.vae_tiling_changed.connect(self.tiling.setChecked)
