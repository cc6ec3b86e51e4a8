"""Faults of PERFORMANCE 3.3 in model files: told in one sentence, nothing run, engine usable."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import ModelFileError, ModelNotFoundError, SdstudioError
from tests.support.engine_runs import generate, request

UNET = Path("unet/diffusion_pytorch_model.safetensors")
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
HUGE_HEADER = struct.pack("<Q", 2**62) + b"{}"


@pytest.fixture
def copy(models: Callable[[str], Path], tmp_path: Path) -> Path:
    """A model folder of one's own, to be broken."""
    return Path(shutil.copytree(models("sd1"), tmp_path / "copy"))


def refuse(engine: DiffusionEngine, folder: Path) -> SdstudioError:
    """The error a run with this folder ends in; afterwards another model still works."""
    with pytest.raises(SdstudioError) as caught:
        generate(engine, request(str(folder)))
    assert generate(engine, request("sd1")).results
    return caught.value


@pytest.mark.parametrize("content", [HTML, b"PK\x03\x04" + bytes(60), HUGE_HEADER, b"", b"\x01"])
def test_a_file_that_is_no_safetensors_is_refused(engine, copy, content) -> None:
    """Row 2: HTML, zip, a 2**62 header, nothing."""
    (copy / UNET).write_bytes(content)
    error = refuse(engine, copy)
    assert isinstance(error, ModelFileError)
    assert UNET.name in str(error)
    assert (copy / UNET).read_bytes() == content


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_a_truncated_file_is_refused_before_it_is_mapped(engine, copy, part, kept) -> None:
    """Rows 2 and 34: mapping it would end the program with SIGBUS."""
    file = next((copy / part).glob("*.safetensors"))
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    error = refuse(engine, copy)
    assert isinstance(error, ModelFileError)
    assert "cut short" in str(error)


def test_a_header_of_garbage_is_refused(engine, copy) -> None:
    """Row 2: right length, wrong JSON; tensors without offsets."""
    for header in (b"{not json", b'{"a": {"dtype": "F32"}}', b"[1, 2]", b'{"a": 1}'):
        (copy / UNET).write_bytes(struct.pack("<Q", len(header)) + header)
        assert isinstance(refuse(engine, copy), ModelFileError)


def test_another_networks_weights_are_refused(engine, copy) -> None:
    """Row 3: the VAE's weights where the UNet's should be; a LoRA there; a wider UNet's."""
    shutil.copy(copy / "vae/diffusion_pytorch_model.safetensors", copy / UNET)
    assert "not those of" in str(refuse(engine, copy)) or "cannot be read" in str(
        refuse(engine, copy)
    )
    save_file({"lora_unet_down.lora_up.weight": torch.zeros(4, 4)}, copy / UNET)
    assert isinstance(refuse(engine, copy), ModelFileError)


def test_a_missing_tensor_is_never_made_up(engine, copy) -> None:
    """Row 3: a network with randomly initialised parts would paint rubbish without a word."""
    weights = load_file(copy / UNET)
    del weights["conv_out.weight"]
    save_file(weights, copy / UNET)
    assert isinstance(refuse(engine, copy), ModelFileError)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_component_is_named(engine, copy, part) -> None:
    """Row 34: part of the folder is gone."""
    shutil.rmtree(copy / part)
    error = refuse(engine, copy)
    assert isinstance(error, ModelFileError)
    assert part.replace("_", " ") in str(error)


def test_a_folder_that_is_not_there(engine, tmp_path) -> None:
    """Row 34: deleted while queued."""
    with pytest.raises(ModelNotFoundError):
        generate(engine, request(str(tmp_path / "gone")))


def plant_pipeline(folder: Path) -> None:
    (folder / "pipeline.py").write_text("raise SystemExit('code was run')")


def plant_module(folder: Path) -> None:
    (folder / "unet/my_unet.py").write_text("raise SystemExit('code was run')")
    change_index(folder, unet=["my_unet", "MyUnet"])


def plant_class_list(folder: Path) -> None:
    change_index(folder, _class_name=["pipeline", "MyPipeline"])


def plant_auto_map(folder: Path) -> None:
    change_json(folder / "text_encoder/config.json", auto_map={"AutoModel": "evil.Model"})


def plant_hub_kernel(folder: Path) -> None:
    change_json(folder / "text_encoder/config.json", _attn_implementation_internal="evil/kernel")


def plant_nested_code(folder: Path) -> None:
    change_json(folder / "unet/config.json", inner={"trust_remote_code": True})


def change_index(folder: Path, **values: object) -> None:
    change_json(folder / "model_index.json", **values)


def change_json(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize(
    "plant",
    [
        plant_pipeline,
        plant_module,
        plant_class_list,
        plant_auto_map,
        plant_hub_kernel,
        plant_nested_code,
    ],
)
def test_a_folder_with_code_is_refused_and_nothing_of_it_run(engine, copy, plant) -> None:
    """Row 5: an extra .py, `_class_name` list, `auto_map`, a foreign kernel or module."""
    plant(copy)
    error = refuse(engine, copy)
    assert isinstance(error, ModelFileError)
    assert "was not opened" in str(error)


def test_pickled_weights_are_refused(engine, copy) -> None:
    """Only safetensors are opened; a .bin is not even looked into."""
    (copy / UNET).unlink()
    (copy / "unet/diffusion_pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert "pickled" in str(refuse(engine, copy))


@pytest.mark.parametrize(
    "file", ["model_index.json", "unet/config.json", "tokenizer/tokenizer.json"]
)
def test_broken_json_is_refused(engine, copy, file) -> None:
    """Row 2: configuration cut short."""
    text = (copy / file).read_text()
    (copy / file).write_text(text[: len(text) // 2])
    assert isinstance(refuse(engine, copy), ModelFileError)


def test_a_folder_removed_while_loaded_keeps_working(models, copy) -> None:
    """Row 34: the weights are copies of our own, not views into the file."""
    engine = DiffusionEngine(resolve_model=lambda name: copy, dtype="float32", device="cpu")
    before = generate(engine, request()).results[0].picture
    for file in copy.glob("**/*.safetensors"):
        with file.open("r+b") as stream:
            stream.truncate(16)
        file.unlink()
    shutil.rmtree(copy)
    assert generate(engine, request()).results[0].picture == before


def test_a_replaced_file_is_loaded_anew(engine, models, copy) -> None:
    """Row 34: new weights under the same name; picture and hash follow the file."""
    before = generate(engine, request(str(copy))).results[0]
    weights = {name: tensor * 1.01 for name, tensor in load_file(copy / UNET).items()}
    save_file(weights, copy / UNET)
    after = generate(engine, request(str(copy))).results[0]
    assert after.model_hash != before.model_hash
    assert after.picture != before.picture


def test_half_precision_variants_are_found(models, tmp_path, engine) -> None:
    """A folder whose weights are all called *.fp16.safetensors."""
    copy = Path(shutil.copytree(models("sd1"), tmp_path / "fp16"))
    for file in copy.glob("*/*.safetensors"):
        half = {name: tensor.half() for name, tensor in load_file(file).items()}
        file.unlink()
        save_file(half, file.with_suffix(".fp16.safetensors"), metadata={"format": "pt"})
    assert generate(engine, request(str(copy))).results


NETWORK: list[str] = []


def _note_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        family = getattr(arguments[0], "family", None)
        if family is None or family != getattr(socket, "AF_UNIX", None):
            NETWORK.append(f"{event} {arguments[1:]}")


def test_loading_and_running_never_ask_the_network(models, monkeypatch, tmp_path) -> None:
    """Row 51: HF_HUB_OFFLINE unset; not one connection or name lookup is tried."""
    import huggingface_hub.constants

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    sys.addaudithook(_note_network)
    NETWORK.clear()
    engine = DiffusionEngine(resolve_model=models, dtype="float32", cache_folder=tmp_path)
    for model in ("sd1", "sdxl", "ddpm", "sd3"):
        assert generate(engine, request(model, num_inference_steps=2)).results
    with pytest.raises(ModelNotFoundError):
        generate(engine, request("nobody/nothing"))
    assert NETWORK == []


def test_a_cached_hub_repository_opens_by_its_id(models, monkeypatch, tmp_path) -> None:
    """Row 51: `owner/name` is found in the local Hub cache."""
    from huggingface_hub import constants

    root = tmp_path / "hub/models--owner--tiny"
    snapshot = root / "snapshots" / ("a" * 40)
    shutil.copytree(models("sd1"), snapshot)
    (root / "refs").mkdir()
    (root / "refs/main").write_text("a" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    engine = DiffusionEngine(resolve_model=models, dtype="float32")
    assert generate(engine, request("owner/tiny")).results
