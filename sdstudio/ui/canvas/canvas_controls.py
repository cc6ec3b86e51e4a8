"""What lies over the canvas: the zoom, a way back to the run, and a handle to drag from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QToolButton

from sdstudio.ui.canvas.canvas_view import CanvasView
from sdstudio.ui.canvas.page_view import PageView
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import icon_button, text_button, with_shortcut

EDGE_PX = 10


def add_view_actions(canvas: PageView) -> dict[str, QAction]:
    """Give the canvas its own actions, for the menu and the keys."""
    view = canvas.viewpoint
    table = (
        ("fit", canvas.tr("Fit Picture"), "zoom-fit", ("Ctrl+0",), view.fit),
        ("actual", canvas.tr("Actual Size"), "zoom-actual", ("Ctrl+1",), partial(view.zoom_to, 1)),
        ("in", canvas.tr("Zoom In"), "zoom-in", ("Ctrl++", "Ctrl+="), partial(view.step, 1)),
        ("out", canvas.tr("Zoom Out"), "zoom-out", ("Ctrl+-",), partial(view.step, -1)),
    )
    actions: dict[str, QAction] = {}
    for name, text, icon_name, keys, act in table:
        action = QAction(icon(icon_name), text, canvas)
        action.setObjectName(f"zoom-{name}")
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(partial(_change_view, canvas, act))
        canvas.addAction(action)
        actions[name] = action
    return actions


def _change_view(canvas: PageView, act: Callable[[], None]) -> None:
    act()
    canvas.refresh_view()


class ZoomBar(QFrame):
    """Says how large the picture is shown, and changes it."""

    def __init__(self, canvas: PageView, actions: dict[str, QAction]) -> None:
        super().__init__(canvas)
        self.setProperty("role", "card")
        self._canvas = canvas
        self._percent = QPushButton()
        self._percent.setProperty("kind", "quiet")
        self._percent.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._percent.setFixedWidth(62)
        self._percent.setToolTip(
            with_shortcut(self.tr("Actual size"), actions["actual"].shortcut())
        )
        self._percent.clicked.connect(actions["actual"].trigger)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        layout.addWidget(self._button("zoom-out", actions["out"]))
        layout.addWidget(self._percent)
        layout.addWidget(self._button("zoom-in", actions["in"]))
        layout.addWidget(self._button("zoom-fit", actions["fit"]))
        canvas.view_changed.connect(self._show)
        self._show()

    def _button(self, icon_name: str, action: QAction) -> QToolButton:
        tip = with_shortcut(action.text(), action.shortcut())
        button = icon_button(icon_name, action.text(), tooltip=tip)
        button.clicked.connect(action.trigger)
        return button

    def _show(self) -> None:
        text = self.tr("{0} %").format(f"{self._canvas.viewpoint.zoom * 100:.0f}")
        self._percent.setText(text)
        self._percent.setAccessibleName(self.tr("Zoom {0}, show actual size").format(text))


class DragHandle(QToolButton):
    """A small handle on the picture; dragging from it takes the file elsewhere."""

    drag_wanted = Signal()

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self.setIcon(icon("drag"))
        self.setFixedSize(28, 28)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Drag the picture out"))
        self.setToolTip(self.tr("Drag the file to another program (Ctrl+drag on the picture)"))
        self._press: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        way = (event.position().toPoint() - self._press).manhattanLength()
        if way >= QApplication.startDragDistance():
            self._press = None
            self.drag_wanted.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._press = None


class CanvasControls(QObject):
    """Keeps zoom bar, drag handle and the way back to the run at their places."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.actions = add_view_actions(canvas)
        self.zoom_bar = ZoomBar(canvas, self.actions)
        self.handle = DragHandle(canvas)
        self.handle.hide()
        self.handle.drag_wanted.connect(canvas.drag_wanted)
        self.watch_button = text_button(
            self.tr("Back to the run"),
            kind="chip",
            icon_name="eye",
            tooltip=self.tr("Show the picture that is being made"),
        )
        self.watch_button.setParent(canvas)
        self.watch_button.hide()
        self.watch_button.clicked.connect(canvas.watch_run)
        canvas.watching_changed.connect(self._show_watch)
        canvas.view_changed.connect(self._place)
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Enter:
            self._show_handle()
        elif event.type() == QEvent.Type.Leave:
            self.handle.hide()
        return False

    def _show_watch(self, is_unseen: bool) -> None:
        self.watch_button.setVisible(is_unseen)
        self._place()

    def _show_handle(self) -> None:
        shown = self._canvas.shown
        self.handle.setVisible(shown is not None and shown.path is not None)
        self._place()

    def _place(self) -> None:
        canvas = self._canvas
        self.zoom_bar.setVisible(not canvas.is_blank)
        self.zoom_bar.adjustSize()
        self.zoom_bar.move(
            canvas.width() - self.zoom_bar.width() - EDGE_PX,
            canvas.height() - self.zoom_bar.height() - EDGE_PX,
        )
        button = self.watch_button
        button.adjustSize()
        button.move(
            (canvas.width() - button.width()) // 2, canvas.height() - button.height() - EDGE_PX
        )
        corner = canvas.page_rect.intersected(canvas.rect()).topRight()
        self.handle.move(corner.x() - self.handle.width() - 5, corner.y() + 6)
