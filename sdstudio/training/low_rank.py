"""Low-rank changes of a network's weights (LoRA), trained in place of the weights.

The change B A is added to the weight, not to the output: a convolution of few channels runs at a
fraction of a CPU's speed, a sum of matrices costs next to nothing.

Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation" (arXiv 2106.09685), section 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sdstudio.errors import ModelFileError

Layer = nn.Linear | nn.Conv2d

UNCHANGED = ("conv_in", "conv_out", "time_embedding")
"""What LoRAs of diffusers leave alone: a small change there moves everything."""


class LowRankChange(nn.Module):
    """Adds B A to a weight (out, in, ...), with A (rank, in, ...) and B (out, rank); B starts at 0.

    A convolution's A has its kernel, B is 1 x 1: so PEFT and diffusers have it.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.empty(rank, *weight.shape[1:]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight."""
        return weight + (self.up @ self.down.flatten(1)).view_as(weight)


def add_low_rank(network: nn.Module, rank: int) -> None:
    """Freeze `network` and give its inner linear layers and convolutions a change that learns."""
    network.requires_grad_(False)
    for path, layer in _layers(network).items():
        if path.startswith(UNCHANGED):
            continue
        change = LowRankChange(layer.weight, min(rank, *layer.weight.flatten(1).shape))
        parametrize.register_parametrization(layer, "weight", change)


@torch.no_grad()
def merged(network: UNet2DConditionModel) -> UNet2DConditionModel:
    """Return a plain copy whose weights hold the changes."""
    weights = {n: t for n, t in network.state_dict().items() if ".parametrizations." not in n}
    weights |= {f"{path}.weight": layer.weight for path, layer in _layers(network).items()}
    # torch's parametrized layers share their class with their copies: build a new network
    plain: Any = UNet2DConditionModel.from_config(dict(network.config))
    plain.load_state_dict(weights)
    return plain


def lora_weights(network: UNet2DConditionModel) -> dict[str, Tensor]:
    """Return the changes as `load_lora_weights` of diffusers reads them, in float16."""
    found: dict[str, Tensor] = {}
    for path, layer, change in _changes(network):
        up = change.up[:, :, None, None] if isinstance(layer, nn.Conv2d) else change.up
        found[f"unet.{path}.lora_A.weight"] = change.down.detach().half().contiguous()
        found[f"unet.{path}.lora_B.weight"] = up.detach().half().contiguous()
    return found


@torch.no_grad()
def begin_from(network: UNet2DConditionModel, weights: Mapping[str, Tensor]) -> None:
    """Let the changes of `add_low_rank` begin as `lora_weights` had them.

    Those of a higher rank begin as their nearest of this rank (Eckart and Young 1936).

    Raises:
        ModelFileError: they are not changes of this network.
    """
    for path, _, change in _changes(network):
        down, up = (weights.get(f"unet.{path}.lora_{part}.weight") for part in "AB")
        known = down is not None and up is not None and down.shape[1:] == change.down.shape[1:]
        if down is None or up is None or not known or len(up) != len(change.up):
            raise ModelFileError(
                f"The LoRA holds no change of {path}.", "Name one that was made for this model."
            )
        product = up.float().flatten(1) @ down.float().flatten(1)
        left, sizes, right = torch.linalg.svd(product, full_matrices=False)
        rank = min(len(down), len(change.down))
        roots = sizes[:rank].sqrt()
        change.up[:, :rank] = left[:, :rank] * roots
        change.down[:rank] = (roots[:, None] * right[:rank]).view_as(change.down[:rank])


def _changes(network: nn.Module) -> Iterator[tuple[str, Layer, LowRankChange]]:
    for path, layer in _layers(network).items():
        if parametrize.is_parametrized(layer, "weight"):
            held = cast(nn.ModuleDict, layer.parametrizations)["weight"]
            yield path, layer, cast(LowRankChange, cast(nn.ModuleList, held)[0])


def _layers(network: nn.Module) -> dict[str, Layer]:
    return {path: part for path, part in network.named_modules() if isinstance(part, Layer)}
