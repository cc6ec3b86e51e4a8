"""The window: prompt left, the workspaces in the middle, gallery and queue below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from sdstudio.ui.stage import Stage
from sdstudio.ui.status_strip import StatusStrip
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.window_menus import fill_menu_bar
from sdstudio.ui.workspaces import Workspaces

STATE_VERSION = 1
PANEL_WIDTH_PX = 340
STRIP_HEIGHT_PX = 182
QUEUE_WIDTH_PX = 300
LEAST_PX = (960, 600)
APP_NAME = "SD Studio"


class DockTitle(QWidget):
    """A quiet heading of a dock: its name, what the room adds, and a button to close it."""

    def __init__(self, dock: QDockWidget, extras: tuple[QWidget, ...] = ()) -> None:
        super().__init__(dock)
        self.setProperty("role", "dock-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(34)
        close = icon_button("close", self.tr("Close {0}").format(dock.windowTitle()))
        close.setFixedSize(26, 26)
        close.clicked.connect(dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 6, 0)
        layout.setSpacing(4)
        layout.addWidget(label(dock.windowTitle(), "heading"), 1)
        for extra in extras:
            layout.addWidget(extra)
        layout.addWidget(close)


class MainWindow(QMainWindow):
    """Puts the rooms into docks and remembers where they were.

    Args:
        actions: by name, for the menus; every one is added to the window, so its keys work.
        gallery, queue: widgets for their docks; one with an attribute `title_widgets` (a tuple
            of widgets) has them put into its dock's title.
        may_close: asked before the window closes.
    """

    closed = Signal()
    painted = Signal()
    """Once: the window can be seen."""

    def __init__(
        self,
        *,
        panel: QWidget,
        stage: Stage,
        workspaces: Workspaces,
        gallery: QWidget,
        queue: QWidget,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        self._is_painted = False
        self.stage = stage
        self.setWindowTitle(APP_NAME)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCentralWidget(workspaces)
        self.strip = StatusStrip()
        left, below = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self.prompt_dock = self._dock("prompt", self.tr("Prompt"), panel, left)
        self.gallery_dock = self._dock("gallery", self.tr("Gallery"), gallery, below)
        self.queue_dock = self._dock("queue", self.tr("Queue"), queue, below)
        self._put_strip_below()
        self.addActions(list(actions.values()))
        docks = (self.prompt_dock, self.gallery_dock, self.queue_dock)
        fillings = {
            "panels": [dock.toggleViewAction() for dock in docks],
            "canvas": stage.canvas.actions(),
        }
        fill_menu_bar(self.menuBar(), actions, fillings)
        self.setMinimumSize(*LEAST_PX)
        self.reset_layout()

    def reset_layout(self) -> None:
        """Put everything where it is on the first start."""
        for dock in (self.prompt_dock, self.gallery_dock, self.queue_dock):
            dock.setFloating(False)
            dock.show()
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.prompt_dock)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.gallery_dock)
        self.splitDockWidget(self.gallery_dock, self.queue_dock, Qt.Orientation.Horizontal)
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([self.prompt_dock], [PANEL_WIDTH_PX], horizontal)
        room = max(400, self.width() - PANEL_WIDTH_PX - QUEUE_WIDTH_PX)
        self.resizeDocks([self.gallery_dock, self.queue_dock], [room, QUEUE_WIDTH_PX], horizontal)
        self.resizeDocks([self.gallery_dock], [STRIP_HEIGHT_PX], vertical)

    def open_at(self, geometry: str, state: str) -> None:
        """Show the window where it was; base64 as given by `place`, "" for the first start."""
        if not geometry or not self.restoreGeometry(_bytes(geometry)):
            self._take_first_size()
        if not state or not self.restoreState(_bytes(state), STATE_VERSION):
            self.reset_layout()
        self.setVisible(True)

    def place(self) -> tuple[str, str]:
        """(geometry, state) in base64, for `open_at`."""
        return _text(self.saveGeometry()), _text(self.saveState(STATE_VERSION))

    def show_queue(self) -> None:
        """Bring the queue's dock to the front."""
        self.queue_dock.show()
        self.queue_dock.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        event.accept()
        self.closed.emit()

    def _take_first_size(self) -> None:
        """Fill a small screen; leave some of a large one free."""
        available = QGuiApplication.primaryScreen().availableGeometry()
        if available.width() <= 1440:
            self.resize(available.size())
            self.setWindowState(Qt.WindowState.WindowMaximized)
            return
        self.resize(round(available.width() * 0.86), round(available.height() * 0.88))
        frame = self.frameGeometry()
        frame.moveCenter(available.center())
        self.move(frame.topLeft())

    def _dock(
        self, name: str, title: str, content: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setTitleBarWidget(DockTitle(dock, getattr(content, "title_widgets", ())))
        dock.setWidget(content)
        self.addDockWidget(area, dock)
        return dock

    def _put_strip_below(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(0, 0, 0, 0)
        layout = bar.layout()
        if isinstance(layout, QVBoxLayout | QHBoxLayout):
            layout.setContentsMargins(0, 0, 0, 0)
        bar.addPermanentWidget(self.strip, 1)


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "ignore")))
