"""The few-step companion of a model: a small change of its UNet's weights.

few_step/config.json                          steps, guidance, and the scheduler if it is another
few_step/pytorch_lora_weights.safetensors     a LoRA, as diffusers and PEFT name its tensors

The change is added to a copy of the weights once, so that a step costs what it does without.

Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation" (arXiv 2106.09685), section 4.1.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from sdstudio.engine.model_folder import read_header, read_json
from sdstudio.errors import ModelFileError, UnsupportedRequestError

FEW_STEP = "few_step"
"""Sub-folder of a model with its companion."""

CONFIG_FILE = "config.json"
LORA_FILE = "pytorch_lora_weights.safetensors"
_PREFIX = "unet."
_PARTS = ("lora_A.weight", "lora_B.weight", "alpha")


@dataclass(frozen=True, slots=True, kw_only=True)
class LowRank:
    """The change of one weight (out, in, ...): scale B A.

    Attributes:
        down: A, (rank, in, ...); a convolution's has its kernel.
        up: B, (out, rank), a convolution's (out, rank, 1, 1).
    """

    down: torch.Tensor
    up: torch.Tensor
    scale: float = 1.0

    def fits(self, weight: torch.Tensor) -> bool:
        """Whether it is a change of this weight."""
        out, rank = weight.shape[0], self.down.shape[0]
        pointwise = (out, rank, *(1,) * (self.up.ndim - 2))
        return self.down.shape[1:] == weight.shape[1:] and self.up.shape == pointwise

    def added_to(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the changed weight, summed in float32."""
        change = self.up.float().flatten(1) @ self.down.float().flatten(1)
        summed = weight.float() + self.scale * change.view(weight.shape).to(weight.device)
        return summed.to(weight.dtype)


def few_step_unet(unet: Any, model: Path) -> Any:
    """Return a copy of `unet` that holds the change which lies in the folder of its model.

    Raises:
        UnsupportedRequestError: the model has no companion.
        ModelFileError: the companion cannot be read or belongs to another model.
    """
    require_few_step(model)
    changes = read_low_rank(model / FEW_STEP / LORA_FILE)
    changed = copy.deepcopy(unet)
    weights = dict(changed.named_parameters())
    for path, change in changes.items():
        weight = weights.get(f"{path}.weight")
        if weight is None or not change.fits(weight):
            raise _unusable(f"it changes {path}, which this model does not have")
        weight.data.copy_(change.added_to(weight.data))
    return changed


def few_step_scheduler(model: Path) -> dict[str, Any] | None:
    """Return the configuration of the scheduler it was taught for; None for the model's own.

    Raises:
        ModelFileError: the companion's configuration cannot be read.
    """
    config = read_json(model / FEW_STEP / CONFIG_FILE).get("scheduler")
    return config if isinstance(config, dict) else None


def require_few_step(model: Path) -> None:
    """Refuse a model without a companion.

    Raises:
        UnsupportedRequestError: it has none.
    """
    if not (model / FEW_STEP / CONFIG_FILE).is_file():
        raise UnsupportedRequestError(
            f"{model.name} cannot paint in a few steps.",
            "Leave Quick out, or choose the built-in model.",
            ("use-built-in-model",),
        )


def read_low_rank(file: Path) -> dict[str, LowRank]:
    """Return the changes in a LoRA's file, by the layer's path in the UNet.

    Raises:
        ModelFileError: the file is missing, broken, or not such a LoRA.
    """
    if not file.is_file():
        raise _unusable("its weights are missing")
    read_header(file)  # a file that is cut short would end the program when it is mapped
    found: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(file).items():
        part = next((part for part in _PARTS if name.endswith(f".{part}")), None)
        if part is None or not name.startswith(_PREFIX):
            raise _unusable(f"{name[:80]} is not understood")
        path = name.removeprefix(_PREFIX).removesuffix(f".{part}")
        found.setdefault(path, {})[part] = tensor
    return {path: _low_rank(path, parts) for path, parts in found.items()}


def _low_rank(path: str, parts: dict[str, torch.Tensor]) -> LowRank:
    down, up = parts.get(_PARTS[0]), parts.get(_PARTS[1])
    if down is None or up is None or min(down.ndim, up.ndim) < 2 or not len(down):
        raise _unusable(f"the change of {path[:80]} is incomplete")
    alpha = parts.get("alpha")
    scale = 1.0 if alpha is None else float(alpha.flatten()[0]) / len(down)
    return LowRank(down=down, up=up, scale=scale)


def _unusable(reason: str) -> ModelFileError:
    return ModelFileError(
        f"The model's quick companion cannot be used: {reason}.",
        "Paint without Quick, or copy the model again.",
    )
