"""Row 29: a second window of the same user is told what it does not do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.apps.gui import Session
from tests.support.open_studio import open_studio


def test_a_second_window_says_that_it_keeps_no_waiting_runs(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    first, second = Session(tmp_path / "data"), Session(tmp_path / "data")
    assert first.journal is not None and second.journal is None
    studio = open_studio(qapp, tmp_path)
    qtbot.addWidget(studio.window)
    studio.keep_journal(second.journal)

    shown = studio.stage.notices.shown
    assert shown is not None and "another window" in shown.text
    assert "\n" not in shown.text and shown.hint
    studio.window.close()
