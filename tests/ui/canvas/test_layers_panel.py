"""The panel of layers: every act in it is one on the document, and one step of undo."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.document.state import Layer
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.document_files import blank_document
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.layer_commands import LayerCommands
from sdstudio.ui.canvas.layer_delegate import eye_rect, lock_rect, words_rect
from sdstudio.ui.canvas.layer_thumbnails import THUMBNAIL_PX, layer_image
from sdstudio.ui.canvas.layers_panel import LayersPanel

WAIT_MS = 30_000
LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier


class Room:
    """A panel over a document of three layers: paper, "Sea", "Boat" (the active one)."""

    def __init__(self) -> None:
        document = blank_document(300, 200)
        document.layers.rename(document.state.active_id, "Sea")
        document.layers.add("Boat")
        self.easel = Easel(Document.from_snapshot(document.snapshot()))
        self.background = Background(self.easel)
        self.commands = LayerCommands(self.easel)
        self.panel = LayersPanel(self.easel, self.commands, self.background)
        self.panel.resize(260, 320)
        self.panel.show()

    @property
    def document(self) -> Document:
        return self.easel.document

    @property
    def names(self) -> list[str]:
        """From the top down, as the panel shows them."""
        model = self.panel.layers
        return [str(model.index(row).data()) for row in range(model.rowCount())]

    def layer(self, name: str) -> Layer:
        return next(each for each in self.document.layers if each.name == name)

    def act(self, name: str) -> None:
        action = self.commands.actions[name]
        assert action.isEnabled(), name
        action.trigger()

    def row_rect(self, name: str):
        return self.panel.view.visualRect(self.panel.layers.index(self.names.index(name)))

    def click(self, place: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        QTest.mouseClick(self.panel.view.viewport(), LEFT, modifiers, place)


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    made = Room()
    qtbot.addWidget(made.panel)
    yield made
    made.background.finish()


NO_KEYS = Qt.KeyboardModifier.NoModifier


def test_the_topmost_layer_stands_first_and_the_active_one_is_chosen(room: Room) -> None:
    assert room.names == ["Boat", "Sea", "Background"]
    assert room.panel.view.currentIndex().data() == "Boat"


def test_choosing_a_row_makes_its_layer_active_and_is_no_step_of_undo(room: Room) -> None:
    steps = room.document.undo_stack.num_steps
    room.click(words_rect(room.row_rect("Sea")).center(), NO_KEYS)
    assert room.document.layers.active == room.layer("Sea")
    assert room.document.undo_stack.num_steps == steps


def test_new_layers_and_masks_stand_above_the_active_one(room: Room) -> None:
    room.easel.activate(room.layer("Sea"))
    room.act("add-layer")
    room.act("add-mask")
    assert room.names == ["Boat", "Mask 5", "Layer 4", "Sea", "Background"]
    assert room.document.layers.active == room.layer("Mask 5")
    assert room.panel.view.currentIndex().data() == "Mask 5"
    room.easel.undo()
    room.easel.undo()
    assert room.names == ["Boat", "Sea", "Background"]


def test_the_eye_hides_and_shows_alone(room: Room) -> None:
    eye = eye_rect(room.row_rect("Sea")).center()
    room.click(eye, NO_KEYS)
    assert not room.layer("Sea").is_visible
    room.click(eye, NO_KEYS)
    assert room.layer("Sea").is_visible
    assert room.document.layers.active == room.layer("Boat")
    room.click(eye, ALT)
    assert [each.name for each in room.document.layers if each.is_visible] == ["Sea"]
    room.click(eye, ALT)
    assert all(each.is_visible for each in room.document.layers)


def test_the_lock_refuses_tools_and_greys_what_cannot_be_done(room: Room) -> None:
    refused: list[Exception] = []
    room.easel.refused.connect(refused.append)
    room.click(lock_rect(room.row_rect("Boat")).center(), NO_KEYS)
    assert room.layer("Boat").is_locked
    assert not room.commands.actions["delete"].isEnabled()
    assert not room.commands.actions["clear"].isEnabled()
    room.easel.do(lambda: room.document.paint.fill_selection(Ink()))
    assert "Boat" in str(refused[0])


def test_a_name_is_typed_in_place(room: Room, qtbot: QtBot) -> None:
    room.commands.actions["rename"].trigger()
    qtbot.waitUntil(lambda: bool(room.panel.view.findChildren(QLineEdit)), timeout=WAIT_MS)
    editor = room.panel.view.findChildren(QLineEdit)[0]
    editor.selectAll()
    QTest.keyClicks(editor, "Ship")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Ship" in room.names, timeout=WAIT_MS)
    room.easel.undo()
    assert room.names[0] == "Boat"


def test_an_empty_name_is_not_taken(room: Room) -> None:
    assert not room.panel.layers.setData(room.panel.layers.index(0), "   ")
    assert room.names[0] == "Boat"


@pytest.mark.parametrize(
    "row, target, expected",
    [
        (0, 3, ["Sea", "Background", "Boat"]),
        (0, 2, ["Sea", "Boat", "Background"]),
        (2, 0, ["Background", "Boat", "Sea"]),
        (1, 1, ["Boat", "Sea", "Background"]),
        (1, 2, ["Boat", "Sea", "Background"]),
    ],
)
def test_dragging_puts_a_layer_before_another_row(
    room: Room, row: int, target: int, expected: list[str]
) -> None:
    model = room.panel.layers
    mime = model.mimeData([model.index(row)])
    model.dropMimeData(mime, Qt.DropAction.MoveAction, target, 0, QModelIndex())
    assert room.names == expected
    assert [each.name for each in room.document.layers] == expected[::-1]


def test_something_else_dropped_on_the_list_changes_nothing(room: Room) -> None:
    mime = QMimeData()
    mime.setText("1")
    taken = room.panel.layers.dropMimeData(mime, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert not taken
    assert room.names == ["Boat", "Sea", "Background"]


def test_keys_raise_and_lower_until_the_end(room: Room) -> None:
    room.act("lower")
    room.act("lower")
    assert room.names == ["Sea", "Background", "Boat"]
    assert not room.commands.actions["lower"].isEnabled()
    room.act("raise")
    assert room.names == ["Sea", "Boat", "Background"]


def test_a_drag_of_the_opacity_is_one_step(room: Room) -> None:
    steps = room.document.undo_stack.num_steps
    for opacity in (0.9, 0.7, 0.5):
        room.panel.opacity.value_wanted.emit(opacity)
    room.panel.opacity.slider.sliderReleased.emit()
    room.panel.opacity.value_wanted.emit(0.3)
    assert room.document.undo_stack.num_steps == steps + 2
    assert room.panel.opacity.value == 0.3
    room.easel.undo()
    assert room.layer("Boat").opacity == 0.5
    assert room.panel.opacity.value == 0.5
    room.easel.undo()
    assert room.layer("Boat").opacity == 1.0


def test_merging_and_flattening_look_the_same_and_come_back(room: Room) -> None:
    document = room.document
    document.paint.draw_shape("ellipse", (20, 20, 200, 150), Ink(colour=(200, 30, 30)))
    document.layers.set_opacity(document.state.active_id, 0.5)
    room.easel.touch(document.bounds)
    before = document.composite(document.bounds)
    room.act("merge-down")
    assert room.names == ["Sea", "Background"]
    room.act("flatten")
    assert room.names == ["Background"]
    assert np.abs(document.composite(document.bounds).astype(int) - before).max() <= 1
    room.easel.undo()
    room.easel.undo()
    assert room.names == ["Boat", "Sea", "Background"]
    assert np.array_equal(document.composite(document.bounds), before)


def test_duplicating_and_deleting(room: Room) -> None:
    room.act("duplicate")
    assert room.names[:2] == ["Boat copy", "Boat"]
    room.act("delete")
    assert room.names == ["Boat", "Sea", "Background"]
    assert room.document.layers.active == room.layer("Boat")


def test_without_layers_only_new_ones_can_be_made(room: Room) -> None:
    for _ in range(3):
        room.act("delete")
    assert room.names == []
    assert not room.panel.opacity.isEnabled()
    able = {name for name, action in room.commands.actions.items() if action.isEnabled()}
    assert able == {"add-layer", "add-mask", "select-all", "invert-selection"}
    room.act("add-layer")
    assert len(room.names) == 1


def test_the_selection_commands(room: Room) -> None:
    room.act("select-all")
    assert room.document.selection.bounds == room.document.bounds
    room.document.selection.rectangle(0, 0, 10, 10)
    room.act("invert-selection")
    assert room.document.selection.values(Rect(5, 5, 1, 1))[0, 0] == 0
    room.act("deselect")
    assert not room.document.selection.is_active
    assert not room.commands.actions["deselect"].isEnabled()


def test_inverting_from_a_painted_layer_takes_the_topmost_mask(room: Room) -> None:
    assert not room.commands.actions["invert-mask"].isEnabled()
    room.act("add-mask")
    mask = room.document.state.active_id
    room.easel.activate(room.layer("Sea"))
    room.act("invert-mask")
    assert room.document.layer_pixels(mask, room.document.bounds).min() == 255


def test_the_menu_of_a_layer_acts_on_that_layer(room: Room, qtbot: QtBot) -> None:
    place = words_rect(room.row_rect("Sea")).center()
    room.panel.view.customContextMenuRequested.emit(place)
    menu = room.panel.findChildren(QMenu)[-1]
    qtbot.waitUntil(menu.isVisible, timeout=WAIT_MS)
    assert room.document.layers.active == room.layer("Sea")
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert len(texts) == len(set(texts)) > 10
    assert len(menu.actions()) - len(texts) == LayerCommands.MENU.count("-")
    menu.close()


def test_thumbnails_follow_the_painting(room: Room, qtbot: QtBot) -> None:
    boat = room.document.state.active_id
    thumbnails = room.panel.thumbnails
    qtbot.waitUntil(lambda: thumbnails.get(boat) is not None, timeout=WAIT_MS)
    image = thumbnails.get(boat)
    assert image is not None
    assert (image.width(), image.height()) == (THUMBNAIL_PX, THUMBNAIL_PX * 2 // 3)
    assert image.pixelColor(36, 24).alpha() == 0
    with qtbot.waitSignal(thumbnails.changed, timeout=WAIT_MS):
        room.easel.do(partial(room.document.paint.fill_selection, Ink(colour=(10, 200, 30))))
    image = thumbnails.get(boat)
    assert image is not None
    assert image.pixelColor(36, 24).getRgb() == (10, 200, 30, 255)


@pytest.mark.parametrize("offset", [(0, 0), (-300, 130), (700, -40)])
def test_a_thumbnail_shows_the_layer_where_it_lies(offset: tuple[int, int]) -> None:
    document = Document(1500, 1000)
    layer = document.layers.add()
    document.paint.draw_shape("rectangle", (0, 0, 1500, 1000), Ink(colour=(255, 0, 0)))
    document.layers.shift(layer.id, *offset)
    snapshot = document.snapshot()
    image = layer_image(document.layers.get(layer.id), snapshot.tiles[layer.id], document.bounds)
    seen = document.composite(document.bounds)[..., 3] > 0
    for x in range(2, image.width() - 2, 5):
        for y in range(2, image.height() - 2, 5):
            across, down = (int((at + 0.5) * 1500 / THUMBNAIL_PX) for at in (x, y))
            near = seen[max(0, down - 25) : down + 25, max(0, across - 25) : across + 25]
            if near.all() or not near.any():
                assert (image.pixelColor(x, y).alpha() > 127) == bool(seen[down, across])


def test_another_document_is_followed(room: Room, qtbot: QtBot) -> None:
    room.easel.put(blank_document(64, 64, None))
    assert room.names == ["Layer 1"]
    layer = room.document.state.active_id
    qtbot.waitUntil(lambda: room.panel.thumbnails.get(layer) is not None, timeout=WAIT_MS)
