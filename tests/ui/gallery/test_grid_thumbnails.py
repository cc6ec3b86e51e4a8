"""Thumbnails of the grid: made beside the window, what is seen first, within bounds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sdstudio.gallery.thumbnails import ThumbnailCache
from sdstudio.messages.raster import Raster
from sdstudio.ui.gallery import grid_thumbnails
from sdstudio.ui.gallery.grid_thumbnails import AT_ONCE
from tests.ui.gallery.conftest import OpenIt


class Gate:
    """Stands in for the reading of thumbnails: notes who asks for what, and can be shut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Path] = []
        self.threads: set[threading.Thread] = set()
        self.is_open = threading.Event()
        self.is_open.set()
        read = ThumbnailCache.get

        def get(cache: ThumbnailCache, path: Path) -> Raster:
            self.threads.add(threading.current_thread())
            self.asked.append(path)
            assert self.is_open.wait(60)
            return read(cache, path)

        monkeypatch.setattr(ThumbnailCache, "get", get)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def test_thumbnails_are_never_made_on_the_windows_thread(open_gallery: OpenIt, gate: Gate) -> None:
    opened = open_gallery(count=6)
    opened.wait(lambda: len(gate.asked) >= 6)
    assert threading.main_thread() not in gate.threads


def test_what_is_seen_now_comes_before_what_was_seen(open_gallery: OpenIt, gate: Gate) -> None:
    """The beginning is still being read when the view jumps to the end."""
    gate.is_open.clear()
    opened = open_gallery(count=150)
    grid, pictures = opened.room.grid, opened.room.pictures
    opened.wait(lambda: len(gate.asked) == AT_ONCE)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    opened.wait(lambda: all(pictures.cell(row) for row in grid.visible_rows()))
    opened.qtbot.wait(50)  # the wishes of the last place are told when the view has settled
    gate.is_open.set()
    seen = {pictures.cell(row).path for row in grid.visible_rows()}  # type: ignore[union-attr]
    opened.wait(lambda: len(gate.asked) >= AT_ONCE + len(seen))

    assert set(gate.asked[AT_ONCE : AT_ONCE + len(seen)]) == seen


def test_memory_for_thumbnails_is_bounded(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_thumbnails, "MIN_BYTES", 0)
    monkeypatch.setattr(grid_thumbnails, "SCREENS_KEPT", 1)
    opened = open_gallery(count=90)
    thumbnails = opened.room.thumbnails
    bar = opened.room.grid.verticalScrollBar()
    for value in range(0, bar.maximum() + 1, bar.pageStep()):
        bar.setValue(value)
        opened.wait_idle()
        opened.wait(lambda: not thumbnails._reading and not thumbnails._wishes)

    kept = sum(each.num_bytes for each in thumbnails._kept.values())
    assert kept == thumbnails._num_bytes <= thumbnails._bound
    assert thumbnails.fetched > len(thumbnails._kept)
