"""`sdstudio inspect`: the request inside a picture, or what a file of weights is."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from sdstudio.apps.cli import outcome
from sdstudio.errors import PictureFileError
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.model_store.inspection import (
    FAMILY_WORDS,
    KIND_WORDS,
    PICKLE_ENDINGS,
    WeightsReport,
    inspect_weights,
)

_LABELS = {
    "negative_prompt": "Negative prompt",
    "model": "Model",
    "num_inference_steps": "Steps",
    "guidance_scale": "Guidance",
    "sampler": "Sampler",
    "schedule": "Schedule",
    "seed": "Seed",
    "guidance_rescale": "Guidance rescale",
    "clip_skip": "CLIP skip",
    "few_step": "Quick",
}


def add_parser(commands: Any) -> None:
    """Add `inspect` to the command line."""
    parser = commands.add_parser(
        "inspect",
        help="show the request inside a picture, or what a weights file is",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a picture, weights or a folder")
    outcome.add_common_options(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `sdstudio inspect`."""
    path: Path = args.file
    is_weights = path.suffix.lower() in (".safetensors", *PICKLE_ENDINGS)
    if path.is_dir() or is_weights:
        report = inspect_weights(path)
        facts, lines = dataclasses.asdict(report), _weights_lines(report)
    else:
        facts, lines = _picture(path)
    if args.json:
        outcome.print_json(facts)
    else:
        print(outcome.printable("\n".join(lines)))
    return outcome.DONE


def _picture(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Facts and lines of a picture, from our own JSON or else the text other programs write.

    Raises:
        PictureFileError: it cannot be read, or carries no request.
    """
    from sdstudio.gallery.infotext import parse_infotext
    from sdstudio.gallery.picture_file import open_picture, read_request

    request = read_request(path)
    with open_picture(path) as image:
        size, text = image.size, image.info.get("parameters")
    facts: dict[str, Any] = {"kind": "picture", "width": size[0], "height": size[1]}
    if request is not None:
        return facts | {"request": wire.to_dict(request)}, _request_lines(request)
    if isinstance(text, str) and text.strip():
        fields = {name: value for name, value in parse_infotext(text).items() if value}
        return facts | {"fields": fields}, [f"{name}: {value}" for name, value in fields.items()]
    raise PictureFileError(
        f"{path.name} does not say how it was made.",
        "Only pictures made by this studio, or with A1111's text inside, can tell.",
    )


def _request_lines(request: GenerationRequest) -> list[str]:
    lines = [f"Prompt: {request.prompt}"]
    for name, label in _LABELS.items():
        value = getattr(request, name)
        if value not in ("", 0, 0.0) or name == "seed":
            lines.append(f"{label}: {value}")
    lines.append(f"Size: {request.width} x {request.height}")
    return lines


def _weights_lines(report: WeightsReport) -> list[str]:
    lines = [
        report.describe(),
        f"Kind: {KIND_WORDS[report.kind]}",
        f"Family: {FAMILY_WORDS[report.family]}",
        f"Precision: {report.dtype or 'none'}",
        f"Tensors: {report.num_tensors:,}",
        f"Parameters: {report.num_parameters:,}",
        f"Size: {report.num_bytes / 1e6:,.1f} MB",
    ]
    lines += [f"  {_part_line(part)}" for part in report.components]
    lines += [f"{key}: {value[:200]}" for key, value in sorted(report.metadata.items())]
    return lines


def _part_line(part: WeightsReport) -> str:
    return (
        f"{part.name}: {part.dtype}, {part.num_tensors:,} tensors, {part.num_parameters:,} values"
    )
