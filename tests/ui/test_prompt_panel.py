"""The panel and its form: what is typed becomes a request, and a request fills the panel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.metadata.reader import metadata_of_infotext
from sdstudio.gallery.recall import Recalled, recalled_of
from sdstudio.messages.generation import MAX_SEED, FewStep, GenerationRequest, ImageToImage
from sdstudio.messages.wire import from_json, to_json
from sdstudio.ui.generation_choices import (
    GenerationChoices,
    ModelChoice,
    load_example_prompts,
    load_size_shapes,
)
from sdstudio.ui.generation_form import RECALL_FIELDS, GenerationForm
from sdstudio.ui.prompt.generate_bar import GenerateBar
from sdstudio.ui.prompt.prompt_panel import PromptPanel
from sdstudio.ui.prompt.recall_card import GROUPS
from sdstudio.ui.shortcuts import make_actions
from tests.support.fake_engine import gradient_picture

LARGE = ModelChoice(
    name="large", label="Large", size_multiple=64, width=512, height=512, guidance_scale=7.0
)
UNCONDITIONAL = ModelChoice(
    name="ddpm", label="Digits", takes_prompt=False, can_start_from_picture=False
)
STARTER = dataclasses.replace(GenerationChoices().models[0], few_step=FewStep())
FAST = ModelChoice(
    name="fast",
    label="Fast",
    num_inference_steps=30,
    guidance_scale=7.5,
    few_step=FewStep(num_inference_steps=8, guidance_scale=1.5),
)
CHOICES = GenerationChoices(models=(STARTER, LARGE, UNCONDITIONAL, FAST))


@pytest.fixture
def form(qapp: QApplication) -> GenerationForm:
    return GenerationForm(CHOICES)


@pytest.fixture
def panel(qtbot: QtBot, form: GenerationForm) -> PromptPanel:
    actions = make_actions(form)
    bar = GenerateBar(
        generate=actions["generate"],
        stop_now=actions["stop-now"],
        after_picture=actions["after-picture"],
    )
    made = PromptPanel(form, bar)
    made.resize(340, 720)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_what_is_typed_becomes_the_request(panel: PromptPanel, form: GenerationForm) -> None:
    panel.focus_prompt()
    QTest.keyClicks(panel.prompt, "a red house")
    panel.negative.setPlainText("rain")
    panel.sampling.steps.edit.selectAll()
    QTest.keyClicks(panel.sampling.steps.edit, "12")
    QTest.keyClick(panel.sampling.steps.edit, Qt.Key.Key_Return)
    panel.basic.seed.edit.setFocus()
    QTest.keyClicks(panel.basic.seed.edit, str(MAX_SEED))
    QTest.keyClick(panel.basic.seed.edit, Qt.Key.Key_Return)
    assert form.to_request() == GenerationRequest(
        prompt="a red house", negative_prompt="rain", num_inference_steps=12, seed=MAX_SEED
    )


def test_the_panel_shows_what_the_form_is_told(panel: PromptPanel, form: GenerationForm) -> None:
    form.load(
        GenerationRequest(
            prompt="a boat", width=320, height=192, seed=2**63, sampler="euler", guidance_scale=2.5
        )
    )
    assert panel.prompt.toPlainText() == "a boat"
    assert panel.basic.size.width_edit.text() == "320"
    assert panel.basic.seed.edit.text() == str(2**63)
    assert panel.sampling.sampler.box.currentText() == "Euler"
    assert panel.sampling.guidance.edit.text() == "2.5"


def test_recall_takes_only_the_named_fields(form: GenerationForm) -> None:
    form.prompt = "mine"
    form.load(GenerationRequest(prompt="theirs", seed=9, width=512, height=512), ("seed",))
    assert (form.prompt, form.seed, form.is_seed_random, form.width) == ("mine", 9, False, 256)


def test_every_recall_field_survives_a_round_trip(form: GenerationForm) -> None:
    made = GenerationRequest(
        prompt="a tower",
        negative_prompt="fog",
        model="large",
        width=768,
        height=512,
        num_inference_steps=31,
        guidance_scale=3.5,
        sampler="ddim",
        schedule="trailing",
        seed=2**64 - 1,
        guidance_rescale=0.7,
        clip_skip=1,
        vae_tiling=True,
    )
    form.load(from_json(to_json(made)), RECALL_FIELDS)  # type: ignore[arg-type]
    assert form.to_request() == made


def sampling(form: GenerationForm) -> tuple[bool, int, float, str]:
    return form.few_step, form.num_inference_steps, form.guidance_scale, form.sampler


def test_quick_takes_the_companions_steps_and_gives_back_what_was_set(
    panel: PromptPanel, form: GenerationForm
) -> None:
    form.num_inference_steps, form.sampler, form.prompt = 40, "euler", "a cat"
    panel.sampling.quick.click()
    assert sampling(form) == (True, 4, 1.0, "auto")
    assert panel.sampling.steps.edit.text() == "4"
    assert form.to_request().few_step
    form.num_inference_steps = 2
    panel.sampling.quick.click()
    assert sampling(form) == (False, 40, 4.0, "euler")
    assert not form.to_request().few_step


def test_double_click_resets_to_the_companions_steps(
    panel: PromptPanel, form: GenerationForm
) -> None:
    panel.sampling.quick.click()
    assert form.sampling_defaults == FewStep()
    form.num_inference_steps = 3
    panel.sampling.steps.slider.reset_wanted.emit()
    assert form.num_inference_steps == 4
    panel.sampling.quick.click()
    assert form.sampling_defaults is STARTER


def test_quick_is_offered_only_where_the_model_has_it(
    panel: PromptPanel, form: GenerationForm
) -> None:
    assert panel.sampling.quick.isVisible()
    panel.sampling.quick.click()
    form.choose_model("large")
    assert not panel.sampling.quick.isVisible()
    assert sampling(form) == (False, LARGE.num_inference_steps, LARGE.guidance_scale, "auto")
    form.choose_model("fast")
    assert not panel.sampling.quick.isChecked()


def test_quick_stays_from_model_to_model(panel: PromptPanel, form: GenerationForm) -> None:
    panel.sampling.quick.click()
    form.choose_model("fast")
    assert panel.sampling.quick.isChecked()
    assert sampling(form) == (True, 8, 1.5, "auto")
    panel.sampling.quick.click()
    assert sampling(form) == (False, 30, 7.5, "auto")


def test_quick_survives_closing_the_window_and_goes_with_its_model(form: GenerationForm) -> None:
    form.paint_quickly(True)
    again = GenerationForm(CHOICES)
    again.from_values(form.to_values())
    assert sampling(again) == (True, 4, 1.0, "auto")
    slow = dataclasses.replace(STARTER, few_step=None)
    again.take_choices(GenerationChoices(models=(slow,)))
    assert sampling(again) == (False, 20, 4.0, "auto")


def test_a_quick_pictures_settings_are_taken_with_its_steps(form: GenerationForm) -> None:
    made = GenerationRequest(prompt="a cat", num_inference_steps=4, few_step=True)
    form.load(made, ("num_inference_steps", "few_step"))
    assert form.few_step
    form.paint_quickly(False)
    assert form.num_inference_steps == 20


def test_a_random_seed_is_drawn_anew_and_can_be_kept(form: GenerationForm) -> None:
    form.prompt = "a cat"
    first, second = form.to_request().seed, form.to_request().seed
    assert max(first, second) < 2**32
    assert first != second  # one chance in 2**32
    form.reuse_last_seed()
    assert form.to_request().seed == form.to_request().seed == second


def test_ending_random_keeps_the_seed_just_seen(form: GenerationForm) -> None:
    form.prompt = "a cat"
    seed = form.to_request().seed
    form.choose_random(False)
    assert form.to_request().seed == seed


@pytest.mark.parametrize("text, seed", [("99999999999999999999", MAX_SEED), ("0", 0), (" 7 ", 7)])
def test_seeds_stay_in_range(
    panel: PromptPanel, form: GenerationForm, text: str, seed: int
) -> None:
    panel.basic.seed.edit.setFocus()
    QTest.keyClicks(panel.basic.seed.edit, text)
    QTest.keyClick(panel.basic.seed.edit, Qt.Key.Key_Return)
    assert form.seed == seed
    assert not form.is_seed_random


def test_an_emptied_seed_is_random_again(panel: PromptPanel, form: GenerationForm) -> None:
    form.use_seed(5)
    panel.basic.seed.edit.setFocus()
    panel.basic.seed.edit.selectAll()
    QTest.keyClick(panel.basic.seed.edit, Qt.Key.Key_Delete)
    QTest.keyClick(panel.basic.seed.edit, Qt.Key.Key_Return)
    assert form.is_seed_random


def test_sizes_snap_to_the_models_multiple(panel: PromptPanel, form: GenerationForm) -> None:
    form.choose_model("large")
    edit = panel.basic.size.width_edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "700")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert form.width == 704
    assert edit.text() == "704"
    QTest.keyClick(edit, Qt.Key.Key_Up)
    assert form.width == 768
    panel.basic.size.swap_button.click()
    assert (form.width, form.height) == (512, 768)


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from([8, 16, 64]))
def test_any_size_becomes_one_the_model_can_make(width: int, height: int, multiple: int) -> None:
    model = dataclasses.replace(LARGE, size_multiple=multiple)
    form = GenerationForm(GenerationChoices(models=(model,)))
    form.model = "large"
    form.set_size(width, height)
    assert form.width % multiple == form.height % multiple == 0
    form.prompt = "x"
    form.to_request()  # within the limits of a request


@pytest.mark.parametrize("multiple", [8, 64])
def test_presets_keep_the_area_and_the_multiple(multiple: int) -> None:
    for shape in load_size_shapes():
        width, height = shape.size(512, multiple)
        assert width % multiple == height % multiple == 0
        assert 0.8 * 512**2 < width * height < 1.25 * 512**2


def test_values_at_the_old_models_defaults_follow_and_others_stay(form: GenerationForm) -> None:
    form.num_inference_steps = 33
    form.choose_model("large")
    assert (form.width, form.guidance_scale, form.num_inference_steps) == (512, 7.0, 33)


def test_an_empty_prompt_is_refused_in_words(form: GenerationForm) -> None:
    form.prompt = "  \n "
    with pytest.raises(InvalidRequestError, match="empty"):
        form.to_request()


def test_what_the_model_cannot_do_is_greyed_with_a_reason(
    panel: PromptPanel, form: GenerationForm
) -> None:
    form.start_from(gradient_picture(64, 64, 1))
    form.choose_model("ddpm")
    assert not panel.prompt.isEnabled()
    assert "without a prompt" in panel.prompt.toolTip()
    assert not panel.start_picture.strength.isEnabled()
    with pytest.raises(InvalidRequestError, match="cannot start from a picture"):
        form.to_request()
    form.start_from(None)
    assert form.to_request().prompt == ""


def test_the_starting_picture_comes_with_strength_and_names_the_button(
    panel: PromptPanel, form: GenerationForm
) -> None:
    bar = panel.generate_bar
    assert panel.start_picture.isHidden()
    assert bar.generate_button.text() == "Generate"
    picture = gradient_picture(96, 64, 3)
    form.start_from(picture, ("photo.png",))
    form.strength = 0.4
    assert not panel.start_picture.isHidden()
    assert panel.start_picture.caption.text() == "96 × 64"
    assert bar.generate_button.text() == "Refine"
    request = form.to_request()
    assert request.start == ImageToImage(init_image=picture, strength=0.4)
    assert request.parents == ("photo.png",)
    form.strength = 1.0
    assert bar.generate_button.text() == "Generate"
    panel.start_picture.remove_button.click()
    assert form.to_request().parents == () if form.prompt else form.init_image is None
    assert panel.start_picture.isHidden()


def test_schedules_follow_the_sampler(panel: PromptPanel, form: GenerationForm) -> None:
    form.sampler = "euler"
    form.schedule = "karras"
    assert panel.sampling.schedule.box.currentText() == "Karras"
    form.sampler = "ddim"
    assert form.schedule == "auto"
    assert panel.sampling.schedule.box.findData("karras") < 0


def test_alt_up_recalls_earlier_prompts_and_alt_down_returns_to_the_draft(
    panel: PromptPanel, form: GenerationForm
) -> None:
    panel.prompt.set_earlier(("newest", "older"))
    form.prompt = "draft"
    alt = Qt.KeyboardModifier.AltModifier
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(panel.prompt, key, alt)
        seen.append(form.prompt)
    assert seen == ["newest", "older", "older", "newest", "draft"]


def test_the_prompt_grows_with_its_text_up_to_a_limit(panel: PromptPanel) -> None:
    small = panel.prompt.height()
    panel.prompt.setPlainText("line\n" * 7)
    grown = panel.prompt.height()
    panel.prompt.setPlainText("line\n" * 200)
    assert small < grown < panel.prompt.height() < 300


def test_ten_thousand_words_are_taken_whole(panel: PromptPanel, form: GenerationForm) -> None:
    text = "word " * 10_000
    panel.prompt.setPlainText(text)
    assert form.to_request().prompt == text


def test_example_prompts_are_offered(form: GenerationForm) -> None:
    assert len(load_example_prompts()) >= 3


def _drop(widget: QWidget, data: QMimeData) -> None:
    where = QPointF(40, 40)
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where, actions, data, button, none)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(where, actions, data, button, none))


def test_a_dropped_file_is_reported(panel: PromptPanel, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png"))])
    with qtbot.waitSignal(panel.picture_dropped) as dropped:
        _drop(panel, data)
    assert dropped.args == [tmp_path / "a.png"]


def test_dropped_text_goes_into_the_prompt(panel: PromptPanel, form: GenerationForm) -> None:
    data = QMimeData()
    data.setText("a lighthouse")
    _drop(panel, data)
    assert form.prompt == "a lighthouse"


def test_settings_of_a_picture_are_offered_field_by_field(
    panel: PromptPanel, form: GenerationForm
) -> None:
    form.prompt = "mine"
    made = GenerationRequest(prompt="theirs", seed=11, width=512, height=256)
    names = tuple(name for names in GROUPS.values() for name in names)
    recalled = Recalled(request=made, fields=names, is_own=True)
    panel.offer_recall(recalled, Path("picture.png"))
    assert panel.recall.isVisible()
    assert not panel.recall.boxes["Negative prompt"].isEnabled()
    panel.recall.boxes["Prompt"].setChecked(False)
    panel.recall.use_button.click()
    assert panel.recall.isHidden()
    assert (form.prompt, form.seed, form.width, form.height) == ("mine", 11, 512, 256)


def test_of_a_strangers_picture_only_what_it_says_is_offered(
    panel: PromptPanel, form: GenerationForm
) -> None:
    form.num_inference_steps = 17
    text = "a castle\nSteps: 3, Sampler: Euler a, Schedule type: Beta, Seed: 5, Model: unheard-of"
    panel.offer_recall(recalled_of(metadata_of_infotext(text)), Path("castle.png"))
    card = panel.recall
    assert {group for group, box in card.boxes.items() if not box.isEnabled()} == {
        *("Negative prompt", "Model", "Size", "Guidance", "Advanced")
    }
    assert card.left_out.text() == "Not known here: Beta, unheard-of."
    card.boxes["Steps"].setChecked(False)
    model = form.model
    card.use_button.click()
    assert (form.prompt, form.sampler, form.seed) == ("a castle", "euler-ancestral", 5)
    assert (form.num_inference_steps, form.model) == (17, model)


def test_the_form_survives_closing_and_broken_values(form: GenerationForm) -> None:
    form.prompt = "a windmill"
    form.use_seed(MAX_SEED)
    form.set_size(320, 256)
    values = form.to_values()
    other = GenerationForm(CHOICES)
    other.from_values(values)
    assert other.to_values() == values
    other.from_values({"width": "wide", "seed": "seven", "count": -5, "new": 1, "prompt": 3})
    assert (other.prompt, other.seed, other.count, other.width) == ("a windmill", MAX_SEED, 1, 320)


def test_every_control_has_a_name_and_a_tooltip(panel: PromptPanel) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QSlider)
    for control in panel.findChildren(QWidget):
        if isinstance(control, kinds):
            words = control.text() if isinstance(control, QAbstractButton) else ""
            assert control.accessibleName() or words, control
        if isinstance(control, QAbstractButton):
            assert control.toolTip(), control.text()


def test_the_preset_samplers_are_the_engines() -> None:
    schedulers = pytest.importorskip("sdstudio.engine.schedulers")
    choices = GenerationChoices()
    assert tuple(each.name for each in choices.samplers) == schedulers.sampler_names()
    for each in choices.samplers:
        assert set(each.schedules) == set(schedulers.schedule_names(each.name))
    assert {each.name for each in choices.schedules} == set(schedulers.schedule_names())
