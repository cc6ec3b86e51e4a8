"""What a run says about itself: a line a step in losses.jsonl, the rest in TensorBoard."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from PIL import Image

from sdstudio.training.run_folder import RunFolder
from sdstudio.training.sample_grid import save_picture


class RunLog:
    """The log of one sitting of a run, which begins after step `last_step`.

    Without the package tensorboard (the extra `train`) the files alone are kept.
    """

    def __init__(self, folder: RunFolder, *, last_step: int) -> None:
        self._folder = folder
        folder.trim_losses(last_step)
        self._board: Any = None
        with contextlib.suppress(ImportError):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder.logs), purge_step=last_step + 1)

    def losses(self, records: list[dict[str, float]], means: dict[str, float], step: int) -> None:
        """Keep every step's record in the file, and their means as curves."""
        self._folder.append_losses(records)
        self._curves("train", means, step)

    def figures(self, values: dict[str, float], step: int) -> None:
        """Keep what an evaluation measured."""
        self._curves("evaluation", values, step)

    def picture(self, picture: Image.Image, step: int) -> None:
        """Keep a sheet of samples, as a file and in TensorBoard."""
        save_picture(picture, self._folder.sample_path(step))
        if self._board is not None:
            pixels = np.asarray(picture.convert("RGB"))
            self._board.add_image("samples", pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush the curves."""
        if self._board is not None:
            self._board.close()

    def _curves(self, group: str, values: dict[str, float], step: int) -> None:
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{group}/{name}", value, step)
