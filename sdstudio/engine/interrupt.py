"""Stopping inside a model's forward pass, not only between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from diffusers.models.resnet import ResnetBlock2D


@contextmanager
def interruptible(modules: Sequence[torch.nn.Module], poll: Callable[[], None]) -> Iterator[None]:
    """Call `poll` before every residual block of the modules while the `with` lasts.

    One step of a large model takes seconds on a CPU and its VAE decode even longer; with a poll
    per block a stop is felt within a fraction of that. Models keep no state between calls, so
    an exception from `poll` leaves them usable.
    """

    def before_forward(*_: object) -> None:
        poll()

    hooks = [
        block.register_forward_pre_hook(before_forward)
        for module in modules
        for block in module.modules()
        if isinstance(block, ResnetBlock2D)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
