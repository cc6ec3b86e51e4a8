"""The Gallery workspace beside other programs: processes, folders, hostile and broken files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from PySide6.QtCore import Qt

from sdstudio.errors import StorageError
from sdstudio.gallery.export import ExportOutcome
from sdstudio.gallery.side_file import Marks
from sdstudio.gallery.trash import Trash
from sdstudio.ui.gallery import gallery_desk
from sdstudio.ui.gallery.export_dialog import ExportDialog
from sdstudio.ui.gallery.gallery_desk import Wish
from sdstudio.ui.gallery.gallery_edits import GalleryEdits
from sdstudio.ui.gallery.place_list import Place
from tests.support.saved_pictures import save_picture
from tests.ui.gallery.conftest import OpenIt

BEGIN = GalleryEdits._begin
ROOT = Path(__file__).resolve().parents[3]

OTHER = """
import sys
from pathlib import Path
from sdstudio.gallery.gallery import Gallery
from tests.support.saved_pictures import save_picture

folder = Path(sys.argv[1])
gallery = Gallery([folder], cache_folder=Path(sys.argv[2]))
for verb in sys.stdin:
    paths = [row.path for row in gallery.search()]
    if verb == "add\\n":
        for number in range(100, 105):
            gallery.add(save_picture(folder / "sub", number))
    elif verb == "delete\\n":
        gallery.delete(paths[:2])
    elif verb == "mark\\n":
        gallery.marks.rate(paths[:3], 4)
        gallery.marks.put_on_board(paths[:1], "from afar")
    elif verb == "restore\\n":
        gallery.restore(*gallery.shelf()[0])
    elif verb == "busy\\n":
        for turn in range(20):
            gallery.marks.rate(paths[: turn % 9 + 1], turn % 6)
            gallery.add(save_picture(folder, 200 + turn))
            gallery.scan()
gallery.close()
"""


class OtherProcess:
    """A second program on the same gallery."""

    def __init__(self, tmp_path: Path, errors: IO[str]) -> None:
        words = [sys.executable, "-c", OTHER, str(tmp_path / "pictures"), str(tmp_path / "cache")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stderr=errors, text=True
        )

    def say(self, verb: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{verb}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[OtherProcess]:
    with (tmp_path / "stderr.txt").open("w+") as errors:
        other = OtherProcess(tmp_path, errors)
        yield other
        other.end()
        code = other.process.wait(120)
        errors.seek(0)
        assert code == 0, errors.read()


def test_what_another_process_does_is_seen(open_gallery: OpenIt, other: OtherProcess) -> None:
    opened = open_gallery(count=6)
    room = opened.room
    other.say("add")
    opened.wait(lambda: len(room.pictures.ids) == 11)
    assert opened.numbers() == [104, 103, 102, 101, 100, 5, 4, 3, 2, 1, 0]
    other.say("mark")
    opened.wait(lambda: room.boards.places.boards() == ["from afar"])
    opened.wait_idle()
    room.grid.viewport().repaint()
    opened.wait(lambda: [room.pictures.cell(row).rating for row in range(4)] == [4, 4, 4, 0])
    other.say("delete")
    opened.wait(lambda: len(room.pictures.ids) == 9)
    other.say("restore")
    opened.wait(lambda: len(room.pictures.ids) == 11)
    opened.wait_idle()
    assert sorted(opened.numbers()) == [0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104]
    assert not opened.errors


def test_two_that_work_at_once_lose_nothing(open_gallery: OpenIt, other: OtherProcess) -> None:
    opened = open_gallery(count=9)
    room = opened.room
    other.say("busy")
    other.end()
    turn = 0
    while other.process.poll() is None:
        turn += 1
        opened.select(turn % 9)
        room.commands.rate(turn % 6)
        opened.qtbot.wait(20)
    opened.wait(lambda: len(room.pictures.ids) == 29)
    opened.wait_idle()
    assert len(set(opened.paths())) == 29
    assert not opened.errors


def test_two_windows_show_the_same(open_gallery: OpenIt) -> None:
    first, second = open_gallery(count=5), open_gallery(count=5)
    first.select(0)
    first.room.commands.rate(3)
    first.room.commands.put_on_board("both")
    second.wait(lambda: second.room.boards.places.boards() == ["both"])
    second.select(4)
    second.room.commands.delete()
    first.wait(lambda: len(first.room.pictures.ids) == 4)
    second.room.undo()
    first.wait(lambda: len(first.room.pictures.ids) == 5)
    assert not first.errors and not second.errors


def test_files_that_come_go_and_change_their_name(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=4)
    room, folder = opened.room, opened.folders[0]
    opened.select(1)
    room.commands.rate(5)
    opened.wait_idle()
    (folder / "picture-0002.png").rename(folder / "renamed-0020.png")
    opened.wait(lambda: "renamed-0020.png" in [path.name for path in opened.paths()])
    opened.wait_idle()
    assert [row.rating for row in room.gallery.search()] == [0, 5, 0, 0]
    (folder / "picture-0000.png").unlink()
    opened.wait(lambda: len(room.pictures.ids) == 3)
    save_picture(folder / "deep" / "down", 50)
    opened.wait(lambda: len(room.pictures.ids) == 4)
    save_picture(folder / "deep" / "down", 51)
    opened.wait(lambda: len(room.pictures.ids) == 5)


def test_an_edited_picture_gets_a_new_thumbnail(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=1)
    room = opened.room
    opened.wait(lambda: room.thumbnails.fetched == 1)
    (cell,) = room.pictures.known(room.pictures.ids)
    old = room.thumbnails.get(cell)
    assert old is not None and old.pixmap is not None
    before = old.pixmap.toImage()
    path = save_picture(opened.folders[0], 77)
    path.replace(opened.folders[0] / "picture-0000.png")
    opened.wait(lambda: room.thumbnails.fetched == 2)
    new = room.thumbnails.get(room.pictures.known(room.pictures.ids)[0])
    assert new is not None and new.pixmap is not None
    assert new.pixmap.toImage() != before


def test_a_picture_written_over_in_its_place_is_seen(open_gallery: OpenIt) -> None:
    """Same name, same folder: no watched folder tells of it."""
    opened = open_gallery(count=3)
    room, path = opened.room, opened.folders[0] / "picture-0001.png"
    opened.wait(lambda: room.thumbnails.fetched == 3)
    room.desk.rest()  # no scan from now on
    opened.wait_idle()
    other = save_picture(opened.folders[0].parent, 77, prompt="written by another program")
    with path.open("r+b") as file:
        file.write(other.read_bytes())
        file.truncate()

    def is_seen() -> bool:
        opened.wiring.files_on_screen.look()
        return room.thumbnails.fetched > 3

    opened.wait(is_seen)
    opened.wait_idle()
    rows = {row.path.name: row.prompt for row in room.gallery.search()}
    assert rows["picture-0001.png"] == "written by another program"
    assert not opened.errors


def test_a_file_that_stays_odd_is_not_read_every_time(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_gallery(count=1)
    opened.wait(lambda: len(opened.room.pictures.known(opened.room.pictures.ids)) == 1)
    opened.room.desk.rest()  # a scan would put it right
    opened.wait_idle()
    reads: list[object] = []
    monkeypatch.setattr(opened.room.gallery, "read_again", reads.append)
    os.utime(opened.paths()[0], (5, 5))
    look = opened.wiring.files_on_screen.look
    opened.wait(lambda: look() or len(reads) == 1)
    opened.wait_idle()
    for _ in range(3):
        look()
        opened.wait(lambda: not opened.wiring.files_on_screen._background.pending)
    assert len(reads) == 1


def test_other_folders_are_watched_in_place(open_gallery: OpenIt, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    save_picture(other, 900)
    opened = open_gallery(count=2)
    opened.folders.append(other)
    opened.room.desk.follow()
    opened.wait(lambda: len(opened.room.pictures.ids) == 3)
    assert (other / "picture-0900.png").exists()
    save_picture(other, 901)
    opened.wait(lambda: len(opened.room.pictures.ids) == 4)
    opened.folders.pop()
    opened.room.desk.follow()
    opened.wait(lambda: len(opened.room.pictures.ids) == 2)
    assert not opened.errors


def test_a_folder_that_is_not_there_is_told_in_one_line(
    open_gallery: OpenIt, tmp_path: Path
) -> None:
    opened = open_gallery(count=2, extra=(tmp_path / "unplugged",))
    assert opened.numbers() == [1, 0]
    assert [notice.key for notice in opened.notices] == ["gallery-problems"]
    assert "unplugged" in opened.notices[0].text
    assert not opened.errors


def test_broken_files_are_shown_as_such(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=2)
    (opened.folders[0] / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"junk")
    opened.wait(lambda: len(opened.room.pictures.ids) == 3)
    opened.wait(lambda: opened.room.thumbnails.fetched == 3)
    opened.room.search.field.setText("is:broken")
    opened.wait(lambda: len(opened.room.pictures.ids) == 1)
    opened.wait_idle()
    opened.room.grid.viewport().repaint()
    opened.wait(lambda: bool(opened.room.pictures.known(opened.room.pictures.ids)))
    (cell,) = opened.room.pictures.known(opened.room.pictures.ids)
    assert cell.fault and opened.room.thumbnails.get(cell).pixmap is None  # type: ignore[union-attr]


def test_what_files_say_is_never_read_as_html(open_gallery: OpenIt) -> None:
    opened = open_gallery()
    hostile = '<b>bold</b><img src="file:///etc/passwd"> \x1b[31m \u202egnp.exe'
    save_picture(opened.folders[0], 0, prompt=hostile)
    opened.wait(lambda: len(opened.room.pictures.ids) == 1)
    opened.wait(lambda: bool(opened.room.pictures.known(opened.room.pictures.ids)))
    tooltip = opened.room.pictures.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;bold&lt;/b&gt;" in tooltip and "<img" not in tooltip
    assert "\x1b" not in tooltip and "\u202e" not in tooltip
    marks = opened.room.gallery.marks
    marks.add_board("<h1>loud</h1>")
    opened.room.desk.list_contents()
    opened.wait(lambda: bool(opened.room.boards.places.boards()))
    opened.room.search.field.setText('"<i>nothing</i>"')
    opened.wait(lambda: opened.room.empty.isVisible())
    assert opened.room.empty.title.textFormat() == Qt.TextFormat.PlainText


def test_a_lost_index_is_built_again(open_gallery: OpenIt, tmp_path: Path) -> None:
    opened = open_gallery(count=5)
    opened.select(0)
    opened.room.commands.rate(4)
    opened.wait_idle()
    for file in (tmp_path / "cache").glob("gallery.sqlite3*"):
        file.unlink()
    opened.room.desk.scan()
    opened.wait_idle()
    opened.wait(lambda: len(opened.room.pictures.ids) == 5)
    assert [row.rating for row in opened.room.gallery.search()] == [4, 0, 0, 0, 0]


def test_a_search_that_fails_does_not_swallow_the_next(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index was busy for one look; what was wished meanwhile is found all the same."""
    opened = open_gallery(count=3)
    find = gallery_desk._find
    faults = [StorageError("Another program is using the gallery's index.")]

    def fail_once(*asked):
        if faults:
            raise faults.pop()
        return find(*asked)

    monkeypatch.setattr(gallery_desk, "_find", fail_once)
    opened.room.desk.find(Wish(text="boat"))
    opened.room.desk.find(Wish(text="fox"))
    opened.wait(lambda: len(opened.room.pictures.ids) == 1)
    assert [str(error) for error in opened.errors] == [
        "Another program is using the gallery's index."
    ]


def test_reading_everything_again_can_be_stopped(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=5)
    outcomes: list[object] = []
    opened.room.desk.scan_ended.connect(outcomes.append)
    opened.room.desk.scan(read_all=True)
    opened.room.desk.cancel_scan()
    opened.wait(lambda: bool(outcomes))
    assert outcomes[0].was_cancelled  # type: ignore[attr-defined]
    opened.wait_idle()
    assert len(opened.numbers()) == 5
    opened.room.desk.scan(read_all=True)
    opened.wait(lambda: len(outcomes) == 2)
    assert not outcomes[1].was_cancelled  # type: ignore[attr-defined]


def test_progress_of_many_files_can_be_seen(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_gallery(count=3)
    monkeypatch.setattr("sdstudio.ui.gallery.scan_strip.MIN_FILES", 3)
    words: list[str] = []
    strip = opened.room.scan_strip
    opened.room.desk.scan_progressed.connect(lambda *_: words.append(strip.words.text()))
    opened.room.desk.scan(read_all=True)
    opened.wait(lambda: bool(words))
    opened.wait_idle()
    assert words == ["Reading pictures: 3 of 3"]
    assert strip.isHidden()


def test_a_long_change_can_be_seen_and_stopped(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before it is made, nothing changed; a deletion leaves the rest."""
    opened = open_gallery(count=6)
    monkeypatch.setattr("sdstudio.gallery.steps.QUIET_S", 0.0)
    monkeypatch.setattr("sdstudio.gallery.steps.EVERY_S", 0.0)
    monkeypatch.setattr("sdstudio.ui.gallery.gallery_edits.ROWS_AT_ONCE", 2)
    room, strip = opened.room, opened.room.edit_strip
    words: list[str] = []
    room.edits.progressed.connect(lambda *_: words.append(strip.words.text()))

    opened.select(*range(6))
    room.commands.rate(3)
    opened.wait_idle()
    assert "Changing pictures: 33 %" in words and words[-1] == "Changing pictures: 100 %"
    assert strip.isHidden() and room.gallery.count("rating:3") == 6

    stop_at(room, monkeypatch, reports=2)
    room.commands.rate(5)
    opened.wait_idle()
    opened.wait(lambda: [cell.rating for cell in shown(opened)] == [3] * 6)
    assert room.gallery.count("rating:3") == 6 and not opened.errors

    stop_at(room, monkeypatch, reports=5)
    room.commands.delete()
    opened.wait(lambda: 0 < len(room.pictures.ids) < 6)
    opened.wait_idle()
    left = len(room.pictures.ids)
    assert opened.notices[-1].text.startswith(f"{6 - left} picture")
    assert not strip.stop.isHidden()
    room.undo()
    opened.wait(lambda: len(room.pictures.ids) == 6)
    opened.wait_idle()
    assert words[-1].startswith("Taking the change back") and strip.stop.isHidden()
    assert room.gallery.count("rating:3") == 6 and not opened.errors


def stop_at(room, monkeypatch: pytest.MonkeyPatch, *, reports: int) -> None:
    """Press Stop in the moment of a report; the worker waits for nobody, so it is done there."""

    def begin_counting(self, kind: str):
        steps = BEGIN(self, kind)
        told: list[object] = []
        report = steps._report

        def tell(done: int, total: int) -> None:
            report(done, total)
            told.append(done)
            if len(told) == reports and kind != "undo":
                room.edits.stop()

        steps._report = tell
        return steps

    monkeypatch.setattr(GalleryEdits, "_begin", begin_counting)


def shown(opened) -> list:
    opened.room.grid.viewport().repaint()
    return [cell for row in range(6) if (cell := opened.room.pictures.cell(row)) is not None]


def test_old_deletions_go_to_the_systems_trash(
    open_gallery: OpenIt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    folder = tmp_path / "pictures"
    for number in range(3):
        save_picture(folder, number)
    for number, days in ((0, 31), (1, 29)):
        then = datetime.now(UTC) - timedelta(days=days)
        Trash(folder, now=lambda then=then: then).delete(
            [f"picture-{number:04}.png"], lambda _: Marks()
        )
    opened = open_gallery()
    opened.wait(lambda: len(opened.room.pictures.ids) == 1)
    opened.wait(lambda: len(opened.room.gallery.shelf()) == 1)
    assert len(list((tmp_path / "share").rglob("*.trashinfo"))) == 1
    opened.room.boards.go_to(Place(kind="trash"))
    opened.wait(lambda: len(opened.room.trash.shelf.shelved) == 1)


def test_export_writes_copies_under_new_names(open_gallery: OpenIt, tmp_path: Path) -> None:
    opened = open_gallery(count=4)
    opened.select(0, 2)
    opened.room.commands.export()
    (dialog,) = opened.room.window().findChildren(ExportDialog)
    outcomes: list[ExportOutcome] = []
    dialog.exported.connect(lambda outcome, _: outcomes.append(outcome))
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.names.setCurrentText("{seed}-{number}")
    dialog.format.setCurrentIndex(dialog.format.findData("webp"))
    opened.wait(lambda: dialog.example.text() == "For example 3-0001.webp")
    dialog.start.click()
    opened.wait(lambda: bool(outcomes))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["1-0002.webp", "3-0001.webp"]
    assert opened.notices[-1].text == "2 pictures exported."
    found = subprocess.run(
        [sys.executable, "-m", "sdstudio", "inspect", str(tmp_path / "out" / names[0]), "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert '"seed": 1' in json.dumps(json.loads(found.stdout))


def test_an_export_that_cannot_be_written_says_so(open_gallery: OpenIt, tmp_path: Path) -> None:
    opened = open_gallery(count=1)
    opened.select(0)
    opened.room.commands.export()
    (dialog,) = opened.room.window().findChildren(ExportDialog)
    (tmp_path / "file").write_text("in the way")
    dialog.folder.setText(str(tmp_path / "file" / "below"))
    dialog.start.click()
    opened.wait(lambda: bool(opened.errors))
    assert dialog.start.isEnabled()
    dialog.reject()


def test_a_hidden_room_leaves_the_disk_alone_until_it_is_seen(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=2)
    scans: list[None] = []
    opened.room.desk.scan_began.connect(lambda: scans.append(None))
    opened.room.hide()
    opened.qtbot.wait(600)
    scans.clear()
    save_picture(opened.folders[0], 30)
    opened.qtbot.wait(1200)
    assert not scans
    opened.room.show()
    opened.wait(lambda: len(opened.room.pictures.ids) == 3)
