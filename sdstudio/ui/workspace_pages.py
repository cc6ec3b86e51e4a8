"""What the workspaces show: which pages there are, how each is built, what each owns."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from sdstudio.ui.commands import EditCommands
from sdstudio.ui.workspaces import Workspaces

if TYPE_CHECKING:
    from sdstudio.ui.studio import Studio

REMEMBERED = "workspace"
"""Under this name in the settings' panel state."""

PICTURE_ACTIONS = ("open-start", "read-settings", "save-copy", "copy-picture", "use-as-start")


def make_workspaces(studio: Studio) -> Workspaces:
    """Make the middle of the window with all its pages; only the first is built now."""
    workspaces = Workspaces(studio.stage.notices, studio.actions)
    workspaces.add("picture", _words("Picture"), "picture", lambda: studio.stage)
    if find_spec("sdstudio.ui.canvas.paint_room") is not None:
        workspaces.add("paint", _words("Paint"), "brush", lambda: _paint_room(studio))
    if find_spec("sdstudio.ui.gallery.gallery_room") is not None:
        workspaces.add("gallery", _words("Gallery"), "gallery", lambda: _gallery_room(studio))
    own = [studio.actions[name] for name in PICTURE_ACTIONS]
    workspaces.bind("picture", [*own, *studio.rooms.canvas.actions()])
    workspaces.show_page("picture")
    EditCommands(studio.actions, workspaces, lambda: edited_widget(studio))
    return workspaces


def restore_page(studio: Studio) -> None:
    """Show the page that was shown last, and remember the one that is shown from now on."""
    key = studio.store.settings.panel_state.get(REMEMBERED)
    if key in studio.workspaces.keys:
        studio.workspaces.show_page(str(key))
    studio.workspaces.page_changed.connect(lambda key: _remember(studio, key))


def edited_widget(studio: Studio) -> QWidget:
    """What Undo, Cut, Copy and Paste mean when no text field has the keyboard."""
    page = studio.workspaces.page
    return studio.rooms.canvas if page is None or page is studio.stage else page


def _remember(studio: Studio, key: str) -> None:
    state = {**studio.store.settings.panel_state, REMEMBERED: key}
    studio.store.update(panel_state=state)


def _paint_room(studio: Studio) -> QWidget:
    from sdstudio.ui.canvas.paint_room import PaintRoom

    return PaintRoom.for_studio(studio)


def _gallery_room(studio: Studio) -> QWidget:
    from sdstudio.ui.gallery.gallery_room import GalleryRoom

    return GalleryRoom.for_studio(studio)


def _words(text: str) -> str:
    return QCoreApplication.translate("Workspaces", text)
