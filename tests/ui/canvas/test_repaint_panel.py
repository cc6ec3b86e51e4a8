"""The panel names what will be done, and the overlay draws what the model will see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from sdstudio.document.rect import Rect
from sdstudio.messages.generation import Inpaint
from sdstudio.ui.canvas.context_overlay import sketch
from sdstudio.ui.canvas.repaint_request import RepaintWish
from tests.support.paint_desk import WHITE, PaintDesk, smooth_document

WAIT_MS = 30_000
BLUE = QColor(0, 0, 255)

Make = Callable[..., PaintDesk]


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[PaintDesk]:
    made = PaintDesk(document=smooth_document(640, 480))
    yield made
    made.close()


def _menu(desk: PaintDesk) -> QMenu:
    menu = desk.repainting.repaint_panel.choose_button.menu()
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    return menu


def _intents(desk: PaintDesk) -> dict[str, bool]:
    return {action.text(): action.isChecked() for action in _menu(desk).actions()}


def _choose(desk: PaintDesk, text: str) -> None:
    next(action for action in _menu(desk).actions() if action.text() == text).trigger()


def test_the_button_follows_mask_strength_and_box(desk: PaintDesk) -> None:
    panel, texts = desk.repainting.repaint_panel, []
    texts.append(panel.button.text())
    panel.strength.value_wanted.emit(0.5)
    texts.append(panel.button.text())
    panel.strength.value_wanted.emit(1.0)
    desk.mask()
    texts.append(panel.button.text())
    desk.easel.do(lambda: desk.document.set_box(Rect(0, 0, 900, 480)))
    texts.append(panel.button.text())
    assert texts == ["Generate", "Refine", "Fill", "Expand"]


def test_the_menu_offers_what_is_possible_and_is_obeyed(desk: PaintDesk) -> None:
    assert _intents(desk) == {"Generate": True, "Refine": False}
    desk.mask()
    assert list(_intents(desk)) == ["Fill", "Add", "Remove", "Replace background", "Refine"]
    _choose(desk, "Remove")
    panel = desk.repainting.repaint_panel
    assert panel.button.text() == "Remove"
    assert "without the prompt" in panel.hint.text()
    _choose(desk, "Refine")
    assert desk.repainting.form.strength == 0.6
    _choose(desk, "Add")
    assert (panel.button.text(), desk.repainting.form.strength) == ("Add", 1.0)
    assert panel.fill.box.currentText() == "Automatic: neutral grey"


def test_removing_works_over_the_surroundings_without_the_prompt(
    desk: PaintDesk, qtbot: QtBot
) -> None:
    desk.mask()
    _choose(desk, "Remove")
    desk.repainting.generate()
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    request = desk.candidates_made[0].result.request
    assert request.prompt == ""
    assert isinstance(request.start, Inpaint)
    assert request.start.strength < 1.0


def test_rows_that_are_not_used_are_greyed(desk: PaintDesk) -> None:
    panel = desk.repainting.repaint_panel
    assert not panel.fill.isEnabled()
    desk.mask()
    assert panel.fill.isEnabled()
    assert panel.masks.content.isEnabled()


def test_sliders_reach_the_request(desk: PaintDesk, qtbot: QtBot) -> None:
    desk.mask()
    panel, form = desk.repainting.repaint_panel, desk.repainting.form
    panel.count.value_wanted.emit(1)
    panel.grow.value_wanted.emit(0)
    panel.feather.value_wanted.emit(0.0)
    panel.least.value_wanted.emit(0)
    panel.blend.value_wanted.emit(0)
    panel.inpainting.name_wanted.emit("off")
    desk.repainting.generate()
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    candidate = desk.candidates_made[0]
    start = candidate.result.request.start
    assert isinstance(start, Inpaint)
    assert start.use_inpainting_model == "off"
    assert set(start.mask_image.pixels) == {0, 255}
    assert np.array_equal(candidate.blend > 0, desk.document.mask_values(candidate.box) > 0)
    panel.reset.click()
    assert form.edges.blend_px == 25
    assert panel.blend.value == 25


def test_what_the_model_sees_is_drawn_while_a_slider_moves(desk: PaintDesk, qtbot: QtBot) -> None:
    desk.mask()
    context = desk.repainting.context
    qtbot.waitUntil(lambda: context.crop is not None and not context.shows_falloff)
    quiet = desk.view.grab().toImage()
    desk.repainting.repaint_panel.grow.value_wanted.emit(40)
    qtbot.waitUntil(lambda: context.shows_falloff)
    first = desk.view.grab().toImage()
    assert first != quiet
    desk.repainting.repaint_panel.sight.name_wanted.emit("picture")
    qtbot.waitUntil(lambda: context.crop is not None and context.crop.box == (0, 0, 640, 480))
    assert desk.view.grab().toImage() != first


def test_what_the_model_sees_can_be_pinned(desk: PaintDesk, qtbot: QtBot) -> None:
    desk.mask()
    context = desk.repainting.context
    qtbot.waitUntil(lambda: context.crop is not None)
    assert not context.shows_falloff
    desk.repainting.repaint_panel.pin.click()
    assert context.shows_falloff


def test_the_overlay_makes_room_for_a_candidate(desk: PaintDesk, qtbot: QtBot) -> None:
    desk.mask()
    veil = desk.view.mask_opacity
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)
    assert desk.repainting.context.is_muted
    assert desk.view.mask_opacity == 0
    desk.repainting.candidates.look_at(None)
    assert not desk.repainting.context.is_muted
    assert desk.view.mask_opacity == veil


def test_the_sketch_shows_fill_falloff_and_rim() -> None:
    document = smooth_document(400, 300)
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (150, 100, 250, 200), WHITE)
    wish = RepaintWish(intent="fill", fill="neutral")
    drawn = sketch(document.snapshot(), wish, BLUE)
    assert drawn is not None
    assert drawn.falloff is not None
    box = drawn.crop.box
    assert drawn.falloff.shape == (box.height, box.width, 4)
    middle = drawn.falloff[150 - box.y, 200 - box.x]
    assert middle.tolist() == pytest.approx([70, 70, 185, 255], abs=2)  # grey under a blue tint
    assert drawn.falloff[0, 0, 3] == 0
    assert (drawn.falloff[..., :3] == 255).all(axis=2).any()
    plain = sketch(document.snapshot(), RepaintWish(intent="fill"), BLUE)
    assert plain is not None
    assert plain.falloff is not None
    assert 0 < plain.falloff[150 - box.y, 200 - box.x, 3] < 255


def test_the_sketch_of_nothing_is_nothing() -> None:
    document = smooth_document(400, 300)
    assert sketch(document.snapshot(), RepaintWish(intent="fill"), BLUE) is None
    whole = sketch(document.snapshot(), RepaintWish(intent="generate"), BLUE)
    assert whole is not None
    assert whole.falloff is None


def test_a_large_document_is_sketched_small() -> None:
    document = smooth_document(3000, 2000)
    document.layers.add(kind="mask")
    document.paint.draw_shape("rectangle", (100, 100, 2900, 1900), WHITE)
    drawn = sketch(document.snapshot(), RepaintWish(intent="fill", fill="blur"), BLUE)
    assert drawn is not None
    assert drawn.falloff is not None
    assert max(drawn.falloff.shape) <= 1024
