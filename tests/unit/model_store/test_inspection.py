"""Reports on files and folders, and whether a model is whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from sdstudio.errors import ModelFileError, ModelNotFoundError
from sdstudio.model_store.inspection import inspect_weights
from sdstudio.model_store.records import read_record
from sdstudio.model_store.verification import verify_model


def test_a_folder(tmp_path: Path, make_model) -> None:
    report = inspect_weights(make_model(tmp_path / "m"))
    assert (report.kind, report.family, report.dtype) == ("pipeline", "sd1", "float16")
    assert [part.name for part in report.components] == ["unet", "vae", "text_encoder"]
    assert report.components[0].kind == "unet"
    assert report.num_tensors == sum(part.num_tensors for part in report.components) == 6
    assert "Stable Diffusion 1.x" in report.describe()


def test_full_precision_counts_where_both_lie_there(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    unet = folder / "unet"
    name = "conv_in.weight"
    save_file({name: np.zeros(7, np.float16)}, unet / "diffusion_pytorch_model.fp16.safetensors")
    save_file({name: np.zeros(7, np.float32)}, unet / "diffusion_pytorch_model.safetensors")
    assert inspect_weights(folder).components[0].dtype == "float32"
    (unet / "diffusion_pytorch_model.safetensors").unlink()
    assert inspect_weights(folder).components[0].dtype == "float16"


def test_shards_are_one_part(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    for number in (1, 2):
        shard = folder / "unet" / f"diffusion_pytorch_model-0000{number}-of-00002.safetensors"
        save_file({f"t{number}": np.zeros(3, np.float32)}, shard)
    assert inspect_weights(folder).components[0].num_parameters == 6


@pytest.mark.parametrize("ending", [".ckpt", ".pt", ".pth", ".bin"])
def test_pickles_are_not_opened(tmp_path: Path, ending: str) -> None:
    """Row 1: pickled weights are refused by their ending; nothing in them is read."""
    file = tmp_path / f"evil{ending}"
    file.write_bytes(b"\x80\x04cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(ModelFileError, match="run programs"):
        inspect_weights(file)


def test_a_pickle_in_disguise_is_refused(tmp_path: Path) -> None:
    """Row 1: a pickle that calls itself safetensors is no safetensors file."""
    file = tmp_path / "evil.safetensors"
    file.write_bytes(b"\x80\x04cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(ModelFileError, match="not a whole safetensors file"):
        inspect_weights(file)


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="model_index"):
        inspect_weights(tmp_path)
    with pytest.raises(ModelNotFoundError):
        inspect_weights(tmp_path / "nothing")


def faults(folder: Path) -> list[str]:
    return verify_model(read_record(folder, "m"))


def test_a_whole_model_has_no_faults(tmp_path: Path, make_model) -> None:
    assert faults(make_model(tmp_path / "m")) == []


def test_every_fault_is_found(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    record = read_record(folder, "m")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    (folder / "vae" / "diffusion_pytorch_model.safetensors").rename(folder / "vae" / "x.bin")
    (folder / "text_encoder" / "model.safetensors").unlink()
    (folder / "text_encoder" / "config.json").write_text("{")
    (folder / "scheduler" / "scheduler_config.json").unlink()
    (folder / "scheduler").rmdir()
    found = " ".join(verify_model(record))
    for words in ("cut short", "vae holds only pickled", "text_encoder has no weights"):
        assert words in found
    assert "config.json is not valid JSON" in found and "scheduler is missing" in found


@pytest.mark.parametrize("part", ["tiny_decoder", "few_step"])
def test_what_lies_beside_the_pipeline_is_looked_at_too(tmp_path: Path, make_model, part) -> None:
    folder = make_model(tmp_path / "m")
    unet = folder / "unet"
    (folder / part).mkdir()
    for file in (unet / "config.json", unet / "diffusion_pytorch_model.safetensors"):
        (folder / part / file.name).write_bytes(file.read_bytes())
    assert faults(folder) == []
    weights = folder / part / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    (fault,) = faults(folder)
    assert "cut short" in fault


def test_checksums_are_compared_where_there_are_some(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    sums = folder / "SHA256SUMS"
    sums.write_text(f"{digest}  unet/{weights.name}\n")
    assert faults(folder) == []
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert "has changed" in faults(folder)[0]
    sums.write_text(f"{digest}  ../../secret\n")
    assert "outside the model" in faults(folder)[0]
