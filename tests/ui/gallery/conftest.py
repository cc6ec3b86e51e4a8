"""Rooms over real folders for the tests of the Gallery workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.gallery_room import OpenRoom, open_room
from tests.support.gallery_views import OpenViews, open_views

OpenIt = Callable[..., OpenRoom]


@pytest.fixture
def open_gallery(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIt]:
    """Opens rooms over `tmp_path`, and closes them after the test."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and proven elsewhere
    rooms: list[OpenRoom] = []

    def open_it(*, count: int = 0, extra: tuple[Path, ...] = ()) -> OpenRoom:
        rooms.append(open_room(qtbot, tmp_path, count=count, extra=extra))
        return rooms[-1]

    yield open_it
    for each in rooms:
        each.room.close_room()


@pytest.fixture
def views(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenViews]:
    """An empty room with everything that looks at single pictures."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    opened = open_views(qtbot, tmp_path)
    yield opened
    opened.close()
