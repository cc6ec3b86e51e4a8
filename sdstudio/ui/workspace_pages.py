"""What the workspaces show: which pages there are, how each is built, what each owns."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from sdstudio import paths
from sdstudio.messages.raster import Raster
from sdstudio.ui.commands import EditCommands
from sdstudio.ui.gallery.docks_aside import DocksAside
from sdstudio.ui.workspaces import Workspaces

if TYPE_CHECKING:
    from sdstudio.document.recovery import Leftover
    from sdstudio.ui.studio import Studio

REMEMBERED = "workspace"
HIDDEN_DOCKS = "hidden-docks"
"""Under these names in the settings' panel state."""

PICTURE_ACTIONS = (
    "open-start",
    "read-settings",
    "save-copy",
    "copy-picture",
    "use-as-start",
    "send-to-paint",
)


def make_workspaces(studio: Studio) -> Workspaces:
    """Make the middle of the window with all its pages; only the first is built now."""
    workspaces = Workspaces(studio.stage.notices, studio.actions)
    workspaces.add("picture", _words("Picture"), "picture", lambda: studio.stage)
    workspaces.add("paint", _words("Paint"), "brush", lambda: _paint_room(studio))
    workspaces.add("gallery", _words("Gallery"), "gallery", lambda: _gallery_room(studio))
    own = [studio.actions[name] for name in PICTURE_ACTIONS]
    workspaces.bind("picture", [*own, *studio.rooms.canvas.actions()])
    workspaces.show_page("picture")
    EditCommands(studio.actions, workspaces, lambda: edited_widget(studio))
    studio.actions["send-to-paint"].triggered.connect(lambda: _send_shown(studio))
    return workspaces


def open_pages(studio: Studio) -> None:
    """Show the page that was shown last, and remember the one that is shown from now on."""
    studio.rooms.files.paint_wanted.connect(lambda path: send_to_paint(studio, path))
    studio.panel.prompt.takes_settings = True
    for place in (studio.panel.prompt.settings_pasted, studio.rooms.drop.settings_dropped):
        place.connect(lambda text: take_settings_text(studio, text))
    key = studio.store.settings.panel_state.get(REMEMBERED)
    if key in studio.workspaces.keys:
        studio.workspaces.show_page(str(key))
    docks = DocksAside(
        (studio.window.gallery_dock, studio.window.queue_dock),
        studio.store.settings.panel_state.get(HIDDEN_DOCKS, ""),
        partial(_remember, studio, HIDDEN_DOCKS),
    )
    docks.put_aside(studio.workspaces.key != "picture")

    def follow(key: str) -> None:
        _remember(studio, REMEMBERED, key)
        docks.put_aside(key != "picture")
        studio.background.run(studio.store.save)  # a crash opens on the same page again

    studio.workspaces.page_changed.connect(follow)


def edited_widget(studio: Studio) -> QWidget:
    """What Undo, Cut, Copy and Paste mean when no text field has the keyboard."""
    page = studio.workspaces.page
    return studio.rooms.canvas if page is None or page is studio.stage else page


def send_to_paint(studio: Studio, picture: Path | Raster, name: str = "") -> None:
    """Show the Paint room with a picture on its easel."""
    room = studio.workspaces.build("paint")
    studio.workspaces.show_page("paint")
    room.open_picture(picture, name)  # type: ignore[attr-defined]


def take_settings_text(studio: Studio, text: str) -> None:
    """Put what a text says about the making of a picture into the form, and say so."""
    studio.rooms.files.use_text(text)


def _send_shown(studio: Studio) -> None:
    shown = studio.rooms.canvas.shown
    if shown is not None:
        send_to_paint(studio, shown.picture, shown.path.name if shown.path else "")


def generates_in_page(studio: Studio, *, first: bool) -> bool:
    """Let the page that is shown make what it wants made; False if it leaves that to the form."""
    generate = getattr(studio.workspaces.page, "generate", None)
    if generate is not None:
        generate(first=first)
    return generate is not None


def offer_recovery(studio: Studio) -> None:
    """Offer painted pictures that an earlier session could not save."""
    from sdstudio.ui.canvas.recovery_offer import RECOVERY_FOLDER, RecoveryOffer

    def recover(leftover: Leftover) -> None:
        room = studio.workspaces.build("paint")
        studio.workspaces.show_page("paint")
        room.files.recover(leftover)  # type: ignore[attr-defined]

    offer = RecoveryOffer(studio, recover=recover, tell=studio.stage.notices.tell)
    offer.look(paths.data_folder() / RECOVERY_FOLDER, studio.background)


def _remember(studio: Studio, name: str, value: str) -> None:
    state = {**studio.store.settings.panel_state, name: value}
    studio.store.update(panel_state=state)


def _paint_room(studio: Studio) -> QWidget:
    from sdstudio.ui.canvas.paint_room import PaintRoom

    return PaintRoom(studio)


def _gallery_room(studio: Studio) -> QWidget:
    from sdstudio.ui.gallery.gallery_room import GalleryRoom

    return GalleryRoom.for_studio(studio)


def _words(text: str) -> str:
    return QCoreApplication.translate("Workspaces", text)
