"""The Gallery workspace: every picture, found, looked at and put in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sdstudio import paths
from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.gallery.gallery_desk import Found, GalleryDesk
from sdstudio.ui.gallery.gallery_edits import GalleryEdits
from sdstudio.ui.gallery.gallery_list import GalleryList
from sdstudio.ui.gallery.grid_thumbnails import GridThumbnails
from sdstudio.ui.gallery.grid_view import GridView
from sdstudio.ui.notices import Notice

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.messages.result import PictureResult
    from sdstudio.ui.studio import Studio


class GalleryRoom(QWidget):
    """The page of the Gallery workspace.

    Args:
        folders: tells which are watched now; the first is where new pictures go.
        cache_folder: of index and thumbnails.
        files: what can be done with a picture file.
        tell, tell_error: show a notice, or what went wrong.

    Signals:
        selection_changed: ids of the selected pictures, a list.
        single_wanted: the id of the picture to be shown alone.
        compare_wanted: ids of two to four pictures.
    """

    selection_changed = Signal(object)
    single_wanted = Signal(object)
    compare_wanted = Signal(object)

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        *,
        cache_folder: Path,
        files: FileCommands,
        tell: Callable[[Notice], None],
        tell_error: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self.files = files
        self.tell = tell
        self.tell_error = tell_error
        self.desk = GalleryDesk(folders, cache_folder=cache_folder, parent=self)
        self.edits = GalleryEdits(self.desk)
        self.thumbnails = GridThumbnails(cache_folder / "thumbnails", self)
        self.pictures = GalleryList(self.desk.fetch)
        self.grid = GridView(self.pictures, self.thumbnails)
        self.views = QStackedWidget()
        """Grid, and what looks at single pictures; `show_view` changes it."""
        self.views.addWidget(self.grid)
        self.side_slot = QWidget()
        """At the right; `set_details` puts a widget there."""
        self._lay_out()
        self.desk.found.connect(self._show_found)
        self.desk.failed.connect(tell_error)
        self.grid.selection_settled.connect(self._tell_selection)
        self.grid.doubleClicked.connect(self._open_clicked)

    @classmethod
    def for_studio(cls, studio: Studio) -> GalleryRoom:
        """The room of this window; it lives and closes with it."""
        store = studio.store

        def folders() -> tuple[Path, ...]:
            extra = (Path(name).expanduser() for name in store.settings.extra_folders)
            return (studio.gallery_folder(), *extra)

        room = cls(
            folders,
            cache_folder=paths.cache_folder(),
            files=studio.rooms.files,
            tell=studio.stage.notices.tell,
            tell_error=studio.failures.tell,
        )
        studio.controller.picture_saved.connect(room.add_saved)
        studio.window.closed.connect(room.close_room)
        return room

    # -- for the other views of the room ---------------------------------------------------------

    @property
    def gallery(self) -> Gallery:
        """The facade; there from the moment the first picture is shown."""
        return self.desk.gallery

    def selected_ids(self) -> list[int]:
        """The selected pictures, the newest first."""
        return [self.pictures.ids[row] for row in self.grid.selected_rows()]

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
            self.grid.select_rows([row], current=row)
            self.grid.scrollTo(self.pictures.index(row))

    def open_single(self, picture_id: int) -> None:
        """Show one picture alone."""
        self.single_wanted.emit(picture_id)

    def open_compare(self, ids: Sequence[int]) -> None:
        """Compare two to four pictures."""
        self.compare_wanted.emit(list(ids))

    def show_view(self, widget: QWidget) -> None:
        """Bring a view of `views` to the front; it is added if it is new."""
        if self.views.indexOf(widget) < 0:
            self.views.addWidget(widget)
        self.views.setCurrentWidget(widget)

    def show_grid(self) -> None:
        """Go back to all pictures, with the keyboard."""
        self.views.setCurrentWidget(self.grid)
        self.grid.setFocus()

    def set_details(self, widget: QWidget) -> None:
        """Put the details of the selected pictures at the right."""
        layout = self.side_slot.layout()
        assert layout is not None
        layout.addWidget(widget)
        self.side_slot.show()

    # -- life ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.desk.follow()

    def undo(self) -> None:
        """Take back the last change of pictures or marks."""
        self.edits.undo()

    def redo(self) -> None:
        """Make it again."""
        self.edits.redo()

    def add_saved(self, result: PictureResult, path: Path) -> None:
        """Take in a picture that was saved just now."""
        if self.desk.is_open:
            gallery = self.desk.gallery
            self.desk.work.run(lambda: gallery.add(path), self._on_added, self.tell_error)

    def close_room(self) -> None:
        """Wait for what is under way and close the index."""
        self.thumbnails.close()
        self.desk.close()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.middle = QVBoxLayout()
        self.middle.setContentsMargins(0, 0, 0, 0)
        self.middle.setSpacing(0)
        self.middle.addWidget(self.views, 1)
        center = QWidget()
        center.setLayout(self.middle)
        slot = QVBoxLayout(self.side_slot)
        slot.setContentsMargins(0, 0, 0, 0)
        self.side_slot.hide()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(center)
        self.splitter.addWidget(self.side_slot)
        self.splitter.setStretchFactor(0, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _show_found(self, found: Found) -> None:
        kept, chosen, current = self.grid.anchor(), self.selected_ids(), self.current_id()
        self.pictures.take(found.ids)
        row = self.pictures.row_of(kept[0]) if kept else None
        if kept is not None and row is not None:
            self.grid.scroll_to_anchor(row, kept[1])
        rows = [row for each in chosen if (row := self.pictures.row_of(each)) is not None]
        if rows:
            now = self.pictures.row_of(current) if current is not None else None
            self.grid.select_rows(rows, current=now)

    def _on_added(self, _: object) -> None:
        self.desk.find_again()

    def _tell_selection(self) -> None:
        self.selection_changed.emit(self.selected_ids())

    def _open_clicked(self) -> None:
        current = self.current_id()
        if current is not None:
            self.open_single(current)
