"""Taking over from pictures, and making them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.repetition import read_original
from sdstudio.gallery.starting_pictures import FOLDER_NAME, read_whole_request
from sdstudio.gallery.store import GalleryStore
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import JobEvent, PictureFinished
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.gallery.reuse import REMIX_FIELDS
from sdstudio.ui.generation_form import RECALL_FIELDS, GenerationForm
from sdstudio.ui.notices import Notice
from sdstudio.ui.prompt.recall_card import GROUPS
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.gallery_views import OpenViews, open_views, write_picture

CHANGED: dict[str, Any] = {
    "prompt": "a red house",
    "negative_prompt": "fog",
    "model": "dreamy",
    "width": 128,
    "height": 64,
    "num_inference_steps": 7,
    "guidance_scale": 2.5,
    "sampler": "ddim",
    "schedule": "karras",
    "seed": 2**64 - 5,
    "guidance_rescale": 0.5,
    "clip_skip": 2,
    "vae_tiling": True,
    "few_step": True,
}


def values(form: GenerationForm) -> dict[str, Any]:
    return {name: getattr(form, name) for name in RECALL_FIELDS}


@pytest.fixture
def rich(views: OpenViews) -> OpenViews:
    write_picture(views.folder, "a.png", **CHANGED)
    views.rescan()
    views.select("a.png")
    return views


# -- recall --------------------------------------------------------------------------------------


def test_every_field_is_taken_over_at_once(rich: OpenViews) -> None:
    assert set(CHANGED) == set(RECALL_FIELDS), "every field that can be recalled is tried"
    rich.views.reuse_bar.use.click()
    rich.wait_idle()
    assert values(rich.form) == CHANGED
    assert not rich.form.is_seed_random


def test_a_remix_takes_all_but_the_seed(rich: OpenViews) -> None:
    rich.form.use_seed(3)
    rich.views.reuse_bar.remix.click()
    rich.wait_idle()
    assert rich.form.is_seed_random
    assert {**values(rich.form), "seed": 0} == {**CHANGED, "seed": 0}
    assert set(REMIX_FIELDS) == set(RECALL_FIELDS) - {"seed"}


@pytest.mark.parametrize("group", list(GROUPS))
def test_each_field_can_be_taken_over_alone(rich: OpenViews, group: str) -> None:
    before = values(rich.form)
    menu = rich.views.reuse.menu(rich.views.panel, rich.folder / "a.png")
    actions = {action.text(): action for action in menu.actions()}
    actions[group].trigger()
    rich.wait_idle()
    after = values(rich.form)
    assert {name for name in after if after[name] != before[name]} == set(GROUPS[group])
    assert all(after[name] == CHANGED[name] for name in GROUPS[group])


def test_settings_of_another_program_are_taken_as_far_as_they_are_known(views: OpenViews) -> None:
    text = (
        "a castle\nNegative prompt: fog\nSteps: 31, Sampler: DPM++ 2M Karras, CFG scale: 6.5,"
        " Seed: 123456789012345, Size: 512x768, Model: unheard-of"
    )
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", text)
    views.folder.mkdir(exist_ok=True)
    Image.new("RGB", (16, 8)).save(views.folder / "a.png", pnginfo=chunks)
    views.rescan()
    views.select("a.png")
    model = views.form.model
    views.views.reuse_bar.use.click()
    views.wait_idle()
    form = views.form
    assert (form.prompt, form.negative_prompt) == ("a castle", "fog")
    assert (form.sampler, form.schedule) == ("dpm++-2m", "karras")
    assert (form.num_inference_steps, form.guidance_scale) == (31, 6.5)
    assert (form.seed, form.width, form.height) == (123456789012345, 512, 768)
    assert form.model == model
    assert "unheard-of" in views.opened.notices[-1].hint


def test_a_picture_that_says_nothing_changes_nothing(views: OpenViews) -> None:
    views.folder.mkdir(exist_ok=True)
    Image.new("RGB", (16, 8)).save(views.folder / "a.png")
    views.rescan()
    views.select("a.png")
    assert not views.views.reuse_bar.use.isEnabled()
    before = values(views.form)
    views.views.reuse.take_all(views.folder / "a.png")
    views.wait_idle()
    assert values(views.form) == before and views.opened.notices[-1].hint


def test_strip_and_canvas_take_settings_of_other_programs_too(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", "a castle\nSteps: 31, Sampler: Euler a, Seed: 77, Size: 64x32")
    Image.new("RGB", (16, 8)).save(path, pnginfo=chunks)
    background, form = Background(), GenerationForm()
    notices: list[Notice] = []
    commands = FileCommands(form, background, tell=notices.append, tell_error=pytest.fail)
    before = values(form)
    commands.use_seed(path)
    qtbot.waitUntil(lambda: form.seed == 77)
    assert {name for name, value in values(form).items() if value != before[name]} == {"seed"}
    commands.use_settings(path)
    qtbot.waitUntil(lambda: form.prompt == "a castle")
    assert (form.sampler, form.num_inference_steps, form.width) == ("euler-ancestral", 31, 64)
    commands.copy_prompt(path)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == "a castle")
    background.finish()


def test_start_paint_and_repeat_are_in_the_menu(rich: OpenViews) -> None:
    menu = QMenu()
    rich.views.fill_menu(menu)
    actions = {action.text(): action for action in menu.actions()}
    actions["Use as Starting Picture"].trigger()
    actions["Paint on It"].trigger()
    assert rich.started == rich.painted == [rich.folder / "a.png"]
    assert {"Make Again and Compare", "In the File", "Use Its Settings"} <= set(actions)


# -- made again ----------------------------------------------------------------------------------


def make_again(views: OpenViews, name: str) -> str:
    """Make a picture again and return what is reported."""
    views.select(name)
    views.views.reuse_bar.again.click()
    views.wait_idle()
    return views.views.again.card.text


def test_the_same_comes_of_it_and_nothing_is_saved(views: OpenViews) -> None:
    write_picture(views.folder, "a.png", seed=5)
    views.rescan()
    report = make_again(views, "a.png")
    assert report.startswith("Reproduced exactly.")
    assert views.opened.room.views.currentWidget() is views.views.compare
    assert [each.title for each in views.views.compare.canvas.pictures] == [
        "a.png",
        "The same, made now",
    ]
    assert list(views.folder.glob("*.png")) == [views.folder / "a.png"]


def test_what_is_kept_has_the_original_as_its_parent(views: OpenViews) -> None:
    write_picture(views.folder, "a.png", seed=5, parents=("older.png",))
    views.rescan()
    make_again(views, "a.png")
    views.views.again.card.keep_button.click()
    views.wait_idle()
    (new,) = set(views.folder.glob("*.png")) - {views.folder / "a.png"}
    request = read_request(new)
    assert request is not None and request.parents == ("older.png", "a.png")
    assert not views.views.again.card.keep_button.isEnabled(), "once is enough"


class ChangedEngine(FakeEngine):
    """Another version of the engine: other weights, another torch, other pixels."""

    def run(self, job: Job, emit: Emit) -> None:
        def changed(event: JobEvent) -> None:
            if isinstance(event, PictureFinished):
                result = replace(
                    event.result,
                    picture=gradient_picture(48, 32, 999),
                    model_hash="beef",
                    versions={"torch": "9.9"},
                )
                event = replace(event, result=result)
            emit(event)

        super().run(job, changed)


@pytest.fixture
def changed(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenViews]:
    monkeypatch.setattr("os.fsync", lambda _: None)
    opened = open_views(qtbot, tmp_path, engine=ChangedEngine())
    yield opened
    opened.close()


def test_a_difference_is_told_with_what_changed(changed: OpenViews) -> None:
    write_picture(changed.folder, "a.png", seed=5)
    changed.rescan()
    report = make_again(changed, "a.png")
    assert "% of the pixels differ" in report
    assert "the model's weights fa4e → beef" in report
    assert "torch unknown → 9.9" in report
    assert changed.views.compare.canvas.mode == "difference"


def test_a_run_from_a_picture_is_made_again_from_the_same_picture(views: OpenViews) -> None:
    start = ImageToImage(init_image=gradient_picture(48, 32, 1), strength=0.5)
    request = GenerationRequest(prompt="x", width=48, height=32, seed=4, start=start)
    result = PictureResult(picture=gradient_picture(48, 32, 4), request=request, model_hash="fa4e")
    path = GalleryStore(views.folder).add(result)
    views.rescan()
    assert make_again(views, path.name).startswith("Reproduced exactly.")
    (kept,) = (views.folder / FOLDER_NAME).iterdir()
    kept.unlink()
    views.opened.errors.clear()
    views.select(path.name)
    views.views.reuse_bar.again.click()
    views.wait_idle()
    assert "gone" in str(views.opened.errors[0])


def test_pictures_of_others_and_failed_runs_are_one_sentence(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    opened = open_views(qtbot, tmp_path, engine=FakeEngine(fault=MemoryError("no")))
    write_picture(opened.folder, "a.png")
    Image.new("RGB", (16, 8)).save(opened.folder / "b.png")
    opened.rescan()
    opened.views.again.regenerator.regenerate(1, opened.folder / "b.png")
    opened.wait_idle()
    assert len(opened.opened.errors) == 1
    make_again(opened, "a.png")
    assert opened.views.again.regenerator.waiting == 0
    assert opened.views.again.card.isHidden()
    opened.close()


# -- the real engine -----------------------------------------------------------------------------


def test_the_built_in_model_gives_the_same_bits_again(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text to picture, then a picture from it: both are reproduced to the last bit."""
    from sdstudio.engine.diffusion_engine import DiffusionEngine
    from sdstudio.model_store.starter import starter_folder

    monkeypatch.setattr("os.fsync", lambda _: None)
    engine = DiffusionEngine(
        resolve_model=lambda _: starter_folder(), device="cpu", dtype="float32", previews="off"
    )
    opened = open_views(qtbot, tmp_path, engine=engine)
    base = {"width": 64, "height": 64, "num_inference_steps": 2, "seed": 11}
    opened.controller.submit(GenerationRequest(prompt="a red house", **base))
    opened.wait_idle()
    opened.rescan()
    (first,) = opened.folder.glob("*.png")
    start = ImageToImage(init_image=read_original(first).picture, strength=0.6)
    child = GenerationRequest(prompt="snow", **base, start=start, parents=(first.name,))
    opened.controller.submit(child)
    opened.wait_idle()
    opened.rescan()
    (second,) = set(opened.folder.glob("*.png")) - {first}
    assert read_whole_request(second) == child

    for path in (first, second):
        assert make_again(opened, path.name) == (
            "Reproduced exactly. Every pixel is the same, and so is all that decides them."
        )
    opened.select(second.name)
    family = opened.views.lineage.family
    assert family is not None and [m.name for m in family.members] == [first.name, second.name]
    opened.close()
