"""The second judge: whether CLIP, trained by the project, ranks a picture's own prompt first.

Run: python -m tests.benchmarks.clip_ranking RUN/clip [ANOTHER/clip ...] [--prompts 200]

The table is of drawings of held-out scenes, so it tells about CLIP alone; `adherence --clip` asks
about painted pictures. Chance is one in the number of prompts to choose from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPModel

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.training.autoencoder import reduce_to
from sdstudio.training.clip import (
    IMAGE_SIZE,
    RETRIEVAL_AMONG,
    embed_pictures,
    embed_texts,
    retrieval_accuracy,
)
from sdstudio.training.tokenizer import load_tokenizer, token_ids
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.scene import draw_attributes
from tests.benchmarks.held_out_prompts import Case, full_prompt, held_out_cases
from tests.benchmarks.judge import CLASSES
from tests.benchmarks.proportions import Proportion

OWN_CAPTION = f"own prompt among {RETRIEVAL_AMONG}"
TURNED = {"left of": "right of", "right of": "left of"}


class ClipRanking:
    """A trained CLIP that chooses between prompts which differ in one word."""

    def __init__(self, folder: Path) -> None:
        self.clip = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = load_tokenizer(folder)

    @torch.no_grad()
    def table(self, cases: Iterable[Case], pictures: Tensor) -> dict[str, Proportion]:
        """Return how often the right word was ranked first, by attribute.

        Args:
            pictures: of the cases, (N, 3, H, W) in [-1, 1].
        """
        cases = list(cases)
        small = torch.cat([reduce_to(part, IMAGE_SIZE) for part in pictures.split(64)])
        images = torch.cat([embed_pictures(self.clip, part) for part in small.split(64)])
        found: dict[str, Proportion] = {}
        for case, image in zip(cases, images, strict=True):
            for name, (prompts, right) in rivals(case.scene).items():
                best = int((self._texts(prompts) @ image).argmax())
                hit = Proportion(hits=int(best == right), total=1)
                found[name] = found.get(name, Proportion(hits=0, total=0)) + hit
        share = retrieval_accuracy(images, self._texts([case.prompt for case in cases]))
        among = min(RETRIEVAL_AMONG, len(cases))
        total = len(cases) // among * among
        return found | {OWN_CAPTION: Proportion(hits=round(share * total), total=total)}

    def _texts(self, prompts: list[str]) -> Tensor:
        return embed_texts(self.clip, token_ids(self.tokenizer, prompts, crop=True))


def rivals(scene: SceneAttributes) -> dict[str, tuple[list[str], int]]:
    """Return, by attribute, the prompts that differ in it alone and the place of the right one."""
    first, *others = scene.things

    def with_first(thing: Thing) -> SceneAttributes:
        return replace(scene, things=(thing, *others))

    changed: dict[str, list[SceneAttributes]] = {
        "colour": [with_first(replace(first, colour=name)) for name in CLASSES["colour"]],
        "subject": [with_first(replace(first, subject=name)) for name in CLASSES["subject"]],
    }
    for name in ("place", "time", "style"):
        changed[name] = [replace(scene, **{name: value}) for value in CLASSES[name]]
    if others:
        changed = {name: changed[name] for name in ("place", "time", "style")}
        changed["left / right"] = [scene, replace(scene, relation=TURNED[str(scene.relation)])]
    elif first.count > 1:
        changed["count"] = [with_first(replace(first, count=n)) for n in (1, 2, 3)]
    own = full_prompt(scene)
    texts = {name: [full_prompt(s) for s in scenes] for name, scenes in changed.items()}
    return {name: (prompts, prompts.index(own)) for name, prompts in texts.items()}


def main() -> None:
    """Print the tables of several CLIPs beside each other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--prompts", type=int, default=200)
    chosen = parser.parse_args()
    keep_freed_memory()
    cases = held_out_cases()[: chosen.prompts]
    drawn = np.stack([np.asarray(draw_attributes(case.scene)) for case in cases])
    pictures = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    tables = [ClipRanking(folder).table(cases, pictures) for folder in chosen.clips]
    print(f"Right prompt ranked first, drawings of {len(cases)} held-out scenes")
    for name in tables[0]:
        shares = "".join(f"{_share(table[name]):>26s}" for table in tables)
        print(f"{name:22s}{shares}")


def _share(found: Proportion) -> str:
    low, high = found.wilson()
    return f"{found.share:.1%} ({low:.0%} - {high:.0%})"


if __name__ == "__main__":
    main()
