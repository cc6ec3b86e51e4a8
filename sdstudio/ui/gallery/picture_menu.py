"""The context menu of a picture file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.icons import icon


def picture_menu(
    parent: QWidget,
    path: Path,
    commands: FileCommands,
    *,
    show: Callable[[Path], object] | None = None,
    save_copy: Callable[[], object] | None = None,
) -> QMenu:
    """Make the menu of one picture; it is deleted when it closes.

    Args:
        show: puts the picture on the canvas, None where it is there already.
        save_copy: saves the picture on the canvas elsewhere, None where it is another.
    """
    tr = parent.tr
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if show is not None:
        menu.addAction(icon("eye"), tr("Show on the Canvas"), partial(show, path))
        menu.addSeparator()
    menu.addAction(icon("reuse"), tr("Use Its Settings"), partial(commands.use_settings, path))
    menu.addAction(tr("Use Its Prompt"), partial(commands.use_prompt, path))
    menu.addAction(tr("Use Its Seed"), partial(commands.use_seed, path))
    menu.addAction(
        icon("add-picture"), tr("Use as Starting Picture"), partial(commands.start_from, path)
    )
    menu.addAction(icon("brush"), tr("Open in Paint"), partial(commands.paint_on, path))
    menu.addSeparator()
    menu.addAction(icon("copy"), tr("Copy Picture"), partial(commands.copy_picture, path))
    menu.addAction(tr("Copy Prompt"), partial(commands.copy_prompt, path))
    menu.addAction(icon("folder"), tr("Show in Folder"), partial(commands.show_in_folder, path))
    if save_copy is not None:
        menu.addAction(icon("save"), tr("Save a Copy…"), save_copy)
    menu.addSeparator()
    menu.addAction(icon("trash"), tr("Move to Trash"), partial(commands.move_to_trash, path))
    return menu
