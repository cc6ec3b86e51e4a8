"""What the pictures of the window stand on: one font, one place, one time, one language."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from sdstudio.ui.immortal_constants import make_constants_immortal

make_constants_immortal()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/golden --update-golden` draws the pictures anew; look at them."""
    parser.addoption("--update-golden", action="store_true", help="draw the golden pictures anew")


@pytest.fixture
def still(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[QApplication]:
    """An application in which nothing blinks, and dates and numbers are those of one place."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    kept, flash_ms = QLocale(), qapp.cursorFlashTime()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    qapp.setCursorFlashTime(0)
    yield qapp
    qapp.setCursorFlashTime(flash_ms)
    QLocale.setDefault(kept)
    monkeypatch.undo()
    time.tzset()
