"""What a run says about itself: a line a step in losses.jsonl, the rest in TensorBoard."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from sdstudio.training.run_folder import RunFolder
from sdstudio.training.sample_grid import save_picture


class RunLog:
    """The log of one sitting of a run, which begins after step `last_step`."""

    def __init__(self, folder: RunFolder, *, last_step: int) -> None:
        self._folder = folder
        folder.trim_losses(last_step)
        self._board = SummaryWriter(str(folder.logs), purge_step=last_step + 1)

    def losses(self, records: list[dict[str, float]], means: dict[str, float], step: int) -> None:
        """Keep every step's record in the file, and their means as curves."""
        self._folder.append_losses(records)
        for name, value in means.items():
            self._board.add_scalar(f"train/{name}", value, step)

    def figures(self, values: dict[str, float], step: int) -> None:
        """Keep what an evaluation measured."""
        for name, value in values.items():
            self._board.add_scalar(f"evaluation/{name}", value, step)

    def picture(self, picture: Image.Image, step: int) -> None:
        """Keep a sheet of samples, as a file and in TensorBoard."""
        save_picture(picture, self._folder.sample_path(step))
        pixels = np.asarray(picture.convert("RGB"))
        self._board.add_image("samples", pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush the curves."""
        self._board.close()
