"""What every view of a picture can do: fit, zoom, pan, tell where the keys go."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSizeF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from sdstudio.ui.canvas.viewpoint import Viewpoint


class PageView(QWidget):
    """A widget with a viewpoint, for `ViewGestures` to move; what it paints is its own affair."""

    view_changed = Signal()  # another zoom or another page
    menu_wanted = Signal(object)  # QPoint on the screen
    drag_wanted = Signal()
    neighbour_wanted = Signal(int)  # 1 for the next picture, -1 for the one before

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.viewpoint = Viewpoint()
        self.has_key_focus = False
        """Whether the keyboard came here by a key, so that a ring should show it."""

    @property
    def page_rect(self) -> QRect:
        """The page in logical pixels, rounded outwards."""
        return self.viewpoint.rect().toAlignedRect()

    def place(self, position: QPointF) -> QPointF:
        """Where a point of the widget lies in the viewpoint's view."""
        return position

    def view_size(self) -> QSizeF:
        """The room that the viewpoint has, in logical pixels."""
        return QSizeF(self.size())

    def fit(self) -> None:
        """Show the whole page."""
        self.viewpoint.fit()
        self.refresh_view()

    def refresh_view(self) -> None:
        """Paint anew after the viewpoint changed."""
        self.update()
        self.view_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.viewpoint.set_view(self.view_size(), self.devicePixelRatioF())
        self.view_changed.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.has_key_focus = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        )
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.has_key_focus = False
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())
