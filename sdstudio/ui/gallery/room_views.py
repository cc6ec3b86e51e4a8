"""What looks at single pictures of the gallery, tied to its room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QDrag, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu

from sdstudio.ui.background import Background
from sdstudio.ui.gallery.compare_view import CompareView
from sdstudio.ui.gallery.details_panel import Details, DetailsPanel
from sdstudio.ui.gallery.file_edit_menu import FileEditMenu
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.gallery.lineage_view import LineageView
from sdstudio.ui.gallery.made_again import MadeAgain
from sdstudio.ui.gallery.picture_list import picture_mime
from sdstudio.ui.gallery.picture_reader import PictureReader
from sdstudio.ui.gallery.regenerate import Regenerator
from sdstudio.ui.gallery.reuse import Reuse
from sdstudio.ui.gallery.reuse_bar import ReuseBar
from sdstudio.ui.gallery.room_lookup import RoomLookup
from sdstudio.ui.gallery.single_view import SingleView
from sdstudio.ui.gallery.slideshow import Slideshow
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.icons import icon
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.notices import Notice
from sdstudio.ui.widgets.section import Section
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    pass

FAULT = "gallery-fault"
"""Key of a notice."""

SMALL_PX = 256


class RoomViews(QObject):
    """Single view, comparison, slideshow, details and family of one room.

    Args:
        thumbnail_folder: of the room's thumbnails.
    """

    def __init__(
        self,
        room: GalleryRoom,
        *,
        form: GenerationForm,
        controller: JobController,
        thumbnail_folder: Path,
    ) -> None:
        super().__init__(room)
        self._room = room
        self._pictures = Background(self)
        """Reads whole pictures."""
        self._facts = Background(self)
        """Reads what is said about them."""
        self._lookup = RoomLookup(room, thumbnail_folder)
        self.reuse = Reuse(
            form, self._facts, tell=room.tell, tell_error=room.tell_error, parent=self
        )
        self.file_edits = FileEditMenu(room, self._facts)
        self._make_views()
        regenerator = Regenerator(controller, self._pictures, self)
        self.again = MadeAgain(room, regenerator, self.compare)
        self._make_panel()
        self._connect_views()
        self._connect_panel()
        self._connect_room()

    def close(self) -> None:
        """Wait for what is being read; before the room closes."""
        if self.slideshow is not None:
            self.slideshow.close()
        self._pictures.finish()
        self._facts.finish()

    # -- what is looked at -----------------------------------------------------------------------

    def open_single(self, picture_id: int) -> None:
        """Look at one picture."""
        self._room.show_view(self.single)
        self.single.show_picture(picture_id)
        self.single.setFocus()

    def open_compare(self, ids: Sequence[int]) -> None:
        """Look at two to four pictures at once."""
        if len(ids) < 2:
            return
        self.again.card.hide()
        self._room.show_view(self.compare)
        self.compare.compare_ids(ids)
        self.compare.setFocus()

    def open_slideshow(self, picture_id: int | None) -> None:
        """Show pictures one after another, beginning with this one."""
        order = self._room.order()
        if picture_id is None or not order:
            return
        if self.slideshow is None:
            reader = PictureReader(lambda: self._room.gallery, self._pictures, self)
            self.slideshow = Slideshow(reader, neighbour=self._room.neighbour)
            self.slideshow.setParent(self._room.window(), Qt.WindowType.Window)
            self.slideshow.ended.connect(self._on_slideshow_ended)
        self.slideshow.start(picture_id, first=order[0])

    def step_to(self, picture_id: int) -> None:
        """Go to a picture from its family; one that the search hides is shown alone."""
        self._room.select(picture_id)
        is_hidden = self._room.pictures.row_of(picture_id) is None
        if self._room.views.currentWidget() is self.single or is_hidden:
            self.open_single(picture_id)

    def fill_menu(self, menu: QMenu) -> None:
        """Offer what a new picture can take from the selected one."""
        ids = self._room.selected_ids()
        known = self._room.pictures.known(ids)
        if len(ids) > 1:
            self.file_edits.fill(menu, ids)
        if len(ids) != 1 or not known:
            return
        path, files = known[0].path, self._room.files
        menu.addMenu(self.reuse.menu(menu, path))
        menu.addAction(
            icon("add-picture"), self.tr("Use as Starting Picture"), partial(files.start_from, path)
        )
        menu.addAction(icon("brush"), self.tr("Paint on It"), partial(files.paint_on, path))
        menu.addAction(
            icon("difference"),
            self.tr("Make Again and Compare"),
            partial(self.again.regenerator.regenerate, known[0].id, path),
        )
        self.file_edits.fill(menu, [known[0].id])

    # -- building --------------------------------------------------------------------------------

    def _make_views(self) -> None:
        room = self._room
        reader = PictureReader(lambda: room.gallery, self._pictures, self)
        self.single = SingleView(
            reader,
            neighbour=room.neighbour,
            position=self._lookup.position,
            sketch=self._lookup.sketch,
        )
        self.compare = CompareView(lambda: room.gallery, self._pictures)
        self.slideshow: Slideshow | None = None

    def _make_panel(self) -> None:
        gallery = partial(getattr, self._room, "gallery")
        self.lineage = LineageView(gallery, self._facts, self._lookup.thumbnail)
        self.family = Section(self.tr("Family"))
        self.family.body.addWidget(self.lineage)
        self.reuse_bar = ReuseBar()
        self._has_family = False
        self.panel = DetailsPanel(gallery, self._facts, extras=(self.reuse_bar, self.family))
        self._room.set_details(self.panel)

    def _connect_views(self) -> None:
        room, single, compare = self._room, self.single, self.compare
        single.shown.connect(room.select)
        single.closed.connect(room.show_grid)
        single.slideshow_wanted.connect(self.open_slideshow)
        single.menu_wanted.connect(self._show_menu)
        single.drag_wanted.connect(self._drag)
        single.mark_key_pressed.connect(self._pass_to_grid)
        single.fault_found.connect(self._tell_fault)
        compare.closed.connect(self._leave_compare)
        compare.failed.connect(room.tell_error)

    def _connect_panel(self) -> None:
        panel, edits, bar = self.panel, self._room.edits, self.reuse_bar
        panel.stars_wanted.connect(edits.rate)
        panel.label_wanted.connect(edits.set_label)
        panel.note_wanted.connect(edits.set_note)
        panel.board_wanted.connect(edits.put_on_board)
        panel.unboard_wanted.connect(edits.take_off_board)
        panel.showing.connect(self._on_details)
        self.lineage.chosen.connect(self.step_to)
        self.lineage.has_family.connect(self._show_family)
        bar.all_wanted.connect(self._with_path(self.reuse.take_all))
        bar.remix_wanted.connect(self._with_path(self.reuse.remix))
        bar.menu_wanted.connect(self._show_reuse_menu)
        bar.again_wanted.connect(self._regenerate)

    def _connect_room(self) -> None:
        room = self._room
        room.fill_use_menu = self.fill_menu
        room.single_wanted.connect(self.open_single)
        room.compare_wanted.connect(self.open_compare)
        room.selection_changed.connect(self._on_selection)
        room.pictures_changed.connect(self._on_pictures)
        room.closing.connect(self.close)
        slideshow = QAction(self.tr("Slideshow"), room)
        slideshow.setShortcut(QKeySequence("F5"))
        slideshow.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        slideshow.triggered.connect(lambda: self.open_slideshow(room.current_id()))
        room.addAction(slideshow)
        compare = QAction(self.tr("Compare"), room.grid)
        compare.setShortcut(QKeySequence("C"))
        compare.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        compare.triggered.connect(room.compare_selected)
        room.grid.addAction(compare)

    # -- what happens ----------------------------------------------------------------------------

    def _on_selection(self, ids: list[int]) -> None:
        self.panel.show_pictures(ids)

    def _on_pictures(self) -> None:
        """Something changed: read again; a picture that is gone makes room for the next."""
        self.panel.refresh()
        shown = self.single.picture_id
        if self._room.views.currentWidget() is not self.single or shown is None:
            return
        following = self._room.current_id()
        if self._room.pictures.row_of(shown) is not None:
            self.single.refresh()
        elif following is not None:
            self.single.show_picture(following)
        else:
            self._room.show_grid()

    def _on_details(self, details: Details) -> None:
        is_single = len(details.ids) == 1 and bool(details.rows)
        self.lineage.show_picture(details.ids[0] if is_single else None)
        self.reuse_bar.show_for(details.rows[0] if is_single else None)
        self.family.setVisible(is_single and self._has_family)

    def _show_family(self, has_family: bool) -> None:
        self._has_family = has_family
        self.family.setVisible(has_family)

    def _current_path(self) -> Path | None:
        """Where the picture lies that the panel shows alone."""
        rows = self.panel.details.rows
        return rows[0].path if len(self.panel.details.ids) == 1 and rows else None

    def _with_path(self, act: Callable[[Path], object]) -> Callable[[], None]:
        def do() -> None:
            path = self._current_path()
            if path is not None:
                act(path)

        return do

    def _regenerate(self) -> None:
        path = self._current_path()
        if path is not None:
            self.again.regenerator.regenerate(self.panel.details.ids[0], path)

    def _show_reuse_menu(self, spot: QPoint) -> None:
        menu = QMenu(self.panel)
        menu.aboutToHide.connect(menu.deleteLater)
        self.fill_menu(menu)
        menu.popup(spot)

    def _show_menu(self, picture_id: int, spot: QPoint) -> None:
        self._room.select(picture_id)
        self._room.commands.show_menu(spot)

    def _pass_to_grid(self, event: QKeyEvent) -> None:
        QApplication.sendEvent(self._room.grid, event)

    def _drag(self, picture_id: int | None) -> None:
        path = self._current_path()
        if path is not None:
            drag = QDrag(self.single)
            drag.setMimeData(picture_mime([path]))
            drag.exec(Qt.DropAction.CopyAction)

    def _tell_fault(self, text: str) -> None:
        self._room.tell(Notice(text=one_line(text), key=FAULT))

    def _on_slideshow_ended(self, picture_id: int | None) -> None:
        if picture_id is not None:
            self.step_to(picture_id)

    def _leave_compare(self) -> None:
        self.compare.clear()
        self.again.card.hide()
        self._room.show_grid()
