"""The two small files beside the model: what the studio reads, and what a person reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdstudio.training.recipe import Stage

SETTINGS: dict[str, Any] = {
    "title": "Picture book (built in)",
    "description": "A small model that comes with the studio and works offline. It knows a"
    " picture-book world of houses, animals, plants and vehicles, in seven styles.",
    "license": "Apache-2.0",
    "width": 256,
    "height": 256,
    "num_inference_steps": 20,
    "guidance_scale": 4.0,
    "sampler": "auto",
    "schedule": "auto",
    "example_prompts": [
        "a red house in the snow",
        "a white sailboat on the sea at sunset",
        "a green cactus in the desert, pixel art",
        "a purple hot-air balloon in the mountains",
        "a yellow car in the city at night",
        "portrait of a blue robot, watercolor",
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """What became of a stage.

    Attributes:
        seconds: spent on it, all sittings together.
        figures: measured on held-out drawings at its end, by name.
    """

    stage: Stage
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)


def write_model_card(folder: Path, reports: list[StageReport], *, drawing_seconds: float) -> None:
    """Write sdstudio.json and README.md beside the model in `folder`."""
    (folder / "sdstudio.json").write_text(json.dumps(SETTINGS, indent=2) + "\n", encoding="utf-8")
    total = drawing_seconds + sum(report.seconds for report in reports)
    size = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    lines = [
        "# The built-in model",
        "",
        f"A miniature Stable Diffusion in diffusers' format (float16, {size / 1e6:.0f} MB), trained"
        " from nothing on pictures that the project draws (`sdstudio/training/world`)"
        f" in {in_words(total)}. Apache-2.0, like the rest of the project.",
        "",
        "`sdstudio train all --output DIR` makes it again; its stages:",
        "",
        "| Stage | Command | What it reached | Time |",
        "|---|---|---|---|",
        *(_row(report) for report in reports),
        "",
        "`few_step` holds a LoRA with which it paints in 4 steps and without guidance: *Quick"
        " sketch* and live painting take it, diffusers reads it with `load_lora_weights`.",
        "",
        "`sdstudio train latent-diffusion --init-from FOLDER --output DIR` goes on from here.",
    ]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def in_words(seconds: float) -> str:
    """Return a time as people say it, such as "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _row(report: StageReport) -> str:
    figures = ", ".join(f"{name} {value:.4g}" for name, value in report.figures.items())
    return (
        f"| {report.stage.name} | `{report.stage.command()}` | {figures}"
        f" | {in_words(report.seconds)} |"
    )
