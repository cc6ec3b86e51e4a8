"""From the texts of a picture file to its metadata, whoever wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdstudio.gallery.infotext import parse_infotext
from sdstudio.gallery.metadata import json_dialects as dialects
from sdstudio.gallery.metadata import picture_metadata as values
from sdstudio.gallery.metadata.comfy_graph import graph_of_workflow, read_comfy_graph
from sdstudio.gallery.metadata.file_texts import OWN_KEY, FileTexts, read_file_texts
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

Texts = Mapping[str, str]
_MAX_JSON_CHARS = 8 << 20
_DECODE = json.JSONDecoder().raw_decode
_INFOTEXT_FIELDS = frozenset(
    ("Prompt", "Negative prompt", "Steps", "Sampler", "CFG scale", "Seed", "Size", "Model")
)
_OWN_FIELDS = frozenset(
    (
        *("prompt", "negative_prompt", "num_inference_steps", "sampler", "guidance_scale"),
        *("seed", "width", "height", "model", "parents", "type", "version", "count"),
    )
)


def read_metadata(path: Path | str) -> tuple[PictureMetadata, FileTexts]:
    """What a picture file says about its making, and the texts it says it in.

    Raises:
        OutOfReachError: the file is not there, or may not or cannot be read now.
        PictureFileError: it is no picture.
    """
    found = read_file_texts(path)
    return metadata_of_texts(found.texts), found


def metadata_of_texts(texts: Texts) -> PictureMetadata:
    """What a picture's texts say; never raises, an empty answer has no `source`."""
    for read in (_own, _fooocus, _invokeai, _comfyui, _novelai, _infotext, _json_comment):
        found = read(texts)
        if found is not None:
            return found
    return PictureMetadata()


def metadata_of_infotext(text: str) -> PictureMetadata:
    """The `parameters` text of A1111, Forge and all who write it, e.g. from the clipboard."""
    fields = parse_infotext(text)
    return PictureMetadata(
        source="a1111",
        prompt=values.prompt_of(fields["Prompt"]),
        negative_prompt=values.prompt_of(fields["Negative prompt"]),
        steps=values.steps_of(fields.get("Steps")),
        sampler=values.text_of(fields.get("Sampler")),
        guidance_scale=values.guidance_of(fields.get("CFG scale")),
        seed=values.seed_of(fields.get("Seed")),
        size=values.size_from_text(fields.get("Size")),
        model=values.text_of(fields.get("Model")),
        fields=fields,
        known=_INFOTEXT_FIELDS,
    )


def _json_object(text: str | None) -> dict[str, Any] | None:
    """A JSON object of at most 8 MB, or None; ComfyUI's NaN is let through."""
    if not text or len(text) > _MAX_JSON_CHARS:
        return None
    if text[0].isspace():
        text = text.lstrip()
    if not text.startswith("{"):
        return None
    try:
        parsed, end = _DECODE(text)
    except (ValueError, RecursionError):
        return None
    return None if end < len(text) and text[end:].strip() else parsed


def _own(texts: Texts) -> PictureMetadata | None:
    facts = _json_object(texts.get(OWN_KEY))
    request = facts.get("request") if facts else None
    if not isinstance(request, dict):
        return None
    result = facts.get("result") if facts else None
    parents = request.get("parents")
    return PictureMetadata(
        source="sdstudio",
        prompt=values.prompt_of(request.get("prompt")),
        negative_prompt=values.prompt_of(request.get("negative_prompt")),
        steps=values.steps_of(request.get("num_inference_steps")),
        sampler=values.text_of(request.get("sampler")),
        guidance_scale=values.guidance_of(request.get("guidance_scale")),
        seed=values.seed_of(request.get("seed")),
        size=values.size_of(request.get("width"), request.get("height")),
        model=values.text_of(request.get("model")),
        parents=tuple(map(values.text_of, parents[:100])) if isinstance(parents, list) else (),
        fields=request | result if isinstance(result, dict) else request,
        known=_OWN_FIELDS,
    )


def _fooocus(texts: Texts) -> PictureMetadata | None:
    fields = _json_object(texts.get("parameters") or texts.get("Comment"))
    if fields is None or not ({"base_model", "Base Model"} & fields.keys()):
        return None
    return dialects.read_fooocus(fields)


def _invokeai(texts: Texts) -> PictureMetadata | None:
    if (fields := _json_object(texts.get("invokeai_metadata"))) is not None:
        return dialects.read_invokeai_node(fields)
    if (fields := _json_object(texts.get("sd-metadata"))) is not None:
        return dialects.read_sd_metadata(fields)
    return None


def _comfyui(texts: Texts) -> PictureMetadata | None:
    if "prompt" not in texts and "workflow" not in texts:
        return None
    found = read_comfy_graph(_json_object(texts.get("prompt")))
    if found is None and "workflow" in texts:
        found = read_comfy_graph(graph_of_workflow(_json_object(texts["workflow"])))
    return found


def _novelai(texts: Texts) -> PictureMetadata | None:
    fields = _json_object(texts.get("Comment"))
    is_novelai = texts.get("Software") == "NovelAI" or (fields is not None and "uc" in fields)
    if not is_novelai:
        return None
    return dialects.read_novelai(
        fields or {},
        description=texts.get("Description", ""),
        model=texts.get("Source", ""),
    )


def _infotext(texts: Texts) -> PictureMetadata | None:
    text = texts.get("parameters", "")
    if not text.strip() or _json_object(text) is not None:
        return None
    return metadata_of_infotext(text)


def _json_comment(texts: Texts) -> PictureMetadata | None:
    for key in ("diffusionbee", "parameters", "Comment", "Description"):
        fields = _json_object(texts.get(key))
        if fields and "prompt" in fields and _looks_like_diffusionbee(key, fields):
            return dialects.read_diffusionbee(fields)
    return None


def _looks_like_diffusionbee(key: str, fields: dict[str, Any]) -> bool:
    names = {"ddim_steps", "dif_steps", *dialects.DIFFUSIONBEE_SIZES}
    return key == "diffusionbee" or bool(names & fields.keys())
