"""The parts of the Gallery workspace and where they lie."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sdstudio.ui.gallery.action_bar import ActionBar
from sdstudio.ui.gallery.boards_panel import WIDTH_PX, BoardsPanel
from sdstudio.ui.gallery.empty_state import EmptyState
from sdstudio.ui.gallery.grid_view import GridView
from sdstudio.ui.gallery.scan_strip import EditStrip, ScanStrip
from sdstudio.ui.gallery.search_bar import SearchBar
from sdstudio.ui.gallery.trash_view import TrashView

SIDE_PX = 280
NARROW_PX = 800
"""Below this there is no room for both sides: the side bar waits until the details are hidden."""


class RoomFrame(QWidget):
    """Side bar, pictures with their bars, and room for details; it decides nothing.

    Attributes:
        views: pages in the middle: browsing, the trash, and those that others add.
        side_slot: at the right, hidden until it holds something.
    """

    def __init__(
        self, grid: GridView, trash: TrashView, scan_strip: ScanStrip, edit_strip: EditStrip
    ) -> None:
        super().__init__()
        self.grid = grid
        self.trash = trash
        self.scan_strip = scan_strip
        self.edit_strip = edit_strip
        self.boards = BoardsPanel()
        self.search = SearchBar()
        self.bar = ActionBar()
        self.empty = EmptyState()
        self.empty.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.views = QStackedWidget()
        self.side_slot = QWidget()
        self._pages = QStackedWidget()
        self._pages.addWidget(grid)
        self._pages.addWidget(self.empty)
        self._browse = QWidget()
        column = QVBoxLayout(self._browse)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.search, scan_strip, self._pages, self.bar):
            column.addWidget(widget, 1 if widget is self._pages else 0)
        self.views.addWidget(self._browse)
        self.views.addWidget(trash)
        slot = QVBoxLayout(self.side_slot)
        slot.setContentsMargins(0, 0, 0, 0)
        self.side_slot.hide()
        self._split()
        self.setFocusProxy(grid)

    @property
    def is_browsing(self) -> bool:
        """Whether the grid, or words in its place, can be seen."""
        return self.views.currentWidget() is self._browse

    def show_view(self, widget: QWidget) -> None:
        """Bring a view of `views` to the front; it is added if it is new."""
        if self.views.indexOf(widget) < 0:
            self.views.addWidget(widget)
        self.views.setCurrentWidget(widget)

    def show_grid(self) -> None:
        """Go back to all pictures, with the keyboard."""
        self.views.setCurrentWidget(self._browse)
        if self._pages.currentWidget() is self.grid:
            self.grid.take_keys()

    def show_pictures(self, is_empty: bool) -> None:
        """Show the grid, or words in its place; the grid gets a keyboard back that it had."""
        keys = self.window().focusWidget()
        had_keys = keys in (self.grid, self.empty)
        if had_keys and is_empty:
            self.empty.setFocus()
        self._pages.setCurrentIndex(1 if is_empty else 0)
        if had_keys and not is_empty:
            self.grid.take_keys()

    def set_details(self, widget: QWidget) -> None:
        """Put the details of the selected pictures at the right."""
        layout = self.side_slot.layout()
        assert layout is not None
        layout.addWidget(widget)
        self.show_details(self.bar.details.isChecked())

    def show_details(self, is_shown: bool) -> None:
        """Show or hide what stands at the right, if anything does."""
        layout = self.side_slot.layout()
        self.side_slot.setVisible(is_shown and layout is not None and layout.count() > 0)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        is_narrow = self.width() < NARROW_PX
        self.boards.setVisible(not (is_narrow and not self.side_slot.isHidden()))

    def _split(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(4)
        self.splitter.setChildrenCollapsible(False)
        for widget in (self.boards, self.views, self.side_slot):
            self.splitter.addWidget(widget)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([WIDTH_PX, 800, SIDE_PX])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.edit_strip)
