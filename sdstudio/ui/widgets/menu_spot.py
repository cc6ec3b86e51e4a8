"""Which row a context menu is asked for, and where it opens."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractItemView


def menu_spot(
    view: QAbstractItemView, event: QContextMenuEvent
) -> tuple[QModelIndex | QPersistentModelIndex, QPoint] | None:
    """Return the row and the place on the screen: under the mouse, or amid the current row.

    The menu key asks for the current row, wherever the mouse is. None where there is no row.
    """
    is_key = event.reason() == QContextMenuEvent.Reason.Keyboard
    index = view.currentIndex() if is_key else view.indexAt(event.pos())
    if not index.isValid():
        return None
    place = view.visualRect(index).center() if is_key else event.pos()
    return index, view.viewport().mapToGlobal(place)
