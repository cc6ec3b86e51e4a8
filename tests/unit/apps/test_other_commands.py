"""`sdstudio inspect`, `models` and the front door itself."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from safetensors.numpy import save_file

from sdstudio.apps import main as main_module
from sdstudio.apps.cli.outcome import printable
from sdstudio.apps.main import main
from sdstudio.gallery.picture_file import save_picture
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.result import PictureResult
from tests.support.fake_engine import gradient_picture


@pytest.fixture(autouse=True)
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """`main` installs excepthooks for the whole process."""
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out if code == 0 else captured.err


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    request = GenerationRequest(prompt="a \x1b[31mred house", seed=2**64 - 1, clip_skip=2)
    result = PictureResult(picture=gradient_picture(16, 8, 1), request=request)
    save_picture(result, tmp_path / "p.png")
    return tmp_path / "p.png"


def test_a_picture_tells_its_request(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "inspect", str(picture))
    assert "Prompt: a \\x1b[31mred house" in shown
    assert f"Seed: {2**64 - 1}" in shown and "CLIP skip: 2" in shown
    facts = json.loads(output(capsys, "inspect", str(picture), "--json"))
    request = wire.from_dict(facts["request"])
    assert isinstance(request, GenerationRequest) and request.seed == 2**64 - 1
    assert (facts["kind"], facts["width"], facts["height"]) == ("picture", 16, 8)


def test_a_picture_of_another_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 48: a stranger's text is shown as text."""
    chunks = PngImagePlugin.PngInfo()
    text = "<script>x</script>\nSteps: 1e9, Sampler: Euler a, Seed: -1, Size: 99999999x1"
    chunks.add_text("parameters", text)
    Image.new("RGB", (8, 8)).save(tmp_path / "a1111.png", pnginfo=chunks)
    shown = output(capsys, "inspect", str(tmp_path / "a1111.png"))
    assert "Prompt: <script>x</script>" in shown and "Sampler: Euler a" in shown
    facts = json.loads(output(capsys, "inspect", str(tmp_path / "a1111.png"), "--json"))
    assert facts["fields"]["Size"] == "99999999x1"


def test_a_picture_that_tells_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    assert "does not say" in output(capsys, "inspect", str(tmp_path / "plain.png"), code=2)


def test_weights_tell_what_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "word.safetensors"
    save_file({"emb_params": np.zeros((4, 768), np.float16)}, file)
    shown = output(capsys, "inspect", str(file))
    assert "an embedding" in shown and "Stable Diffusion 1.x" in shown and "float16" in shown
    facts = json.loads(output(capsys, "inspect", str(file), "--json"))
    assert (facts["kind"], facts["family"], facts["num_tensors"]) == ("embedding", "sd1", 1)


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("x.safetensors", b"<html></html>", 1),
        ("x.ckpt", b"\x80\x04", 1),
        ("x.png", b"not a picture", 2),
        ("x.txt", b"", 2),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: bytes, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 2: the message names the file and the reason."""
    (tmp_path / name).write_bytes(content)
    assert name in output(capsys, "inspect", str(tmp_path / name), code=code)


@pytest.mark.parametrize("name", ["gone.png", "gone.safetensors", "a\x00b.png"])
def test_files_that_are_not_there(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert output(capsys, "inspect", str(tmp_path / name), code=2).strip()


@pytest.fixture
def own_model(user_folder: Path) -> Path:
    folder = user_folder / "data" / "models" / "mine"
    (folder / "unet").mkdir(parents=True)
    index = {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    config = {"sample_size": 16, "block_out_channels": [8, 8], "in_channels": 3}
    (folder / "unet" / "config.json").write_text(json.dumps(config))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({"conv_in.weight": np.zeros((8, 3, 3, 3), np.float32)}, weights)
    return folder


def test_models_are_listed(own_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "models", "list")
    assert "mine" in shown and "DDPM" in shown and "16 x 16" in shown
    models = json.loads(output(capsys, "models", "list", "--json"))["models"]
    (mine,) = (model for model in models if model["name"] == "mine")
    assert mine["size_multiple"] == 2 and mine["path"] == str(own_model)


def test_models_are_verified(own_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "models", "verify", "mine") == "mine: whole\n"
    weights = own_model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert main(["models", "verify", "mine"]) == 1
    assert "cut short" in capsys.readouterr().out
    assert main(["models", "verify", "mine", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["models"]
    assert told["name"] == "mine" and len(told["faults"]) == 1


def test_a_model_that_is_not_there(own_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean mine?" in output(capsys, "models", "verify", "mime", code=2)
    assert main(["models", "verify", "mime", "--json"]) == 2
    assert "mime" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_without_arguments_the_studio_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    from sdstudio.apps import gui

    monkeypatch.setattr(gui, "run_studio", lambda: 17)
    monkeypatch.setattr(sys, "argv", ["sdstudio"])
    assert main_module.main() == 17


def test_an_unwritable_home_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Row 50: HOME unwritable: commands that write nothing work."""
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"SDSTUDIO_{name}_DIR", str(blocked / name))
    assert "red house" in output(capsys, "inspect", str(picture))


def test_quick_commands_never_import_the_engine(tmp_path: Path, picture: Path) -> None:
    """torch takes seconds; help, inspect and the list of models need none of it."""
    script = (
        "import sys\n"
        "from sdstudio.apps.main import main\n"
        "for arguments in (['models', 'list'], ['inspect', sys.argv[1]], ['--help']):\n"
        "    try:\n"
        "        main(arguments)\n"
        "    except SystemExit:\n"
        "        pass\n"
        "slow = {'torch', 'diffusers', 'transformers', 'PySide6', 'numpy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(picture)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


def test_printable_keeps_ordinary_text() -> None:
    assert printable("Grüße, 漢字 🙂\nnext\tcolumn") == "Grüße, 漢字 🙂\nnext\tcolumn"
    assert printable("\x1b]0;title\x07\u202e") == "\\x1b]0;title\\x07\\u202e"
