"""The whole window with an engine that needs no model: every state a person meets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QMessageBox,
    QPushButton,
)
from pytestqt.qtbot import QtBot

from sdstudio import paths
from sdstudio.apps.gui import SavingPlace, Session, build_studio
from sdstudio.errors import OutOfMemoryError, StorageError
from sdstudio.gallery.picture_file import read_request
from sdstudio.jobs.journal import QueueJournal
from sdstudio.messages.events import JobCancelled
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.keyboard_help import ShortcutsDialog
from sdstudio.ui.run_progress import RunProgress
from sdstudio.ui.shortcuts import ACTIONS, MENUS
from sdstudio.ui.studio import Studio
from tests.architecture.source_tree import ROOT
from tests.support.fake_engine import FakeEngine

WAIT_MS = 30_000
Open = Callable[..., Studio]


@pytest.fixture
def settings_file(user_folder: Path) -> Path:
    return paths.config_folder() / "settings.json"


@pytest.fixture
def open_studio(qapp: QApplication, qtbot: QtBot, settings_file: Path) -> Iterator[Open]:
    """Studios that are closed when the test is over."""
    opened: list[Studio] = []

    def open_one(engine: FakeEngine | None = None, journal: QueueJournal | None = None) -> Studio:
        studio = build_studio(qapp, SettingsStore(settings_file), engine or FakeEngine())
        opened.append(studio)
        with qtbot.waitSignal(studio.settled, timeout=WAIT_MS):
            studio.open()
        studio.window.activateWindow()
        qtbot.waitUntil(studio.window.isActiveWindow)
        if journal is not None:
            studio.keep_journal(journal)
        return studio

    yield open_one
    for studio in opened:
        if studio.window.isVisible():
            studio.controller.unsaved.clear()
            studio.window.close()
        studio.window.deleteLater()
    qapp.setStyleSheet("")


def quick(studio: Studio) -> None:
    """Small and few, so that a run is over soon."""
    studio.form.set_size(64, 64)
    studio.form.num_inference_steps = 4


def notice_buttons(studio: Studio) -> dict[str, QPushButton]:
    buttons = studio.stage.notices.findChildren(QPushButton)
    return {button.text(): button for button in buttons if not button.isHidden()}


def test_the_first_start_has_a_prompt_that_works_and_one_key_makes_a_picture(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio()
    assert studio.form.prompt
    assert studio.stage.welcome.isVisible()
    quick(studio)
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS) as saved:
        QTest.keyClick(studio.panel.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    request = read_request(saved.args[1])
    assert request is not None
    assert request.prompt == studio.form.prompt
    assert not studio.stage.welcome.isVisible()
    qtbot.waitUntil(lambda: studio.window.strip.activity.text().startswith("Done in"))
    assert "CPU" in studio.window.strip.device.text()


def test_an_example_on_the_welcome_fills_the_prompt(open_studio: Open) -> None:
    studio = open_studio()
    chip = studio.stage.welcome.findChildren(QPushButton)[0]
    chip.click()
    assert studio.form.prompt == chip.text()


def test_a_running_picture_shows_how_far_it_is_and_can_be_stopped(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio(FakeEngine(seconds_per_step=0.02))
    quick(studio)
    studio.form.num_inference_steps = 1000
    stop = studio.panel.generate_bar.stop_button
    assert not stop.isEnabled()
    studio.actions["generate"].trigger()
    strip = studio.window.strip
    qtbot.waitUntil(lambda: "of 1000" in strip.activity.text(), timeout=WAIT_MS)
    assert strip.bar.isVisible()
    assert strip.pace.text() == "0.02 s/step"
    assert strip.time_left.text().endswith("left")
    assert "%" in studio.window.windowTitle()
    assert stop.isEnabled()
    studio.window.strip.setFocus()
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS) as ended:
        stop.click()
    assert isinstance(ended.args[1], JobCancelled)
    assert strip.activity.text() == "Stopped"
    assert studio.window.windowTitle() == "SD Studio"
    assert not stop.isEnabled()


def test_shift_x_is_a_letter_in_the_prompt_and_a_stop_elsewhere(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio(FakeEngine(seconds_per_step=0.02))
    quick(studio)
    studio.form.num_inference_steps = 1000
    studio.form.prompt = ""
    studio.panel.prompt.setFocus()
    QTest.keyClick(studio.panel.prompt, "X", Qt.KeyboardModifier.ShiftModifier)
    assert studio.form.prompt == "X"
    studio.actions["generate"].trigger()
    qtbot.waitUntil(lambda: studio.actions["stop-now"].isEnabled(), timeout=WAIT_MS)
    studio.panel.generate_bar.generate_button.setFocus()
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS):
        button = studio.panel.generate_bar.generate_button
        QTest.keyClick(button, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)


def test_the_generate_button_never_disables_and_counts_what_waits(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio(FakeEngine(seconds_per_step=0.05))
    quick(studio)
    bar = studio.panel.generate_bar
    for _ in range(3):
        assert bar.generate_button.isEnabled()
        bar.generate_button.click()
    qtbot.waitUntil(lambda: studio.controller.queue.running is not None, timeout=WAIT_MS)
    assert bar.badge.text() == "2"
    assert not bar.badge.isHidden()
    assert studio.window.strip.waiting.text() == "2 waiting"
    studio.actions["clear-queue"].trigger()
    assert bar.badge.isHidden()


def test_an_empty_prompt_is_told_in_the_window(open_studio: Open, qtbot: QtBot) -> None:
    studio = open_studio()
    studio.form.prompt = ""
    studio.actions["generate"].trigger()
    shown = studio.stage.notices.shown
    assert shown is not None
    assert (shown.text, shown.hint) == ("The prompt is empty.", "Describe the picture you want.")
    assert studio.controller.queue.running is None


def test_out_of_memory_offers_a_smaller_size_that_works(open_studio: Open, qtbot: QtBot) -> None:
    fault = OutOfMemoryError("Too little memory.", "Choose less.", ("smaller-size",))
    studio = open_studio(FakeEngine(fault=fault, fault_at_step=2, fault_count=1))
    studio.form.set_size(128, 128)
    studio.form.num_inference_steps = 4
    with qtbot.waitSignal(studio.controller.job_failed, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    assert studio.window.strip.activity.text() == "Failed"
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS) as saved:
        notice_buttons(studio)["Try smaller"].click()
    assert saved.args[0].request.width < 128


def test_a_bug_shows_details_for_a_report_without_the_home_folder(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio(FakeEngine(fault=ZeroDivisionError("surprise"), fault_at_step=1))
    quick(studio)
    with qtbot.waitSignal(studio.controller.job_failed, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    notice_buttons(studio)["Show details"].click()
    dialog = studio.window.findChild(QDialog)
    dialog.findChildren(QPushButton)[0].click()
    report = QApplication.clipboard().text()
    assert "ZeroDivisionError" in report
    assert str(Path.home()) not in report
    dialog.accept()


def test_a_full_disk_keeps_the_picture_and_another_folder_saves_it(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    studio = open_studio()
    studio.store.update(gallery_folder=str(blocked))
    quick(studio)
    with qtbot.waitSignal(studio.controller.picture_not_saved, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    assert set(notice_buttons(studio)) >= {"Save again", "Choose folder…"}
    free = tmp_path / "free"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(free))
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS) as saved:
        notice_buttons(studio)["Choose folder…"].click()
    assert saved.args[1].parent == free
    assert studio.stage.notices.shown is None


def test_an_unsaved_picture_asks_before_the_window_closes(
    open_studio: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()

    def refuse(*_: object) -> Path:
        raise StorageError("The disk is full.")

    studio.controller._save_picture = refuse
    quick(studio)
    with qtbot.waitSignal(studio.controller.picture_not_saved, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    answers = iter([QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard])
    monkeypatch.setattr(QMessageBox, "warning", lambda *_: next(answers))
    assert not studio.window.close()
    assert studio.window.isVisible()
    assert studio.window.close()


def test_closing_during_a_run_is_remembered_by_the_journal(
    open_studio: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    journal = tmp_path / "queue.jsonl"
    studio = open_studio(FakeEngine(seconds_per_step=0.01), QueueJournal(journal))
    quick(studio)
    studio.form.num_inference_steps = 1000
    with qtbot.waitSignal(studio.controller.step, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    studio.window.close()
    again = open_studio(FakeEngine(), QueueJournal(journal))
    qtbot.waitUntil(lambda: set(notice_buttons(again)) >= {"Run now", "Forget"}, timeout=WAIT_MS)
    with qtbot.waitSignal(again.controller.picture_saved, timeout=WAIT_MS) as saved:
        notice_buttons(again)["Run now"].click()
    assert saved.args[0].request.num_inference_steps == 1000


def test_the_window_remembers_size_panels_form_and_prompts(
    open_studio: Open, qtbot: QtBot, settings_file: Path
) -> None:
    studio = open_studio()
    studio.window.setWindowState(Qt.WindowState.WindowNoState)
    studio.window.resize(900, 654)  # within the offscreen screen, which is 800 pixels high
    studio.window.queue_dock.hide()
    studio.panel.advanced_section.set_open(True)
    quick(studio)
    studio.form.prompt = "a windmill"
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    studio.window.close()
    assert json.loads(settings_file.read_text())["recent_prompts"][0] == "a windmill"
    again = open_studio()
    assert again.window.height() == 654
    assert again.window.queue_dock.isHidden()
    assert again.panel.advanced_section.is_open
    assert again.form.prompt == "a windmill"
    again.actions["reset-layout"].trigger()
    assert not again.window.queue_dock.isHidden()


def test_what_is_typed_is_on_the_disk_before_the_window_closes(
    open_studio: Open, qtbot: QtBot, settings_file: Path
) -> None:
    studio = open_studio()
    QTest.keyClicks(studio.panel.prompt, " and a windmill")
    studio.form.num_inference_steps = 33
    typed = studio.form.prompt
    assert typed.endswith(" and a windmill")

    def kept() -> dict[str, object]:
        return (
            json.loads(settings_file.read_text())["form_values"] if settings_file.exists() else {}
        )

    qtbot.waitUntil(lambda: kept().get("num_inference_steps") == 33, timeout=WAIT_MS)
    assert kept()["prompt"] == typed  # a program that is killed now starts with it again


def test_nonsense_in_the_remembered_place_is_ignored(
    open_studio: Open, settings_file: Path
) -> None:
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    settings_file.write_text(json.dumps({"window_geometry": "☃", "window_state": "AAAA"}))
    assert open_studio().window.prompt_dock.isVisible()


def test_broken_settings_are_told(open_studio: Open, settings_file: Path) -> None:
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    settings_file.write_text("{broken")
    studio = open_studio()
    assert studio.stage.notices.shown is not None
    assert "settings" in studio.stage.notices.shown.text


def test_the_theme_changes_at_once_and_is_kept(
    open_studio: Open, qapp: QApplication, settings_file: Path
) -> None:
    studio = open_studio()
    dark = qapp.palette().window().color().lightness()
    studio.actions["theme-light"].trigger()
    assert qapp.palette().window().color().lightness() > dark + 100
    studio.window.close()
    assert json.loads(settings_file.read_text())["theme"] == "light"


def test_every_action_stands_in_a_menu_and_does_something(open_studio: Open) -> None:
    studio = open_studio()
    in_menus = {name for names in MENUS.values() for name in names}
    themes = {"theme-dark", "theme-light", "theme-system"}
    assert {spec.name for spec in ACTIONS} - themes <= in_menus
    silent = {"full-screen"}  # Qt does not tell `receivers` of `toggled` apart
    for spec in ACTIONS:
        action = studio.actions[spec.name]
        listeners = action.receivers("2triggered(bool)") + action.receivers("2toggled(bool)")
        assert listeners or spec.name in silent, spec.name


def test_no_two_actions_share_a_key() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_both_enter_keys_generate_and_are_called_by_one_name(
    open_studio: Open, qtbot: QtBot, key: Qt.Key
) -> None:
    studio = open_studio()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    for name, modifiers in (("generate", control), ("generate-first", control | shift)):
        action = studio.actions[name]
        assert action.shortcut().toString().endswith("+Enter")
        quick(studio)
        with qtbot.waitSignal(action.triggered, timeout=WAIT_MS):
            QTest.keyClick(studio.panel.prompt, key, modifiers)


def test_the_progress_bar_stands_still_whatever_is_said(open_studio: Open, qtbot: QtBot) -> None:
    studio = open_studio()
    strip = studio.window.strip
    strip.show_progress(RunProgress(text="Starting", fraction=0.0))
    qtbot.wait(1)
    before = strip.bar.geometry()
    long = RunProgress(
        text="Picture 12 of 16 · Step 12 of 20 and more",
        pace="12.34 s/step",
        time_left="12 min 34 s left",
        fraction=0.5,
    )
    strip.show_progress(long)
    strip.show_waiting(1234, is_paused=True)
    strip.show_model("a-very-long-model-name" * 9)
    strip.show_device("CUDA · bfloat16")
    qtbot.wait(1)
    assert strip.bar.geometry() == before
    assert strip.bar.x() > strip.activity.geometry().right()
    assert strip.pace.width() >= strip.pace.sizeHint().width()
    assert strip.time_left.width() >= strip.time_left.sizeHint().width()
    assert strip.minimumSizeHint().width() <= studio.window.minimumWidth()


def test_the_empty_gallery_says_that_the_first_picture_is_on_its_way(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio(FakeEngine(seconds_per_step=0.02))
    empty = studio.rooms.gallery.empty_room
    assert empty.button.isVisible()
    quick(studio)
    studio.form.num_inference_steps = 1000
    with qtbot.waitSignal(studio.controller.job_started, timeout=WAIT_MS):
        empty.button.click()
    assert empty.headline.text() == "The first picture is on its way."
    assert not empty.button.isVisible()
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS):
        studio.actions["stop-now"].trigger()
    assert empty.button.isVisible()
    assert "on its way" not in empty.headline.text()


def test_the_keyboard_is_in_the_window_again_after_a_dialog(
    open_studio: Open, qtbot: QtBot
) -> None:
    studio = open_studio()
    for _ in range(2):
        studio.actions["settings"].trigger()
        dialog = studio.window.findChildren(QDialog)[-1]
        qtbot.waitUntil(dialog.isVisible)
        off = dialog.frameGeometry().center() - studio.window.frameGeometry().center()
        assert off.manhattanLength() <= 2
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(studio.window.isActiveWindow)
        assert studio.panel.prompt.hasFocus()
    with qtbot.waitSignal(studio.actions["shortcuts"].triggered, timeout=WAIT_MS):
        QTest.keyClick(studio.panel.prompt, Qt.Key.Key_F1)


def test_the_keys_of_the_page_that_is_shown_come_first(open_studio: Open) -> None:
    studio = open_studio()
    for page, name in (("picture", "Everywhere"), ("paint", "Paint"), ("gallery", "Gallery")):
        studio.workspaces.show_page(page)
        studio.actions["shortcuts"].trigger()
        dialog = studio.window.findChildren(ShortcutsDialog)[-1]
        assert dialog.tabs.tabText(dialog.tabs.currentIndex()) == name
        dialog.accept()


@pytest.mark.parametrize("name", ["settings", "shortcuts", "about", "fault-report"])
def test_dialogs_open_with_names_on_everything(open_studio: Open, name: str) -> None:
    studio = open_studio()
    studio.actions[name].trigger()
    dialog = studio.window.findChildren(QDialog)[-1]
    assert dialog.isVisible()
    for button in dialog.findChildren(QAbstractButton):
        if not button.isHidden() and button.objectName() != "qt_toolbar_ext_button":
            assert button.text() or button.accessibleName()
    clipped = [
        words.text()
        for words in dialog.findChildren(QLabel)
        if words.isVisible() and words.sizeHint().width() > words.width() + 1
    ]
    assert not clipped
    dialog.accept()


def test_an_engine_setting_rebuilds_the_engine(open_studio: Open, qtbot: QtBot) -> None:
    engine = FakeEngine()
    studio = open_studio(engine)
    quick(studio)
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    studio.change_setting("dtype", "float32")
    qtbot.waitUntil(lambda: engine.is_closed, timeout=WAIT_MS)
    assert studio.store.settings.dtype == "float32"


def test_start_from_a_file_and_read_settings_of_one(
    open_studio: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    studio = open_studio()
    quick(studio)
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS) as saved:
        studio.actions["generate"].trigger()
    path = saved.args[1]
    studio.pictures.offer_settings(path)
    qtbot.waitUntil(studio.panel.recall.isVisible, timeout=WAIT_MS)
    studio.panel.recall.start_button.click()
    qtbot.waitUntil(lambda: studio.form.init_image is not None, timeout=WAIT_MS)
    assert studio.form.init_image == saved.args[0].picture
    assert studio.form.to_request().parents == (path.name,)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    studio.pictures.start_from_file(broken)
    qtbot.waitUntil(lambda: studio.stage.notices.shown is not None, timeout=WAIT_MS)
    assert "broken.png" in studio.stage.notices.shown.text  # type: ignore[union-attr]


def test_only_one_window_keeps_the_journal(tmp_path: Path) -> None:
    first, second = Session(tmp_path), Session(tmp_path)
    assert first.journal is not None
    assert second.journal is None


def test_a_folder_that_cannot_be_made_leaves_a_session_without_journal(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert Session(blocker / "folder").journal is None


def test_pictures_go_where_the_settings_say(tmp_path: Path, settings_file: Path) -> None:
    store = SettingsStore(settings_file)
    place = SavingPlace(store)
    assert place.folder() == paths.default_gallery_folder()
    store.update(gallery_folder=str(tmp_path / "elsewhere"))
    assert place.folder() == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    "picture_format, ending", [("png", ".png"), ("webp", ".webp"), ("jpeg", ".jpg")]
)
def test_pictures_have_the_chosen_format_and_keep_their_settings(
    open_studio: Open, qtbot: QtBot, picture_format: str, ending: str
) -> None:
    studio = open_studio()
    quick(studio)
    studio.actions["settings"].trigger()
    dialog = studio.window.findChildren(QDialog)[-1]
    box = dialog.findChild(QComboBox, "picture_format")
    assert box is not None
    box.setCurrentIndex(box.findData(picture_format))
    box.activated.emit(box.currentIndex())
    dialog.accept()
    with qtbot.waitSignal(studio.controller.picture_saved, timeout=WAIT_MS) as saved:
        studio.actions["generate"].trigger()
    result, path = saved.args
    assert path.suffix == ending
    assert read_request(path) == result.request


CLOSE_DURING_A_RUN = """
import sys
from sdstudio.apps.gui import run_studio
from tests.support.fake_engine import FakeEngine
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

class Closing(FakeEngine):
    def run(self, job, emit):
        QTimer.singleShot(0, QApplication.instance(), QApplication.closeAllWindows)
        super().run(job, emit)

import sdstudio.ui.studio as studio
opened = studio.Studio.open
def open_and_run(self):
    opened(self)
    self.form.num_inference_steps = 1000
    self.actions["generate"].trigger()
studio.Studio.open = open_and_run
code = run_studio(Closing(seconds_per_step=0.02))
assert "torch" not in sys.modules
sys.exit(code)
"""


def test_closing_the_program_during_a_run_exits_0_without_a_word(user_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CLOSE_DURING_A_RUN)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    errors = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert (done.returncode, errors) == (0, [])
