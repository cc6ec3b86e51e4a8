"""Ties the parts of the Gallery workspace together, and the whole to the window."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from sdstudio import paths
from sdstudio.errors import StorageError
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.files_on_screen import FilesOnScreen
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.gallery.picture_reader import PictureReader
from sdstudio.ui.gallery.place_list import Place
from sdstudio.ui.gallery.preview_overlay import PreviewOverlay
from sdstudio.ui.gallery.room_views import RoomViews
from sdstudio.ui.gallery.shelf_list import read_shelf
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.open_dialog import open_dialog

if TYPE_CHECKING:
    from sdstudio.gallery.scan import ScanOutcome
    from sdstudio.settings.settings import PlainValue
    from sdstudio.ui.notices import Notice
    from sdstudio.ui.studio import Studio

CELL_PX = "gallery-cell-px"
DAYS = "gallery-days"
DETAILS = "gallery-details"
"""Names in the settings' panel state."""


def room_for_studio(studio: Studio) -> GalleryRoom:
    """Make the room of a window; it lives and closes with it."""
    store = studio.store

    def folders() -> tuple[Path, ...]:
        extra = (Path(name).expanduser() for name in store.settings.extra_folders)
        return (studio.gallery_folder(), *extra)

    room = GalleryRoom(
        folders,
        cache_folder=paths.cache_folder(),
        files=studio.rooms.files,
        tell=studio.stage.notices.tell,
        tell_error=studio.failures.tell,
    )
    wiring = RoomWiring(room)
    RoomViews(
        room,
        form=studio.form,
        controller=studio.controller,
        thumbnail_folder=paths.cache_folder() / "thumbnails",
    )
    studio.controller.picture_saved.connect(room.add_saved)
    room.make_wanted.connect(studio.actions["generate"].trigger)
    studio.workspaces.page_changed.connect(wiring.take_page)

    def watch_folder() -> None:
        name = QFileDialog.getExistingDirectory(studio.window, room.tr("Watch a Folder"))
        if name:
            old = store.settings.extra_folders
            studio.change_setting("extra_folders", tuple(dict.fromkeys((*old, name))))
            room.desk.follow()

    def remember(name: str, value: PlainValue) -> None:
        store.update(panel_state={**store.settings.panel_state, name: value})

    room.folder_wanted.connect(watch_folder)
    memory = store.settings.panel_state
    room.grid.set_cell_px(int(memory.get(CELL_PX, room.grid.cell_px)))
    room.bar.days.setChecked(bool(memory.get(DAYS, True)))
    room.grid.cell_size_changed.connect(partial(remember, CELL_PX))
    room.bar.days.toggled.connect(partial(remember, DAYS))
    room.bar.details.setChecked(bool(memory.get(DETAILS, True)))
    room.bar.details.toggled.connect(partial(remember, DETAILS))
    return room


class RoomWiring(QObject):
    """Connects bars, side bar, keys, preview and trash of one room."""

    def __init__(self, room: GalleryRoom) -> None:
        super().__init__(room)
        self._room = room
        self._has_expired = False
        self._told: list[str] = []
        self._tidying = Background(self)
        self._is_closing = threading.Event()
        room.closing.connect(self._end)
        self._reader = PictureReader(lambda: room.gallery, room.desk.work, self)
        self._preview = PreviewOverlay(self._reader, room.grid)
        self._preview.key_pressed.connect(self._on_preview_key)
        room.preview_current = self.toggle_preview
        self.files_on_screen = FilesOnScreen(room)
        self._connect_grid()
        self._connect_bars()
        self._connect_side()
        self._connect_desk()

    def take_page(self, key: str) -> None:
        """Give the pictures the keyboard while they are shown."""
        if key == "gallery" and self._room.is_browsing:
            self._room.grid.take_keys()

    def toggle_preview(self) -> None:
        """Open or close the quick look."""
        if self._preview.isVisible():
            self._preview.close_preview()
        else:
            self._show_preview()

    def _connect_grid(self) -> None:
        room, grid, commands = self._room, self._room.grid, self._room.commands
        grid.rate_wanted.connect(commands.rate)
        grid.label_wanted.connect(commands.label_by_number)
        grid.open_wanted.connect(room.open_current)
        grid.doubleClicked.connect(room.open_current)
        grid.preview_wanted.connect(self.toggle_preview)
        grid.delete_wanted.connect(commands.delete)
        grid.menu_wanted.connect(commands.show_menu)
        grid.drag_wanted.connect(commands.drag_out)
        grid.cell_size_changed.connect(room.bar.show_cell_px)

    def _connect_bars(self) -> None:
        room, bar, commands = self._room, self._room.bar, self._room.commands
        bar.rate_wanted.connect(commands.rate)
        bar.label_wanted.connect(commands.label)
        bar.board_menu_wanted.connect(commands.show_board_menu)
        bar.compare_wanted.connect(room.compare_selected)
        bar.export_wanted.connect(commands.export)
        bar.delete_wanted.connect(commands.delete)
        bar.days_toggled.connect(room.show_days)
        bar.details_toggled.connect(room.show_details)
        bar.cell_px_wanted.connect(room.grid.set_cell_px)
        room.search.changed.connect(room.look_for)
        room.search.left.connect(room.show_grid)
        room.search.save_wanted.connect(commands.save_search)
        self._action(room.tr("Find Pictures"), "Ctrl+F", self._find)
        self._action(room.tr("Export…"), "Ctrl+E", commands.export)
        self._action(room.tr("Show Details"), "Ctrl+I", bar.details.toggle)
        self._fill_more(room.search.more)

    def _fill_more(self, menu: QMenu) -> None:
        room = self._room
        menu.addAction(room.tr("Select All") + "\tCtrl+A", room.grid.selectAll)
        menu.addSeparator()
        menu.addAction(room.tr("Watch a Folder…"), room.folder_wanted.emit)
        menu.addAction(room.tr("Read All Files Again"), partial(room.desk.scan, read_all=True))
        menu.addSeparator()
        menu.addAction(icon("keyboard"), room.tr("Keys of the Gallery"), self._show_keys)

    def _action(self, text: str, keys: str, act: object) -> None:
        action = QAction(text, self._room)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        self._room.addAction(action)

    def _connect_side(self) -> None:
        boards, commands, edits = self._room.boards, self._room.commands, self._room.edits
        boards.place_chosen.connect(self._go_to)
        boards.board_made.connect(self._make_board)
        boards.board_renamed.connect(edits.rename_board)
        boards.remove_wanted.connect(self._remove)
        boards.order_wanted.connect(edits.order_boards)
        boards.dropped.connect(self._take_drop)
        self._room.trash.restore_wanted.connect(commands.restore)
        self._room.trash.discard_wanted.connect(commands.discard)

    def _connect_desk(self) -> None:
        room = self._room
        room.desk.contents_read.connect(room.boards.take)
        room.desk.contents_read.connect(room.search.take_contents)
        room.desk.contents_read.connect(self._read_shelf)
        room.desk.scan_began.connect(room.refresh_emptiness)
        room.desk.scan_ended.connect(self._on_scanned)

    # -- what happens ----------------------------------------------------------------------------

    def _show_keys(self) -> None:
        from sdstudio.ui.gallery.gallery_keys import GalleryKeys

        dialog = GalleryKeys(self._room.window())
        open_dialog(dialog)

    def _find(self) -> None:
        self._room.show_grid()
        self._room.search.take_keys()

    def _go_to(self, place: Place) -> None:
        room = self._room
        if place.kind == "trash":
            self._read_shelf()
            room.show_view(room.trash)
            return
        if place.kind == "search":
            room.search.field.setText(place.text)
        elif self._was_search:
            room.search.field.clear()
        self._was_search = place.kind == "search"
        if not room.is_browsing:
            keys = QApplication.focusWidget()
            room.show_grid()
            if keys is not None and room.boards.isAncestorOf(keys):
                keys.setFocus()
        room.look_for()

    _was_search = False

    def _make_board(self, name: str) -> None:
        self._room.commands.change_marks(lambda: self._room.gallery.marks.add_board(name))

    def _remove(self, place: Place) -> None:
        if place.kind == "board":
            self._room.edits.remove_board(place.name)
        else:
            marks = self._room.gallery.marks
            self._room.commands.change_marks(lambda: marks.save_search(place.name, ""))

    def _take_drop(self, place: Place, ids: list[int]) -> None:
        if place.kind == "board":
            self._room.edits.put_on_board(ids, place.name)
        else:
            self._room.keep_row_for_delete()
            self._room.edits.delete(ids)

    def _read_shelf(self) -> None:
        room = self._room
        if room.boards.place.kind == "trash":
            gallery = room.gallery
            room.desk.work.run(lambda: read_shelf(gallery), room.trash.take, room.tell_error)

    def _on_scanned(self, outcome: ScanOutcome | None) -> None:
        self._room.refresh_emptiness()
        self._tell_problems(outcome.problems if outcome is not None else [])
        if not self._has_expired:
            self._has_expired = True
            gallery = self._room.gallery
            self._room.desk.work.run(
                lambda: gallery.expire_trash(_to_system_trash), None, self._room.tell_error
            )
            is_closing = self._is_closing.is_set
            self._tidying.run(lambda: gallery.drop_unused_starts(cancelled=is_closing))

    def _end(self) -> None:
        self._is_closing.set()
        self._tidying.finish()

    def _tell_problems(self, problems: list[str]) -> None:
        """Tell each once, until it is gone: the disk is looked at often."""
        new = [problem for problem in problems if problem not in self._told]
        self._told = problems
        if new:
            self._room.tell(_problems_notice(self._room, new))

    def _show_preview(self) -> None:
        room = self._room
        current = room.current_id()
        if current is None:
            return
        known = room.pictures.known([current])
        thumbnail = room.thumbnails.get(known[0]) if known else None
        caption = room.pictures.describe(known[0]).replace("\n", "  ·  ") if known else ""
        self._preview.show_picture(current, thumbnail.pixmap if thumbnail else None, caption)

    def _on_preview_key(self, event: QKeyEvent) -> None:
        """Arrows, stars and Delete work on the grid below, and the preview follows."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._preview.close_preview()
        QApplication.sendEvent(self._room.grid, event)
        if self._preview.isVisible():
            self._show_preview()


def _problems_notice(room: GalleryRoom, problems: list[str]) -> Notice:
    from sdstudio.ui.notices import Notice

    more = len(problems) - 1
    hint = room.tr("{0} more like this.").format(f"{more:,}") if more else ""
    return Notice(text=problems[0], hint=hint, severity="warning", key="gallery-problems")


def _to_system_trash(path: Path) -> None:
    """Where there is none, the picture stays on the shelf, which an OSError asks for."""
    from sdstudio.ui.gallery.deleting import move_to_system_trash

    try:
        move_to_system_trash(path)
    except StorageError as error:
        raise OSError(error.message) from error
