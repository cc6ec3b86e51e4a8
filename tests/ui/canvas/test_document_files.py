"""New, open, save, export, autosave and recovery, through the files and through the room."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from sdstudio import paths
from sdstudio.apps.gui import build_studio
from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document
from sdstudio.document.export import ExportOptions
from sdstudio.document.recovery import RecoverySession, find_leftovers
from sdstudio.document.rect import Rect
from sdstudio.errors import SdstudioError
from sdstudio.messages.generation import GenerationRequest
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.document_commands import DocumentCommands
from sdstudio.ui.canvas.document_files import DocumentFiles, blank_document
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.export_dialog import LOSSLESS, QUALITY, ExportDialog, remembered_options
from sdstudio.ui.canvas.new_picture_dialog import NewPictureDialog
from sdstudio.ui.canvas.paint_room import PaintRoom
from sdstudio.ui.canvas.recovery_offer import RECOVERY_FOLDER
from sdstudio.ui.closing import close_at_signal
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine, gradient_picture

WAIT_MS = 30_000
BUTTONS = QMessageBox.StandardButton


class Desk:
    """A document with its files, and no window around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recovery = folder / "recovery"
        self.easel = Easel(blank_document(64, 48))
        self.background = Background(self.easel)
        self.files = DocumentFiles(self.easel, self.background, self.recovery)
        self.failed: list[Exception] = []
        self.files.failed.connect(self.failed.append)
        self.files.not_kept.connect(self.failed.append)

    @property
    def document(self) -> Document:
        return self.easel.document

    def paint(self, colour: tuple[int, int, int] = (200, 30, 30)) -> None:
        self.easel.do(
            lambda: self.document.paint.draw_shape("ellipse", (4, 4, 40, 40), Ink(colour=colour))
        )

    def pixels(self) -> np.ndarray:
        return self.document.composite(self.document.bounds)

    def leftovers(self) -> list[Path]:
        return list(self.recovery.glob("*.sdstudio"))


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.files.close()


@pytest.fixture
def settle(qtbot: QtBot) -> Callable[[Desk], None]:
    def wait(desk: Desk) -> None:
        qtbot.waitUntil(lambda: not desk.background.pending, timeout=WAIT_MS)

    return wait


Settle = Callable[[Desk], None]


def test_a_saved_picture_comes_back_and_is_no_longer_modified(desk: Desk, settle: Settle) -> None:
    assert not desk.files.is_modified
    desk.paint()
    assert desk.files.is_modified
    target = desk.folder / "boat.sdstudio"
    desk.files.save(target)
    settle(desk)
    assert not desk.files.is_modified
    assert (desk.files.path, desk.files.name) == (target, "boat")
    painted = desk.pixels()
    desk.files.new(10, 10)
    settle(desk)
    assert desk.document.size == (10, 10)
    assert (desk.files.path, desk.files.name) == (None, "Untitled")
    desk.files.open(target)
    settle(desk)
    assert np.array_equal(desk.pixels(), painted)
    assert not desk.files.is_modified
    assert desk.files.path == target
    assert not desk.failed


def test_what_is_painted_while_saving_is_still_unsaved(desk: Desk, settle: Settle) -> None:
    desk.paint()
    before = desk.pixels()
    desk.files.save(desk.folder / "boat.sdstudio")
    desk.paint((0, 0, 255))
    settle(desk)
    assert desk.files.is_modified
    saved = open_document(desk.folder / "boat.sdstudio")
    assert np.array_equal(saved.composite(saved.bounds), before)


@pytest.mark.parametrize("ending", [".png", ".webp", ".jpg", ".ora"])
def test_an_export_is_what_is_seen_and_does_not_count_as_saved(
    desk: Desk, settle: Settle, ending: str
) -> None:
    desk.paint()
    target = desk.folder / f"flat{ending}"
    desk.files.export(target, ExportOptions(quality=100, is_lossless=True))
    settle(desk)
    assert desk.files.is_modified
    assert desk.files.path is None
    desk.files.open(target)
    settle(desk)
    expected = blank_document(64, 48)
    expected.paint.draw_shape("ellipse", (4, 4, 40, 40), Ink(colour=(200, 30, 30)))
    seen = expected.composite(expected.bounds).astype(int)
    off = np.abs(desk.pixels() - seen)
    assert off.max() == 0 if ending != ".jpg" else off.mean() < 3  # JPEG loses a little at edges
    assert desk.files.path is None, "an export is not where the layers live"
    assert desk.files.name == "flat"


def _upside_down_cmyk() -> bytes:
    """A JPEG in CMYK that says by EXIF that it stands on its head."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = (220, 40, 30)
    pixels[20:] = (30, 60, 210)
    image = Image.fromarray(pixels).convert("CMYK")
    exif = Image.Exif()
    exif[0x0112] = 3
    data = io.BytesIO()
    image.save(data, "JPEG", exif=exif, quality=95)
    return data.getvalue()


def test_a_photograph_is_opened_upright_and_in_rgb(desk: Desk, settle: Settle) -> None:
    photograph = desk.folder / "photograph.jpg"
    photograph.write_bytes(_upside_down_cmyk())
    desk.files.open(photograph)
    settle(desk)
    pixels = desk.pixels()
    assert pixels.shape == (40, 60, 4)
    assert pixels[5, 30, 2] > 150 > pixels[5, 30, 0]
    assert pixels[35, 30, 0] > 150 > pixels[35, 30, 2]


def test_sixteen_bits_become_eight(desk: Desk, settle: Settle) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(8, 0)
    path = desk.folder / "deep.png"
    Image.fromarray(ramp).save(path)
    desk.files.open(path)
    settle(desk)
    grey = desk.pixels()[0, :, 0].astype(int)
    assert np.abs(grey - ramp[0] / 257).max() <= 1


@pytest.mark.parametrize(
    "name, data",
    [
        ("broken.sdstudio", b"PK not really"),
        ("broken.ora", b""),
        ("broken.png", b"\x89PNG\r\n\x1a\nnothing"),
        ("words.txt", b"hello"),
    ],
)
def test_what_cannot_be_opened_is_said_and_the_picture_stays(
    desk: Desk, settle: Settle, name: str, data: bytes
) -> None:
    desk.paint()
    before = desk.pixels()
    path = desk.folder / name
    path.write_bytes(data)
    desk.files.open(path)
    settle(desk)
    assert name in str(desk.failed[0])
    assert np.array_equal(desk.pixels(), before)
    assert desk.files.is_modified


def test_folders_and_missing_files_are_said(desk: Desk, settle: Settle) -> None:
    desk.files.open(desk.folder)
    desk.files.open(desk.folder / "gone.sdstudio")
    desk.files.open(desk.folder / "gone.png")
    settle(desk)
    assert len(desk.failed) == 3
    assert "folder" in str(desk.failed[0])


def test_a_full_disk_leaves_the_picture_unsaved_and_says_so(desk: Desk, settle: Settle) -> None:
    blocker = desk.folder / "file"
    blocker.write_text("")
    desk.paint()
    desk.files.save(blocker / "boat.sdstudio")
    settle(desk)
    assert isinstance(desk.failed[0], SdstudioError)
    assert desk.files.is_modified
    assert desk.files.path is None


# --- autosave and recovery ----------------------------------------------------------------------


def test_a_change_is_kept_once_and_goes_when_it_is_saved(desk: Desk, settle: Settle) -> None:
    desk.files.keep()
    settle(desk)
    assert not desk.leftovers(), "nothing to keep"
    desk.paint()
    desk.files.keep()
    settle(desk)
    (kept,) = desk.leftovers()
    stamp = kept.stat().st_mtime_ns
    desk.files.keep()
    settle(desk)
    assert kept.stat().st_mtime_ns == stamp, "nothing changed since"
    copy = open_document(kept)
    assert np.array_equal(copy.composite(copy.bounds), desk.pixels())
    desk.files.save(desk.folder / "boat.sdstudio")
    settle(desk)
    assert not desk.leftovers()
    assert not list(desk.recovery.glob("*.lock"))


def test_every_accepted_result_is_kept_at_once(desk: Desk, settle: Settle) -> None:
    picture = gradient_picture(16, 16, 1)
    request = GenerationRequest(prompt="a boat")
    desk.easel.do(lambda: desk.document.accept_result(picture, Rect(0, 0, 16, 16), request))
    settle(desk)
    (kept,) = desk.leftovers()
    assert open_document(kept).state.accepted[0].request == request


def test_the_timer_keeps_what_is_painted(desk: Desk, qtbot: QtBot) -> None:
    desk.files._timer.setInterval(10)
    desk.paint()
    qtbot.waitUntil(lambda: bool(desk.leftovers()), timeout=WAIT_MS)


def test_giving_a_document_up_takes_its_recovery_file_away(desk: Desk, settle: Settle) -> None:
    desk.paint()
    desk.files.keep()
    desk.files.new(20, 20)
    settle(desk)
    assert not desk.leftovers()


def test_a_recovery_folder_that_cannot_be_made_is_said_once_per_try(
    desk: Desk, settle: Settle
) -> None:
    desk.recovery.write_text("a file stands there")
    desk.paint()
    desk.files.keep()
    settle(desk)
    assert len(desk.failed) == 1
    desk.recovery.unlink()
    desk.files.keep()
    settle(desk)
    assert desk.leftovers()


def test_recovering_leads_back_to_the_document_and_its_file(desk: Desk, settle: Settle) -> None:
    origin = desk.folder / "boat.sdstudio"
    lost = blank_document(30, 20)
    lost.paint.draw_shape("rectangle", (0, 0, 10, 10), Ink(colour=(1, 2, 3)))
    crashed = RecoverySession(desk.recovery)
    crashed.save(lost.snapshot(), origin=str(origin))
    crashed._lock.close()
    (leftover,) = find_leftovers(desk.recovery)
    desk.files.recover(leftover)
    settle(desk)
    assert np.array_equal(desk.pixels(), lost.composite(lost.bounds))
    assert desk.files.is_modified
    assert desk.files.path == origin
    (kept,) = desk.leftovers()
    assert kept != leftover.path, "it is kept anew, and the old file is gone"
    desk.files.save(origin)
    settle(desk)
    assert not desk.leftovers()
    assert open_document(origin).size == (30, 20)


# --- in the window ------------------------------------------------------------------------------

Open = Callable[[], Studio]


@pytest.fixture
def open_studio(qapp: QApplication, qtbot: QtBot, user_folder: Path) -> Iterator[Open]:
    """Studios on their Paint page; what they did not save is given up at the end."""
    opened: list[Studio] = []

    def open_one() -> Studio:
        store = SettingsStore(user_folder / "settings.json")
        studio = build_studio(qapp, store, FakeEngine())
        opened.append(studio)
        with qtbot.waitSignal(studio.settled, timeout=WAIT_MS):
            studio.open()
        return studio

    yield open_one
    for studio in opened:
        if studio.window.isVisible():
            studio.window.may_close = lambda: True
            studio.window.close()
        studio.window.deleteLater()
    qapp.setStyleSheet("")


def paint_room(studio: Studio) -> PaintRoom:
    studio.workspaces.show_page("paint")
    room = studio.workspaces.page
    assert isinstance(room, PaintRoom)
    return room


def paint(room: PaintRoom) -> None:
    document = room.easel.document
    room.easel.do(lambda: document.paint.draw_shape("ellipse", (4, 4, 90, 90), Ink()))


def commands(room: PaintRoom) -> DocumentCommands:
    return room.documents


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Let every question be answered so; returns the questions."""
    asked: list[str] = []

    def ask(*words: object) -> QMessageBox.StandardButton:
        asked.append(str(words[2]))
        return button

    monkeypatch.setattr(QMessageBox, "warning", ask)
    return asked


def test_the_title_tells_name_and_changes(open_studio: Open, qtbot: QtBot, tmp_path: Path) -> None:
    room = paint_room(open_studio())
    (title,) = room.title_widgets
    assert title.text() == "Untitled"
    paint(room)
    assert title.text() == "Untitled •"
    room.files.save(tmp_path / "boat.sdstudio")
    qtbot.waitUntil(lambda: title.text() == "boat", timeout=WAIT_MS)


def test_a_new_picture_has_the_size_and_ground_asked_for(open_studio: Open, qtbot: QtBot) -> None:
    studio = open_studio()
    room = paint_room(studio)
    commands(room).actions["new"].trigger()
    dialog = room.findChild(NewPictureDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible, timeout=WAIT_MS)
    dialog.sizes.setCurrentIndex(dialog.sizes.findText("768 x 512 pixels"))
    dialog.sizes.activated.emit(dialog.sizes.currentIndex())
    dialog.down.value_wanted.emit(500)
    assert dialog.sizes.currentText() == "Other"
    dialog.ground.setCurrentIndex(dialog.ground.findText("Transparent"))
    dialog.accept()
    qtbot.waitUntil(lambda: room.easel.document.size == (768, 500), timeout=WAIT_MS)
    assert not room.easel.document.composite(Rect(0, 0, 768, 500)).any()
    assert room.view.document is room.easel.document


def test_saving_asks_for_a_name_once_and_opens_again_from_recent(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    room = paint_room(studio)
    asked: list[str] = []

    def name(*words: object) -> tuple[str, str]:
        asked.append(str(words[2]))
        return str(tmp_path / "boat"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", name)
    paint(room)
    with qtbot.waitSignal(room.files.saved, timeout=WAIT_MS):
        commands(room).actions["save"].trigger()
    assert (tmp_path / "boat.sdstudio").is_file()
    paint(room)
    with qtbot.waitSignal(room.files.saved, timeout=WAIT_MS):
        commands(room).actions["save"].trigger()
    assert [Path(name).name for name in asked] == ["Untitled.sdstudio"]
    assert studio.store.settings.recent_documents == (str(tmp_path / "boat.sdstudio"),)
    room.files.new(10, 10)
    qtbot.waitUntil(lambda: room.easel.document.size == (10, 10), timeout=WAIT_MS)
    menu = commands(room)._recent
    menu.aboutToShow.emit()
    with qtbot.waitSignal(room.files.opened, timeout=WAIT_MS):
        menu.actions()[0].trigger()
    assert room.easel.document.size == (512, 512)


def test_an_export_gets_the_ending_of_the_chosen_kind(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = paint_room(open_studio())
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "flat"), "PNG (*.png)")
    )
    with qtbot.waitSignal(room.files.exported, timeout=WAIT_MS):
        commands(room).actions["export"].trigger()
    with Image.open(tmp_path / "flat.png") as image:
        assert image.size == (512, 512)


def ask_export(room: PaintRoom, path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportDialog:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    commands(room).actions["export"].trigger()
    dialog = room.findChild(ExportDialog)
    assert dialog is not None
    return dialog


@pytest.mark.parametrize("ending", [".jpg", ".webp"])
def test_an_export_asks_for_the_quality_and_tells_the_size(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    studio = open_studio()
    room, target = paint_room(studio), tmp_path / f"flat{ending}"
    paint(room)
    dialog = ask_export(room, target, monkeypatch)
    assert dialog.lossless.isVisible() == (ending == ".webp")
    dialog.quality.value_wanted.emit(35)
    assert dialog.options == ExportOptions(quality=35)

    def told() -> str:
        return dialog.file_size.text()

    qtbot.waitUntil(lambda: "have" in told(), timeout=WAIT_MS)
    said = told()
    with qtbot.waitSignal(room.files.exported, timeout=WAIT_MS):
        dialog.accept()
    assert studio.window.locale().formattedDataSize(target.stat().st_size) in said
    assert remembered_options(studio.store.settings.panel_state).quality == 35


def test_a_lossless_export_keeps_every_pixel(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, target = paint_room(open_studio()), tmp_path / "flat.webp"
    paint(room)
    dialog = ask_export(room, target, monkeypatch)
    dialog.lossless.setChecked(True)
    assert not dialog.quality.isEnabled()
    with qtbot.waitSignal(room.files.exported, timeout=WAIT_MS):
        dialog.accept()
    document = room.easel.document
    with Image.open(target) as image:
        seen = np.asarray(image.convert("RGBA"))
    assert np.array_equal(seen, document.composite(document.bounds))


def test_an_export_that_is_called_off_writes_nothing(
    open_studio: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = paint_room(open_studio())
    dialog = ask_export(room, tmp_path / "flat.jpg", monkeypatch)
    dialog.reject()
    room.files.close()
    assert not list(tmp_path.glob("*.jpg"))


def test_copy_merged_lies_in_the_edit_menu_while_one_paints(open_studio: Open) -> None:
    studio = open_studio()
    action = paint_room(studio).clipboard.copy_merged_action
    keys = action.shortcut()
    beside = studio.actions["copy-picture"]
    assert action.isVisible() and not beside.isVisible() and beside.shortcut() == keys
    studio.workspaces.show_page("picture")
    assert not action.isVisible() and beside.isVisible()


@pytest.mark.parametrize("state", [{}, {QUALITY: "many", LOSSLESS: 1}, {QUALITY: 900, LOSSLESS: 1}])
def test_what_nobody_can_have_chosen_is_not_remembered(state: dict[str, str | int]) -> None:
    assert remembered_options(state) == ExportOptions()


@pytest.mark.parametrize("button", [BUTTONS.Cancel, BUTTONS.Discard, BUTTONS.Save])
def test_closing_asks_about_an_unsaved_picture(
    open_studio: Open,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    button: QMessageBox.StandardButton,
) -> None:
    studio = open_studio()
    room = paint_room(studio)
    paint(room)
    room.files.keep()
    asked = answer(monkeypatch, button)
    target = tmp_path / "boat.sdstudio"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    studio.window.close()
    assert len(asked) == 1 and "Untitled" in asked[0]
    if button == BUTTONS.Save:
        qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=WAIT_MS)
        assert open_document(target).size == (512, 512)
    assert studio.window.isVisible() == (button == BUTTONS.Cancel)
    kept = list((paths.data_folder() / RECOVERY_FOLDER).glob("*.sdstudio"))
    assert bool(kept) <= (button == BUTTONS.Cancel)


def test_a_saved_or_empty_picture_closes_without_a_question(
    open_studio: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio()
    paint_room(studio)
    asked = answer(monkeypatch, BUTTONS.Cancel)
    studio.window.close()
    assert not asked
    assert not studio.window.isVisible()


def leave_behind(origin: str = "") -> Document:
    """What a crash would: a recovery file whose lock nobody holds."""
    lost = blank_document(40, 30)
    lost.paint.draw_shape("rectangle", (0, 0, 20, 20), Ink(colour=(9, 8, 7)))
    session = RecoverySession(paths.data_folder() / RECOVERY_FOLDER)
    session.save(lost.snapshot(), origin=origin)
    session._lock.close()
    return lost


def notice_button(studio: Studio, text: str) -> QPushButton:
    buttons = studio.stage.notices.findChildren(QPushButton)
    return next(each for each in buttons if each.text() == text and not each.isHidden())


def test_a_crash_is_offered_at_the_next_start_and_recovered(
    open_studio: Open, qtbot: QtBot, user_folder: Path
) -> None:
    lost = leave_behind(origin=os.path.join("somewhere", "boat.sdstudio"))
    studio = open_studio()
    qtbot.waitUntil(lambda: studio.stage.notices.shown is not None, timeout=WAIT_MS)
    notice = studio.stage.notices.shown
    assert notice is not None and "boat" in notice.text
    assert studio.workspaces.key == "picture"
    notice_button(studio, "Recover").click()
    room = studio.workspaces.page
    assert isinstance(room, PaintRoom)
    qtbot.waitUntil(lambda: room.easel.document.size == (40, 30), timeout=WAIT_MS)
    document = room.easel.document
    assert np.array_equal(document.composite(document.bounds), lost.composite(lost.bounds))
    assert room.files.is_modified
    qtbot.waitUntil(lambda: not room.files._background.pending, timeout=WAIT_MS)
    assert len(list((paths.data_folder() / RECOVERY_FOLDER).glob("*.sdstudio"))) == 1


def test_a_crash_may_be_forgotten(open_studio: Open, qtbot: QtBot, user_folder: Path) -> None:
    leave_behind()
    time.sleep(0.01)  # another time stamp
    leave_behind()
    studio = open_studio()
    folder = paths.data_folder() / RECOVERY_FOLDER
    for left in (1, 0):
        qtbot.waitUntil(lambda: studio.stage.notices.shown is not None, timeout=WAIT_MS)
        notice_button(studio, "Discard").click()
        qtbot.waitUntil(
            lambda left=left: len(list(folder.glob("*.sdstudio"))) == left, timeout=WAIT_MS
        )
    assert studio.stage.notices.shown is None
    assert studio.workspaces.built("paint") is None


def test_the_menu_says_what_undo_would_take_back(open_studio: Open) -> None:
    studio = open_studio()
    room = paint_room(studio)
    assert studio.actions["undo"].text() == "Undo"
    paint(room)
    assert studio.actions["undo"].text() == "Undo: Draw ellipse"
    studio.actions["undo"].trigger()
    assert studio.actions["redo"].text() == "Redo: Draw ellipse"
    assert not room.easel.document.layer_pixels(2, room.easel.document.bounds).any()
    studio.workspaces.show_page("picture")
    assert studio.actions["redo"].text() == "Redo"


@pytest.mark.parametrize("is_kept_before", [False, True])
def test_a_signal_closes_without_a_question_and_leaves_the_painting_to_be_recovered(
    open_studio: Open,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    is_kept_before: bool,
) -> None:
    studio = open_studio()
    room = paint_room(studio)
    paint(room)
    if is_kept_before:
        room.files.keep()
    painted = room.easel.document.composite(room.easel.document.bounds)
    asked = answer(monkeypatch, BUTTONS.Cancel)
    close_at_signal(studio)
    assert not asked
    assert not studio.window.isVisible()
    again = open_studio()
    qtbot.waitUntil(lambda: again.stage.notices.shown is not None, timeout=WAIT_MS)
    notice_button(again, "Recover").click()
    found = again.workspaces.page
    assert isinstance(found, PaintRoom)
    qtbot.waitUntil(lambda: found.files.is_modified, timeout=WAIT_MS)
    assert np.array_equal(found.easel.document.composite(Rect(0, 0, 512, 512)), painted)


def test_a_signal_leaves_nothing_of_a_saved_painting(open_studio: Open) -> None:
    studio = open_studio()
    paint_room(studio)
    close_at_signal(studio)
    assert not list((paths.data_folder() / RECOVERY_FOLDER).glob("*"))
