"""`sdstudio generate` with an engine that needs no model: arguments, files, exit codes."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from sdstudio.apps.cli import destination, generate, request_arguments
from sdstudio.apps.cli.destination import Destination
from sdstudio.apps.cli.run_reporter import RunReporter
from sdstudio.apps.main import main
from sdstudio.errors import OutOfMemoryError, StorageError, UnsupportedRequestError
from sdstudio.gallery.picture_file import read_request
from sdstudio.jobs.engine import Engine
from sdstudio.jobs.job import Job
from sdstudio.jobs.runner import run_job
from sdstudio.messages.generation import FewStep, GenerationRequest, ImageToImage, Inpaint
from sdstudio.model_store.records import ModelDefaults, ModelRecord
from tests.support.fake_engine import FakeEngine, gradient_picture

UseEngine = Callable[[Engine], Engine]
RECORD = ModelRecord(
    name="starter",
    path=Path("starter"),
    family="sd1",
    pipeline_class="StableDiffusionPipeline",
    training_width=64,
    training_height=64,
    defaults=ModelDefaults(width=64, height=48, num_inference_steps=3, guidance_scale=5.5),
)


@pytest.fixture(autouse=True)
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """`main` installs excepthooks for the whole process."""
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "find_model", lambda name: RECORD)


@pytest.fixture
def use_engine(monkeypatch: pytest.MonkeyPatch) -> UseEngine:
    def use(engine: Engine) -> Engine:
        monkeypatch.setattr(generate, "_build_engine", lambda args, *, show_steps: engine)
        return engine

    return use


@pytest.fixture
def engine(use_engine: UseEngine) -> FakeEngine:
    engine = FakeEngine()
    use_engine(engine)
    return engine


def request_of(engine: FakeEngine) -> GenerationRequest:
    request = engine.jobs_run[-1].request
    assert isinstance(request, GenerationRequest)
    return request


def save_drawing(path: Path, width: int, height: int, mode: str = "RGB") -> Path:
    raster = gradient_picture(width, height, 3)
    Image.frombytes("RGB", raster.size, raster.pixels).convert(mode).save(path)
    return path


def test_one_picture_in_one_file(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "red.png"
    assert main(["generate", "a red house", "--seed", "7", "--output", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    request = GenerationRequest(
        prompt="a red house",
        width=64,
        height=48,
        num_inference_steps=3,
        guidance_scale=5.5,
        seed=7,
    )
    assert request_of(engine) == request == read_request(file)


def test_every_option_arrives(engine: FakeEngine, tmp_path: Path) -> None:
    arguments = (
        "--negative-prompt ugly --num-inference-steps 2 --guidance-scale 3.25 --sampler ddim"
    )
    arguments += " --schedule karras --seed 18446744073709551615 --size 32x40 --count 2"
    assert main(["generate", "p", *arguments.split(), "--output", str(tmp_path / "x")]) == 0
    assert request_of(engine) == GenerationRequest(
        prompt="p",
        negative_prompt="ugly",
        num_inference_steps=2,
        guidance_scale=3.25,
        sampler="ddim",
        schedule="karras",
        seed=2**64 - 1,
        width=32,
        height=40,
        count=2,
    )
    assert len(list((tmp_path / "x").glob("*.png"))) == 2


def test_several_pictures_of_one_name_are_numbered(engine: FakeEngine, tmp_path: Path) -> None:
    assert main(["generate", "p", "--count", "10", "--output", str(tmp_path / "r.png")]) == 0
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == [f"r-{number:02}.png" for number in range(1, 11)]
    seeds = [read_request(tmp_path / name).seed for name in names]  # type: ignore[union-attr]
    assert seeds == [(seeds[0] + k) % 2**64 for k in range(10)]


def test_without_output_pictures_go_to_the_gallery(engine: FakeEngine, user_folder: Path) -> None:
    assert main(["generate", "p"]) == 0
    assert len(list((user_folder / "gallery").glob("*.png"))) == 1
    chosen = user_folder / "chosen"
    settings = user_folder / "config" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"gallery_folder": str(chosen)}))
    assert main(["generate", "p"]) == 0
    assert len(list(chosen.glob("*.png"))) == 1


def test_json_is_one_object_on_stdout(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.png"
    arguments = ["--json", "--count", "2", "--seed", "5", "--output", str(file)]
    assert main(["generate", "p\ud800", *arguments]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["files"] == [str(tmp_path / "a-1.png"), str(tmp_path / "a-2.png")]
    assert facts["seeds"] == [5, 6] and facts["seconds"] >= 0
    assert facts["model"]["name"] == "starter" and facts["model"]["device"] == "cpu"
    assert facts["request"]["prompt"] == "p\ud800" and facts["request"]["count"] == 2


def test_previews_are_written_at_the_pictures_size(engine: FakeEngine, tmp_path: Path) -> None:
    folder = tmp_path / "previews"
    arguments = ["--num-inference-steps", "5", "--preview-every", "2", "--preview-dir", str(folder)]
    assert main(["generate", "p", *arguments, "--output", str(tmp_path / "a.png")]) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"picture-1-step-00{step}.png" for step in (2, 4, 5)]
    with Image.open(folder / names[0]) as preview:
        assert preview.size == (64, 48)


def test_start_from_a_picture(engine: FakeEngine, tmp_path: Path) -> None:
    file = save_drawing(tmp_path / "in.png", 50, 41, "RGBA")
    arguments = ["--init-image", str(file), "--strength", "0.5", "--output", str(tmp_path)]
    assert main(["generate", "p", *arguments]) == 0
    request = request_of(engine)
    assert isinstance(request.start, ImageToImage) and request.start.strength == 0.5
    assert request.start.init_image.size == (50, 41) and request.start.init_image.mode == "RGB"
    assert (request.width, request.height) == (48, 40)


def test_a_mask_of_another_size_is_stretched(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 14: the mask is resized to the picture's size without new greys, and it is said."""
    init = save_drawing(tmp_path / "in.png", 64, 48)
    mask = Image.new("RGBA", (32, 24), (0, 0, 0, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 16, 24))
    mask.save(tmp_path / "mask.png")
    arguments = ["--init-image", str(init), "--mask-image", str(tmp_path / "mask.png")]
    assert main(["generate", "p", *arguments, "--output", str(tmp_path / "o.png")]) == 0
    start = request_of(engine).start
    assert isinstance(start, Inpaint)
    assert set(start.mask_image.pixels) == {0, 255}
    assert start.mask_image.pixels.count(255) == 64 * 48 // 2
    assert "stretched" in capsys.readouterr().err


def test_an_empty_mask_is_refused(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 14: nothing is masked."""
    init = save_drawing(tmp_path / "in.png", 64, 48)
    Image.new("L", (64, 48), 0).save(tmp_path / "mask.png")
    arguments = ["--init-image", str(init), "--mask-image", str(tmp_path / "mask.png")]
    assert main(["generate", "p", *arguments]) == 2
    assert "Nothing is masked." in capsys.readouterr().err
    assert engine.jobs_run == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--size", "0x0"],
        ["--size", "63x64"],
        ["--size", "9000x9000"],
        ["--num-inference-steps", "0"],
        ["--guidance-scale", "1e9"],
        ["--seed", "-1"],
        ["--seed", str(2**64)],
        ["--count", "0"],
        ["--strength", "0.5"],
        ["--mask-image", "m.png"],
        ["--init-image", "/nowhere/x.png"],
        ["--output", "red.gif"],
        ["--preview-every", "2"],
    ],
)
def test_wrong_input_is_exit_2_before_the_engine_is_built(
    use_engine: UseEngine, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 13: sizes the model cannot make are refused by us, not taken for a default."""
    assert main(["generate", "p", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.strip() and "Traceback" not in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--size", "big"],
        ["--size", "64,5x64"],
        ["--guidance-scale", "nan"],
        ["--guidance-scale", "4,5"],
        ["--guidance-scale", "inf"],
        ["--seed", "seven"],
        ["--preview-every", "0"],
        ["--no-such-option"],
    ],
)
def test_arguments_that_cannot_be_read(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 50: numbers have a point, whatever the locale says."""
    with pytest.raises(SystemExit) as caught:
        main(["generate", "p", *arguments])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fault, code",
    [
        (OutOfMemoryError("Full.", "Less."), 1),
        (MemoryError(), 1),
        (ZeroDivisionError(), 1),
        (UnsupportedRequestError("Cannot.", "Do not."), 2),
    ],
)
def test_failures_are_sentences(
    use_engine: UseEngine, fault: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    use_engine(FakeEngine(fault=fault, fault_at_step=2))
    assert main(["generate", "p"]) == code
    captured = capsys.readouterr()
    assert captured.out == "" and "Traceback" not in captured.err
    assert main(["generate", "p", "--debug"]) == code
    assert "Traceback" in capsys.readouterr().err
    assert main(["generate", "p", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["error"]["message"].endswith(".")


def test_ctrl_c_stops_the_run(
    use_engine: UseEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 30: Ctrl+C ends the run within a step; what was finished stays, nothing is half done."""

    class Interrupted(FakeEngine):
        def _step_event(self, job, request, index, step, seed):  # type: ignore[no-untyped-def]
            if (index, step) == (1, 2):
                os.kill(os.getpid(), signal.SIGINT)
            return super()._step_event(job, request, index, step, seed)

    use_engine(Interrupted())
    before = signal.getsignal(signal.SIGINT)
    assert main(["generate", "p", "--count", "3", "--output", str(tmp_path)]) == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert len(list(tmp_path.glob("*.png"))) == 1
    assert "Stopped." in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_found_before_the_run(
    use_engine: UseEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 25: a read-only or vanished output folder."""
    engine = FakeEngine()
    use_engine(engine)
    (tmp_path / "file").write_text("")
    assert main(["generate", "p", "--output", str(tmp_path / "file" / "x.png")]) == 1
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert main(["generate", "p", "--output", str(tmp_path / "x.png")]) == 1
    assert engine.jobs_run == []


def test_a_picture_that_cannot_be_saved_is_kept_elsewhere(
    engine: FakeEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Row 24: the disk fills up during the run: the picture is kept and its place is said."""

    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("There is no space left.", "Free some.")

    monkeypatch.setattr(destination, "save_picture", full)
    monkeypatch.setattr(destination.tempfile, "gettempdir", lambda: str(tmp_path / "kept"))
    assert main(["generate", "p", "--output", str(tmp_path / "x.png")]) == 1
    (kept,) = (tmp_path / "kept").glob("*.png")
    assert f"There is no space left. The picture is kept as {kept}." in capsys.readouterr().err


@pytest.mark.parametrize(
    "prompt",
    [
        "100 %s {} {0.__class__} %(x)s",
        "<lora:../../x:1>",
        "two\nlines",
        "x" * 100_000,
        "\ud800 lone",
        "\x00 nul",
        "\u202e turned",
        "../../../etc/passwd",
    ],
)
def test_strange_prompts_are_only_text(
    engine: FakeEngine, tmp_path: Path, prompt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 9: no prompt becomes a path or a format; it comes back from the file as it was."""
    folder = tmp_path / "out"
    assert main(["generate", prompt, "--output", str(folder)]) == 0
    (file,) = tmp_path.rglob("*.png")
    assert file.parent == folder and file.name.isprintable()
    request = read_request(file)
    assert request is not None and request.prompt == prompt
    capsys.readouterr()
    assert main(["inspect", str(file)]) == 0
    shown = capsys.readouterr().out
    assert not set("\x00\u202e\x1b") & set(shown)


def test_a_progress_bar_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    request = GenerationRequest(prompt="p", width=32, height=32, num_inference_steps=4, count=2)
    place = Destination.choose(str(tmp_path), count=2)
    with RunReporter(request, destination=place, prints_files=False, stream=screen) as reporter:
        reporter._bar.mininterval = 0
        run_job(FakeEngine(), Job(request=request), reporter.emit)
    assert "Loading the model" in screen.getvalue()
    assert "Picture 2 of 2" in screen.getvalue() and "8/8" in screen.getvalue()
    assert len(reporter.files) == 2


def test_a_relative_model_path_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "mine").mkdir(parents=True)
    name = request_arguments.absolute_model_name
    assert name("./mine") == str(tmp_path / "mine")
    assert name("models/mine") == str(tmp_path / "models" / "mine")
    assert name("owner/mine") == "owner/mine"
    assert name("starter") == "starter"


def test_quick_takes_the_companions_steps(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fast = replace(RECORD, few_step=FewStep(num_inference_steps=2, guidance_scale=1.5))
    monkeypatch.setattr(generate, "find_model", lambda name: fast)
    words = ["generate", "a cat", "--quick", "--output", str(tmp_path / "a.png")]
    assert main(words) == 0
    made = request_of(engine)
    assert (made.few_step, made.num_inference_steps, made.guidance_scale) == (True, 2, 1.5)
    assert main([*words, "--num-inference-steps", "1"]) == 0
    assert request_of(engine).num_inference_steps == 1
    saved = read_request(tmp_path / "a.png")
    assert saved is not None
    assert saved.few_step


def test_quick_is_refused_where_the_model_cannot(
    engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "a cat", "--quick"]) == 2
    assert "starter cannot paint in a few steps. Leave --quick out" in capsys.readouterr().err
    assert not engine.jobs_run
