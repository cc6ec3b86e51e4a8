"""The Gallery workspace: every picture, found, looked at and put in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent

from sdstudio.ui.gallery.empty_state import emptiness_of
from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.gallery.gallery_desk import Found, GalleryDesk, Wish
from sdstudio.ui.gallery.gallery_edits import GalleryEdits
from sdstudio.ui.gallery.gallery_list import GalleryList
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.grid_view import GridView
from sdstudio.ui.gallery.room_commands import RoomCommands
from sdstudio.ui.gallery.room_frame import RoomFrame
from sdstudio.ui.gallery.scan_strip import EditStrip, ScanStrip
from sdstudio.ui.gallery.trash_view import TrashView
from sdstudio.ui.notices import Notice

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from sdstudio.gallery.gallery import Gallery
    from sdstudio.messages.result import PictureResult
    from sdstudio.ui.studio import Studio

SELECTION_MS = 25
"""How long a selection must stand before it is told."""


class GalleryRoom(RoomFrame):
    """The page of the Gallery workspace.

    Args:
        folders: tells which are watched now; the first is where new pictures go.
        cache_folder: of index and thumbnails.
        files: what can be done with a picture file.
        tell, tell_error: show a notice, or what went wrong.

    Signals:
        selection_changed: ids of the selected pictures, a list.
        pictures_changed: what is shown may be different now.
        single_wanted: the id of the picture to be shown alone.
        compare_wanted: ids of two to four pictures.
        make_wanted: a first picture should be made.
        folder_wanted: another folder should be watched.
        closing: whoever reads from the gallery must end now.
    """

    selection_changed = Signal(object)
    pictures_changed = Signal()
    single_wanted = Signal(object)
    compare_wanted = Signal(object)
    make_wanted = Signal()
    folder_wanted = Signal()
    closing = Signal()

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        *,
        cache_folder: Path,
        files: FileCommands,
        tell: Callable[[Notice], None],
        tell_error: Callable[[Exception], None],
    ) -> None:
        self.files = files
        self.tell = tell
        self.tell_error = tell_error
        self.desk = GalleryDesk(folders, cache_folder=cache_folder)
        self.edits = GalleryEdits(self.desk)
        thumbnail_folder = cache_folder / "thumbnails"
        self.thumbnails = GridThumbnails(thumbnail_folder)
        self._shelf_thumbnails = GridThumbnails(thumbnail_folder)
        self.pictures = GalleryList(self.desk.fetch)
        super().__init__(
            GridView(self.pictures, self.thumbnails),
            TrashView(self._shelf_thumbnails),
            ScanStrip(self.desk),
            EditStrip(self.edits),
        )
        self.desk.setParent(self)
        self.commands = RoomCommands(self)
        self._days: list[int] = []
        self._is_whole = False
        self._row_after_delete: int | None = None
        self.preview_current: Callable[[], object] = lambda: None
        self.fill_use_menu: Callable[[QMenu], object] = lambda menu: None
        self._selection_timer = QTimer(self)
        self._selection_timer.setSingleShot(True)
        self._selection_timer.setInterval(SELECTION_MS)
        self._selection_timer.timeout.connect(self._tell_selection)
        self.grid.selection_settled.connect(self._selection_timer.start)
        self.desk.opened.connect(self.edits.forget)
        self.edits.failed.connect(self._forget_row)
        self.desk.found.connect(self._show_found)
        self.desk.failed.connect(tell_error)
        QGuiApplication.instance().applicationStateChanged.connect(self._on_application)  # type: ignore[union-attr]

    @classmethod
    def for_studio(cls, studio: Studio) -> GalleryRoom:
        """The room of this window; it lives and closes with it."""
        from sdstudio.ui.gallery.room_wiring import room_for_studio

        return room_for_studio(studio)

    # -- for the other views of the room ---------------------------------------------------------

    @property
    def gallery(self) -> Gallery:
        """The facade; there from the moment the first picture is shown."""
        return self.desk.gallery

    def selected_ids(self) -> list[int]:
        """The selected pictures, the newest first."""
        return [self.pictures.ids[row] for row in self.grid.selected_rows()]

    def acted_ids(self) -> list[int]:
        """What keys and buttons act on: the selected pictures, or else the current one."""
        current = self.current_id()
        return self.selected_ids() or ([] if current is None else [current])

    def current_id(self) -> int | None:
        """The picture that the keys act on."""
        row = self.grid.currentIndex().row()
        return self.pictures.ids[row] if 0 <= row < len(self.pictures.ids) else None

    def order(self) -> Sequence[int]:
        """The ids of all pictures that are shown, in their order."""
        return self.pictures.ids

    def neighbour(self, picture_id: int, step: int) -> int | None:
        """The picture so many places after this one; None beyond the ends."""
        row = self.pictures.row_of(picture_id)
        wanted = -1 if row is None else row + step
        return self.pictures.ids[wanted] if 0 <= wanted < len(self.pictures.ids) else None

    def select(self, picture_id: int) -> None:
        """Select one picture and bring it into sight."""
        row = self.pictures.row_of(picture_id)
        if row is not None:
            index = self.pictures.index(row)
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.grid.selectionModel().setCurrentIndex(index, flag)
            self.grid.scrollTo(index)

    def open_single(self, picture_id: int) -> None:
        """Show one picture alone."""
        self.single_wanted.emit(picture_id)

    def open_compare(self, ids: Sequence[int]) -> None:
        """Compare two to four pictures."""
        self.compare_wanted.emit(list(ids))

    def open_current(self) -> None:
        """Show the current picture alone; several selected ones are compared."""
        current = self.current_id()
        if current is not None:
            self.open_single(current)

    def compare_selected(self) -> None:
        """Compare what is selected."""
        self.open_compare(self.selected_ids())

    def keep_row_for_delete(self) -> None:
        """After the selected pictures are gone, the one behind them is selected."""
        ids = self.acted_ids()
        self._row_after_delete = self.pictures.row_of(ids[0]) if ids else None

    # -- what to show ----------------------------------------------------------------------------

    def look_for(self) -> None:
        """Find what the search bar and the side bar say."""
        place = self.boards.place
        self.desk.find(
            Wish(
                text=self.search.field.text(),
                board=place.name if place.kind == "board" else None,
                is_unboarded=place.kind == "unsorted",
            )
        )

    def show_days(self, is_on: bool) -> None:
        """Begin a heading for each day, or show one plain grid."""
        self.grid.show_days(self._days if is_on else [])

    def refresh_emptiness(self) -> None:
        """Say why there is nothing, if there is nothing."""
        is_empty = not self.pictures.ids
        if is_empty:
            emptiness = emptiness_of(
                self.desk.wish,
                is_reading=self.desk.is_scanning or not self.desk.is_open,
                clear=self.search.field.clear,
                explain=self.search.show_help,
                watch_folder=self.folder_wanted.emit,
                make=self.make_wanted.emit,
            )
            self.empty.show_emptiness(emptiness)
        self.show_pictures(is_empty)

    # -- life ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.desk.follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.desk.rest()

    def undo(self) -> None:
        """Take back the last change of pictures or marks."""
        self.edits.undo()

    def redo(self) -> None:
        """Make it again."""
        self.edits.redo()

    def copy(self) -> None:
        """Copy the selected pictures."""
        self.commands.copy_pictures()

    def add_saved(self, result: PictureResult, path: Path) -> None:
        """Take in a picture that was saved just now."""
        gallery = self.desk.gallery if self.desk.is_open else None
        if gallery is not None and any(path.is_relative_to(each) for each in gallery.folders):
            self.desk.work.run(lambda: gallery.add(path), self._on_added, self.tell_error)

    def close_room(self) -> None:
        """Wait for what is under way and close the index."""
        self.closing.emit()
        for thumbnails in (self.thumbnails, self._shelf_thumbnails):
            thumbnails.close()
        self.desk.close()

    # -- inside ----------------------------------------------------------------------------------

    def _show_found(self, found: Found) -> None:
        grid = self.grid
        kept, chosen, current = grid.anchor(), self.selected_ids(), self.current_id()
        is_new = found.ids != self.pictures.ids
        self.pictures.take(found.ids)
        self._is_whole = found.is_whole
        self._days = found.days
        grid.show_days(found.days if self.bar.days.isChecked() else [])
        row = self.pictures.row_of(kept[0]) if kept else None
        if kept is not None and row is not None:
            grid.scroll_to_anchor(row, kept[1])
        rows = self.pictures.rows_of(chosen)
        if not rows and self._row_after_delete is not None and found.ids:
            rows = [min(self._row_after_delete, len(found.ids) - 1)]
            current = found.ids[rows[0]]
            self._row_after_delete = None
        if is_new and (rows or chosen):
            now = self.pictures.row_of(current) if current is not None else None
            grid.select_rows(rows, current=now if now is not None else rows[0] if rows else None)
        self.search.show_found(found)
        self.refresh_emptiness()
        self._tell_selection()
        self.pictures_changed.emit()

    def _tell_selection(self) -> None:
        ids = self.selected_ids()
        if self._is_whole:
            self.bar.show_selection(len(ids), len(self.pictures.ids))
        self.selection_changed.emit(ids)

    def _forget_row(self, _: Exception) -> None:
        self._row_after_delete = None

    def _on_added(self, _: object) -> None:
        self.desk.find_again()

    def _on_application(self, state: Qt.ApplicationState) -> None:
        """Other programs may have changed files while one worked in them."""
        if state == Qt.ApplicationState.ApplicationActive and self.isVisible():
            self.desk.follow()
