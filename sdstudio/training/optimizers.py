"""The optimisers of the trainers: AdamW, or Muon for hidden matrices and AdamW for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sdstudio.errors import InvalidRequestError
from sdstudio.training.low_rank import LowRankChange

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
OUTER_LAYERS = ("conv_in", "conv_out", "embedding", "visual_projection", "text_projection")


def orthogonalise(matrix: Tensor, *, steps: int = 5) -> Tensor:
    """Return about U V^T of the matrix U S V^T, in bfloat16: its singular values fall in 0.6-1.3.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers", quintic Newton-Schulz.
    """
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.mT if tall else matrix).bfloat16()
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose update is orthogonalised; a convolution counts as one flat matrix.

    torch.optim.Muon takes matrices only. The update has AdamW's usual size (0.2 a weight), so
    AdamW's learning rate and weight decay serve both.

    Source: Liu et al. 2025, "Muon is Scalable for LLM Training" (arXiv 2502.16982), section 2.2.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        *,
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, weight.grad, group)

    def _update(self, weight: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        velocity = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        step = gradient.lerp(velocity, group["momentum"]).flatten(1)
        size = 0.2 * math.sqrt(max(step.shape))
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        direction = orthogonalise(step).reshape(weight.shape).to(weight.dtype)
        weight.add_(direction, alpha=-group["lr"] * size)


class SplitOptimizer(torch.optim.Optimizer):
    """Several optimisers behind one face, with one list of groups and one state by parameter."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        super().__init__([group for part in parts for group in part.param_groups], {})
        self.parts = parts
        self._share()

    def _share(self) -> None:
        """What is set here, a learning rate or a loaded state, must reach the parts."""
        groups = iter(self.param_groups)
        for part in self.parts:
            part.param_groups = [next(groups) for _ in part.param_groups]
            part.state = self.state

    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Step every part."""
        for part in self.parts:
            part.step()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._share()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModule:
    """A module to train, and its share of the run's learning rate."""

    module: nn.Module
    lr_scale: float = 1.0


def build_optimizer(
    trained: list[TrainedModule],
    *,
    name: str = "adamw",
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.01,
) -> torch.optim.Optimizer:
    """Return the optimiser called `name` ("adamw" or "muon") over the modules' parameters.

    Under "muon" the hidden matrices and convolutions go to Muon; embeddings, the first and last
    layers, norms and biases stay with AdamW.

    Raises:
        InvalidRequestError: no optimiser has this name.
    """
    if name not in ("adamw", "muon"):
        raise InvalidRequestError(f'There is no optimiser called "{name}".', "Use adamw or muon.")
    hidden, other = [], []
    for part in trained:
        matrices, rest = _split_parameters(part.module)
        if name == "adamw":
            matrices, rest = [], matrices + rest
        hidden.append({"params": matrices, "lr_scale": part.lr_scale})
        other.append({"params": rest, "lr_scale": part.lr_scale})
    adamw = torch.optim.AdamW(other, betas=betas, weight_decay=weight_decay, fused=True)
    hidden = [group for group in hidden if group["params"]]
    return SplitOptimizer(Muon(hidden, weight_decay=weight_decay), adamw) if hidden else adamw


def _split_parameters(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    hidden, other = [], []
    for path, layer in module.named_modules():
        is_outer = any(name in path for name in OUTER_LAYERS)
        for name, parameter in layer.named_parameters(recurse=False):
            is_matrix = isinstance(layer, LowRankChange) or (
                isinstance(layer, nn.Linear | nn.Conv2d) and name == "weight"
            )
            (hidden if is_matrix and not is_outer else other).append(parameter)
    return hidden, other
