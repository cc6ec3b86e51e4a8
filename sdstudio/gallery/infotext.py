"""The `parameters` text that A1111, Forge and Civitai read and write.

    prompt, on any number of lines
    Negative prompt: on any number of lines
    Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 512x512

A value with a comma, a colon or a line break is written as a JSON string
(A1111 `modules/infotext_utils.py`, `quote` and `parse_generation_parameters`).
"""

from __future__ import annotations

import json
import re

from sdstudio.messages.result import PictureResult

# As in A1111, but with the name bounded: unbounded it takes quadratic time on a hostile line.
_FIELD = re.compile(r'(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_NEGATIVE = "Negative prompt:"
_MIN_FIELDS = 3
_MAX_LINE_CHARS = 100_000


def quote(value: object) -> str:
    """A value as it stands in the last line."""
    text = str(value)
    if any(mark in text for mark in ',:"\n') or text != text.strip():
        return json.dumps(text, ensure_ascii=False)
    return text


def unquote(text: str) -> str:
    """The value behind `quote`."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except json.JSONDecodeError:
            return text
    return text


def write_infotext(result: PictureResult, *, version: str) -> str:
    """The `parameters` text of one picture."""
    request = result.request
    fields: dict[str, object] = {
        "Steps": request.num_inference_steps,
        "Sampler": request.sampler,
        "Schedule type": request.schedule,
        "CFG scale": f"{request.guidance_scale:g}",
        "Seed": request.seed,
        "Size": f"{request.width}x{request.height}",
        "Model hash": result.model_hash,
        "Model": request.model,
    }
    if request.start is not None:
        fields["Denoising strength"] = f"{request.start.strength:g}"
    if request.clip_skip:
        fields["Clip skip"] = request.clip_skip + 1  # A1111 counts the last layer as 1
    if request.guidance_rescale:
        fields["CFG Rescale"] = f"{request.guidance_rescale:g}"
    fields["Version"] = f"sdstudio {version}"
    line = ", ".join(f"{name}: {quote(value)}" for name, value in fields.items() if value != "")
    lines = [request.prompt]
    if request.negative_prompt:
        lines.append(f"{_NEGATIVE} {request.negative_prompt}")
    return "\n".join([*lines, line])


def parse_infotext(text: str) -> dict[str, str]:
    """Read a `parameters` text into its fields, with `Prompt` and `Negative prompt` beside them.

    A text without a line of settings is all prompt. Never raises: the text is a stranger's.
    """
    *head, last = text.strip().split("\n")
    found = _FIELD.findall(last) if len(last) <= _MAX_LINE_CHARS else []
    fields = {name.strip(): unquote(value.strip()) for name, value in found}
    if len(fields) < _MIN_FIELDS:
        head, fields = [*head, last], {}
    prompt, negative = _split_prompt(head)
    return {"Prompt": prompt, "Negative prompt": negative, **fields}


def with_prompts(text: str, *, prompt: str, negative_prompt: str) -> str:
    """A `parameters` text with other prompts; its line of settings stays as it is."""
    *_, last = text.strip().split("\n")
    has_settings = len(last) <= _MAX_LINE_CHARS and len(_FIELD.findall(last)) >= _MIN_FIELDS
    lines = [prompt]
    if negative_prompt:
        lines.append(f"{_NEGATIVE} {negative_prompt}")
    return "\n".join([*lines, last] if has_settings else lines)


def _split_prompt(lines: list[str]) -> tuple[str, str]:
    for index, line in enumerate(lines):
        if line.lstrip().startswith(_NEGATIVE):
            first = line.lstrip()[len(_NEGATIVE) :].removeprefix(" ")
            return "\n".join(lines[:index]), "\n".join([first, *lines[index + 1 :]])
    return "\n".join(lines), ""
