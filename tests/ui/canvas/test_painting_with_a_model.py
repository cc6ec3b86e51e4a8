"""The painter and the built-in model: whatever it paints, what was not asked for stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from sdstudio.document.masks import grown
from sdstudio.document.rect import Rect
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.paths import resource_path
from tests.support.paint_desk import PaintDesk, smooth_document

WAIT_MS = 180_000

Make = Callable[..., PaintDesk]


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusionEngine]:
    folder = resource_path("models", "starter")
    engine = DiffusionEngine(resolve_model=lambda _: folder, dtype="float32")
    yield engine
    engine.close()


@pytest.fixture
def make(engine: DiffusionEngine) -> Iterator[Make]:
    """Desks that are closed when the test is over."""
    desks: list[PaintDesk] = []

    def make_one(**more: object) -> PaintDesk:
        desks.append(PaintDesk(engine, **more))  # type: ignore[arg-type]
        desks[-1].repainting.form.count = 1
        return desks[-1]

    yield make_one
    for desk in desks:
        desk.close()


def _accepted(desk: PaintDesk, qtbot: QtBot) -> tuple[np.ndarray, np.ndarray]:
    """The document before and after the first candidate became part of it."""
    desk.repainting.generate()
    qtbot.waitUntil(lambda: desk.repainting.staging.is_looking, timeout=WAIT_MS)
    return desk.look(desk.repainting.staging.accept)


def test_fill_changes_the_mask_and_nothing_else(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.mask()
    mask = desk.document.mask_values(desk.document.bounds)
    before, after = _accepted(desk, qtbot)
    kept = grown(mask, 4) == 0
    assert np.array_equal(before[kept], after[kept])
    assert (before[mask > 0] != after[mask > 0]).any()
    assert not desk.errors


def test_expand_keeps_the_original_within_the_larger_picture(make: Make, qtbot: QtBot) -> None:
    desk = make(document=smooth_document(256, 256))
    desk.easel.do(lambda: desk.document.set_box(Rect(-64, 0, 320, 256)))
    before, after = _accepted(desk, qtbot)
    assert after.shape[:2] == (256, 320)
    assert np.array_equal(after[:, 64:], before)
    assert (after[..., 3] == 255).all()


def test_live_previews_come_and_the_seed_stays(make: Make, qtbot: QtBot) -> None:
    desk = make(document=smooth_document(256, 256))
    run = desk.repainting.run
    previews: list[bool] = []
    run.preview_changed.connect(lambda: previews.append(run.preview is not None))
    desk.repainting.live.set_on(True)
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 1, timeout=WAIT_MS)
    desk.stroke()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 2, timeout=WAIT_MS)
    desk.easel.undo()  # the same picture again gives the same answer again
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 3, timeout=WAIT_MS)
    first, second, third = (each.picture for each in desk.candidates_made)
    assert any(previews)
    assert first != second
    assert first == third
