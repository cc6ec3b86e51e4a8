"""What is dragged over the painted picture or pasted into it, and what becomes of it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
)
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from sdstudio.apps.gui import build_studio
from sdstudio.document.blend import Ink
from sdstudio.document.document_file import save_document
from sdstudio.document.rect import Rect
from sdstudio.gallery.picture_file import save_picture
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.canvas import web_picture
from sdstudio.ui.canvas.document_files import blank_document
from sdstudio.ui.canvas.drop_zones import DropZones
from sdstudio.ui.canvas.found_settings import looks_like_settings
from sdstudio.ui.canvas.paint_room import PaintRoom
from sdstudio.ui.canvas.picture_arrivals import Zone, as_mask
from sdstudio.ui.studio import Studio
from sdstudio.ui.widgets.picture_view import to_qimage
from sdstudio.ui.workspace_pages import send_to_paint
from tests.support.fake_engine import FakeEngine, gradient_picture

WAIT_MS = 30_000
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction
INFOTEXT = """a red boat on the sea
Negative prompt: blurry
Steps: 31, Sampler: Euler a, CFG scale: 5.5, Seed: 4242, Size: 320x192, Model: foo"""


class Painting:
    """A studio on its Paint page, with hands to drag and paste."""

    def __init__(self, studio: Studio, qtbot: QtBot) -> None:
        self.studio = studio
        self._qtbot = qtbot
        studio.workspaces.show_page("paint")
        room = studio.workspaces.page
        assert isinstance(room, PaintRoom)
        self.room: PaintRoom = room

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.room.easel.document.layers]

    @property
    def zones(self) -> DropZones:
        return self.room.drop

    def drag_over(self, mime: QMimeData, place: QPoint) -> bool:
        event = QDragEnterEvent(QPointF(place), COPY, mime, LEFT, NO_KEYS)
        QApplication.sendEvent(self.room.view, event)
        move = QDragMoveEvent(QPointF(place), COPY, mime, LEFT, NO_KEYS)
        QApplication.sendEvent(self.room.view, move)
        return event.isAccepted()

    def drop(self, zone: Zone, mime: QMimeData) -> None:
        self.drag_over(mime, QPoint(1, 1))
        place = self.zones.places()[zone].center()
        self.drag_over(mime, place)
        assert self.zones.under == zone
        QApplication.sendEvent(
            self.room.view, QDropEvent(QPointF(place), COPY, mime, LEFT, NO_KEYS)
        )
        assert self.zones.isHidden()

    def paste(self, mime: QMimeData) -> None:
        QGuiApplication.clipboard().setMimeData(mime)
        self.studio.actions["paste"].trigger()

    def wait(self, is_there: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(is_there, timeout=WAIT_MS)

    def settle(self) -> None:
        self.wait(lambda: not self.room.background.pending)
        self.wait(lambda: not self.room.arrivals._background.pending)

    def notice(self) -> str:
        shown = self.studio.stage.notices.shown
        return f"{shown.text} {shown.hint}" if shown else ""


@pytest.fixture
def painting(qapp: QApplication, qtbot: QtBot, user_folder: Path) -> Iterator[Painting]:
    studio = build_studio(qapp, SettingsStore(user_folder / "settings.json"), FakeEngine())
    with qtbot.waitSignal(studio.settled, timeout=WAIT_MS):
        studio.open()
    made = Painting(studio, qtbot)
    made.room.files.new(100, 60)
    qtbot.waitUntil(lambda: made.room.easel.document.size == (100, 60), timeout=WAIT_MS)
    studio.panel.setFocus()
    made.room.view.setFocus()
    yield made
    studio.window.may_close = lambda: True
    studio.window.close()
    studio.window.deleteLater()
    qapp.setStyleSheet("")


def picture_file(folder: Path, size: tuple[int, int] = (40, 20), name: str = "sea.png") -> Path:
    """A picture the studio made, with its settings inside."""
    request = GenerationRequest(prompt="the sea", num_inference_steps=7, seed=99)
    picture = gradient_picture(*size, 3)
    result = PictureResult(
        picture=picture, request=request, picture_index=0, seconds=1.0, model_hash="fa4e"
    )
    save_picture(result, folder / name)
    return folder / name


def file_mime(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def text_mime(text: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(text)
    return mime


def test_the_zones_show_while_something_is_dragged_over(painting: Painting, tmp_path: Path) -> None:
    mime = file_mime(picture_file(tmp_path))
    assert painting.drag_over(mime, QPoint(5, 5))
    assert painting.zones.isVisible()
    places = painting.zones.places()
    assert len(places) == 4
    rects = list(places.values())
    for number, rect in enumerate(rects):
        assert painting.zones.rect().contains(rect)
        assert not any(rect.intersects(other) for other in rects[number + 1 :])
        assert painting.zones.zone_at(rect.center()) == list(places)[number]
    QApplication.sendEvent(painting.room.view, QDragLeaveEvent())
    assert painting.zones.isHidden()
    assert not painting.drag_over(QMimeData(), QPoint(5, 5))
    assert painting.zones.isHidden()


def test_a_new_layer_lies_in_the_middle_and_is_one_step(painting: Painting, tmp_path: Path) -> None:
    document = painting.room.easel.document
    steps = document.undo_stack.num_steps
    painting.drop("layer", file_mime(picture_file(tmp_path)))
    painting.wait(lambda: painting.names[-1] == "sea")
    layer = document.layers[-1]
    assert document.layers.bounds(layer.id) == Rect(30, 20, 40, 20)
    assert document.undo_stack.num_steps == steps + 1
    painting.studio.actions["undo"].trigger()
    assert "sea" not in painting.names


def test_a_picture_larger_than_the_document_is_scaled_and_that_is_said(
    painting: Painting, tmp_path: Path
) -> None:
    painting.drop("layer", file_mime(picture_file(tmp_path, (400, 400), "large.png")))
    painting.wait(lambda: painting.names[-1] == "large")
    document = painting.room.easel.document
    assert document.layers.bounds(document.layers[-1].id) == Rect(20, 0, 60, 60)
    assert "400 x 400" in painting.notice()


def test_a_mask_covers_the_document_by_its_brightness(painting: Painting, tmp_path: Path) -> None:
    half = np.zeros((30, 50), np.uint8)
    half[:, :25] = 255
    Image.fromarray(half).save(tmp_path / "half.png")
    painting.drop("mask", file_mime(tmp_path / "half.png"))
    painting.wait(lambda: painting.names[-1] == "half")
    document = painting.room.easel.document
    assert document.layers[-1].kind == "mask"
    mask = document.mask_values(document.bounds)
    assert mask[:, :48].min() == 255
    assert mask[:, 53:].max() == 0


def test_clear_parts_of_a_mask_are_kept() -> None:
    clear = gradient_picture(8, 8, 1)
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[:4, :, 3] = 0
    rgba = Raster(width=8, height=8, mode="RGBA", pixels=pixels.tobytes())
    mask = np.frombuffer(as_mask(rgba, Rect(0, 0, 8, 8)).pixels, np.uint8).reshape(8, 8)
    assert mask[:4].max() == 0 and mask[4:].min() == 255
    assert as_mask(clear, Rect(0, 0, 16, 4)).size == (16, 4)


def test_a_starting_picture_goes_to_the_form(painting: Painting, tmp_path: Path) -> None:
    path = picture_file(tmp_path)
    before = painting.names
    painting.drop("start", file_mime(path))
    painting.wait(lambda: painting.studio.form.init_image is not None)
    assert painting.studio.form.init_image == gradient_picture(40, 20, 3)
    assert painting.names == before


def test_settings_of_a_picture_go_to_the_form(painting: Painting, tmp_path: Path) -> None:
    painting.drop("settings", file_mime(picture_file(tmp_path)))
    form = painting.studio.form
    painting.wait(lambda: form.prompt == "the sea")
    assert (form.num_inference_steps, form.seed) == (7, 99)
    assert "sea.png" in painting.notice()


def test_a_picture_without_settings_is_answered(painting: Painting, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "bare.png")
    prompt = painting.studio.form.prompt
    painting.drop("settings", file_mime(tmp_path / "bare.png"))
    painting.wait(lambda: "bare.png" in painting.notice())
    assert painting.studio.form.prompt == prompt


@pytest.mark.parametrize("zone", DropZones.ORDER)
def test_text_with_settings_is_taken_wherever_it_is_dropped(painting: Painting, zone: Zone) -> None:
    painting.drop(zone, text_mime(INFOTEXT))
    form = painting.studio.form
    assert form.prompt == "a red boat on the sea"
    assert form.negative_prompt == "blurry"
    assert (form.num_inference_steps, form.guidance_scale, form.seed) == (31, 5.5, 4242)
    assert form.sampler == "euler-ancestral"
    assert (form.width, form.height) == (320, 192)


def test_text_with_settings_can_be_pasted_and_other_text_is_answered(painting: Painting) -> None:
    painting.paste(text_mime(INFOTEXT))
    assert painting.studio.form.seed == 4242
    painting.paste(text_mime("a boat, by nobody"))
    assert "text" in painting.notice()
    assert painting.studio.form.prompt == "a red boat on the sea"


@pytest.mark.parametrize(
    "text, expected",
    [
        (INFOTEXT, True),
        ("Negative prompt: x", True),
        ("five steps: 1 to 5", False),
        ("", False),
        ("a boat", False),
        ("x" * 200_000 + "\nSteps: 3", False),
    ],
)
def test_settings_are_told_from_other_text(text: str, expected: bool) -> None:
    assert looks_like_settings(text) == expected


def test_a_clipboard_picture_becomes_a_layer(painting: Painting) -> None:
    mime = QMimeData()
    image = QImage(30, 10, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    mime.setImageData(image)
    painting.paste(mime)
    painting.wait(lambda: painting.names[-1] == "pasted picture")
    document = painting.room.easel.document
    assert tuple(document.composite(Rect(50, 30, 1, 1))[0, 0]) == (255, 0, 0, 255)


def test_a_picture_dragged_out_of_a_browser_needs_no_network(
    painting: Painting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_picture, "download", lambda *_: pytest.fail("went online"))
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/boat.png")])
    mime.setHtml('<img src="https://example.org/boat.png">')
    mime.setImageData(to_qimage(gradient_picture(20, 20, 5)))
    painting.drop("layer", mime)
    painting.wait(lambda: len(painting.names) == 3)


def test_a_picture_within_its_address_is_read(painting: Painting, tmp_path: Path) -> None:
    data = base64.b64encode(picture_file(tmp_path).read_bytes()).decode()
    painting.drop("layer", text_mime(f"data:image/png;base64,{data}"))
    painting.wait(lambda: len(painting.names) == 3)
    painting.drop("layer", text_mime("data:image/png;base64,AAAA"))
    painting.wait(lambda: "pasted" in painting.notice())
    assert len(painting.names) == 3


class _Site(BaseHTTPRequestHandler):
    """Hands out one picture at /sea.png."""

    picture = b""

    def do_GET(self) -> None:
        found = self.path == "/sea.png"
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            self.wfile.write(self.picture)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a web site on this machine."""
    _Site.picture = picture_file(tmp_path).read_bytes()
    server = HTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def press(painting: Painting, text: str) -> None:
    buttons = painting.studio.stage.notices.findChildren(QPushButton)
    next(each for each in buttons if each.text() == text and not each.isHidden()).click()


def test_a_web_address_is_asked_about_first_and_then_fetched(painting: Painting, site: str) -> None:
    painting.drop("layer", text_mime(f"{site}/sea.png"))
    assert "127.0.0.1" in painting.notice()
    painting.settle()
    assert len(painting.names) == 2, "nothing is fetched unasked"
    press(painting, "Download it")
    painting.wait(lambda: len(painting.names) == 3)


def test_a_web_address_that_leads_nowhere_is_answered(painting: Painting, site: str) -> None:
    painting.drop("layer", text_mime(f"{site}/gone.png"))
    press(painting, "Download it")
    painting.wait(lambda: "did not hand out" in painting.notice())
    assert len(painting.names) == 2


def test_a_download_stops_at_its_limit(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_picture, "MAX_BYTES", 100)
    with pytest.raises(Exception, match="larger than"):
        web_picture.download(f"{site}/sea.png")
    with pytest.raises(Exception, match="was stopped"):
        web_picture.download(f"{site}/sea.png", lambda: True)
    with pytest.raises(Exception, match="not one of the web"):
        web_picture.download("file:///etc/passwd")


def test_a_dropped_document_is_opened(painting: Painting, tmp_path: Path) -> None:
    save_document(blank_document(33, 44).snapshot(), tmp_path / "other.sdstudio")
    painting.drop("layer", file_mime(tmp_path / "other.sdstudio"))
    painting.wait(lambda: painting.room.easel.document.size == (33, 44))


def test_folders_other_files_and_many_files_are_answered(
    painting: Painting, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("hello")
    painting.drop("layer", file_mime(tmp_path))
    painting.wait(lambda: "folder" in painting.notice())
    painting.drop("mask", file_mime(tmp_path / "words.txt"))
    painting.wait(lambda: "words.txt" in painting.notice())
    painting.drop("layer", file_mime(picture_file(tmp_path), *[tmp_path / "x.png"] * 4999))
    painting.wait(lambda: "4,999" in painting.notice())
    assert painting.names[-1] == "sea"


# --- cut, copy, paste ---------------------------------------------------------------------------


def test_copied_pixels_come_back_where_they_lay(painting: Painting) -> None:
    room = painting.room
    document = room.easel.document
    document.paint.draw_shape("rectangle", (10, 10, 40, 40), Ink(colour=(200, 10, 10)))
    document.selection.rectangle(0, 0, 20, 20)
    room.easel.touch(document.bounds)
    painting.studio.actions["copy"].trigger()
    painting.settle()
    painting.studio.actions["paste"].trigger()
    pasted = document.layers[-1]
    assert document.layers.bounds(pasted.id) == Rect(10, 10, 10, 10)
    assert len(painting.names) == 3
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (10, 10)


def test_cutting_takes_away_and_is_undone(painting: Painting) -> None:
    room = painting.room
    document = room.easel.document
    layer = document.state.active_id
    document.paint.draw_shape("rectangle", (10, 10, 40, 40), Ink(colour=(200, 10, 10)))
    before = document.layer_pixels(layer, document.bounds)
    painting.studio.actions["cut"].trigger()
    painting.settle()
    assert not document.layer_pixels(layer, document.bounds).any()
    painting.studio.actions["undo"].trigger()
    assert np.array_equal(document.layer_pixels(layer, document.bounds), before)


def test_a_copied_mask_is_pasted_as_a_mask(painting: Painting) -> None:
    document = painting.room.easel.document
    painting.room.easel.do(lambda: document.layers.add(kind="mask"))
    document.paint.draw_shape("rectangle", (5, 5, 15, 15), Ink(colour=(255, 255, 255)))
    painting.studio.actions["copy"].trigger()
    painting.settle()
    painting.studio.actions["paste"].trigger()
    assert [layer.kind for layer in document.layers][-2:] == ["mask", "mask"]


def test_copying_nothing_and_pasting_nothing_change_nothing(painting: Painting) -> None:
    QGuiApplication.clipboard().clear()
    painting.studio.actions["copy"].trigger()
    painting.settle()
    painting.studio.actions["paste"].trigger()
    assert len(painting.names) == 2


# --- from elsewhere -----------------------------------------------------------------------------


def test_a_picture_is_sent_to_paint(painting: Painting, tmp_path: Path) -> None:
    painting.studio.workspaces.show_page("picture")
    send_to_paint(painting.studio, picture_file(tmp_path))
    painting.wait(lambda: painting.room.easel.document.size == (40, 20))
    assert painting.studio.workspaces.key == "paint"
    assert painting.room.files.name == "sea"
    send_to_paint(painting.studio, gradient_picture(25, 35, 2), "dream")
    painting.wait(lambda: painting.room.easel.document.size == (25, 35))
    assert painting.room.files.name == "dream"


@pytest.mark.parametrize("where", ["New Layer", "New Picture", "Cancel"])
def test_a_picture_sent_onto_unsaved_work_asks_where(
    painting: Painting, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    document = painting.room.easel.document
    painting.room.easel.do(lambda: document.paint.draw_shape("ellipse", (0, 0, 9, 9), Ink()))

    def choose(box: QMessageBox) -> None:
        button = next(each for each in box.buttons() if each.text().replace("&", "") == where)
        button.click()

    monkeypatch.setattr(QMessageBox, "exec", choose)
    discard = QMessageBox.StandardButton.Discard
    monkeypatch.setattr(QMessageBox, "warning", lambda *_: discard)
    send_to_paint(painting.studio, gradient_picture(20, 20, 2), "dream")
    if where == "New Layer":
        painting.wait(lambda: painting.names[-1] == "dream")
    elif where == "New Picture":
        painting.wait(lambda: painting.room.easel.document.size == (20, 20))
    else:
        painting.settle()
        assert painting.names == ["Background", "Layer 2"]


@pytest.mark.parametrize("where", ["prompt", "picture"])
def test_text_with_settings_is_taken_in_the_prompt_and_on_the_picture_page(
    painting: Painting, where: str
) -> None:
    studio = painting.studio
    studio.workspaces.show_page("picture")
    if where == "prompt":
        studio.panel.prompt.insertFromMimeData(text_mime(INFOTEXT))
    else:
        studio.rooms.drop.take(text_mime(INFOTEXT))
    assert studio.form.prompt == "a red boat on the sea"
    assert studio.form.seed == 4242
    studio.panel.prompt.selectAll()
    studio.panel.prompt.insertFromMimeData(text_mime("a plain boat"))
    assert studio.form.prompt == "a plain boat"
