"""The details of the selected pictures: marks that change, facts that are copied, plain text."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QToolButton, QWidget

from sdstudio.gallery.file_edits import mark_as_ai_made
from sdstudio.gallery.metadata import editing
from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.picture_row import PictureRow
from sdstudio.ui.gallery.prompt_dialog import PromptDialog
from sdstudio.ui.widgets.visible_text import one_line, visible_text
from tests.support.gallery_views import OpenViews, write_picture

HOSTILE = "<img src='file:///etc/passwd'><b>bold</b>\x00\x07\x1b[31m\u202egnp.exe\u200b &lt;"


def png_with_texts(views: OpenViews, name: str, texts: dict[str, str]) -> None:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_itxt(key, text)
    views.folder.mkdir(exist_ok=True)
    Image.new("RGB", (16, 8), "teal").save(views.folder / name, pnginfo=chunks)


def row(views: OpenViews, name: str) -> PictureRow:
    found = views.opened.room.gallery.index.row_of(views.folder / name)
    assert found is not None
    return found


def facts(views: OpenViews) -> dict[str, str]:
    return dict(views.views.panel.making.facts)


def shown_texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


@pytest.fixture
def two(views: OpenViews) -> OpenViews:
    write_picture(views.folder, "a.png", minute=1, prompt="a red fox", seed=2**64 - 1)
    write_picture(views.folder, "b.png", minute=2, prompt="a blue boat", negative_prompt="fog")
    views.rescan()
    return views


# -- facts ---------------------------------------------------------------------------------------


def test_every_setting_is_shown_and_can_be_copied(two: OpenViews) -> None:
    two.select("a.png")
    found = facts(two)
    assert found["Prompt"] == "a red fox"
    assert found["Seed"] == "18446744073709551615"
    assert found["Size"] == "48 × 32" and found["Steps"] == "3"
    assert found["Made with"] == "SD Studio" and found["Model hash"] == "fa4e"
    panel = two.views.panel
    copies = [b for b in panel.making.findChildren(QToolButton) if "Copy" in b.accessibleName()]
    assert len(copies) == len(found)
    next(b for b in copies if b.accessibleName() == "Copy Seed").click()
    assert clipboard() == "18446744073709551615"
    panel.copy_all.click()
    assert "Prompt: a red fox\n" in clipboard() and "File: a.png" in clipboard()


def test_the_file_is_described(two: OpenViews) -> None:
    two.select("b.png")
    about = dict(two.views.panel.file.facts)
    assert about["File"] == "b.png" and about["Folder"] == str(two.folder)
    assert about["Pixels"] == "48 × 32" and about["Kind"] == "PNG"


def test_the_selection_is_followed_and_several_have_common_marks(two: OpenViews) -> None:
    panel = two.views.panel
    two.select("a.png")
    assert facts(two)["Prompt"] == "a red fox"
    two.select("a.png", "b.png")
    assert not panel._made.isVisibleTo(panel) and "2 pictures" in shown_texts(panel)
    panel.stars.buttons[2].click()
    two.wait_idle()
    assert [row(two, name).rating for name in ("a.png", "b.png")] == [3, 3]
    two.opened.room.grid.clearSelection()
    two.wait_idle()
    assert not panel.body.isVisibleTo(panel)


def test_how_a_run_started_and_its_libraries_are_told(views: OpenViews) -> None:
    from sdstudio.messages.generation import ImageToImage
    from tests.support.fake_engine import gradient_picture

    start = ImageToImage(init_image=gradient_picture(48, 32, 1), strength=0.35)
    write_picture(views.folder, "a.png", start=start, parents=("b.png",))
    views.rescan()
    views.select("a.png")
    found = facts(views)
    assert found["Started as"] == "image-to-image" and found["Strength"] == "0.35"
    assert found["Made from"] == "b.png"


def test_facts_of_other_programs_go_by_their_own_names(views: OpenViews) -> None:
    text = "a house\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, Seed: 5, Lora hashes: x"
    png_with_texts(views, "a.png", {"parameters": text})
    views.rescan()
    views.select("a.png")
    found = facts(views)
    assert found["Lora hashes"] == "x" and found["Made with"] == "AUTOMATIC1111 or Forge"


# -- hostile -------------------------------------------------------------------------------------


def test_hostile_texts_are_plain_text_with_nothing_hidden(views: OpenViews) -> None:
    fields = f"Steps: 1, Seed: 2, Sampler: {HOSTILE}, Evil <u>name</u>: {HOSTILE}"
    png_with_texts(views, "a.png", {"parameters": f"{HOSTILE}\n{fields}"})
    views.rescan()
    views.opened.room.gallery.marks.put_on_board([views.folder / "a.png"], "<b>board</b>\u202e")
    views.opened.room.gallery.marks.set_note([views.folder / "a.png"], HOSTILE)
    views.opened.room.desk.find_again()
    views.select("a.png")
    panel = views.views.panel
    labels = [each for each in panel.findChildren(QLabel) if each.text()]
    assert any("<img" in each.text() for each in labels)
    for each in labels:
        assert each.textFormat() == Qt.TextFormat.PlainText, each.text()
        assert not set(each.text()) & set("\x00\x07\x1b\u202e\u200b"), each.text()
    assert isinstance(panel.note, QPlainTextEdit)
    for button in panel.findChildren(QToolButton):
        assert "\u202e" not in button.accessibleName()
    panel.copy_all.click()
    assert "\u202e" in clipboard(), "copying takes the text as it is in the file"


def test_a_very_long_prompt_is_shown_in_part_and_copied_whole(views: OpenViews) -> None:
    prompt = "word " * 20_000
    write_picture(views.folder, "a.png", prompt=prompt)
    views.rescan()
    views.select("a.png")
    panel = views.views.panel
    assert max(len(text) for text in shown_texts(panel)) < 1000
    copies = panel.making.findChildren(QToolButton)
    next(b for b in copies if b.accessibleName() == "Copy Prompt").click()
    assert clipboard() == prompt


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe1\xff"])
def test_a_broken_file_has_its_fault_among_its_facts(views: OpenViews, data: bytes) -> None:
    views.folder.mkdir(exist_ok=True)
    (views.folder / "a.png").write_bytes(data)
    views.rescan()
    views.select("a.png")
    assert dict(views.views.panel.file.facts)["Fault"]
    assert not views.views.reuse_bar.use.isEnabled() and not views.opened.errors


def test_fifty_megabytes_of_text_are_left_out_with_a_remark(views: OpenViews) -> None:
    buffer = io.BytesIO()
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", "x" * 50_000_000, zip=True)
    Image.new("RGB", (16, 8), "teal").save(buffer, "PNG", pnginfo=chunks)
    views.folder.mkdir(exist_ok=True)
    (views.folder / "a.png").write_bytes(buffer.getvalue())
    views.rescan()
    views.select("a.png")
    assert "too long" in dict(views.views.panel.file.facts)["Remark"]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain\ntext\t", "plain\ntext\t"),
        ("\x00\x1f\x7f", "␀␟␡"),
        ("\x85\u202e\ud800", "⟨U+0085⟩⟨U+202E⟩⟨U+D800⟩"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible_text(text) == shown
    assert "\n" not in one_line(text)


# -- marks ---------------------------------------------------------------------------------------


def test_stars_and_colours_come_and_go(two: OpenViews) -> None:
    two.select("a.png")
    panel = two.views.panel
    panel.stars.buttons[3].click()
    panel.labels.buttons["green"].click()
    two.wait_idle()
    assert (row(two, "a.png").rating, row(two, "a.png").label) == (4, "green")
    assert panel.labels.buttons["green"].isChecked()
    panel.stars.buttons[3].click()
    panel.labels.buttons[""].click()
    two.wait_idle()
    assert (row(two, "a.png").rating, row(two, "a.png").label) == (0, "")
    two.opened.room.undo()
    two.opened.room.undo()
    two.wait_idle()
    assert (row(two, "a.png").rating, row(two, "a.png").label) == (4, "green")


def test_boards_are_added_by_typing_and_removed_by_a_click(two: OpenViews) -> None:
    two.select("a.png")
    boards = two.views.panel.boards
    two.opened.qtbot.keyClicks(boards.field, "best & <b>")
    two.opened.qtbot.keyClick(boards.field, Qt.Key.Key_Return)
    two.wait_idle()
    assert row(two, "a.png").boards == ("best & <b>",)
    assert list(boards.remove_buttons) == ["best & <b>"]
    boards.remove_buttons["best & <b>"].click()
    two.wait_idle()
    assert row(two, "a.png").boards == () and not boards.remove_buttons


def test_a_note_is_kept_when_another_picture_is_selected(two: OpenViews) -> None:
    two.select("a.png")
    note = two.views.panel.note
    two.opened.qtbot.keyClicks(note, "for the cover")
    two.select("b.png")
    assert row(two, "a.png").note == "for the cover" and row(two, "b.png").note == ""
    assert note.toPlainText() == ""
    two.select("a.png")
    assert note.toPlainText() == "for the cover"


def test_what_is_being_typed_is_not_overwritten(two: OpenViews) -> None:
    two.select("a.png")
    note = two.views.panel.note
    two.opened.qtbot.keyClicks(note, "half a sen")
    two.opened.room.gallery.marks.set_note([two.folder / "a.png"], "by another window")
    two.opened.room.desk.find_again()
    two.wait_idle()
    assert note.toPlainText() in ("half a sen", "by another window")
    two.opened.qtbot.keyClicks(note, "tence")
    note.keep()
    two.wait_idle()
    assert row(two, "a.png").note == "half a sentence"


# -- edits in the file ---------------------------------------------------------------------------


def test_a_prompt_is_edited_in_the_file_and_taken_back(two: OpenViews) -> None:
    two.select("a.png")
    before = (two.folder / "a.png").read_bytes()
    two.views.file_edits.edit_prompt(two.id_of("a.png"))
    two.wait_idle()
    (dialog,) = two.opened.room.window().findChildren(PromptDialog)
    dialog.prompt.setPlainText("a green fox")
    dialog.accept()
    two.wait_idle()
    request = read_request(two.folder / "a.png")
    assert request is not None and request.prompt == "a green fox"
    assert facts(two)["Prompt"] == "a green fox"
    two.opened.room.undo()
    two.wait_idle()
    assert (two.folder / "a.png").read_bytes() == before
    assert facts(two)["Prompt"] == "a red fox"


def test_files_are_marked_and_stripped_together_or_not_at_all(two: OpenViews) -> None:
    ids = [two.id_of("a.png"), two.id_of("b.png")]
    edits = two.views.file_edits
    edits.mark(ids, is_marked=True)
    two.wait_idle()
    files = [two.folder / name for name in ("a.png", "b.png")]
    assert all(editing.is_ai_marked(path.read_bytes()) for path in files)
    edits.strip(ids)
    two.wait_idle()
    assert all(read_request(path) is None for path in files)
    two.opened.room.undo()
    two.wait_idle()
    assert all(read_request(path) is not None for path in files)

    marked = [path.read_bytes() for path in files]
    files[1].unlink()
    edits.strip([ids[0], ids[1]])
    two.wait_idle()
    assert two.opened.errors, "one sentence says which file could not be changed"
    assert files[0].read_bytes() == marked[0]


def test_an_edit_of_the_same_gallery_elsewhere_is_seen(two: OpenViews) -> None:
    two.select("a.png")
    mark_as_ai_made(two.opened.room.gallery, two.folder / "a.png", is_marked=True)
    two.rescan()
    assert int(row(two, "a.png").num_bytes) == (two.folder / "a.png").stat().st_size
