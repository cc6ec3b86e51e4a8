"""The painting view: what it shows is the document, and it paints no more than has changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas import paint_surface
from sdstudio.ui.canvas.paint_surface import PaintSurface
from sdstudio.ui.canvas.paint_view import PaintView
from tests.support.painting import click, colour_at, drag, frame, open_paint_view, settle
from tests.support.random_painter import RandomPainter

RED, BLUE, WHITE = (210, 30, 20), (20, 40, 200), (255, 255, 255)
TOLERANCE = 3
"""Qt blends each layer in eight bits, the document in floats: a level per layer, three layers."""


def white_document(width: int = 256, height: int = 192) -> Document:
    document = Document(width, height)
    document.layers.add("Paper")
    document.paint.fill_selection(Ink(colour=WHITE))
    return document


def noisy_document(width: int, height: int) -> Document:
    """Three layers of soft noise with holes, over an opaque one."""
    rng = np.random.default_rng(4)
    document = Document(width, height)
    for index in range(3):
        small = rng.integers(0, 256, (height // 16 + 2, width // 16 + 2, 4), dtype=np.uint8)
        if index == 0:
            small[..., 3] = 255
        image = Image.fromarray(small, "RGBA").resize((width, height), Image.Resampling.BICUBIC)
        pixels = np.array(image)
        pixels[..., 3] = 255 if index == 0 else pixels[..., 3]
        picture = Raster(width=width, height=height, mode="RGBA", pixels=pixels.tobytes())
        layer = document.layers.add_picture(picture)
        document.layers.set_opacity(layer.id, 1.0 if index == 0 else 0.6)
    return document


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PaintView]:
    view = open_paint_view(white_document())
    qtbot.addWidget(view)
    return view


def page_of(view: PaintView) -> np.ndarray:
    page = view.viewpoint.device_rect()
    return frame(view)[page.y() : page.y() + page.height(), page.x() : page.x() + page.width()]


# --- what is shown ----------------------------------------------------------------------------


def test_at_full_size_the_frame_is_the_documents_own_composite(qtbot: QtBot) -> None:
    document = noisy_document(300, 200)
    view = open_paint_view(document)
    qtbot.addWidget(view)
    view.zoom_to(1.0)
    expected = document.composite(document.bounds)[..., :3].astype(int)
    assert np.abs(page_of(view).astype(int) - expected).max() <= TOLERANCE


def test_enlarged_every_pixel_is_a_square(qtbot: QtBot) -> None:
    document = noisy_document(40, 30)
    view = open_paint_view(document)
    qtbot.addWidget(view)
    view.zoom_to(8.0)
    expected = document.composite(document.bounds)[..., :3].astype(int)
    expected = expected.repeat(8, axis=0).repeat(8, axis=1)
    assert np.abs(page_of(view).astype(int) - expected).max() <= TOLERANCE


@pytest.mark.parametrize("size", [(1200, 800), (1203, 797), (2050, 1025)])
def test_a_large_picture_is_averaged_not_sampled(qtbot: QtBot, size: tuple[int, int]) -> None:
    document = noisy_document(*size)
    view = open_paint_view(document, 360, 280)
    qtbot.addWidget(view)
    seen = page_of(view)
    whole = Image.fromarray(document.composite(document.bounds)[..., :3])
    expected = whole.resize((seen.shape[1], seen.shape[0]), Image.Resampling.BOX)
    difference = np.abs(seen.astype(int) - np.asarray(expected).astype(int))
    # Pillow's box filter and ours (a box to the level, bilinear from there) agree in smooth places.
    assert difference.mean() < 2 and np.percentile(difference, 99) < 12


def test_what_is_clear_shows_chequers(qtbot: QtBot) -> None:
    document = Document(200, 200)
    document.layers.add()
    view = open_paint_view(document)
    qtbot.addWidget(view)
    assert len(np.unique(page_of(view).reshape(-1, 3), axis=0)) == 2


def test_a_hidden_layer_vanishes_from_the_frame(view: PaintView) -> None:
    layer = view.document.layers.add()
    view.document.paint.fill_selection(Ink(colour=RED))
    view.repaint_document(None)
    assert colour_at(view, 100, 100) == RED
    view.repaint_document(view.document.layers.set_visible(layer.id, False))
    assert colour_at(view, 100, 100) == WHITE


def test_a_change_by_others_is_shown_and_told(view: PaintView, qtbot: QtBot) -> None:
    area = view.document.paint.draw_shape("rectangle", (40, 40, 80, 80), Ink(colour=BLUE))
    with qtbot.waitSignal(view.document_changed) as told:
        view.repaint_document(area)
    assert told.args == [area]
    assert colour_at(view, 60, 60) == BLUE and colour_at(view, 20, 60) == WHITE


def test_random_acts_are_shown_as_a_fresh_view_shows_them(qtbot: QtBot) -> None:
    """What is kept from before never outlives a change."""
    document = Document(96, 80)
    document.layers.add()
    painter = RandomPainter(document, seed=11)
    view = open_paint_view(document, 260, 220)
    qtbot.addWidget(view)
    for _ in range(60):
        painter.act()
        view.repaint_document(document.undo() if painter._chance(0.1) else None)
    shown = frame(view)
    fresh = open_paint_view(document, 260, 220)
    qtbot.addWidget(fresh)
    assert np.array_equal(shown, frame(fresh))


# --- masks ------------------------------------------------------------------------------------


def test_a_mask_is_a_veil_as_strong_as_its_grey(view: PaintView) -> None:
    mask = view.document.layers.add(kind="mask")
    grey = Ink(colour=(128, 128, 128))
    view.document.paint.draw_shape("rectangle", (20, 20, 60, 60), Ink(colour=WHITE))
    view.document.paint.draw_shape("rectangle", (80, 20, 120, 60), grey)
    view.mask_opacity = 0.5
    view.repaint_document(None)
    accent = view.palette().color(QPalette.ColorRole.Highlight)
    full = tuple(
        round((255 + channel) / 2) for channel in (accent.red(), accent.green(), accent.blue())
    )
    half = tuple(round((255 + channel) / 2) for channel in full)
    assert np.allclose(colour_at(view, 40, 40), full, atol=2)
    assert np.allclose(colour_at(view, 100, 40), half, atol=2)
    assert colour_at(view, 150, 100) == WHITE
    view.mask_opacity = 0.0
    assert colour_at(view, 40, 40) == WHITE
    assert view.document.layer_pixels(mask.id, Rect(40, 40, 1, 1))[0, 0] == 255


# --- no more than has changed -----------------------------------------------------------------


def test_a_stroke_paints_only_what_it_touches(qtbot: QtBot) -> None:
    view = open_paint_view(white_document(1024, 1024), 800, 800)
    qtbot.addWidget(view)
    view.zoom_to(1.0)
    settle(view)
    view.tools.brush.change(size_px=20)
    view._buffer.painted_px = 0
    drag(view, (300, 300), (320, 300), (340, 300))
    assert 0 < view._buffer.painted_px < 60 * 1000  # four frames of a spot; the view has 640,000
    assert view.document.undo_stack.num_steps > 0
    assert view.document.undo_stack.num_bytes < 3 * 256 * 256 * 4 + 4096


def test_moving_the_pointer_paints_no_picture(view: PaintView, qtbot: QtBot) -> None:
    settle(view)
    view._buffer.painted_px = 0
    for x in range(50, 200, 10):
        qtbot.mouseMove(view, QPoint(x, 100))
        QApplication.processEvents()
    assert view._buffer.painted_px == 0


def test_panning_shows_what_painting_anew_would(qtbot: QtBot) -> None:
    view = open_paint_view(noisy_document(1500, 1100))
    qtbot.addWidget(view)
    view.zoom_to(0.8)
    settle(view)
    view._buffer.painted_px = 0
    for way in (QPointF(-30, -20), QPointF(11, 7), QPointF(-3, 40), QPointF(900, 0)):
        view.pan(way)
        QApplication.processEvents()
    scrolled = frame(view)
    assert view._buffer.painted_px < 3 * 400 * 300
    view._buffer.mark_all()
    view.update()
    assert np.array_equal(scrolled, frame(view))


def test_a_change_larger_than_the_eye_is_sketched_then_drawn_well(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sdstudio.ui.canvas import paint_tiles

    monkeypatch.setattr(paint_tiles, "AT_ONCE_PX", 10_000)
    view = open_paint_view(white_document(1600, 1200))
    qtbot.addWidget(view)
    area = view.document.paint.draw_shape("rectangle", (0, 0, 1600, 1200), Ink(colour=BLUE))
    view.repaint_document(area)
    assert not view.is_settled  # drawn well only later,
    view.update()
    view.repaint()
    image = view.grab().toImage()  # and yet already seen
    assert image.pixelColor(200, 150) == QColor(*BLUE)
    settle(view)
    assert (page_of(view) == BLUE).all()


def test_what_is_kept_stays_bounded(qtbot: QtBot) -> None:
    view = open_paint_view(noisy_document(2048, 2048))
    qtbot.addWidget(view)
    for zoom in (0.2, 0.5, 1.0, 3.0):
        view.zoom_to(zoom)
        settle(view)
        for _ in range(6):
            view.pan(QPointF(-150, -110))
            settle(view)
    held = 2048 * 2048 * 4 * 3
    assert view.num_bytes < 0.5 * held


# --- the view ---------------------------------------------------------------------------------


def wheel(view: PaintView, notches: int, at: QPointF, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_the_wheel_zooms_at_the_pointer(view: PaintView) -> None:
    at = QPointF(150, 120)
    view.zoom_to(3.0)
    before = view.to_document(at)
    wheel(view, 3, at)
    after = view.to_document(at)
    assert view.viewpoint.zoom == pytest.approx(3.0 * 1.25**3)
    assert after.x() == pytest.approx(before.x(), abs=0.2)
    assert after.y() == pytest.approx(before.y(), abs=0.2)


def test_a_hurried_zoom_ends_in_a_well_painted_frame(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = open_paint_view(noisy_document(900, 700))
    qtbot.addWidget(view)
    view.zoom_to(0.62)
    expected = frame(view)
    view.fit()
    settle(view)
    monkeypatch.setattr(paint_surface, "HURRY_S", -1.0)
    view.zoom_to(0.62)
    view.repaint()
    assert view._buffer.is_hurried
    hurried = view._buffer._pixmap.toImage()
    qtbot.waitUntil(lambda: not view._buffer.is_hurried, timeout=30_000)
    # painted at once or piece by piece, Qt's fixed point differs in the last bit
    assert np.abs(frame(view).astype(int) - expected).max() <= 2
    assert view._buffer._pixmap.toImage() != hurried


def test_ctrl_and_the_wheel_change_the_brush(view: PaintView) -> None:
    zoom, size = view.viewpoint.zoom, view.tools.brush.size_px
    wheel(view, 1, QPointF(100, 100), Qt.KeyboardModifier.ControlModifier)
    assert view.tools.brush.size_px > size and view.viewpoint.zoom == zoom
    wheel(view, -2, QPointF(100, 100), Qt.KeyboardModifier.ControlModifier)
    assert view.tools.brush.size_px < size


def test_fit_and_actual_size(view: PaintView) -> None:
    view.view_actions["actual"].trigger()
    assert view.viewpoint.zoom == 1.0
    view.view_actions["fit"].trigger()
    assert view.viewpoint.is_fit
    keys = {name: action.shortcut().toString() for name, action in view.view_actions.items()}
    assert (keys["fit"], keys["actual"]) == ("Ctrl+0", "Ctrl+1")


def test_points_go_to_the_view_and_back(view: PaintView) -> None:
    view.zoom_to(2.37)
    for point in (QPointF(0, 0), QPointF(13.5, 99.25), QPointF(-40, 300)):
        back = view.to_document(view.to_widget(point))
        assert (back - point).manhattanLength() < 1e-6


def test_overlays_are_drawn_above_the_picture(view: PaintView) -> None:
    class Spot:
        def paint(self, painter, view: PaintSurface) -> None:
            painter.fillRect(view.widget_rect(Rect(10, 10, 50, 50)), QColor(1, 2, 3))

    view.overlays.append(Spot())
    where = view.widget_rect(Rect(10, 10, 50, 50)).center().toPoint()
    assert view.grab().toImage().pixelColor(where) == QColor(1, 2, 3)


# --- another page -----------------------------------------------------------------------------


def test_another_document_is_shown_whole(view: PaintView, qtbot: QtBot) -> None:
    view.zoom_to(5.0)
    other = Document.from_picture(
        Raster(width=500, height=100, mode="RGB", pixels=bytes(RED) * 50_000)
    )
    with qtbot.waitSignal(view.document_changed):
        view.set_document(other)
    assert view.document is other and view.viewpoint.is_fit
    assert (page_of(view) == RED).all()


def test_a_result_beyond_the_edges_makes_the_page_larger_and_undo_smaller(view: PaintView) -> None:
    box = Rect(-64, 0, 128, 128)
    picture = Raster(width=128, height=128, mode="RGB", pixels=bytes(BLUE) * 128 * 128)
    view.document.accept_result(picture, box, GenerationRequest(prompt="sea"))
    view.repaint_document(None)
    assert view.viewpoint.page.width() == 320
    assert colour_at(view, 20, 20) == BLUE and colour_at(view, 200, 20) == WHITE
    view.undo()
    assert view.viewpoint.page.width() == 256
    assert colour_at(view, 20, 20) == WHITE


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["locked", "hidden", "none"])
def test_where_one_cannot_paint_it_is_said_and_nothing_changes(
    view: PaintView, qtbot: QtBot, fault: str
) -> None:
    layers = view.document.layers
    if fault == "locked":
        layers.set_locked(layers[0].id, True)
    elif fault == "hidden":
        layers.set_visible(layers[0].id, False)
    else:
        view.set_document(Document(64, 64))
    revision = view.document.revision
    for name in ("brush", "eraser", "fill"):
        view.tools.choose(name)
        with qtbot.waitSignal(view.refused) as told:
            click(view, 30, 30)
        assert str(told.args[0]) and told.args[0].hint
    assert view.document.revision == revision
    assert not view.pointer.is_down


def test_an_empty_change_tells_but_paints_nothing(view: PaintView, qtbot: QtBot) -> None:
    settle(view)
    view._buffer.painted_px = 0
    with qtbot.waitSignal(view.document_changed):
        view.repaint_document(EMPTY)
    settle(view)
    assert view._buffer.painted_px == 0


def test_a_new_theme_gives_the_veil_its_colour(view: PaintView) -> None:
    view.document.layers.add(kind="mask")
    view.document.paint.fill_selection(Ink(colour=WHITE))
    view.mask_opacity = 1.0
    palette = QPalette(view.palette())
    palette.setColor(QPalette.ColorRole.Highlight, QColor(10, 200, 30))
    view.setPalette(palette)
    assert colour_at(view, 30, 30) == (10, 200, 30)
