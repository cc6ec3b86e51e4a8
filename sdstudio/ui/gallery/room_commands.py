"""What a person can do with the pictures selected in the gallery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, QPoint, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QPixmap
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QMessageBox, QWidget

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.cell import Cell
from sdstudio.ui.gallery.cell_painting import LABEL_COLORS
from sdstudio.ui.gallery.drag_picture import HOT_SPOT_PX, drag_picture
from sdstudio.ui.gallery.edit_notices import EditNotices
from sdstudio.ui.gallery.gallery_edits import Choice
from sdstudio.ui.gallery.gallery_list import pictures_mime
from sdstudio.ui.gallery.gallery_menu import PictureActs, gallery_menu
from sdstudio.ui.gallery.mark_menus import fill_board_menu
from sdstudio.ui.gallery.picture_list import picture_mime
from sdstudio.ui.widgets.open_dialog import open_dialog

if TYPE_CHECKING:
    from sdstudio.ui.gallery.gallery_room import GalleryRoom

MAX_PATHS = 5000
MAX_DRAGGED = 1000


class RoomCommands(QObject):
    """Acts on what is selected in its room."""

    def __init__(self, room: GalleryRoom) -> None:
        super().__init__(room)
        self._room = room
        self._edits = room.edits
        self._notices = EditNotices(room.edits, room.tell)
        self._edits.failed.connect(room.tell_error)

    # -- marks -----------------------------------------------------------------------------------

    def rate(self, stars: int) -> None:
        """Give stars; they are drawn before they are on the disk."""
        ids = self._room.acted_ids()
        if ids:
            self._room.pictures.show_at_once(ids, rating=stars)
            self._edits.rate(ids, stars)

    def label(self, name: str) -> None:
        """Give a colour label, "" for none."""
        ids = self._room.acted_ids()
        if ids:
            self._room.pictures.show_at_once(ids, label=name)
            self._edits.set_label(ids, name)

    def label_by_number(self, number: int) -> None:
        """Give the label of a digit, 0 for none."""
        self.label(("", *LABEL_COLORS)[number])

    def edit_note(self) -> None:
        """Let a note be written about what is selected."""
        ids, room = self._room.acted_ids(), self._room
        if not ids:
            return
        gallery = room.gallery

        def show(note: str) -> None:
            from sdstudio.ui.gallery.note_dialog import NoteDialog

            dialog = NoteDialog(note, len(ids), room.window())
            dialog.kept.connect(partial(self._edits.set_note, ids))
            open_dialog(dialog)

        room.desk.work.run(
            lambda: "".join(row.note for row in gallery.rows(ids[:1])), show, room.tell_error
        )

    # -- boards ----------------------------------------------------------------------------------

    def put_on_board(self, board: str) -> None:
        """Put what is selected on a board."""
        ids = self._room.acted_ids()
        if ids:
            self._edits.put_on_board(ids, board)

    def put_on_new_board(self) -> None:
        """Ask for a name and put what is selected there."""
        name = self._ask(self.tr("New Board"), self.tr("Name of the board"), "")
        if name:
            self.put_on_board(name)

    def show_board_menu(self, button: QWidget) -> None:
        """Offer boards above a button."""
        menu = QMenu(button)
        menu.aboutToHide.connect(menu.deleteLater)
        boards = self._room.boards.places.boards()
        fill_board_menu(menu, boards, self.put_on_board, self.put_on_new_board)
        height = menu.sizeHint().height()
        menu.popup(button.mapToGlobal(QPoint(0, -height)))

    def save_search(self, text: str) -> None:
        """Ask for a name and keep a search."""
        name = self._ask(self.tr("Keep This Search"), self.tr("Name"), text)
        if name:
            self.change_marks(lambda: self._room.gallery.marks.save_search(name, text))

    def change_marks(self, change: Callable[[], object]) -> None:
        """Change boards or searches elsewhere, then show them."""
        room = self._room
        room.desk.work.run(change, lambda _: room.desk.list_contents(), room.tell_error)

    # -- copies ----------------------------------------------------------------------------------

    def copy_pictures(self) -> None:
        """Put the selected files on the clipboard, and the picture itself where it is one."""
        ids = self._room.acted_ids()
        if len(ids) == 1:
            self._with_paths(ids, lambda paths: self._room.files.copy_picture(paths[0]))
        elif ids:
            self._with_paths(
                ids, lambda paths: QGuiApplication.clipboard().setMimeData(picture_mime(paths))
            )

    def copy_prompts(self) -> None:
        """Put the prompts on the clipboard, an empty line between two."""
        ids, gallery = self._room.acted_ids()[:MAX_PATHS], self._room.gallery

        def read() -> str:
            return "\n\n".join(row.prompt for row in gallery.rows(ids) if row.prompt)

        self._room.desk.work.run(read, _to_clipboard, self._room.tell_error)

    def show_in_folder(self) -> None:
        """Show the current picture in the desktop's file browser."""
        self._with_current(self._room.files.show_in_folder)

    def export(self) -> None:
        """Ask how, and write copies of what is selected."""
        ids = self._room.acted_ids()
        if not ids:
            return
        from sdstudio.ui.gallery.export_dialog import ExportDialog

        dialog = ExportDialog(self._room.gallery, ids, self._room.window())
        dialog.exported.connect(self._notices.tell_exported)
        dialog.failed.connect(self._room.tell_error)
        self._room.closing.connect(dialog.stop)
        open_dialog(dialog)

    def drag_out(self) -> None:
        """Let the selected pictures be dropped on boards, and as files on other programs."""
        mime = self.drag_mime()
        drag = QDrag(self._room.grid)
        drag.setMimeData(mime)
        pile = drag_picture(self._dragged_thumbnails(), len(mime.urls()))
        drag.setPixmap(pile)
        drag.setHotSpot(QPoint(HOT_SPOT_PX, HOT_SPOT_PX))
        drag.exec(Qt.DropAction.CopyAction)

    def drag_mime(self) -> QMimeData:
        """What a drag carries; only pictures out of sight have to be read for it."""
        ids = self._room.acted_ids()[:MAX_DRAGGED]
        known = {cell.id: cell for cell in self._room.pictures.known(ids)}
        missing = [each for each in ids if each not in known]
        known |= {row.id: Cell.of(row) for row in self._room.gallery.rows(missing)}
        return pictures_mime([known[each] for each in ids if each in known])

    def _dragged_thumbnails(self) -> list[QPixmap]:
        current, room = self._room.current_id(), self._room
        ids = [] if current is None else [current]
        ids += [each for each in room.acted_ids()[:3] if each != current]
        found = [room.thumbnails.get(cell) for cell in room.pictures.known(ids[:3])]
        return [each.pixmap for each in found if each is not None and each.pixmap is not None]

    # -- deleting --------------------------------------------------------------------------------

    def delete(self) -> None:
        """Move what is selected to the gallery's trash."""
        ids = self._room.acted_ids()
        if ids:
            self._room.keep_row_for_delete()
            self._edits.delete(ids)

    def restore(self, chosen: Sequence[Choice]) -> None:
        """Bring deleted pictures back."""
        self._edits.restore(chosen)

    def discard(self, chosen: Sequence[Choice]) -> None:
        """Delete for good, if a person is sure."""
        count = sum(len(d.pictures) if names is None else len(names) for _, d, names in chosen)
        text = self.tr("Delete {0} for good? This cannot be undone.")
        if self.is_sure(self.tr("Delete for Good"), text.format(counted.pictures(count))):
            work = [partial(self._room.gallery.discard, *each) for each in chosen]
            self.change_marks(lambda: [act() for act in work])

    def is_sure(self, title: str, text: str) -> bool:
        """Ask before what cannot be undone."""
        buttons = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            title,
            text,
            buttons.Cancel,
            self._room.window(),
        )
        yes = box.addButton(title, QMessageBox.ButtonRole.DestructiveRole)
        box.exec()
        return box.clickedButton() is yes

    # -- menu ------------------------------------------------------------------------------------

    def show_menu(self, spot: QPoint) -> None:
        """Show what can be done with what is selected."""
        room = self._room
        board = room.boards.place.name if room.boards.place.kind == "board" else ""
        acts = PictureActs(
            open=room.open_current,
            preview=room.preview_current,
            compare=room.compare_selected,
            rate=self.rate,
            label=self.label,
            put_on_board=self.put_on_board,
            new_board=self.put_on_new_board,
            take_off_board=partial(self._take_off, board) if board else None,
            note=self.edit_note,
            fill_use=room.fill_use_menu,
            copy_picture=self.copy_pictures,
            copy_prompt=self.copy_prompts,
            show_in_folder=self.show_in_folder,
            export=self.export,
            delete=self.delete,
        )
        boards = room.boards.places.boards()
        gallery_menu(room, acts, count=len(room.acted_ids()), boards=boards).popup(spot)

    def _take_off(self, board: str) -> None:
        self._edits.take_off_board(self._room.acted_ids(), board)

    # -- inside ----------------------------------------------------------------------------------

    def _with_current(self, act: Callable[[Path], object]) -> None:
        current = self._room.current_id()
        if current is not None:
            self._with_paths([current], lambda paths: act(paths[0]))

    def _with_paths(self, ids: Sequence[int], act: Callable[[list[Path]], object]) -> None:
        gallery, some = self._room.gallery, list(ids)[:MAX_PATHS]

        def done(paths: list[Path]) -> None:
            if paths:
                act(paths)

        read = self._room.desk.work.run
        read(lambda: [row.path for row in gallery.rows(some)], done, self._room.tell_error)

    def _ask(self, title: str, words: str, text: str) -> str:
        plain = QLineEdit.EchoMode.Normal
        name, is_sure = QInputDialog.getText(self._room.window(), title, words, plain, text)
        return name.strip() if is_sure else ""


def _to_clipboard(text: str) -> None:
    if text:
        QGuiApplication.clipboard().setText(text)
