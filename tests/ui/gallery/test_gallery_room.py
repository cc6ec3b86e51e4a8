"""The Gallery workspace: finding, marking, deleting and following the disk, over real files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QContextMenuEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QSlider,
)

from sdstudio.gallery.side_file import LABELS, SideFile
from sdstudio.ui.gallery.cell_painting import LABEL_COLORS
from sdstudio.ui.gallery.gallery_list import IDS_MIME, MAX_CELLS, dragged_ids
from sdstudio.ui.gallery.note_dialog import NoteDialog
from sdstudio.ui.gallery.place_list import Place
from tests.support.gallery_room import OpenRoom
from tests.support.saved_pictures import save_picture
from tests.ui.gallery.conftest import OpenIt

KEY = Qt.Key


def type_search(opened: OpenRoom, text: str) -> None:
    field = opened.room.search.field
    field.clear()
    opened.qtbot.keyClicks(field, text)
    opened.wait_idle()


def place_titles(opened: OpenRoom) -> list[str]:
    places = opened.room.boards.places
    return [places.index(row).data() for row in range(places.rowCount())]


# --- finding ------------------------------------------------------------------------------------


def test_it_shows_all_pictures_the_newest_first(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=7)
    assert opened.numbers() == [6, 5, 4, 3, 2, 1, 0]
    assert opened.room.bar.count.text() == "7 pictures"
    opened.wait(lambda: opened.room.thumbnails.fetched == 7)


def test_search_follows_every_key(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=8)
    type_search(opened, "blu")
    assert opened.numbers() == [5, 1]
    type_search(opened, "model:dreamy -boat")
    assert opened.numbers() == [7, 3]
    type_search(opened, "seed:4")
    assert opened.numbers() == [4]
    type_search(opened, "rating:x")
    assert opened.room.search.problems.text() == 'rating: cannot be "x".'
    assert len(opened.numbers()) == 8
    type_search(opened, "nothing answers this")
    assert opened.room.empty.isVisible()
    assert "nothing answers this" in opened.room.empty.title.text()
    opened.qtbot.keyClick(opened.room.search.field, KEY.Key_Escape)
    opened.wait(lambda: opened.room.grid.isVisible())


def test_filters_replace_each_other(open_gallery: OpenIt) -> None:
    search = open_gallery(count=1).room.search
    search.field.setText('fox rating:>=2 board:"my best"')
    search.add_filter("rating:>=4")
    assert search.field.text() == 'fox board:"my best" rating:>=4'
    search.filters.menu().aboutToShow.emit()
    titles = [action.text() for action in search.filters.menu().actions()]
    assert {"Stars", "Model", "Date", "Board"} <= set(titles)


def test_a_search_is_kept_and_asked_again(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=8)
    marks = opened.room.gallery.marks
    opened.room.commands.change_marks(lambda: marks.save_search("boats", "boat"))
    opened.wait(lambda: "boats" in place_titles(opened))
    opened.room.boards.go_to(Place(kind="search", name="boats"))
    opened.wait_idle()
    assert opened.numbers() == [5, 1]
    opened.room.boards.go_to(Place(kind="all"))
    opened.wait_idle()
    assert len(opened.numbers()) == 8
    opened.room.boards.remove_wanted.emit(Place(kind="search", name="boats", text="boat"))
    opened.wait(lambda: "boats" not in place_titles(opened))


def test_days_have_headings(open_gallery: OpenIt, tmp_path: Path) -> None:
    for number, days_ago in enumerate((9, 9, 4, 0, 0)):
        save_picture(tmp_path / "pictures", number, days_ago=days_ago)
    opened = open_gallery()
    opened.room.bar.days.setChecked(True)
    assert opened.room.grid.headings.starts == [0, 2, 3]
    first, third = opened.room.grid.box(0), opened.room.grid.box(2)
    assert third.left() == first.left() and third.top() > first.bottom()
    opened.qtbot.mouseClick(
        opened.room.grid.viewport(),
        Qt.MouseButton.LeftButton,
        pos=QPoint(10, third.top() - 10),
    )
    assert opened.room.grid.selected_rows() == [2]


# --- marks --------------------------------------------------------------------------------------


def test_digits_give_stars_and_undo_takes_them_back(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=4)
    room, grid = opened.room, opened.room.grid
    opened.select(1)
    opened.qtbot.keyClick(grid, KEY.Key_2)
    opened.select(0, 1, 2)
    opened.qtbot.keyClick(grid, KEY.Key_5)
    assert [room.pictures.cell(row).rating for row in range(4)] == [5, 5, 5, 0]
    opened.wait_idle()
    assert [row.rating for row in room.gallery.search()] == [5, 5, 5, 0]
    room.undo()
    opened.wait_idle()
    assert [row.rating for row in room.gallery.search()] == [0, 2, 0, 0]
    room.redo()
    opened.wait_idle()
    assert [row.rating for row in room.gallery.search()] == [5, 5, 5, 0]
    type_search(opened, "rating:>=4")
    assert opened.numbers() == [3, 2, 1]
    opened.select(0)
    opened.qtbot.keyClick(grid, KEY.Key_0)
    opened.wait(lambda: len(room.pictures.ids) == 2)


def test_the_colours_are_those_of_the_gallery(open_gallery: OpenIt) -> None:
    assert tuple(LABEL_COLORS) == LABELS[1:]
    opened = open_gallery(count=2)
    opened.select(0)
    opened.qtbot.keyClick(opened.room.grid, KEY.Key_4, Qt.KeyboardModifier.AltModifier)
    opened.wait_idle()
    assert [row.label for row in opened.room.gallery.search()] == ["green", ""]


def test_a_note_is_found(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=3)
    opened.select(2)
    opened.room.commands.edit_note()
    opened.wait(lambda: bool(opened.room.window().findChildren(NoteDialog)))
    dialog = opened.room.window().findChildren(NoteDialog)[0]
    dialog.text.setPlainText("for the wall\nof the hall")
    dialog._keep()
    opened.wait_idle()
    type_search(opened, "note:hall")
    assert opened.numbers() == [0]


# --- boards -------------------------------------------------------------------------------------


def test_boards_are_made_filled_renamed_and_removed(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=5)
    room, boards = opened.room, opened.room.boards
    boards.begin_board()
    editor = boards.view.findChild(QLineEdit)
    assert editor is not None
    opened.qtbot.keyClicks(editor, "best & <b>bold</b>")
    opened.qtbot.keyClick(editor, KEY.Key_Return)
    opened.wait(lambda: "best & <b>bold</b>" in place_titles(opened))
    opened.select(0, 2)
    room.commands.put_on_board("best & <b>bold</b>")
    opened.wait_idle()
    boards.go_to(Place(kind="board", name="best & <b>bold</b>"))
    opened.wait_idle()
    assert opened.numbers() == [4, 2]
    room.edits.rename_board("best & <b>bold</b>", 'my "best"')
    opened.wait(lambda: boards.places.boards() == ['my "best"'])
    opened.wait_idle()
    boards.go_to(Place(kind="board", name='my "best"'))
    opened.wait_idle()
    assert opened.numbers() == [4, 2]
    boards.go_to(Place(kind="unsorted"))
    opened.wait_idle()
    assert opened.numbers() == [3, 1, 0]
    room.edits.remove_board('my "best"')
    opened.wait(lambda: len(room.pictures.ids) == 5)
    room.undo()
    opened.wait(lambda: boards.places.boards() == ['my "best"'])
    opened.wait_idle()
    assert room.gallery.marks.boards() == [('my "best"', 2)]


def test_a_board_that_is_not_named_is_not_made(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=1)
    boards = opened.room.boards
    before = place_titles(opened)
    boards.begin_board()
    editor = boards.view.findChild(QLineEdit)
    assert editor is not None
    opened.qtbot.keyClick(editor, KEY.Key_Escape)
    opened.wait(lambda: place_titles(opened) == before)


def test_boards_are_put_in_order_by_drag_and_keys(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=2)
    room, view = opened.room, opened.room.boards.view
    opened.select(0)
    for name in ("one", "two", "three"):
        room.commands.put_on_board(name)
    opened.wait(lambda: room.boards.places.boards() == ["one", "two", "three"])
    opened.wait_idle()

    drag_board(opened, "three", above="one")
    assert room.boards.places.boards() == ["three", "one", "two"], "shown at once"
    opened.wait_idle()
    assert [name for name, _ in room.gallery.marks.boards()] == ["three", "one", "two"]
    room.boards.go_to(Place(kind="board", name="one"))
    opened.qtbot.keyClick(view, KEY.Key_Down, Qt.KeyboardModifier.AltModifier)
    opened.wait_idle()
    assert room.boards.place.name == "one"
    assert SideFile(opened.folders[0]).read().boards == ["three", "two", "one"]
    opened.qtbot.keyClick(view, KEY.Key_Down, Qt.KeyboardModifier.AltModifier)
    room.undo()
    opened.wait(lambda: room.boards.places.boards() == ["three", "one", "two"])
    assert not opened.errors


def test_a_removed_board_comes_back_in_its_place(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=1)
    room = opened.room
    opened.select(0)
    for name in ("one", "two", "three"):
        room.commands.put_on_board(name)
    room.edits.remove_board("two")
    room.undo()
    opened.wait_idle()
    assert room.gallery.marks.boards() == [("one", 1), ("two", 1), ("three", 1)]


def drag_board(opened: OpenRoom, name: str, *, above: str) -> None:
    """The event that ends a drag; a whole one needs a real pointer."""
    boards = opened.room.boards
    view, places = boards.view, boards.places
    mime = places.mimeData([places.index_of(Place(kind="board", name=name))])
    target = view.visualRect(places.index_of(Place(kind="board", name=above)))
    spot = QPointF(target.topLeft() + QPoint(9, 1))
    move, left = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    view.dropEvent(QDropEvent(spot, move, mime, left, Qt.KeyboardModifier.NoModifier))


def test_two_boards_of_one_name_are_refused(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=1)
    marks = opened.room.gallery.marks
    for name in ("one", "two"):
        marks.add_board(name)
    opened.room.edits.rename_board("one", "two")
    opened.wait(lambda: len(opened.errors) == 1)
    assert "called two" in str(opened.errors[0])
    assert [name for name, _ in marks.boards()] == ["one", "two"]


def test_pictures_are_dragged_to_a_board_and_out_with_their_files(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=3)
    room = opened.room
    room.gallery.marks.add_board("wall")
    room.desk.list_contents()
    opened.wait(lambda: "wall" in place_titles(opened))
    pictures = room.pictures
    mime = pictures.mimeData([pictures.index(row) for row in (0, 2)])
    assert [Path(url.toLocalFile()) for url in mime.urls()] == [
        opened.paths()[0],
        opened.paths()[2],
    ]
    assert all(url.isLocalFile() and os.path.exists(url.toLocalFile()) for url in mime.urls())
    places = room.boards.places
    wall = places.index_of(Place(kind="board", name="wall"))
    heading = places.index(2)
    copy = Qt.DropAction.CopyAction
    assert not places.canDropMimeData(mime, copy, -1, -1, heading)
    assert places.canDropMimeData(mime, copy, -1, -1, wall)
    places.dropMimeData(mime, copy, -1, -1, wall)
    opened.wait_idle()
    assert room.gallery.marks.boards() == [("wall", 2)]
    foreign = QMimeData()
    foreign.setData(IDS_MIME, b"1,x,,2")
    assert dragged_ids(foreign) == [1, 2]


# --- deleting -----------------------------------------------------------------------------------


def test_delete_goes_to_the_shelf_and_undo_brings_all_back(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=6)
    room = opened.room
    before = [path.read_bytes() for path in opened.paths()]
    opened.select(1, 2)
    opened.qtbot.keyClick(room.grid, KEY.Key_5)
    opened.wait_idle()
    opened.qtbot.keyClick(room.grid, KEY.Key_Delete)
    opened.wait(lambda: len(room.pictures.ids) == 4)
    assert opened.numbers() == [5, 2, 1, 0]
    assert room.grid.selected_rows() == [1]  # the next picture, for the next key
    assert opened.notices[-1].text == "2 pictures deleted."
    opened.notices[-1].actions[0].act()
    opened.wait(lambda: len(room.pictures.ids) == 6)
    opened.wait_idle()
    assert opened.numbers() == [5, 4, 3, 2, 1, 0]
    assert [path.read_bytes() for path in opened.paths()] == before
    assert [row.rating for row in room.gallery.search()] == [0, 5, 5, 0, 0, 0]
    room.redo()
    opened.wait(lambda: len(room.pictures.ids) == 4)


def test_the_notice_brings_back_its_own_pictures(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=4)
    opened.select(0)
    opened.room.commands.delete()
    opened.wait_idle()
    opened.select(0)
    opened.room.commands.rate(3)
    opened.wait_idle()
    opened.notices[-1].actions[0].act()
    opened.wait(lambda: len(opened.room.pictures.ids) == 4)
    opened.wait_idle()
    assert [row.rating for row in opened.room.gallery.search()] == [0, 3, 0, 0]


def test_the_trash_restores_and_deletes_for_good(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_gallery(count=4)
    room, trash = opened.room, opened.room.trash
    for row in (0, 1):
        opened.select(row)
        room.commands.delete()
        opened.wait_idle()
    room.boards.go_to(Place(kind="trash"))
    opened.wait(lambda: len(trash.shelf.shelved) == 2)
    assert trash.isVisible()
    opened.wait(lambda: "kept until" in (trash.shelf.index(0).data() or ""))
    trash.view.setCurrentIndex(trash.shelf.index(1))
    opened.qtbot.keyClick(trash.view, KEY.Key_Return)
    opened.wait(lambda: len(trash.shelf.shelved) == 1)
    opened.wait_idle()
    assert opened.numbers() == [3, 2, 0]
    monkeypatch.setattr(
        "sdstudio.ui.gallery.room_commands.RoomCommands.is_sure", lambda self, *words: True
    )
    trash.empty.click()
    opened.wait(lambda: not trash.shelf.shelved)
    assert not list((opened.folders[0]).glob(".sdstudio-trash/*/*.png"))
    room.boards.go_to(Place(kind="all"))
    assert room.is_browsing


def test_single_pictures_come_back_from_the_trash(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=5)
    room, trash = opened.room, opened.room.trash
    opened.select(0, 1, 2, 3)
    room.commands.rate(4)
    room.commands.delete()
    opened.wait_idle()
    room.boards.go_to(Place(kind="trash"))
    opened.wait(lambda: len(trash.shelf.ids) == 4)
    headings = trash.view.headings.words(trash.shelf.ids, (0, 4))
    assert headings[0] == "4 pictures" and "kept until" in headings[1]
    kept = trash.shelf.ids[3]
    opened.wait(lambda: trash.shelf.cell(1) is not None)
    trash.view.select_rows([1, 2], current=1)
    trash.restore.click()
    opened.wait(lambda: len(trash.shelf.ids) == 2)
    opened.wait_idle()
    assert opened.numbers() == [3, 2, 0]
    assert [row.rating for row in room.gallery.search()] == [4, 4, 0]
    assert trash.shelf.ids[1] == kept, "a picture's id stays while others come back"
    assert opened.notices[-1].text == "2 pictures restored."

    room.undo()
    opened.wait(lambda: len(trash.shelf.ids) == 4)
    opened.wait_idle()
    assert opened.numbers() == [0] and len(trash.shelf.starts) == 2
    room.redo()
    opened.wait(lambda: len(trash.shelf.ids) == 2)
    room.undo()
    opened.wait(lambda: len(trash.shelf.ids) == 4)


def test_single_pictures_are_deleted_for_good(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_gallery(count=3)
    trash = opened.room.trash
    opened.select(0, 1, 2)
    opened.room.commands.delete()
    opened.wait_idle()
    opened.room.boards.go_to(Place(kind="trash"))
    opened.wait(lambda: len(trash.shelf.ids) == 3)
    asked: list[str] = []
    monkeypatch.setattr(
        "sdstudio.ui.gallery.room_commands.RoomCommands.is_sure",
        lambda self, *words: not asked.append(words[1]),
    )
    trash.view.select_rows([1], current=1)
    opened.qtbot.keyClick(trash.view, KEY.Key_Delete)
    opened.wait(lambda: len(trash.shelf.ids) == 2)
    assert asked == ["Delete 1 picture for good? This cannot be undone."]
    assert len(list(opened.folders[0].glob(".sdstudio-trash/*/*.png"))) == 2


def test_deleting_for_good_asks_first(
    open_gallery: OpenIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_gallery(count=2)
    opened.select(0)
    opened.room.commands.delete()
    opened.wait_idle()
    opened.room.boards.go_to(Place(kind="trash"))
    opened.wait(lambda: len(opened.room.trash.shelf.shelved) == 1)
    asked: list[str] = []
    monkeypatch.setattr(
        "sdstudio.ui.gallery.room_commands.RoomCommands.is_sure",
        lambda self, *words: bool(asked.append(words[1])),
    )
    opened.room.trash.empty.click()
    opened.wait_idle()
    assert asked == ["Delete 1 picture for good? This cannot be undone."]
    assert len(opened.room.gallery.shelf()) == 1


# --- selecting and keys -------------------------------------------------------------------------


def test_arrows_shift_and_select_all(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=30)
    grid, hand = opened.room.grid, opened.qtbot
    told: list[list[int]] = []
    opened.room.selection_changed.connect(told.append)
    grid.take_keys()
    columns = grid._geometry.columns
    hand.keyClick(grid, KEY.Key_Right)
    hand.keyClick(grid, KEY.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected_rows() == list(range(1, columns + 2))
    opened.wait(lambda: bool(told) and len(told[-1]) == columns + 1)
    hand.keyClick(grid, KEY.Key_End)
    assert grid.selected_rows() == [29]
    assert 29 in grid.visible_rows()
    hand.keyClick(grid, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(opened.room.selected_ids()) == 30
    hand.keyClick(grid, KEY.Key_Escape)
    assert not opened.room.selected_ids()


def test_ctrl_and_shift_clicks_and_a_band(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=8)
    grid, view, hand = opened.room.grid, opened.room.grid.viewport(), opened.qtbot
    left = Qt.MouseButton.LeftButton
    hand.mouseClick(view, left, pos=grid.box(0).center())
    hand.mouseClick(view, left, Qt.KeyboardModifier.ControlModifier, grid.box(3).center())
    assert grid.selected_rows() == [0, 3]
    hand.mouseClick(view, left, pos=grid.box(1).center())
    hand.mouseClick(view, left, Qt.KeyboardModifier.ShiftModifier, grid.box(5).center())
    assert grid.selected_rows() == [1, 2, 3, 4, 5]
    below = QPoint(view.width() - 4, view.height() - 4)
    assert not grid.indexAt(below).isValid()
    hand.mousePress(view, left, pos=below)
    hand.mouseMove(view, pos=grid.box(5).center())
    hand.mouseMove(view, pos=grid.box(4).center() + QPoint(5, 0))
    hand.mouseRelease(view, left, pos=grid.box(4).center())
    assert 5 in grid.selected_rows() and 0 not in grid.selected_rows()


def test_space_previews_and_arrows_go_on(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=3)
    preview = opened.wiring._preview
    opened.select(0)
    opened.room.grid.setFocus()
    opened.qtbot.keyClick(opened.room.grid, KEY.Key_Space)
    assert preview.isVisible()
    opened.wait(lambda: preview._picture is not None)
    opened.qtbot.keyClick(preview, KEY.Key_Right)
    assert opened.room.current_id() == opened.room.pictures.ids[1] == preview._id
    opened.qtbot.keyClick(preview, KEY.Key_3)
    opened.wait_idle()
    assert [row.rating for row in opened.room.gallery.search()] == [0, 3, 0]
    opened.qtbot.keyClick(preview, KEY.Key_Space)
    assert not preview.isVisible()


def test_enter_opens_and_neighbours_are_known(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=3)
    room = opened.room
    wanted: list[object] = []
    room.single_wanted.connect(wanted.append)
    room.compare_wanted.connect(wanted.append)
    opened.select(1)
    opened.qtbot.keyClick(room.grid, KEY.Key_Return)
    ids = list(room.order())
    assert wanted == [ids[1]]
    assert [room.neighbour(ids[1], step) for step in (-1, 1, 5)] == [ids[0], ids[2], None]
    assert room.neighbour(12345, 1) is None
    opened.select(0, 2)
    room.compare_selected()
    assert wanted[-1] == [ids[0], ids[2]]


def test_the_menu_acts_on_what_is_selected(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=3)
    room = opened.room
    opened.select(0)
    spot = room.grid.box(0).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, spot)
    QApplication.sendEvent(room.grid.viewport(), event)
    menu = next(each for each in room.findChildren(QMenu) if each.parent() is room)
    entries = {action.text().partition("\t")[0]: action for action in menu.actions()}
    entries["Copy Prompt"].trigger()
    opened.wait(lambda: "number2" in QGuiApplication.clipboard().text())
    entries["Copy Picture"].trigger()
    opened.wait(lambda: QGuiApplication.clipboard().image().width() == 24)
    stars = entries["Stars"].menu()
    next(each for each in stars.actions() if each.text().endswith("\t4")).trigger()
    opened.wait_idle()
    assert room.gallery.search()[0].rating == 4
    menu.close()
    opened.select(0, 1)
    room.copy()
    clipboard = QGuiApplication.clipboard()
    opened.wait(lambda: len(clipboard.mimeData().urls()) == 2)


def test_every_control_has_a_name(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=2)
    nameless = [
        widget
        for kind in (QAbstractButton, QAbstractItemView, QComboBox, QSlider, QLineEdit)
        for widget in opened.room.findChildren(kind)
        if not (widget.accessibleName() or getattr(widget, "text", str)())
        and widget.parent() is not opened.room.search.field
        and not isinstance(widget.parent(), QAbstractItemView)
    ]
    assert not nameless
    face = QAccessible.queryAccessibleInterface(opened.room.grid)
    assert face.childCount() >= 2
    words = face.child(0).text(QAccessible.Text.Name)
    assert "number1" in words


# --- many pictures ------------------------------------------------------------------------------


def test_only_what_was_seen_is_kept_in_memory(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=400)
    room = opened.room
    assert len(room.pictures._cells) < 400 <= MAX_CELLS
    opened.wait_idle()
    assert room.thumbnails.fetched < 150
    opened.qtbot.keyClick(room.grid, KEY.Key_End)
    last = room.pictures.ids[-1]
    opened.wait(lambda: bool(room.pictures.known([last])))
    opened.wait(lambda: room.thumbnails.get(room.pictures.known([last])[0]) is not None)


def test_the_slider_changes_the_cells_and_keeps_the_place(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=200)
    grid = opened.room.grid
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum() // 2)
    before = grid._row_near(grid.viewport().height() // 2)
    opened.room.bar.cell_size.setValue(90)
    rows = grid.visible_rows()
    assert before in rows
    assert grid._geometry.cell_px < 130
    assert abs(before - (rows.start + rows.stop) // 2) <= 2 * grid._geometry.columns


def test_new_pictures_do_not_move_what_is_looked_at(open_gallery: OpenIt) -> None:
    opened = open_gallery(count=200)
    room, grid = opened.room, opened.room.grid
    grid.verticalScrollBar().setValue(1000)
    opened.select(60)
    anchor = grid.anchor()
    chosen = room.selected_ids()
    path = save_picture(opened.folders[0], 500)
    room.add_saved(None, path)  # type: ignore[arg-type]
    opened.wait(lambda: len(room.pictures.ids) == 201)
    assert anchor is not None
    row = room.pictures.row_of(anchor[0])
    assert row is not None and grid.box(row).top() == anchor[1]
    assert room.selected_ids() == chosen
