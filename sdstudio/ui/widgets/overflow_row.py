"""A row of controls; those that find no room wait behind a button at its end."""

from __future__ import annotations

from itertools import accumulate

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sdstudio.ui.widgets.buttons import CONTROL_PX, icon_button

GAP_PX = 6
POPUP_PX = 200


class OverflowRow(QWidget):
    """Lays widgets beside each other; what does not fit is a click away, in the same order.

    Attributes:
        more: the button; hidden while everything fits.
        popup: a small window with what did not fit.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._widgets = widgets
        self._num_shown = -1
        self.more = icon_button("more", self.tr("More options"))
        self.more.clicked.connect(self._open)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setProperty("role", "card")
        self._column = QVBoxLayout(self.popup)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP_PX)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._row.addWidget(self.more)
        self._show(len(widgets))

    @property
    def waiting(self) -> tuple[QWidget, ...]:
        """The widgets that found no room."""
        return self._widgets[self._num_shown :]

    def minimumSizeHint(self) -> QSize:
        first = self._widgets[0].minimumSizeHint().width()
        return QSize(first + GAP_PX + CONTROL_PX, CONTROL_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show(self._num_fitting(self.width()))

    def _num_fitting(self, room: int) -> int:
        """How many have their least width; the button needs room too unless all have it."""
        ends = list(accumulate(each.minimumSizeHint().width() + GAP_PX for each in self._widgets))
        if ends[-1] - GAP_PX <= room:
            return len(ends)
        return max(1, sum(end + CONTROL_PX <= room for end in ends))

    def _show(self, count: int) -> None:
        if count == self._num_shown:
            return
        self._num_shown = count
        self.popup.hide()
        for index, widget in enumerate(self._widgets[:count]):
            self._row.insertWidget(index, widget, 1)
        for widget in self._widgets[count:]:
            self._column.addWidget(widget)
        for widget in self._widgets:
            widget.show()
        self.more.setVisible(count < len(self._widgets))

    def _open(self) -> None:
        self.popup.setFixedSize(POPUP_PX, self._column.sizeHint().height())
        corner = QPoint(self.more.width() - POPUP_PX, self.more.height() + 4)
        self.popup.move(self.more.mapToGlobal(corner))
        self.popup.show()
        self.waiting[0].setFocus(Qt.FocusReason.PopupFocusReason)
