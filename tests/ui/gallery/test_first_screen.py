"""However large the gallery: the first screen comes at once, all others in a moment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.scan import ScanOutcome
from sdstudio.ui.gallery import gallery_desk
from sdstudio.ui.gallery.gallery_desk import Found, Wish
from tests.support.saved_pictures import save_picture
from tests.ui.gallery.conftest import OpenIt


def test_a_new_wish_is_answered_in_two_strokes(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_desk, "FIRST_IDS", 3)
    opened = open_gallery(count=8)
    opened.wait(lambda: len(opened.room.pictures.ids) == 8)
    answers: list[tuple[str, int, bool]] = []

    def note(found: Found) -> None:
        answers.append((found.wish.text, len(found.ids), found.is_whole))

    opened.room.desk.found.connect(note)
    opened.room.desk.find(Wish(text="number"))
    opened.wait(lambda: len(answers) == 2)
    opened.room.desk.find_again()
    opened.wait(lambda: len(answers) == 3)

    assert answers == [("number", 3, False), ("number", 8, True), ("number", 8, True)]


def test_a_scan_that_finds_nothing_new_changes_nothing_on_screen(
    open_gallery: OpenIt,
) -> None:
    opened = open_gallery(count=5)
    opened.select(2)
    chosen = opened.room.selected_ids()
    opened.room.desk.scan()
    opened.wait_idle()
    assert opened.room.selected_ids() == chosen


def test_what_a_long_scan_has_read_comes_into_sight_before_it_ends(
    open_gallery: OpenIt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan is held in its last report; by then the first batch has been written."""
    monkeypatch.setattr(gallery_desk, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("sdstudio.gallery.scan._BATCH", 4)
    monkeypatch.setattr("sdstudio.gallery.scan._REPORT_EVERY", 1)
    opened = open_gallery()
    for number in range(12):
        save_picture(tmp_path / "pictures", number)
    scan, is_held = Gallery.scan, [True]

    def slow(gallery: Gallery, *, report, **options) -> ScanOutcome:
        def held(progress) -> None:
            report(progress)
            while is_held[0] and progress.done == 11:
                time.sleep(0.01)

        return scan(gallery, report=held, **options)

    monkeypatch.setattr(Gallery, "scan", slow)
    opened.room.desk.scan()
    try:
        opened.wait(lambda: len(opened.room.pictures.ids) > 0)
        assert opened.room.desk.is_scanning
        newest = opened.room.gallery.rows(opened.room.pictures.ids[:1])[0]
        assert newest.path.name == "picture-0011.png", "the newest are read first"
    finally:
        is_held[0] = False
    opened.wait(lambda: len(opened.room.pictures.ids) == 12)
