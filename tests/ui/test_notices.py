"""Messages in the window, and the buttons that do something about them."""

from __future__ import annotations

import dataclasses
import errno

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sdstudio.errors import InvalidRequestError, Remedy
from sdstudio.messages.events import JobFailed, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui import run_progress
from sdstudio.ui.error_text import remedied, remedy_buttons, remedy_text, told
from sdstudio.ui.notices import Notice, NoticeAction, NoticeBar
from sdstudio.ui.widgets.labels import MAX_NAME_CHARS, short_name

REQUEST = GenerationRequest(prompt="a house", width=512, height=768, model="large")


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    parent = QWidget()
    parent.resize(800, 600)
    qtbot.addWidget(parent)
    parent.show()
    made = NoticeBar(parent)
    made.parent_kept_alive = parent  # type: ignore[attr-defined]
    return made


def buttons(bar: NoticeBar) -> list[QPushButton]:
    return [b for b in bar.findChildren(QPushButton) if not b.isHidden() and b.text()]


def test_a_notice_shows_words_and_buttons_within_its_parent(bar: NoticeBar) -> None:
    pressed: list[str] = []
    actions = tuple(
        NoticeAction(text=text, act=lambda text=text: pressed.append(text)) for text in "abc"
    )
    bar.tell(Notice(text="The disk is full.", hint="Free some space.", actions=actions))
    assert bar.isVisible()
    assert [button.text() for button in buttons(bar)] == ["a", "b"]  # at most two
    assert bar.parentWidget().rect().contains(bar.geometry())
    assert bar.accessibleName() == "The disk is full. Free some space."
    buttons(bar)[0].click()
    assert pressed == ["a"]
    assert not bar.isVisible()


def test_the_older_notice_comes_back_when_the_newer_is_closed(bar: NoticeBar) -> None:
    bar.tell(Notice(text="first", severity="error"))
    bar.tell(Notice(text="second", severity="error"))
    bar.close_shown()
    assert bar.shown is not None
    assert bar.shown.text == "first"


def test_a_key_replaces_and_drops(bar: NoticeBar) -> None:
    bar.tell(Notice(text="one picture", key="unsaved"))
    bar.tell(Notice(text="two pictures", key="unsaved"))
    bar.drop("unsaved")
    assert bar.shown is None
    assert not bar.isVisible()


def test_text_from_files_is_not_taken_for_html(bar: NoticeBar) -> None:
    bar.tell(Notice(text="<b>bold</b>.png cannot be read."))
    assert "<b>" in bar._text.text()
    assert bar._text.textFormat().name == "PlainText"


@pytest.mark.parametrize("remedy", ["smaller-size", "tiled-vae", "use-built-in-model"])
def test_a_remedy_changes_the_request_so_that_it_is_offered_no_more_than_it_helps(
    remedy: Remedy,
) -> None:
    changed = remedied(REQUEST, remedy, multiple=64)
    assert changed != REQUEST
    assert changed.prompt == REQUEST.prompt
    if remedy == "smaller-size":
        assert changed.width % 64 == changed.height % 64 == 0
        assert changed.width * changed.height <= 0.6 * REQUEST.width * REQUEST.height


def test_a_small_side_becomes_smaller_still_but_never_nothing() -> None:
    small = dataclasses.replace(REQUEST, width=128, height=64)
    changed = remedied(small, "smaller-size", multiple=64)
    assert (changed.width, changed.height) == (64, 64)


def test_at_most_two_buttons_and_none_that_would_change_nothing() -> None:
    remedies: tuple[Remedy, ...] = ("use-built-in-model", "tiled-vae", "smaller-size", "try-again")
    failure = JobFailed(job_id="j", kind="environment", message="No.", remedies=remedies)
    tiled = dataclasses.replace(REQUEST, model="starter", vae_tiling=True)
    assert [each.remedy for each in remedy_buttons(failure, tiled)] == ["smaller-size", "try-again"]
    assert all(remedy_text(each) for each in remedies)


def test_long_names_are_cut_in_the_middle_and_told_whole(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(1000, 400)
    bar = NoticeBar(parent)
    name = "a-model-with-a-name" * 5 + "-v2.safetensors"
    text = f"The model {name} was not found."
    bar.tell(Notice(text=text, hint="Choose another."))
    assert bar._text.text().startswith("The model a-model-with")
    assert bar._text.text().endswith("-v2.safetensors was not found.")
    assert bar._text.toolTip() == text
    assert bar._text.fontMetrics().horizontalAdvance(bar._text.text()) < 560
    assert bar._hint.text() == "Choose another." and not bar._hint.toolTip()
    assert len(short_name("x y " * 30)) == MAX_NAME_CHARS


def test_progress_in_words() -> None:
    step = StepEvent(
        job_id="j", picture_index=1, picture_count=4, step=5, num_steps=20, seconds_per_step=0.5
    )
    progress = run_progress.of_step(step)
    assert progress.text == "Picture 2 of 4 · Step 5 of 20"
    assert progress.pace == "0.50 s/step"
    assert progress.time_left == "28 s left"  # 55 steps of 0.5 s
    assert progress.fraction == pytest.approx(25 / 80)


def test_the_last_moment_is_not_zero_seconds() -> None:
    assert run_progress.time_left(0.4) == "a moment left"
    assert run_progress.time_left(0.6) == "1 s left"


@pytest.mark.parametrize(
    "seconds, words", [(0.4, "0 s"), (59, "59 s"), (125, "2 min 5 s"), (4800, "1 h 20 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert run_progress.duration(seconds) == words


@pytest.mark.parametrize(
    "error, sentence",
    [
        (FileNotFoundError(errno.ENOENT, "No such file", "/far/boat.png"), "boat.png is not there"),
        (PermissionError(errno.EACCES, "Permission denied", "/far/boat.png"), "with boat.png."),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full."),
        (OSError(errno.EIO, "Input/output error", "/far/boat.png"), "did not work with boat.png."),
        (OSError("unreadable"), "That did not work with the file."),
        (InvalidRequestError("The prompt is empty.", "Write one."), "The prompt is empty."),
    ],
)
def test_the_systems_errors_are_told_in_sentences(error: Exception, sentence: str) -> None:
    text, hint = told(error)
    assert sentence in text and text.endswith(".")
    assert hint and "Errno" not in text + hint
