"""The state of the prompt panel: one typed signal per property, bound once."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal

from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import (
    MAX_COUNT,
    MAX_SEED,
    MAX_SIDE_PX,
    MAX_STEPS,
    STARTER_MODEL,
    FewStep,
    GenerationRequest,
    ImageToImage,
)
from sdstudio.messages.raster import Raster
from sdstudio.ui.generation_choices import GenerationChoices, ModelChoice, snap

PlainValue = str | int | float | bool
T = TypeVar("T")


class FormValue(Generic[T]):
    """A property of the form that emits `NAME_changed` when it takes another value."""

    def __init__(self, default: T) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, form: None, owner: type) -> FormValue[T]: ...
    @overload
    def __get__(self, form: QObject, owner: type) -> T: ...
    def __get__(self, form: QObject | None, owner: type) -> T | FormValue[T]:
        return self if form is None else form.__dict__.get("_" + self._name, self.default)

    def __set__(self, form: QObject, value: T) -> None:
        if value != self.__get__(form, type(form)):
            form.__dict__["_" + self._name] = value
            getattr(form, self._name + "_changed").emit(value)


class Number(FormValue[Any]):
    """A number that stays within its range."""

    def __init__(self, default: float, low: float, high: float) -> None:
        super().__init__(default)
        self.low, self.high = low, high

    def __set__(self, form: QObject, value: float) -> None:
        whole = isinstance(self.default, int)
        super().__set__(form, min(self.high, max(self.low, round(value) if whole else value)))


PLAIN_FIELDS = (
    "prompt",
    "negative_prompt",
    "model",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "sampler",
    "schedule",
    "count",
    "guidance_rescale",
    "clip_skip",
    "vae_tiling",
    "few_step",
)
"""Fields of a request that the form holds under the same name, in the order of the panel."""

SAMPLING_FIELDS = ("num_inference_steps", "guidance_scale", "sampler", "schedule")

RECALL_FIELDS = (*PLAIN_FIELDS[:9], "seed", *PLAIN_FIELDS[10:])
"""Fields that can be taken over from a picture."""


def random_seed() -> int:
    """A seed below 2**32, like those that other programs draw: ten digits can be read and typed."""
    return int.from_bytes(os.urandom(4), "little")


class GenerationForm(QObject):
    """What the next run will be made from.

    Signals of 64-bit values are `object`: Qt's int has 32 bits.
    """

    prompt_changed = Signal(str)
    negative_prompt_changed = Signal(str)
    model_changed = Signal(str)
    width_changed = Signal(int)
    height_changed = Signal(int)
    num_inference_steps_changed = Signal(int)
    guidance_scale_changed = Signal(float)
    sampler_changed = Signal(str)
    schedule_changed = Signal(str)
    seed_changed = Signal(object)
    is_seed_random_changed = Signal(bool)
    last_seed_changed = Signal(object)
    count_changed = Signal(int)
    init_image_changed = Signal(object)
    strength_changed = Signal(float)
    guidance_rescale_changed = Signal(float)
    clip_skip_changed = Signal(int)
    vae_tiling_changed = Signal(bool)
    few_step_changed = Signal(bool)
    choices_changed = Signal()

    prompt = FormValue("")
    negative_prompt = FormValue("")
    model = FormValue(STARTER_MODEL)
    width = Number(256, 8, MAX_SIDE_PX)
    height = Number(256, 8, MAX_SIDE_PX)
    num_inference_steps = Number(20, 1, MAX_STEPS)
    guidance_scale = Number(4.0, 0.0, 100.0)
    sampler = FormValue("auto")
    schedule = FormValue("auto")
    seed = Number(0, 0, MAX_SEED)
    is_seed_random = FormValue(True)
    last_seed: FormValue[int | None] = FormValue(None)
    count = Number(1, 1, MAX_COUNT)
    init_image: FormValue[Raster | None] = FormValue(None)
    strength = Number(0.6, 0.01, 1.0)
    guidance_rescale = Number(0.0, 0.0, 1.0)
    clip_skip = Number(0, 0, 11)
    vae_tiling = FormValue(False)
    few_step = FormValue(False)

    def __init__(
        self, choices: GenerationChoices | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.choices = choices or GenerationChoices()
        self._parents: tuple[str, ...] = ()
        self._unhurried: dict[str, Any] = {}
        """What was set before the few-step companion was chosen."""
        self._wear_defaults(self.model_choice)

    @property
    def model_choice(self) -> ModelChoice:
        """The chosen model with its defaults."""
        return self.choices.model(self.model)

    @property
    def sampling_defaults(self) -> ModelChoice | FewStep:
        """What steps and guidance are by default, with the few-step companion or without."""
        model = self.model_choice
        return model.few_step if self.few_step and model.few_step else model

    @property
    def refines(self) -> bool:
        """Whether the run starts from a picture and keeps some of it."""
        return self.init_image is not None and self.strength < 1.0

    def choose_model(self, name: str) -> None:
        """Change the model; values still at the old model's defaults follow the new one."""
        was_quick = self.few_step
        self.paint_quickly(False)
        self._follow(self.model_choice, self.choices.model(name))
        self.model = name
        self.set_size(self.width, self.height)
        self.paint_quickly(was_quick)

    def take_choices(self, choices: GenerationChoices) -> None:
        """Offer other lists; values still at the chosen model's old defaults follow it."""
        old, self.choices = self.model_choice, choices
        self._follow(old, self.model_choice)
        if self.model_choice.few_step is None:
            self.paint_quickly(False)
        self.set_size(self.width, self.height)
        self.choices_changed.emit()

    def paint_quickly(self, is_quick: bool) -> None:
        """Choose the model's few-step companion, its steps and guidance, or what was set before."""
        model = self.model_choice
        if is_quick == self.few_step or (is_quick and model.few_step is None):
            return
        self.few_step = is_quick
        before = {name: getattr(self, name) for name in SAMPLING_FIELDS}
        values = self._unhurried
        if is_quick and model.few_step:
            values = {"sampler": "auto", "schedule": "auto", **asdict(model.few_step)}
        self._wear_sampling(model)
        for name, value in values.items():
            setattr(self, name, value)
        self._unhurried = before if is_quick else {}

    def set_size(self, width: float, height: float) -> None:
        """Take a size, snapped to what the model can make."""
        multiple = self.model_choice.size_multiple
        largest = MAX_SIDE_PX // multiple * multiple
        self.width = min(largest, snap(width, multiple))
        self.height = min(largest, snap(height, multiple))

    def take_shape(self, width: int, height: int) -> None:
        """Take the proportions of a picture, with about as many pixels as before."""
        scale = (self.width * self.height / (width * height)) ** 0.5
        self.set_size(width * scale, height * scale)

    def swap_size(self) -> None:
        """Turn portrait into landscape and back."""
        self.set_size(self.height, self.width)

    def use_seed(self, seed: int) -> None:
        """Fix the seed."""
        self.seed = seed
        self.is_seed_random = False

    def choose_random(self, is_random: bool) -> None:
        """Draw a seed for every run, or keep the one of the last run."""
        if not is_random and self.is_seed_random and self.last_seed is not None:
            self.seed = self.last_seed
        self.is_seed_random = is_random

    def reuse_last_seed(self) -> None:
        """Fix the seed of the run submitted last, if there was one."""
        if self.last_seed is not None:
            self.use_seed(self.last_seed)

    def start_from(self, image: Raster | None, parents: tuple[str, ...] = ()) -> None:
        """Take a picture to start from, with its name or digest; None starts from noise again."""
        self._parents = parents if image is not None else ()
        self.init_image = image

    def to_request(self, *, paints: bool = False) -> GenerationRequest:
        """The request as the form stands; draws the seed if it is random.

        Args:
            paints: for a painted document, which brings its own start and may need no prompt;
                whoever queues it sets `last_seed`.

        Raises:
            InvalidRequestError: the prompt is empty, or the model cannot do it.
        """
        model = self.model_choice
        init_image = None if paints else self.init_image
        needs_prompt = model.takes_prompt and not paints and init_image is None
        if needs_prompt and not self.prompt.strip():
            raise InvalidRequestError(
                self.tr("The prompt is empty."), self.tr("Describe the picture you want.")
            )
        if init_image is not None and not model.can_start_from_picture:
            raise InvalidRequestError(
                self.tr("{0} cannot start from a picture.").format(model.label),
                self.tr("Remove the starting picture or choose another model."),
            )
        seed = random_seed() if self.is_seed_random else self.seed
        if not paints:
            self.last_seed = seed
        start = init_image and ImageToImage(init_image=init_image, strength=self.strength)
        values = {name: getattr(self, name) for name in PLAIN_FIELDS}
        values["few_step"] = self.few_step and model.few_step is not None
        parents = () if paints else self._parents
        return GenerationRequest(**values, seed=seed, start=start, parents=parents)

    def load(self, request: GenerationRequest, fields: Iterable[str] = RECALL_FIELDS) -> None:
        """Take over the named fields of a request that made a picture."""
        wanted = set(fields)
        if "model" in wanted:
            self.model = request.model
        if wanted & {"width", "height"}:
            self.set_size(
                request.width if "width" in wanted else self.width,
                request.height if "height" in wanted else self.height,
            )
        if "seed" in wanted:
            self.use_seed(request.seed)
        for name in wanted - {"model", "width", "height", "seed"}:
            setattr(self, name, getattr(request, name))

    def reset(self) -> None:
        """Everything but prompt, model and starting picture back to the defaults."""
        names = "is_seed_random count strength guidance_rescale clip_skip vae_tiling few_step"
        for name in names.split():
            setattr(self, name, getattr(GenerationForm, name).default)
        self._wear_defaults(self.model_choice)

    def to_values(self) -> dict[str, PlainValue]:
        """What should survive closing the window, as plain values."""
        names = (*PLAIN_FIELDS, "is_seed_random", "strength")
        return {name: getattr(self, name) for name in names} | {"seed": str(self.seed)}

    def from_values(self, values: dict[str, PlainValue]) -> None:
        """Restore `to_values`; what is unknown or makes no sense is left at its default."""
        plain = {name: values[name] for name in self.to_values() if name in values}
        with contextlib.suppress(ValueError):
            self.seed = int(plain.pop("seed", self.seed))
        known = {each.name for each in dataclasses.fields(GenerationRequest)}
        for name, value in plain.items():
            default = getattr(GenerationForm, name).default
            numeric = isinstance(default, (int, float)) and isinstance(value, (int, float))
            if type(value) is type(default) or (numeric and name in known | {"strength"}):
                setattr(self, name, value)
        self.set_size(self.width, self.height)

    def _follow(self, old: ModelChoice, new: ModelChoice) -> None:
        """Let values that stand at the old model's defaults take the new one's."""
        if (self.width, self.height) == (old.width, old.height):
            self.width, self.height = new.width, new.height
        for name in SAMPLING_FIELDS:
            if getattr(self, name) == getattr(old, name):
                setattr(self, name, getattr(new, name))

    def _wear_defaults(self, choice: ModelChoice) -> None:
        self._wear_sampling(choice)
        self.set_size(choice.width, choice.height)

    def _wear_sampling(self, choice: ModelChoice) -> None:
        for name in SAMPLING_FIELDS:
            setattr(self, name, getattr(choice, name))
