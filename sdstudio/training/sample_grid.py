"""Pictures side by side on one sheet, to be looked at."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sdstudio.atomic_file import write_atomically
from sdstudio.messages.raster import Raster

GAP_PX = 2


def to_uint8(pictures: torch.Tensor) -> np.ndarray:
    """Turn (N, 3, H, W) in [-1, 1] into uint8 (N, H, W, 3)."""
    levels = (pictures.detach().float().clamp(-1, 1) + 1) * 127.5
    return levels.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def picture_grid(pictures: torch.Tensor, *, columns: int) -> Image.Image:
    """Lay (N, 3, H, W) in [-1, 1] out in rows of `columns`, on mid-grey."""
    tiles = to_uint8(pictures)
    count, height, width, _ = tiles.shape
    rows = -(-count // columns)
    size = (columns * (width + GAP_PX) - GAP_PX, rows * (height + GAP_PX) - GAP_PX)
    sheet = Image.new("RGB", size, (128, 128, 128))
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        sheet.paste(Image.fromarray(tile), (column * (width + GAP_PX), row * (height + GAP_PX)))
    return sheet


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG, whole or not at all."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_atomically(path, buffer.getvalue())


def to_raster(picture: Image.Image) -> Raster:
    """Return an RGB picture as a `Raster`."""
    rgb = picture.convert("RGB")
    return Raster(width=rgb.width, height=rgb.height, mode="RGB", pixels=rgb.tobytes())
