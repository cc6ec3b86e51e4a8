"""The pages in the middle of the window: built late, one shown at a time, notices over all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from sdstudio.apps.gui import build_studio
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.notices import Notice, NoticeBar
from sdstudio.ui.studio import Studio
from sdstudio.ui.workspaces import Workspaces
from tests.architecture.source_tree import ROOT
from tests.support.fake_engine import FakeEngine

WAIT_MS = 30_000
KEYS = ("picture", "paint", "gallery")


class Page(QWidget):
    """A page that counts what happens to it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.title = QLabel(name)
        self.title_widgets = (self.title,)
        self.field = QPlainTextEdit()
        QVBoxLayout(self).addWidget(self.field)
        self.was_closed = False
        self.tool = QAction("Tool", self)
        self.tool.setShortcut("B")
        self.addAction(self.tool)

    def close_room(self) -> None:
        self.was_closed = True


class House:
    """Workspaces of three pages, and a log of what was built."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.notices = NoticeBar()
        self.actions = {f"page-{key}": QAction(key) for key in KEYS}
        for number, action in enumerate(self.actions.values(), 2):
            action.setShortcut(f"F{number}")
        self.workspaces = Workspaces(self.notices, self.actions)
        self.workspaces.addActions(list(self.actions.values()))
        for key in KEYS:
            self.workspaces.add(key, key.title(), "picture", lambda key=key: self._build(key))
        self.workspaces.resize(800, 500)

    def _build(self, key: str) -> Page:
        self.built.append(key)
        return Page(key)

    def page(self, key: str) -> Page:
        page = self.workspaces.built(key)
        assert isinstance(page, Page)
        return page


@pytest.fixture
def house(qtbot: QtBot) -> House:
    made = House()
    qtbot.addWidget(made.workspaces)
    made.workspaces.show_page("picture")
    made.workspaces.show()
    made.workspaces.activateWindow()
    qtbot.waitUntil(made.workspaces.isActiveWindow, timeout=WAIT_MS)
    return made


def test_a_page_is_built_once_when_it_is_first_shown(house: House, qtbot: QtBot) -> None:
    assert house.built == ["picture"]
    with qtbot.waitSignal(house.workspaces.page_changed, timeout=WAIT_MS) as changed:
        house.workspaces.show_page("paint")
    assert changed.args == ["paint"]
    house.workspaces.show_page("picture")
    house.workspaces.show_page("paint")
    assert house.built == ["picture", "paint"]
    assert house.workspaces.built("gallery") is None


def test_building_a_page_leaves_the_shown_one(house: House) -> None:
    house.workspaces.build("gallery")
    assert house.built == ["picture", "gallery"]
    assert house.workspaces.key == "picture"
    assert house.page("picture").isVisible()


def test_each_page_has_a_key_and_its_titles_show_with_it(house: House) -> None:
    QTest.keyClick(house.workspaces, Qt.Key.Key_F3)
    assert house.workspaces.key == "paint"
    assert house.page("paint").title.isVisible()
    assert not house.page("picture").title.isVisible()
    QTest.keyClick(house.page("paint").field, Qt.Key.Key_F2)
    assert house.workspaces.key == "picture"
    assert house.page("picture").title.isVisible()


def test_keys_of_a_page_work_only_while_it_is_shown_and_never_while_typing(house: House) -> None:
    pressed: list[str] = []
    house.workspaces.show_page("paint")
    for key in ("picture", "paint"):
        house.page(key).tool.triggered.connect(lambda _=False, key=key: pressed.append(key))
    QTest.keyClick(house.workspaces, Qt.Key.Key_B)
    assert pressed == ["paint"]
    house.page("paint").field.setFocus()
    QTest.keyClick(house.page("paint").field, Qt.Key.Key_B)
    assert pressed == ["paint"]
    assert house.page("paint").field.toPlainText() == "b"


def test_bound_actions_are_seen_only_with_their_page(house: House) -> None:
    action = QAction("Export")
    house.workspaces.bind("paint", [action])
    assert not action.isVisible()
    house.workspaces.show_page("paint")
    assert action.isVisible() and action.isEnabled()
    house.workspaces.show_page("gallery")
    assert not action.isVisible() and not action.isEnabled()


def test_notices_lie_over_every_page(house: House) -> None:
    house.notices.tell(Notice(text="Hello", severity="warning"))
    for key in KEYS:
        house.workspaces.show_page(key)
        assert house.notices.isVisible()
        centre = house.notices.mapTo(house.workspaces, house.notices.rect().center())
        found: QWidget | None = house.workspaces.childAt(centre)
        while found is not None and found is not house.notices:
            found = found.parentWidget()
        assert found is house.notices, key
    before = house.notices.geometry()
    house.workspaces.resize(500, 400)
    assert house.notices.geometry().width() < before.width()


def test_closing_tells_only_pages_that_were_built(house: House) -> None:
    house.workspaces.show_page("paint")
    house.workspaces.close_pages()
    assert house.page("picture").was_closed and house.page("paint").was_closed
    assert house.built == ["picture", "paint"]


def test_an_unknown_page_is_a_key_error(house: House) -> None:
    with pytest.raises(KeyError):
        house.workspaces.show_page("cellar")
    assert house.workspaces.key == "picture"


# --- in the studio ----------------------------------------------------------------------------

Open = Callable[[], Studio]


@pytest.fixture
def open_studio(qapp: QApplication, qtbot: QtBot, user_folder: Path) -> Iterator[Open]:
    """Studios of one user that are closed when the test is over."""
    opened: list[Studio] = []
    store = user_folder / "settings.json"

    def open_one() -> Studio:
        studio = build_studio(qapp, SettingsStore(store), FakeEngine())
        opened.append(studio)
        with qtbot.waitSignal(studio.settled, timeout=WAIT_MS):
            studio.open()
        return studio

    yield open_one
    for studio in opened:
        if studio.window.isVisible():
            studio.window.close()
        studio.window.deleteLater()
    qapp.setStyleSheet("")


def test_the_studio_opens_on_the_picture_and_remembers_the_page(open_studio: Open) -> None:
    studio = open_studio()
    assert studio.workspaces.key == "picture"
    assert studio.workspaces.keys == KEYS
    studio.actions["page-paint"].trigger()
    assert studio.workspaces.key == "paint"
    studio.window.close()
    again = open_studio()
    assert again.workspaces.key == "paint"


def test_menus_show_what_belongs_to_the_page(open_studio: Open) -> None:
    studio = open_studio()
    bar = studio.window.menuBar()

    def shown() -> list[str]:
        return [action.text().replace("&", "") for action in bar.actions() if action.isVisible()]

    assert "Layer" not in shown()
    studio.workspaces.show_page("paint")
    assert {"Layer", "Select"} <= set(shown())
    assert not studio.actions["open-start"].isVisible()
    studio.workspaces.show_page("picture")
    assert "Layer" not in shown()
    assert studio.actions["open-start"].isVisible()


def test_no_two_keys_that_work_at_once_are_the_same(open_studio: Open) -> None:
    studio = open_studio()
    for key in KEYS:
        studio.workspaces.show_page(key)
        seen: dict[str, str] = {}
        for action in studio.window.findChildren(QAction):
            if action.isEnabled() and any(map(_is_reachable, action.associatedObjects())):
                for keys in action.shortcuts():
                    assert seen.setdefault(keys.toString(), action.text()) == action.text(), key


def _is_reachable(owner: object) -> bool:
    if isinstance(owner, QMenu):
        return owner.menuAction().isVisible()
    return isinstance(owner, QWidget) and owner.isVisible()


START = """
import sys
from sdstudio.apps import gui
from sdstudio.settings.store import SettingsStore
from tests.support.fake_engine import FakeEngine
from pathlib import Path
app = gui.make_application()
studio = gui.build_studio(app, SettingsStore(Path(sys.argv[1])), FakeEngine())
heavy = []
def look():
    heavy.extend(name for name in sys.modules if name.startswith(
        ("sdstudio.ui.canvas.paint", "sdstudio.ui.canvas.layer", "sdstudio.ui.gallery.gallery_room",
         "sdstudio.document", "torch")))
    studio.window.close()
studio.settled.connect(look)
studio.open()
app.exec()
print(heavy)
"""


def test_the_start_loads_nothing_of_paint_and_gallery(user_folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path / "settings.json")],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_painting_has_the_room_of_the_strips_below_and_gives_it_back(open_studio: Open) -> None:
    studio = open_studio()
    docks = (studio.window.gallery_dock, studio.window.queue_dock)
    docks[1].close()
    studio.workspaces.show_page("paint")
    assert all(dock.isHidden() for dock in docks)
    studio.window.close()
    again = open_studio()
    assert again.workspaces.key == "paint"
    docks = (again.window.gallery_dock, again.window.queue_dock)
    assert all(dock.isHidden() for dock in docks)
    again.workspaces.show_page("gallery")
    assert all(dock.isHidden() for dock in docks)
    again.workspaces.show_page("picture")
    assert not docks[0].isHidden()
    assert docks[1].isHidden(), "what a person closed stays closed"


def test_a_page_has_the_keyboard_when_it_is_shown(open_studio: Open, qtbot: QtBot) -> None:
    studio = open_studio()
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow, timeout=WAIT_MS)
    assert studio.panel.prompt.hasFocus()
    studio.actions["page-paint"].trigger()
    page = studio.workspaces.page
    assert page is not None and page.focusProxy() is not None
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page.focusProxy(), timeout=WAIT_MS)
