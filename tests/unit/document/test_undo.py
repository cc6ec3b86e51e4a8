"""Everything can be undone, to the byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sdstudio.document import tiles
from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.rect import Rect
from sdstudio.document.undo import UndoStack
from tests.support.fingerprint import fingerprint
from tests.support.random_painter import RandomPainter


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tiles under a small picture: every edge is met, and ten thousand acts are quick."""
    monkeypatch.setattr(tiles, "TILE_PX", 32)


@pytest.mark.timeout(600)  # ten seconds of work, but the machine may be busy
@pytest.mark.usefixtures("small_tiles")
def test_ten_thousand_random_acts_are_undone_and_redone_to_the_same_bytes() -> None:
    document = Document(64, 48, undo_stack=UndoStack(budget_bytes=1 << 33, raw_bytes=4 << 20))
    painter = RandomPainter(document, seed=5)
    looks = [fingerprint(document.snapshot())]
    while len(looks) <= 10_000:
        steps = document.undo_stack.num_steps
        painter.act()
        if document.undo_stack.num_steps != steps:
            looks.append(fingerprint(document.snapshot()))
        else:  # nothing happened, or it melted into the step before
            looks[-1] = fingerprint(document.snapshot())
    document.undo_stack.settle()
    assert len(set(looks)) > 7_000
    for look in reversed(looks[:-1]):
        document.undo()
        assert fingerprint(document.snapshot()) == look
    assert not document.undo_stack.undo_label
    for look in looks[1:]:
        document.redo()
        assert fingerprint(document.snapshot()) == look
    assert not document.undo_stack.redo_label


class UndoMachine(RuleBasedStateMachine):
    """Acts, undo and redo in any order against a plain list of how it looked."""

    def __init__(self) -> None:
        super().__init__()
        self.document = Document(96, 80)
        self.looks = [fingerprint(self.document.snapshot())]
        self.now = 0

    @rule(seed=st.integers(0, 10_000))
    def act(self, seed: int) -> None:
        revision, steps = self.document.revision, self.document.undo_stack.num_steps
        RandomPainter(self.document, seed=seed).act()
        if self.document.revision == revision:
            return
        self.now += self.document.undo_stack.num_steps - steps  # a drag melts into its step
        del self.looks[self.now :]
        self.looks.append(fingerprint(self.document.snapshot()))

    @precondition(lambda self: self.now > 0)
    @rule()
    def undo(self) -> None:
        self.document.undo()
        self.now -= 1

    @precondition(lambda self: self.now < len(self.looks) - 1)
    @rule()
    def redo(self) -> None:
        self.document.redo()
        self.now += 1

    @invariant()
    def looks_as_it_should(self) -> None:
        assert fingerprint(self.document.snapshot()) == self.looks[self.now]


UndoMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestUndoMachine = UndoMachine.TestCase


def _noisy_stroke(document: Document, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stroke = document.paint.begin_stroke(
        Brush(size_px=30, hardness=0.1, spacing=0.3),
        Ink(colour=tuple(int(v) for v in rng.integers(0, 256, 3))),
    )
    for x, y in rng.uniform(0, 256, (2, 2)):
        stroke.add_point(float(x), float(y))
    stroke.end()


@pytest.mark.usefixtures("small_tiles")
def test_a_thousand_strokes_stay_within_the_budget_and_the_oldest_go() -> None:
    budget = 4 << 20
    document = Document(256, 256, undo_stack=UndoStack(budget_bytes=budget))
    document.layers.add()
    for seed in range(1000):
        _noisy_stroke(document, seed)
        assert document.undo_stack.num_bytes <= budget
    steps = document.undo_stack.num_steps
    assert 3 < steps < 1000
    for _ in range(steps):
        assert document.undo().area > 0
    assert document.undo().is_empty
    assert document.composite(document.bounds).any()  # the first strokes are there for good


def test_a_step_larger_than_the_budget_is_not_kept() -> None:
    document = Document(512, 512, undo_stack=UndoStack(budget_bytes=1 << 19))
    document.layers.add()
    document.paint.fill_selection(Ink(colour=(9, 9, 9)))
    document.paint.fill_selection(Ink(colour=(7, 7, 7)))  # a megabyte of old tiles
    assert document.undo_stack.num_bytes <= 1 << 19


def test_old_steps_are_packed() -> None:
    document = Document(512, 512, undo_stack=UndoStack(raw_bytes=1 << 20))
    document.layers.add()
    for _ in range(12):
        document.paint.fill_selection(Ink(colour=(document.undo_stack.num_steps, 0, 0)))
    document.undo_stack.settle()
    raw = 12 * 512 * 512 * 4
    assert document.undo_stack.num_bytes < raw / 3
    for red in range(11, 0, -1):
        document.undo()
        assert tuple(document.composite(Rect(5, 5, 1, 1))[0, 0]) == (red, 0, 0, 255)


def test_clearing_forgets_all_steps_and_keeps_the_picture() -> None:
    document = Document(512, 512, undo_stack=UndoStack(raw_bytes=1 << 18))
    document.layers.add()
    for seed in range(20):
        _noisy_stroke(document, seed)
    before = document.composite(document.bounds)
    document.undo()
    document.undo_stack.clear()
    assert document.undo_stack.num_bytes == document.undo_stack.num_steps == 0
    assert document.undo().is_empty and document.redo().is_empty
    assert not np.array_equal(document.composite(document.bounds), before)


def test_a_drag_is_one_step() -> None:
    document = Document(64, 64)
    layer = document.layers.add()
    for percent in range(100):
        document.layers.set_opacity(layer.id, percent / 100)
    assert document.undo_stack.num_steps == 2
    document.undo_stack.seal()
    document.layers.set_opacity(layer.id, 0.5)
    assert document.undo_stack.num_steps == 3
    document.undo()
    assert document.layers[0].opacity == pytest.approx(0.99)
    document.undo()
    assert document.layers[0].opacity == 1.0


def test_an_act_that_changes_nothing_is_no_step() -> None:
    document = Document(64, 64)
    layer = document.layers.add()
    document.layers.rename(layer.id, layer.name)
    document.paint.fill_selection(Ink(erases=True))
    assert document.undo_stack.num_steps == 1


def test_undo_in_the_middle_of_a_stroke_ends_it_first() -> None:
    document = Document(64, 64)
    document.layers.add()
    stroke = document.paint.begin_stroke(Brush(size_px=20), Ink(colour=(255, 0, 0)))
    stroke.add_point(20, 20)
    document.undo()
    assert not stroke.is_open
    assert stroke.add_point(40, 40).is_empty
    assert not document.composite(document.bounds).any()


def test_the_dirty_rectangle_of_undo_covers_what_changed() -> None:
    document = Document(300, 300)
    document.layers.add()
    painter = RandomPainter(document, seed=11)
    for _ in range(150):
        painter.act()
    while document.undo_stack.undo_label:
        size = document.size
        before = document.composite(document.bounds)
        area = document.undo()
        after = document.composite(document.bounds)
        if document.size != size:
            continue
        differs = (before != after).any(axis=2)
        differs[area.intersected(document.bounds).slices] = False
        assert not differs.any()
