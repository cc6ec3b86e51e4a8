"""Whether the built-in model paints what its prompts say, judged by a CLIP trained here.

Run: python -m tests.benchmarks.adherence --clip RUN/clip      (RUN: of `sdstudio train clip`)

Prints how often CLIP picks a picture's own caption among 64 held-out ones, and, for prompts that
differ in one word only, how often it picks the right word. The classifiers of the issue on the
built-in model, trained on drawings, will be the judge that counts; this one is a first look.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPModel

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, PictureFinished
from sdstudio.messages.generation import GenerationRequest
from sdstudio.training.clip import IMAGE_SIZE, embed_pictures, embed_texts
from sdstudio.training.tokenizer import load_tokenizer, token_ids
from sdstudio.training.world.captions import canonical_caption
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.scene import sample_attributes
from sdstudio.training.world.subjects.table import SUBJECTS
from tests.benchmarks.models_under_test import STARTER

PLACES = ("in a meadow", "in the desert", "in the snow", "by the sea", "in a forest", "in the city")
TIMES = ("by day", "at sunset", "at night", "in a storm", "in the fog")
STYLES = ("picture book", "flat", "pixel art", "pencil sketch", "watercolor", "neon")
FAMILIES = {
    "subject": [f"a red {name} in a meadow" for name in SUBJECTS],
    "colour": [f"a {name} house in a meadow" for name in COLOURS],
    "place": [f"a red house {words}" for words in (*PLACES, "in the mountains")],
    "time": [f"a red house in a meadow {words}" for words in TIMES],
    "style": [f"a red house in a meadow, {words}" for words in (*STYLES, "stained glass")],
}
HELD_OUT = 64


def paint(engine: DiffusionEngine, prompt: str, seed: int) -> torch.Tensor:
    """The picture as (3, side, side) in [-1, 1], reduced to what CLIP sees."""
    events: list[JobEvent] = []
    engine.run(Job(request=GenerationRequest(prompt=prompt, seed=seed)), events.append)
    picture = next(e.result.picture for e in events if isinstance(e, PictureFinished))
    levels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)
    pixels = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    return torch.nn.functional.interpolate(pixels, size=IMAGE_SIZE, mode="area")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=STARTER)
    arguments = parser.parse_args()
    keep_freed_memory()
    engine = DiffusionEngine(resolve_model=lambda name: arguments.model)
    clip = CLIPModel.from_pretrained(arguments.clip, dtype=torch.float32).eval()
    tokenizer = load_tokenizer(arguments.clip)

    @torch.no_grad()
    def hits(prompts: list[str], seeds: range) -> float:
        pictures = [paint(engine, p, seed) for p, seed in zip(prompts, seeds, strict=True)]
        images = embed_pictures(clip, torch.stack(pictures))
        nearest = (images @ embed_texts(clip, token_ids(tokenizer, prompts)).T).argmax(dim=1)
        return float((nearest == torch.arange(len(prompts))).float().mean())

    rng = np.random.default_rng(12345)
    scenes = [sample_attributes(rng, split="held-out") for _ in range(HELD_OUT)]
    captions = [canonical_caption(scene) for scene in scenes]
    print(f"own caption among {HELD_OUT} held-out ones  {hits(captions, range(HELD_OUT)):6.1%}")
    for name, prompts in FAMILIES.items():
        share = hits(prompts, range(7, 7 + len(prompts)))
        print(f"{name:10s} one of {len(prompts):2d}   {share:6.1%}   chance {1 / len(prompts):.1%}")


if __name__ == "__main__":
    main()
