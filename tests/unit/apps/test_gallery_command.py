"""`sdstudio gallery` lists, finds, rebuilds and exports; its exit codes tell what happened."""

from __future__ import annotations

import json
import sys
import threading

import pytest
from PIL import Image

from sdstudio.apps.main import main
from sdstudio.gallery.index_file import FILE_NAME
from sdstudio.gallery.picture_file import read_request, save_picture
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))  # `main` replaces them
    for name in ("GALLERY", "CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"SDSTUDIO_{name}_DIR", str(tmp_path / name.lower()))
    folder = tmp_path / "gallery"
    folder.mkdir()
    for seed, prompt in enumerate(("a red house", "a blue boat\x1b[31m", "a red fox")):
        picture = Raster(width=8, height=8, mode="RGB", pixels=bytes(192))
        request = GenerationRequest(prompt=prompt, width=8, height=8, seed=seed)
        save_picture(PictureResult(picture=picture, request=request), folder / f"{seed}.png")
    return folder


def run_json(capsys, *arguments):
    code = main(["gallery", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_list_and_limit(folder, capsys):
    code, found = run_json(capsys, "list", "--limit", "2")
    assert (code, found["total"], len(found["pictures"])) == (0, 3, 2)

    assert main(["gallery", "list"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("8 x 8") == 3 and "\x1b" not in shown


def test_search_finds_what_was_typed(folder, capsys):
    code, found = run_json(capsys, "search", "red", "seed:2")
    assert code == 0 and [each["prompt"] for each in found["pictures"]] == ["a red fox"]
    assert run_json(capsys, "search", "red house")[1]["total"] == 1
    assert run_json(capsys, "search", "house red")[1]["total"] == 1
    assert run_json(capsys, "search", "model:star ter")[1]["total"] == 0
    assert run_json(capsys, "search", "nothing")[1] == {"total": 0, "pictures": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "rating:9"],
        ["list", "--folder", "not there"],
        ["export", "out", "--search", "date:noon"],
    ],
)
def test_wrong_input_is_two_and_one_sentence(folder, capsys, arguments):
    assert main(["gallery", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.strip() and "Traceback" not in said.err and not said.out


def test_rebuild_makes_a_lost_index_again(folder, capsys, tmp_path):
    main(["gallery", "list"])
    (tmp_path / "cache" / FILE_NAME).write_bytes(b"garbage" * 100)
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:60])
    capsys.readouterr()
    code, found = run_json(capsys, "rebuild")

    assert (code, found["pictures"], found["broken"], found["problems"]) == (0, 4, 1, [])
    assert found["files_per_second"] > 0


def test_a_folder_that_cannot_be_read_fails(folder, capsys, tmp_path, monkeypatch):
    broken = tmp_path / "more"
    broken.mkdir()
    code, _ = run_json(capsys, "rebuild", "--folder", str(broken))
    assert code == 0
    broken.rmdir()
    broken.write_bytes(b"")
    assert main(["gallery", "rebuild", "--folder", str(broken)]) == 2


def test_export_in_another_format(folder, capsys, tmp_path):
    out = tmp_path / "out"
    code, done = run_json(
        capsys,
        "export",
        str(out),
        "--search",
        "red",
        "--format",
        "webp",
        "--name",
        "{number}-{seed}",
    )
    assert code == 0 and done["problems"] == []
    assert sorted(path.name for path in out.iterdir()) == ["0001-2.webp", "0002-0.webp"]
    assert read_request(out / "0001-2.webp").prompt == "a red fox"


def test_an_export_with_a_broken_picture_fails_and_writes_the_others(folder, capsys, tmp_path):
    Image.new("RGB", (8, 8)).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:40])
    code, done = run_json(capsys, "export", str(tmp_path / "out"), "--format", "jpeg")

    assert code == 1 and len(done["written"]) == 3 and "cut.png" in done["problems"][0]
