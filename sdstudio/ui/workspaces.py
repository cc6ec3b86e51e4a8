"""The middle of the window: a row of tabs over the pages Picture, Paint and Gallery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from sdstudio.ui.icons import icon
from sdstudio.ui.notices import NoticeBar
from sdstudio.ui.widgets.buttons import with_shortcut

ROW_PX = 34

Factory = Callable[[], QWidget]


@dataclass(slots=True, kw_only=True)
class _Page:
    """A page that is built when it is first shown."""

    key: str
    factory: Factory
    widget: QWidget | None = None
    actions: tuple[QAction, ...] = ()


class _Stack(QStackedWidget):
    """Holds the pages, with the notices over whichever is shown."""

    def __init__(self, notices: NoticeBar) -> None:
        super().__init__()
        self._notices = notices
        notices.setParent(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._notices.adjust()


class Workspaces(QWidget):
    """Shows one page at a time, and gives it the keyboard; it costs nothing until then.

    A page with an attribute `title_widgets` (a tuple of widgets) has them at the right of the tabs
    while it is shown. Actions that a page adds to itself work only while it is shown; those that
    also lie in the menu bar are tied to it by `bind`.

    Args:
        notices: lies over every page.
        actions: by name; "page-KEY" shows the page KEY.
    """

    page_changed = Signal(str)

    def __init__(self, notices: NoticeBar, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._notices = notices
        self._actions = actions
        self._pages: list[_Page] = []
        self._key = ""
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setAccessibleName(self.tr("Workspaces"))
        self._tabs.currentChanged.connect(self._show_tab)
        self._row = QWidget()
        self._row.setProperty("role", "dock-title")
        self._row.setFixedHeight(ROW_PX)
        self._titles = QHBoxLayout(self._row)
        self._titles.setContentsMargins(4, 0, 6, 0)
        self._titles.setSpacing(4)
        self._titles.addWidget(self._tabs)
        self._titles.addStretch(1)
        self._stack = _Stack(notices)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._row)
        layout.addWidget(self._stack, 1)

    @property
    def key(self) -> str:
        """The page that is shown."""
        return self._key

    @property
    def keys(self) -> tuple[str, ...]:
        """All pages, from left to right."""
        return tuple(page.key for page in self._pages)

    @property
    def page(self) -> QWidget | None:
        """The widget of the page that is shown."""
        return self.built(self._key)

    def built(self, key: str) -> QWidget | None:
        """The widget of a page, if it has ever been shown."""
        return next((page.widget for page in self._pages if page.key == key), None)

    def add(self, key: str, title: str, icon_name: str, factory: Factory) -> None:
        """Offer a page.

        Args:
            factory: builds it; called once, when the page is first shown.
        """
        page = _Page(key=key, factory=factory)
        self._pages.append(page)
        self._tabs.addTab(icon(icon_name), title)
        action = self._actions[f"page-{key}"]
        self._tabs.setTabToolTip(len(self._pages) - 1, with_shortcut(title, action.shortcut()))
        action.setEnabled(True)
        action.triggered.connect(lambda: self.show_page(key))

    def bind(self, key: str, actions: Iterable[QAction]) -> None:
        """Let actions be seen and work only while a page is shown."""
        page = self._find(key)
        page.actions += tuple(actions)
        self._show_actions(page)

    def show_page(self, key: str) -> None:
        """Bring a page to the front, building it first if need be, and give it the keyboard.

        Raises:
            KeyError: there is no such page.
        """
        page = self._find(key)
        self._tabs.setCurrentIndex(self._pages.index(page))
        if page.widget is not None and self.isVisible():
            page.widget.setFocus()

    def build(self, key: str) -> QWidget:
        """The widget of a page, built if it was not; the page that is shown stays."""
        page = self._find(key)
        if page.widget is None:
            page.widget = page.factory()
            self._stack.addWidget(page.widget)
            for extra in getattr(page.widget, "title_widgets", ()):
                self._titles.addWidget(extra)
                extra.hide()
            self._notices.raise_()
        return page.widget

    def close_pages(self) -> None:
        """Let every page that has a `close_room` end its work; the window has closed."""
        for page in self._pages:
            close = getattr(page.widget, "close_room", None)
            if close is not None:
                close()

    def _find(self, key: str) -> _Page:
        for page in self._pages:
            if page.key == key:
                return page
        raise KeyError(key)

    def _show_tab(self, index: int) -> None:
        page = self._pages[index]
        widget = self.build(page.key)
        self._key = page.key
        for each in self._pages:
            self._show_actions(each)
            for extra in getattr(each.widget, "title_widgets", ()):
                extra.setVisible(each is page)
        self._stack.setCurrentWidget(widget)
        self._notices.raise_()
        self.page_changed.emit(page.key)

    def _show_actions(self, page: _Page) -> None:
        for action in page.actions:
            action.setVisible(page.key == self._key)
