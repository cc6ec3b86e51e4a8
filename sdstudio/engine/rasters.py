"""Between plain bytes and tensors."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from PIL import Image

from sdstudio.messages.raster import Raster, RasterMode


def raster_to_image(raster: Raster) -> Image.Image:
    """The same pixels as a Pillow picture."""
    return Image.frombytes(raster.mode, raster.size, raster.pixels)


def image_to_raster(image: Image.Image) -> Raster:
    """The same pixels as plain bytes; mode "L", "RGB" or "RGBA"."""
    mode = cast(RasterMode, image.mode)
    return Raster(width=image.width, height=image.height, mode=mode, pixels=image.tobytes())


def fit_picture(raster: Raster, width: int, height: int) -> Image.Image:
    """The picture as RGB in the wanted size; transparent parts lie on middle grey."""
    image = raster_to_image(raster)
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, (127, 127, 127, 255))
        image = Image.alpha_composite(ground, image)
    image = image.convert("RGB")
    if image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS)


def fit_mask(mask_image: Raster, width: int, height: int) -> Raster:
    """The mask in the wanted size, by nearest neighbour: 0 and 255 stay what they are."""
    if mask_image.size == (width, height):
        return mask_image
    image = raster_to_image(mask_image).resize((width, height), Image.Resampling.NEAREST)
    return image_to_raster(image)


def image_to_pixels(image: Image.Image) -> torch.Tensor:
    """(1, 3, height, width), float32 in [-1, 1]."""
    array = np.asarray(image, dtype=np.float32) / 255.0
    return torch.from_numpy(2.0 * array - 1.0).permute(2, 0, 1)[None].contiguous()


def pixels_to_raster(pixels: torch.Tensor) -> Raster:
    """An 8-bit RGB picture, rounded.

    Args:
        pixels: (1, 3 or 1, height, width) in [-1, 1]; what lies outside is clipped.
    """
    unit = (pixels[0].float() / 2 + 0.5).clamp(0, 1).cpu()
    array = (unit.permute(1, 2, 0).contiguous().numpy() * 255).round().astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    height, width = array.shape[:2]
    return Raster(width=width, height=height, mode="RGB", pixels=array[:, :, :3].tobytes())
