"""Growing a UNet: one trained on small pictures becomes the inside of one for large pictures.

Twice the picture's side with one more level outside leaves every inner level the grid it learnt
on, so what a run at 128 px knows about places, colours and shapes holds at 256 px.

Source: Karras et al. 2018, "Progressive Growing of GANs" (arXiv 1710.10196), for a UNet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sdstudio.errors import ModelFileError

DOWN_BLOCK = re.compile(r"(^|\.)down_blocks\.(\d+)\.")


def grown_name(name: str) -> str:
    """Return the name that a parameter has once there is a level outside of it."""
    return DOWN_BLOCK.sub(lambda m: f"{m[1]}down_blocks.{int(m[2]) + 1}.", name)


@torch.no_grad()
def take_inside(objective: nn.Module, trained: Mapping[str, Tensor]) -> int:
    """Copy a smaller run's weights to their places in `objective`; return how many tensors fit.

    What touches the new level keeps its fresh weights.

    Raises:
        ModelFileError: most of them fit nowhere: it is not this model with a level less.
    """
    parameters = dict(objective.named_parameters())
    taken = 0
    for name, tensor in trained.items():
        place = parameters.get(grown_name(name))
        if place is not None and place.shape == tensor.shape:
            place.copy_(tensor)
            taken += 1
    if taken < 0.8 * len(trained):
        raise ModelFileError(
            "The smaller run is not this model with one level less.",
            "Give it the same channels, layers and heads without the first level.",
        )
    return taken
