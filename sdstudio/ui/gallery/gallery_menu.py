"""The context menu of the selected pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from sdstudio.ui.gallery.action_bar import MAX_COMPARED
from sdstudio.ui.gallery.mark_menus import fill_board_menu, fill_label_menu, fill_rating_menu
from sdstudio.ui.icons import icon


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureActs:
    """What the menu's entries do."""

    open: Callable[[], object]
    preview: Callable[[], object]
    compare: Callable[[], object]
    rate: Callable[[int], object]
    label: Callable[[str], object]
    put_on_board: Callable[[str], object]
    new_board: Callable[[], object]
    take_off_board: Callable[[], object] | None
    note: Callable[[], object]
    fill_use: Callable[[QMenu], object]
    copy_picture: Callable[[], object]
    copy_prompt: Callable[[], object]
    show_in_folder: Callable[[], object]
    export: Callable[[], object]
    delete: Callable[[], object]


def gallery_menu(parent: QWidget, acts: PictureActs, *, count: int, boards: list[str]) -> QMenu:
    """Make the menu; it is deleted when it closes.

    Args:
        count: of selected pictures.
    """
    tr = parent.tr
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(icon("eye"), tr("Open") + "\t" + tr("Enter"), acts.open)
    menu.addAction(tr("Preview") + "\t" + tr("Space"), acts.preview)
    compare = menu.addAction(icon("compare"), tr("Compare"), acts.compare)
    compare.setEnabled(2 <= count <= MAX_COMPARED)
    menu.addSeparator()
    _add_marks(menu, acts, boards, tr)
    menu.addSeparator()
    acts.fill_use(menu)
    menu.addSeparator()
    menu.addAction(icon("copy"), tr("Copy Picture") + "\tCtrl+C", acts.copy_picture)
    menu.addAction(tr("Copy Prompt"), acts.copy_prompt)
    menu.addAction(icon("folder"), tr("Show in Folder"), acts.show_in_folder)
    menu.addAction(icon("export"), tr("Export…") + "\tCtrl+E", acts.export)
    menu.addSeparator()
    menu.addAction(icon("trash"), tr("Delete") + "\t" + tr("Del"), acts.delete)
    return menu


def _add_marks(menu: QMenu, acts: PictureActs, boards: list[str], tr: Callable[[str], str]) -> None:
    stars = menu.addMenu(icon("star"), tr("Stars"))
    fill_rating_menu(stars, acts.rate)
    labels = menu.addMenu(icon("label"), tr("Colour Label"))
    fill_label_menu(labels, acts.label)
    on_board = menu.addMenu(icon("board"), tr("Put on Board"))
    fill_board_menu(on_board, boards, acts.put_on_board, acts.new_board)
    if acts.take_off_board is not None:
        menu.addAction(tr("Take off This Board"), acts.take_off_board)
    menu.addAction(icon("note"), tr("Note…"), acts.note)
