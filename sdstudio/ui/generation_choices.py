"""What the prompt panel offers to choose from; `apps` fills it, so that `ui` needs no engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sdstudio.messages.generation import STARTER_MODEL, FewStep
from sdstudio.paths import resource_path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model one can pick, and the values it works best with.

    Attributes:
        name: as in `GenerationRequest.model`.
        size_multiple: pixels that both sides must be a multiple of.
        width, height: of the pictures it makes best.
        takes_prompt: whether a prompt has any effect.
        can_start_from_picture: whether a run can start from a picture.
        few_step: how its few-step companion paints, None if it has none.
    """

    name: str
    label: str
    description: str = ""
    size_multiple: int = 8
    width: int = 256
    height: int = 256
    num_inference_steps: int = 20
    guidance_scale: float = 4.0
    sampler: str = "auto"
    schedule: str = "auto"
    takes_prompt: bool = True
    can_start_from_picture: bool = True
    few_step: FewStep | None = None

    @property
    def native_side(self) -> int:
        """Side of the square with as many pixels as its best pictures."""
        return round((self.width * self.height) ** 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChoice:
    """A sampler or a schedule: its name in a request and what a person reads.

    Attributes:
        schedules: of a sampler: the names of the schedules it can follow.
    """

    name: str
    label: str
    hint: str = ""
    schedules: tuple[str, ...] = ()


STARTER_CHOICE = ModelChoice(
    name=STARTER_MODEL,
    label="Starter",
    description="The built-in model: small, quick, always there.",
    few_step=FewStep(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationChoices:
    """All lists of the prompt panel; each has at least one entry."""

    models: tuple[ModelChoice, ...] = (STARTER_CHOICE,)
    samplers: tuple[NamedChoice, ...] = field(default_factory=lambda: load_samplers()[0])
    schedules: tuple[NamedChoice, ...] = field(default_factory=lambda: load_samplers()[1])

    def schedules_of(self, sampler: str) -> tuple[NamedChoice, ...]:
        """The schedules that a sampler can follow, in order."""
        allowed = next((each.schedules for each in self.samplers if each.name == sampler), ())
        return tuple(each for each in self.schedules if each.name in allowed)

    def model(self, name: str) -> ModelChoice:
        """The model of this name; one that is not listed gets ordinary values."""
        for choice in self.models:
            if choice.name == name:
                return choice
        return ModelChoice(
            name=name,
            label=name,
            width=512,
            height=512,
            num_inference_steps=25,
            guidance_scale=7.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeShape:
    """A preset for the size: width to height."""

    label: str
    across: int
    down: int

    def size(self, native_side: int, multiple: int) -> tuple[int, int]:
        """(width, height) of this shape with about native_side**2 pixels, snapped."""
        scale = native_side / (self.across * self.down) ** 0.5
        return snap(self.across * scale, multiple), snap(self.down * scale, multiple)


def snap(side: float, multiple: int) -> int:
    """The multiple nearest to `side`, at least one."""
    return max(1, round(side / multiple)) * multiple


def load_samplers() -> tuple[tuple[NamedChoice, ...], tuple[NamedChoice, ...]]:
    """(samplers, schedules) of `resources/presets/samplers.json`, "auto" first in both.

    The names are those of the engine's table; a test holds the two together.
    """
    text = resource_path("presets", "samplers.json").read_text(encoding="utf-8")
    lists = json.loads(text)
    samplers = tuple(
        NamedChoice(**entry | {"schedules": tuple(entry["schedules"])})
        for entry in lists["samplers"]
    )
    return samplers, tuple(NamedChoice(**entry) for entry in lists["schedules"])


def load_size_shapes() -> tuple[SizeShape, ...]:
    """The presets in `resources/presets/sizes.json`."""
    text = resource_path("presets", "sizes.json").read_text(encoding="utf-8")
    return tuple(SizeShape(**entry) for entry in json.loads(text))


def load_example_prompts() -> tuple[str, ...]:
    """Prompts that the built-in model draws well, from `resources/presets/prompts.json`."""
    text = resource_path("presets", "prompts.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))
