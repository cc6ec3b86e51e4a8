"""Captions of training pictures: the world's are written anew each time, others are as given."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import CLIPTokenizer

from sdstudio.training.dataset import PictureDataset
from sdstudio.training.near_scenes import near_scene
from sdstudio.training.tokenizer import train_tokenizer
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.captions import canonical_caption, write_caption

CAPTIONS_FOR_TOKENIZER = 50_000


class CaptionSource:
    """Texts for the pictures of a data set.

    A scene of the world has endless captions; showing another at each pass teaches synonyms and
    word order without a single further drawing.
    """

    def __init__(self, dataset: PictureDataset) -> None:
        self._given = dataset.captions
        self._scenes = [read_scene(attributes) for attributes in dataset.attributes]

    def write(self, indices: torch.Tensor, rng: np.random.Generator) -> list[str]:
        """Return a caption of each picture, as one of many people would write it."""
        places = indices.tolist()
        return [
            write_caption(scene, rng) if (scene := self._scenes[place]) else self._given[place]
            for place in places
        ]

    def write_near(self, indices: torch.Tensor, rng: np.random.Generator) -> list[str]:
        """Return a caption of each picture that is wrong in one respect; see `near_scenes`.

        Of a picture from elsewhere nothing wrong is known: its own caption comes back.
        """
        places = indices.tolist()
        return [
            canonical_caption(near_scene(scene, rng))
            if (scene := self._scenes[place])
            else self._given[place]
            for place in places
        ]

    def plain(self, indices: torch.Tensor) -> list[str]:
        """Return the caption of each picture that says all there is, always the same."""
        places = indices.tolist()
        return [
            canonical_caption(scene) if (scene := self._scenes[place]) else self._given[place]
            for place in places
        ]

    def train_tokenizer(self, *, vocab_size: int, seed: int) -> CLIPTokenizer:
        """Return a tokenizer trained on captions of all pictures."""
        rng = np.random.default_rng(seed)
        every = torch.arange(len(self._given))
        rounds = max(1, min(8, CAPTIONS_FOR_TOKENIZER // max(1, len(every))))
        captions = [caption for _ in range(rounds) for caption in self.write(every, rng)]
        return train_tokenizer(captions, vocab_size=vocab_size)


def read_scene(attributes: dict[str, Any]) -> SceneAttributes | None:
    """Read the attributes of a drawn scene; None for a picture from elsewhere."""
    if "things" not in attributes:
        return None
    things = tuple(
        Thing(**(thing | {"boxes": tuple(tuple(box) for box in thing["boxes"])}))
        for thing in attributes["things"]
    )
    return SceneAttributes(
        **(attributes | {"things": things, "extras": tuple(attributes["extras"])})
    )
