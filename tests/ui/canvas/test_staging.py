"""Candidates at their place: cycling, accepting, discarding, saving, and bytes that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document, save_document
from sdstudio.document.masks import grown
from sdstudio.document.rect import Rect
from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.store import GalleryStore
from sdstudio.messages.generation import Inpaint
from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas.repaint_request import Candidate
from tests.support.paint_desk import PaintDesk, smooth_document
from tests.support.random_masks import KINDS, random_mask

WAIT_MS = 30_000

Make = Callable[..., PaintDesk]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Desks that are closed when the test is over."""
    desks: list[PaintDesk] = []

    def make_one(**more: object) -> PaintDesk:
        desks.append(PaintDesk(**more))  # type: ignore[arg-type]
        return desks[-1]

    yield make_one
    for desk in desks:
        desk.close()


def _with_candidates(desk: PaintDesk, qtbot: QtBot, count: int = 3) -> PaintDesk:
    desk.repainting.form.count = count
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.repainting.candidates) == count, timeout=WAIT_MS)
    return desk


def _press(desk: PaintDesk, key: Qt.Key, *, shift: bool = False) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        _send(desk, kind, key, shift)


def _send(desk: PaintDesk, kind: QEvent.Type, key: Qt.Key, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(desk.view, QKeyEvent(kind, key, modifiers))


@pytest.fixture
def desk(make: Make, qtbot: QtBot) -> PaintDesk:
    """Three candidates for a mask, the first looked at."""
    made = make()
    made.mask()
    return _with_candidates(made, qtbot)


def test_arrows_cycle_round_and_round(desk: PaintDesk) -> None:
    candidates = desk.repainting.candidates
    seen = [candidates.current_index]
    for _ in range(3):
        _press(desk, Qt.Key.Key_Right)
        seen.append(candidates.current_index)
    _press(desk, Qt.Key.Key_Left)
    assert [*seen, candidates.current_index] == [0, 1, 2, 0, 2]


def test_the_candidate_is_drawn_and_space_shows_the_original(desk: PaintDesk) -> None:
    view = desk.view
    with_it = view.grab().toImage()
    _send(desk, QEvent.Type.KeyPress, Qt.Key.Key_Space)
    original = view.grab().toImage()
    _send(desk, QEvent.Type.KeyRelease, Qt.Key.Key_Space)
    assert original != with_it
    assert view.grab().toImage() == with_it


def test_enter_accepts_as_a_layer_and_the_rest_keeps_its_bytes(desk: PaintDesk) -> None:
    mask = desk.document.mask_values(desk.document.bounds)
    count = len(desk.document.layers)
    candidate = desk.repainting.candidates.current
    accepted: list[None] = []
    desk.repainting.accepted.connect(lambda: accepted.append(None))
    before, after = desk.look(lambda: _press(desk, Qt.Key.Key_Return))
    assert len(desk.document.layers) == count + 1
    kept = grown(mask, 4) == 0
    assert np.array_equal(before[kept], after[kept])
    assert (before[~kept] != after[~kept]).any()
    assert len(accepted) == 1
    assert candidate is not None
    assert desk.repainting.candidates.is_used(candidate)
    assert desk.document.state.accepted[-1].request == candidate.result.request
    desk.easel.undo()
    assert np.array_equal(desk.document.composite(desk.document.bounds), before)


def test_shift_enter_merges_into_the_active_layer(desk: PaintDesk) -> None:
    desk.document.layers.activate(desk.document.layers[0].id)
    count = len(desk.document.layers)
    before, after = desk.look(lambda: _press(desk, Qt.Key.Key_Return, shift=True))
    assert len(desk.document.layers) == count
    assert (before != after).any()


def test_a_result_is_not_merged_into_a_mask(desk: PaintDesk) -> None:
    desk.document.layers.activate(desk.document.layers[-1].id)
    refused: list[Exception] = []
    desk.easel.refused.connect(refused.append)
    before, after = desk.look(lambda: _press(desk, Qt.Key.Key_Return, shift=True))
    assert np.array_equal(before, after)
    assert str(refused[0]).startswith("A result cannot be merged into a mask.")
    assert len(desk.repainting.candidates) == 3


def test_delete_discards_and_the_next_one_shows(desk: PaintDesk) -> None:
    candidates = desk.repainting.candidates
    second = candidates[1]
    _press(desk, Qt.Key.Key_Delete)
    assert (len(candidates), candidates.current) == (2, second)
    for _ in range(2):
        _press(desk, Qt.Key.Key_Delete)
    assert (len(candidates), candidates.current) == (0, None)
    assert desk.repainting.strip.isHidden()


def test_keys_go_to_the_tools_while_no_candidate_is_looked_at(desk: PaintDesk) -> None:
    _press(desk, Qt.Key.Key_Escape)
    candidates = desk.repainting.candidates
    assert candidates.current is None
    _press(desk, Qt.Key.Key_Delete)
    assert len(candidates) == 3


def test_an_accepted_candidate_leaves_the_others_to_be_tried(desk: PaintDesk) -> None:
    _press(desk, Qt.Key.Key_Return)
    candidates = desk.repainting.candidates
    assert (len(candidates), candidates.current) == (3, None)
    candidates.step(1)
    _press(desk, Qt.Key.Key_Right)
    _press(desk, Qt.Key.Key_Return)
    assert len(desk.document.state.accepted) == 2


def test_s_saves_to_the_gallery_with_the_request(make: Make, qtbot: QtBot, tmp_path: Path) -> None:
    store = GalleryStore(tmp_path / "pictures")
    desk = make(save=store.add)
    desk.mask()
    _with_candidates(desk, qtbot, 2)
    assert not list((tmp_path).rglob("*.png"))  # candidates are not saved by themselves
    candidate = desk.repainting.candidates.current
    assert candidate is not None
    _press(desk, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: desk.repainting.candidates.is_saved(candidate), timeout=WAIT_MS)
    _press(desk, Qt.Key.Key_S)  # once is enough
    files = list((tmp_path / "pictures").glob("*.png"))
    assert len(files) == 1
    request = read_request(files[0])
    assert request is not None
    assert (request.seed, request.prompt) == (7, "a red house in the snow")


def _accept_next(desk: PaintDesk, qtbot: QtBot) -> str:
    """Make a candidate, accept it, and wait for its file; returns the name of that."""
    desk.repainting.candidates.clear()
    _with_candidates(desk, qtbot, 1)
    before = desk.easel.parents
    _press(desk, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.easel.parents != before, timeout=WAIT_MS)
    return desk.easel.parents[-1]


def test_what_is_accepted_is_the_parent_of_what_is_made_from_it(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.easel.put(smooth_document(), parents=("photo.png",))
    desk.mask()
    first = _accept_next(desk, qtbot)
    assert desk.saved[0].request.parents == ("photo.png",)
    assert desk.easel.parents == (first,)
    desk.mask()
    second = _accept_next(desk, qtbot)
    assert desk.saved[1].request.parents == (first,)
    assert desk.easel.parents == (second,)
    desk.easel.undo()
    assert desk.easel.parents == (first,), "an acceptance that is undone has no children"
    desk.easel.redo()
    assert desk.easel.parents == (second,)


def test_a_candidate_saved_before_it_is_accepted_is_kept_once(
    desk: PaintDesk, qtbot: QtBot
) -> None:
    _press(desk, Qt.Key.Key_S)
    _press(desk, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.easel.parents == ("kept-1.png",), timeout=WAIT_MS)
    assert len(desk.saved) == 1
    (marked,) = [each for each in desk.repainting.candidates if _is_kept(desk, each)]
    assert desk.repainting.candidates.is_used(marked)


def _is_kept(desk: PaintDesk, candidate: Candidate) -> bool:
    return desk.repainting.candidates.is_saved(candidate)


def test_an_opened_document_remembers_where_its_results_came_from(
    make: Make, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = make()
    desk.easel.put(smooth_document(), parents=("photo.png",))
    desk.mask()
    _accept_next(desk, qtbot)
    path = tmp_path / "evening.sdstudio"
    save_document(desk.document.snapshot(), path)
    desk.easel.put(open_document(path))
    assert desk.easel.parents == ("photo.png",)


def test_expand_grows_the_document_and_keeps_the_original(make: Make, qtbot: QtBot) -> None:
    desk = make(document=smooth_document(128, 128))
    before = desk.document.composite(desk.document.bounds)
    desk.easel.do(lambda: desk.document.set_box(Rect(-64, -64, 256, 256)))
    assert desk.repainting.repaint_panel.button.text() == "Expand"
    _with_candidates(desk, qtbot, 2)
    _press(desk, Qt.Key.Key_Return)
    assert desk.document.size == (256, 256)
    after = desk.document.composite(desk.document.bounds)
    assert np.array_equal(after[64:192, 64:192], before)
    assert (after[..., 3] == 255).all()
    desk.repainting.candidates.step(-1)  # another one, which has followed the picture
    _press(desk, Qt.Key.Key_Return)
    again = desk.document.composite(desk.document.bounds)
    assert desk.document.size == (256, 256)
    assert np.array_equal(again[64:192, 64:192], before)
    assert (again[:64] != after[:64]).any()


def test_a_candidate_of_other_edges_is_refused_in_a_sentence(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.mask()
    _with_candidates(desk, qtbot, 1)
    desk.easel.do(lambda: desk.document.resize_canvas(Rect(-10, 0, 340, 256)))
    before, after = desk.look(lambda: _press(desk, Qt.Key.Key_Return))
    assert np.array_equal(before, after)
    assert str(desk.errors[-1]).startswith("The picture has other edges than when this was made.")


def test_a_stroke_takes_the_candidate_off_the_canvas(desk: PaintDesk) -> None:
    desk.stroke()
    assert desk.repainting.candidates.current is None
    assert len(desk.repainting.candidates) == 3


def test_a_new_run_shows_its_own_candidate(desk: PaintDesk, qtbot: QtBot) -> None:
    desk.repainting.generate()
    qtbot.waitUntil(lambda: len(desk.repainting.candidates) == 6, timeout=WAIT_MS)
    assert desk.repainting.candidates.current_index == 3


def test_another_document_clears_the_strip(desk: PaintDesk) -> None:
    desk.easel.put(smooth_document(64, 64))
    assert len(desk.repainting.candidates) == 0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
def test_masks_of_every_kind_keep_what_they_do_not_cover(
    make: Make, qtbot: QtBot, kind: str
) -> None:
    mask = random_mask(kind, 200, 160, np.random.default_rng(4))
    document = Document.from_snapshot(smooth_document(200, 160).snapshot())
    picture = Raster(width=200, height=160, mode="L", pixels=mask.tobytes())
    document.layers.add_picture(picture)
    desk = _with_candidates(make(document=document), qtbot, 1)
    start = desk.repainting.candidates[0].result.request.start
    assert isinstance(start, Inpaint)
    before, after = desk.look(lambda: _press(desk, Qt.Key.Key_Return))
    kept = grown(mask, 4) == 0
    assert np.array_equal(before[kept], after[kept])
