"""A helper's task for text-to-picture training: say what stands where while the picture is noise.

How far a diffusion model has come shows in what its features tell about the picture. Asking them
for it outright brings words and shapes together much sooner than the noise alone would; the
finished model does not carry the head.

Source: Yu et al. 2024, "Representation Alignment for Generation" (REPA, arXiv 2410.06940), with the
drawn world's own truth in place of a pretrained encoder's features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from sdstudio.training.world.subjects.table import SUBJECTS

CELLS = 16
"""A layout has CELLS x CELLS cells, whatever the picture's size."""

NOTHING = 0
CLASSES = 1 + len(SUBJECTS)


def layouts(attributes: tuple[dict[str, Any], ...]) -> np.ndarray | None:
    """Return which subject covers each cell, uint8 (N, CELLS, CELLS); None if pictures lack it.

    A cell belongs to the box that covers its centre, the later one where two do.
    """
    if not all("things" in scene for scene in attributes):
        return None
    numbers = {name: 1 + place for place, name in enumerate(SUBJECTS)}
    maps = np.full((len(attributes), CELLS, CELLS), NOTHING, np.uint8)
    for scene, cells in zip(attributes, maps, strict=True):
        for thing in scene["things"]:
            for left, top, right, bottom in thing["boxes"]:
                columns = _covered(left, right, scene["width"])
                rows = _covered(top, bottom, scene["height"])
                cells[rows, columns] = numbers[thing["subject"]]
    return maps


def _covered(start: float, end: float, side: int) -> slice:
    """Return the cells whose centres lie between two places on a side, in pixels."""
    first, last = (max(0, round(place / side * CELLS)) for place in (start, end))
    return slice(first, last)


class LayoutHead(nn.Module):
    """Reads the layout off the features of the UNet's second up block."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        block: Any = unet.up_blocks[1]
        self._features: Tensor | None = None
        width = block.resnets[-1].out_channels
        self.read = nn.Sequential(
            nn.Conv2d(width, 256, 1), nn.SiLU(), nn.Conv2d(256, 4 * CLASSES, 1), nn.PixelShuffle(2)
        )
        last = block.attentions[-1] if getattr(block, "attentions", None) else block.resnets[-1]
        last.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._features = (
            output[0] if isinstance(output, tuple) else getattr(output, "sample", output)
        )

    def forward(self, layout: Tensor) -> Tensor:
        """Return the cross-entropy of layouts (B, CELLS, CELLS) after the UNet has run on them."""
        if self._features is None:
            raise RuntimeError("The UNet has not run since the last layout was read.")
        features, self._features = self._features, None
        said = self.read(features)
        said = F.interpolate(said, size=layout.shape[-2:], mode="bilinear")
        return F.cross_entropy(said.float(), layout.long())
