"""The Paint room's part of the menu bar, there only while the room is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from sdstudio.ui.canvas.document_commands import DocumentCommands
from sdstudio.ui.canvas.layer_clipboard import LayerClipboard
from sdstudio.ui.canvas.layer_commands import LayerCommands
from sdstudio.ui.shortcuts import translated

if TYPE_CHECKING:
    from sdstudio.ui.studio import Studio

PAGE = "paint"


def add_paint_menus(
    studio: Studio,
    documents: DocumentCommands,
    layers: LayerCommands,
    clipboard: LayerClipboard,
) -> None:
    """Put the room's verbs into the File and Edit menus, and menus of its own beside them."""
    bar = studio.window.menuBar()
    file_menu = _menu(bar, "&File")
    line = file_menu.insertSeparator(file_menu.actions()[0])
    own: list[QAction] = [*documents.actions.values(), line]
    file_menu.insertActions(line, own[:-1])
    own.append(clipboard.copy_merged_action)
    _menu(bar, "&Edit").insertAction(studio.actions["paste"], clipboard.copy_merged_action)
    before = _menu(bar, "&Generate").menuAction()
    for title, names in (
        (layers.tr("&Layer"), LayerCommands.MENU),
        (layers.tr("&Select"), LayerCommands.SELECTION_MENU),
    ):
        menu = QMenu(title, bar)
        layers.fill(menu, names)
        own.append(bar.insertMenu(before, menu))
    studio.workspaces.bind(PAGE, own)


def _menu(bar: QMenuBar, title: str) -> QMenu:
    """The menu of this title in the table of actions."""
    for action in bar.actions():
        menu = action.menu()
        if isinstance(menu, QMenu) and action.text() == translated(title):
            return menu
    raise KeyError(title)
