"""The JSON that InvokeAI, NovelAI, Fooocus and DiffusionBee write, each by its own names."""

from __future__ import annotations

import re
from typing import Any

from sdstudio.gallery.metadata import picture_metadata as values
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

Fields = dict[str, Any]
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")


def read_invokeai(fields: Fields) -> PictureMetadata:
    """InvokeAI 3 and later, `invokeai_metadata`: flat, with the model as an object."""
    known = ("positive_prompt", "negative_prompt", "steps", "scheduler", "cfg_scale", "seed")
    known += ("width", "height", "model")
    return PictureMetadata(
        source="invokeai",
        prompt=values.prompt_of(fields.get("positive_prompt")),
        negative_prompt=values.prompt_of(fields.get("negative_prompt")),
        steps=values.steps_of(fields.get("steps")),
        sampler=values.text_of(fields.get("scheduler")),
        guidance_scale=values.guidance_of(fields.get("cfg_scale")),
        seed=values.seed_of(fields.get("seed")),
        size=values.size_of(fields.get("width"), fields.get("height")),
        model=_model_name(fields.get("model")),
        fields=fields,
        known=known,
    )


def read_invokeai_node(fields: Fields) -> PictureMetadata:
    """InvokeAI 3.0's first form of `invokeai_metadata`: the values lie one object deeper."""
    inner = fields.get("node_graph_params") or fields.get("metadata")
    return read_invokeai(inner if isinstance(inner, dict) else fields)


def read_sd_metadata(fields: Fields) -> PictureMetadata:
    """InvokeAI 1 and 2, `sd-metadata`: the negative words stand in [brackets] of the prompt."""
    image = fields.get("image")
    image = image if isinstance(image, dict) else {}
    prompt = image.get("prompt")
    if isinstance(prompt, list):  # [{"prompt": "...", "weight": 1.0}, ...]
        parts = [part.get("prompt") if isinstance(part, dict) else part for part in prompt[:100]]
        prompt = ", ".join(part for part in parts if isinstance(part, str))
    text = values.prompt_of(prompt)
    known = ("prompt", "steps", "sampler", "cfg_scale", "seed", "width", "height")
    return PictureMetadata(
        source="invokeai",
        prompt=_BRACKETED.sub("", text).strip(),
        negative_prompt=", ".join(part.strip() for part in _BRACKETED.findall(text)),
        steps=values.steps_of(image.get("steps")),
        sampler=values.text_of(image.get("sampler")),
        guidance_scale=values.guidance_of(image.get("cfg_scale")),
        seed=values.seed_of(image.get("seed")),
        size=values.size_of(image.get("width"), image.get("height")),
        model=values.text_of(fields.get("model_weights")),
        fields={**image, **fields},
        known=(*known, "model_weights"),
    )


def read_novelai(fields: Fields, *, description: str = "", model: str = "") -> PictureMetadata:
    """NovelAI, `Comment`; version 4 nests its prompt, and `Description` repeats it.

    Args:
        description, model: the texts `Description` and `Source` beside it.
    """
    known = ("prompt", "uc", "steps", "sampler", "scale", "seed", "width", "height")
    prompt = fields.get("prompt") or _caption(fields.get("v4_prompt")) or description
    negative = fields.get("uc") or _caption(fields.get("v4_negative_prompt"))
    return PictureMetadata(
        source="novelai",
        prompt=values.prompt_of(prompt),
        negative_prompt=values.prompt_of(negative),
        steps=values.steps_of(fields.get("steps")),
        sampler=values.text_of(fields.get("sampler")),
        guidance_scale=values.guidance_of(fields.get("scale")),
        seed=values.seed_of(fields.get("seed")),
        size=values.size_of(fields.get("width"), fields.get("height")),
        model=values.text_of(model),
        fields=fields,
        known=known,
    )


def read_fooocus(fields: Fields) -> PictureMetadata:
    """Fooocus, `parameters` under the scheme "fooocus"; its older logs spell keys as labels."""
    plain = {key.lower().replace(" ", "_"): value for key, value in fields.items()}
    known = ("prompt", "negative_prompt", "steps", "sampler", "guidance_scale", "seed")
    known += ("resolution", "base_model")
    return PictureMetadata(
        source="fooocus",
        prompt=values.prompt_of(plain.get("prompt")),
        negative_prompt=values.prompt_of(plain.get("negative_prompt")),
        steps=values.steps_of(plain.get("steps")),
        sampler=values.text_of(plain.get("sampler")),
        guidance_scale=values.guidance_of(plain.get("guidance_scale")),
        seed=values.seed_of(plain.get("seed")),
        size=values.size_from_text(plain.get("resolution")),
        model=values.text_of(plain.get("base_model")),
        fields=plain,
        known=known,
    )


def read_diffusionbee(fields: Fields) -> PictureMetadata:
    """DiffusionBee: the options of its backend and the names of its history."""

    def first(*names: str) -> object:
        return next((fields[name] for name in names if name in fields), None)

    known = ("prompt", "negative_prompt", "seed", "model", "model_version", "sampler", "scheduler")
    known += ("ddim_steps", "dif_steps", "scale", "guidance_scale", *DIFFUSIONBEE_SIZES)
    return PictureMetadata(
        source="diffusionbee",
        prompt=values.prompt_of(fields.get("prompt")),
        negative_prompt=values.prompt_of(fields.get("negative_prompt")),
        steps=values.steps_of(first("ddim_steps", "dif_steps")),
        sampler=values.text_of(first("sampler", "scheduler")),
        guidance_scale=values.guidance_of(first("guidance_scale", "scale")),
        seed=values.seed_of(fields.get("seed")),
        size=values.size_of(first("img_width", "img_w", "W"), first("img_height", "img_h", "H")),
        model=values.text_of(first("model_version", "model")),
        fields=fields,
        known=known,
    )


DIFFUSIONBEE_SIZES = ("img_width", "img_height", "img_w", "img_h", "W", "H")


def _model_name(model: object) -> str:
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name") or model.get("key")
    return values.text_of(model)


def _caption(prompt: object) -> object:
    caption = prompt.get("caption") if isinstance(prompt, dict) else None
    return caption.get("base_caption") if isinstance(caption, dict) else None
