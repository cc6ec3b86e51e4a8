"""What is copied of a layer, or of what is seen of them all, and where it comes back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.layer_clipboard import LayerClipboard, copied_pixels, merged_pixels

RED, BLUE = (200, 30, 30), (20, 40, 210)
WAIT_MS = 30_000


@pytest.fixture
def easel(qapp: QApplication) -> Easel:
    """Blue over half of red, on nothing, and a mask that nobody sees in a picture."""
    document = Document(60, 40)
    document.layers.add("Red")
    document.paint.draw_shape("rectangle", (10, 10, 40, 30), Ink(colour=RED))
    document.layers.add("Blue")
    document.paint.draw_shape("rectangle", (25, 10, 50, 30), Ink(colour=BLUE), opacity=0.5)
    document.layers.add(kind="mask")
    document.paint.fill_selection(Ink(colour=(255, 255, 255)))
    document.layers.activate(document.layers[1].id)
    return Easel(document)


@pytest.fixture
def clipboard(easel: Easel) -> Iterator[LayerClipboard]:
    background = Background(easel)
    yield LayerClipboard(easel, background)
    background.finish()


def _on_clipboard() -> QImage:
    return QGuiApplication.clipboard().image()


def test_copied_merged_is_what_is_seen(easel: Easel) -> None:
    document = easel.document
    copied = merged_pixels(document.snapshot())
    assert copied is not None and (copied.x, copied.y) == (0, 0)
    assert copied.picture.size == document.size
    pixels = np.frombuffer(copied.picture.pixels, np.uint8).reshape(40, 60, 4)
    assert np.array_equal(pixels, document.composite(document.bounds))


def test_copied_merged_keeps_to_the_selection(easel: Easel) -> None:
    document = easel.document
    document.selection.ellipse(5, 5, 45, 35)
    copied = merged_pixels(document.snapshot())
    assert copied is not None and (copied.x, copied.y, *copied.picture.size) == (5, 5, 40, 30)
    pixels = np.frombuffer(copied.picture.pixels, np.uint8).reshape(30, 40, 4)
    seen = document.composite(Rect(5, 5, 40, 30))
    share = document.selection.values(Rect(5, 5, 40, 30)) / np.float32(255)
    assert np.array_equal(pixels[..., :3], seen[..., :3])
    assert np.array_equal(pixels[..., 3], np.rint(seen[..., 3] * share))
    assert pixels[0, 0, 3] == 0 and pixels[15, 15, 3] == 255


@pytest.mark.parametrize("is_selected", [False, True])
def test_where_nothing_is_seen_nothing_is_copied(is_selected: bool) -> None:
    document = Document(60, 40)
    layer = document.layers.add()
    if is_selected:
        document.paint.draw_shape("rectangle", (0, 0, 9, 9), Ink())
        document.selection.rectangle(20, 20, 40, 40)
    assert merged_pixels(document.snapshot()) is None
    assert copied_pixels(document.snapshot(), layer.id) is None


def test_a_merged_copy_is_on_the_clipboard_and_comes_back_as_a_layer(
    easel: Easel, clipboard: LayerClipboard, qtbot: QtBot
) -> None:
    document = easel.document
    document.selection.rectangle(20, 12, 30, 22)
    seen = document.composite(Rect(20, 12, 10, 10))
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged, timeout=WAIT_MS):
        clipboard.copy_merged_action.trigger()
    assert (_on_clipboard().width(), _on_clipboard().height()) == (10, 10)
    assert _on_clipboard().pixelColor(1, 1) == QColor(*RED)
    document.selection.clear()
    assert clipboard.paste()
    pasted = document.layers.active
    assert pasted is not None and document.layers.bounds(pasted.id) == Rect(20, 12, 10, 10)
    assert np.array_equal(document.layer_pixels(pasted.id, Rect(20, 12, 10, 10)), seen)


def test_copying_takes_the_active_layer_alone(
    easel: Easel, clipboard: LayerClipboard, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged, timeout=WAIT_MS):
        clipboard.copy()
    image = _on_clipboard()
    assert (image.width(), image.height()) == (25, 20)  # the blue one, half of it clear
    assert image.pixelColor(3, 3).alpha() == pytest.approx(128, abs=1)
    assert image.pixelColor(3, 3).blue() == pytest.approx(BLUE[2], abs=1)


def test_what_is_cut_is_gone_and_one_undo_brings_it_back(
    easel: Easel, clipboard: LayerClipboard, qtbot: QtBot
) -> None:
    document = easel.document
    before = document.composite(document.bounds)
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged, timeout=WAIT_MS):
        clipboard.cut()
    assert document.layers.active is not None
    assert document.layers.bounds(document.layers.active.id).is_empty
    easel.undo()
    assert np.array_equal(document.composite(document.bounds), before)


def test_a_picture_from_elsewhere_is_not_taken_for_what_was_copied_here(
    clipboard: LayerClipboard, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged, timeout=WAIT_MS):
        clipboard.copy_merged()
    QGuiApplication.clipboard().setImage(QImage(4, 4, QImage.Format.Format_RGB32))
    assert not clipboard.paste()
