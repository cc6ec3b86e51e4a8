"""A run's log is kept with TensorBoard and without it."""

import json
import sys

import pytest
from PIL import Image

from sdstudio.training.run_folder import RunFolder
from sdstudio.training.run_log import RunLog


@pytest.mark.parametrize("installed", [True, False])
def test_losses_and_samples_are_files(tmp_path, monkeypatch, installed):
    if not installed:
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    folder = RunFolder(tmp_path)
    log = RunLog(folder, last_step=0)
    log.losses([{"step": 1.0, "loss": 0.5}], {"loss": 0.5}, 1)
    log.figures({"psnr": 30.0}, 1)
    log.picture(Image.new("RGB", (8, 8)), 1)
    log.close()

    assert json.loads((tmp_path / "losses.jsonl").read_text()) == {"step": 1.0, "loss": 0.5}
    assert folder.sample_path(1).exists()
    assert folder.logs.exists() == installed
