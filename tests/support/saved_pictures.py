"""Picture files as the studio saves them, without a window."""

from __future__ import annotations

import os
from pathlib import Path

from sdstudio.gallery.picture_file import encode_png
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from tests.support.fake_engine import gradient_picture

DAY_S = 86_400
SUBJECTS = ("a red fox", "a blue boat", "a green house", "an old castle at night")


def save_picture(folder: Path, number: int, *, prompt: str = "", days_ago: float = 0.0) -> Path:
    """A picture of the studio; a higher number is newer."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"picture-{number:04}.png"
    request = GenerationRequest(
        prompt=prompt or f"{SUBJECTS[number % len(SUBJECTS)]} number{number}",
        seed=number,
        num_inference_steps=5,
        model=("starter", "dreamy")[number % 2],
    )
    result = PictureResult(picture=gradient_picture(24, 16, number), request=request)
    path.write_bytes(encode_png(result))
    moment = 1_750_000_000 + number * 60 - days_ago * DAY_S
    os.utime(path, (moment, moment))
    return path
