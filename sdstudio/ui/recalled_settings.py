"""What a picture says about its making, in the terms of this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sdstudio.ui.generation_choices import GenerationChoices

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled


def on_this_machine(recalled: Recalled, choices: GenerationChoices) -> Recalled:
    """The same with the model as it is called here; one that is not here is left out.

    A picture of the studio's own keeps its model: its run says what is missing.
    """
    if recalled.is_own or "model" not in recalled.fields:
        return recalled
    said = recalled.request.model
    model = _model_called(said, choices)
    if model is not None:
        return replace(recalled, request=replace(recalled.request, model=model))
    fields = tuple(name for name in recalled.fields if name != "model")
    return replace(recalled, fields=fields, left_out=(*recalled.left_out, said))


def _model_called(name: str, choices: GenerationChoices) -> str | None:
    """A model on this machine that goes by the name another program gives it."""
    wanted = Path(name.replace("\\", "/")).name.casefold()
    stem = wanted.removesuffix(".safetensors").removesuffix(".ckpt")
    for model in choices.models:
        names = {model.name, model.label, Path(model.name).name, Path(model.name).stem}
        if {each.casefold() for each in names} & {wanted, stem}:
            return model.name
    return None
