"""The middle of the window: the canvas, and what may lie over it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sdstudio.messages.events import StepEvent
from sdstudio.messages.result import PictureResult
from sdstudio.ui.notices import NoticeBar
from sdstudio.ui.start.welcome import Welcome


class Canvas(Protocol):
    """What the window tells its canvas; its own actions (`QWidget.actions`) go into the menu."""

    def show_preview(self, step: StepEvent) -> None:
        """Show a step's preview at the place and size of the picture to come."""
        ...

    def show_picture(self, result: PictureResult, path: Path) -> None:
        """Show a finished picture, which is saved at `path`."""
        ...

    def drop_preview(self) -> None:
        """The run ended without a picture: show again what was there before it."""
        ...


class Stage(QWidget):
    """Holds the canvas and keeps the welcome in place over it.

    Attributes:
        notices: laid over the pages by whoever shows them.
    """

    def __init__(self, canvas: QWidget, welcome: Welcome) -> None:
        super().__init__()
        self.canvas = canvas
        self.welcome = welcome
        self.setFocusProxy(canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas)
        welcome.setParent(self)
        self.notices = NoticeBar(self)
        welcome.installEventFilter(self)
        welcome.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_welcome()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.welcome and event.type() == QEvent.Type.LayoutRequest:
            self._place_welcome()
        return super().eventFilter(watched, event)

    def hide_welcome(self) -> None:
        """Make room for the first picture."""
        self.welcome.hide()

    def _place_welcome(self) -> None:
        size = self.welcome.sizeHint().boundedTo(self.size())
        left = (self.width() - size.width()) // 2
        top = (self.height() - size.height()) // 2
        self.welcome.setGeometry(left, max(0, top), size.width(), size.height())
