"""The measures of the built-in model: intervals, right answers, held-out prompts, distances."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from sdstudio.training.dataset import PictureDataset, seeded_generator
from sdstudio.training.world.attributes import SceneAttributes
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.scene import is_held_out, sample_attributes
from sdstudio.training.world.subjects.table import SUBJECTS
from sdstudio.training.world.vocabulary import STYLES, TIMES
from tests.benchmarks.adherence import drawings, judged, summed
from tests.benchmarks.clip_ranking import rivals
from tests.benchmarks.held_out_prompts import full_prompt, held_out_cases
from tests.benchmarks.judge import CELLS, CLASSES, QUESTIONS, SIDE, Judge, Reading, read
from tests.benchmarks.judge_training import (
    NOT_ASKED,
    JudgeObjective,
    Lessons,
    answers,
    mirror,
    vary,
)
from tests.benchmarks.proportions import Z_95, Proportion
from tests.benchmarks.variety import Drawings, perceptual_differences


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def judge() -> Judge:
    torch.manual_seed(0)
    return Judge().eval()


def scenes(count: int) -> list[SceneAttributes]:
    rng = np.random.default_rng(0)
    return [sample_attributes(rng) for _ in range(count)]


@pytest.mark.parametrize("hits, total", [(8, 10), (1, 3), (495, 500), (250, 500)])
def test_the_interval_holds_what_the_score_test_does_not_reject(hits: int, total: int) -> None:
    """Its edges solve |share - p| = z sqrt(p (1 - p) / n), which defines it (Wilson 1927)."""
    found = Proportion(hits=hits, total=total)
    for edge in found.wilson():
        reach = Z_95 * (edge * (1 - edge) / total) ** 0.5
        assert abs(found.share - edge) == pytest.approx(reach, rel=1e-9)
    low, high = found.wilson()
    assert low < found.share < high


def test_the_interval_stays_between_none_and_all() -> None:
    assert Proportion(hits=0, total=20).wilson()[0] == 0
    assert Proportion(hits=20, total=20).wilson()[1] == 1
    assert Proportion(hits=0, total=0).wilson() == (0, 1)
    both = Proportion(hits=1, total=2) + Proportion(hits=2, total=2)
    assert both == Proportion(hits=3, total=4)


def test_every_prompt_is_held_out_and_says_everything() -> None:
    cases = held_out_cases(200)
    assert cases[:50] == held_out_cases(50), "a shorter list is the beginning of the longer"
    for case in cases:
        assert is_held_out(case.scene)
        assert case.prompt == full_prompt(case.scene)
        assert case.prompt.endswith(f", {case.scene.style}")
        assert all(thing.colour in case.prompt for thing in case.scene.things)
    assert {case.scene.style for case in cases} == set(STYLES)
    assert {case.scene.time for case in cases} == set(TIMES)
    assert {thing.count for case in cases for thing in case.scene.things} == {1, 2, 3}
    assert {t.subject for case in cases for t in case.scene.things} == set(SUBJECTS)


def test_a_pair_is_where_its_prompt_says() -> None:
    pairs = [case for case in held_out_cases(100) if len(case.scene.things) == 2]
    assert len(pairs) == 20
    for case in pairs:
        right = dict(zip(QUESTIONS, answers(case.scene), strict=True))
        assert right["subject"] == right["count"] == NOT_ASKED
        first, second = (CLASSES["subject"].index(t.subject) for t in case.scene.things)
        left = first if "to the left of" in case.prompt else second
        assert right["left subject"] == left
        assert {right["left subject"], right["right subject"]} == {first, second}


def test_a_mirror_swaps_left_and_right_and_nothing_else() -> None:
    lessons = Lessons.of(scenes(40))
    pictures = torch.rand(40, 3, SIDE, SIDE)
    batch = (pictures, lessons.labels, lessons.subjects, lessons.colours)
    seen = mirror(*batch)
    left, right = (QUESTIONS.index(f"{half} subject") for half in ("left", "right"))
    assert torch.equal(seen[1][:, left], lessons.labels[:, right])
    assert torch.equal(seen[1][:, : len(CLASSES)], lessons.labels[:, : len(CLASSES)])
    for once, twice in zip(batch, mirror(*seen), strict=True):
        assert torch.equal(once, twice)


def test_cells_show_what_stands_in_them() -> None:
    for scene in scenes(30):
        (cells,) = Lessons.of([scene]).subjects
        for thing in scene.things:
            assert (cells == 1 + CLASSES["subject"].index(thing.subject)).any()
        boxes = [box for thing in scene.things for box in thing.boxes]
        share = float((cells > 0).float().mean())
        area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in boxes) / scene.width / scene.height
        assert share <= area + 0.15
        assert cells.shape == (CELLS, CELLS)


def test_every_part_of_the_judge_is_taught(judge: Judge) -> None:
    chosen = scenes(12)
    lessons = Lessons.of(chosen)
    pictures = torch.rand(12, 3, SIDE, SIDE) * 2 - 1
    objective = JudgeObjective(judge)
    batch = (pictures, lessons.labels, lessons.subjects, lessons.colours)
    losses = objective(*batch, generator=seeded_generator(0))
    assert all(torch.isfinite(value) for value in losses.values())
    losses["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in judge.parameters())
    judge.zero_grad(set_to_none=True)
    varied = vary(pictures, seeded_generator(3))
    assert varied.shape == pictures.shape
    assert torch.equal(varied, vary(pictures, seeded_generator(3)))


def test_a_reading_of_the_truth_is_right_and_one_of_a_swap_is_not() -> None:
    cases = [case for case in held_out_cases(40) if len(case.scene.things) == 2]
    labels = torch.tensor([answers(case.scene) for case in cases])
    sure = {
        question: torch.nn.functional.one_hot(
            labels[:, place].clamp(min=0), len(CLASSES[question.split(" ")[-1]])
        ).float()
        for place, question in enumerate(QUESTIONS)
    }
    reading = Reading(log_probabilities=sure)
    left, right = (labels[:, QUESTIONS.index(f"{h} subject")] for h in ("left", "right"))
    assert reading.hits("left subject", left).all()
    assert reading.ordered(left, right).all()
    assert not reading.ordered(right, left).any()


def test_the_table_counts_what_was_asked_for(judge: Judge) -> None:
    cases = held_out_cases(10)
    pictures = drawings(cases)
    assert pictures.shape == (10, 3, 256, 256)
    table = summed(judged(judge, cases, pictures))
    asked = {name: found.total for name, found in table.items()}
    assert (asked["subject"], asked["place"], asked["count"]) == (8, 10, 2)
    assert (asked["left / right"], asked["order of two"], asked["subject of two"]) == (2, 2, 4)
    again = read(judge, pictures).log_probabilities["style"]
    torch.testing.assert_close(again.exp().sum(dim=1), torch.ones(10))


def test_rivals_differ_from_the_prompt_in_one_thing() -> None:
    for case in held_out_cases(30):
        for name, (prompts, right) in rivals(case.scene).items():
            assert prompts[right] == case.prompt
            assert len(set(prompts)) == len(prompts), name
    assert len(rivals(held_out_cases(1)[0].scene)["colour"][0]) == len(COLOURS)


def test_equal_pictures_look_equal_and_a_drawing_is_found_again(judge: Judge) -> None:
    pictures = drawings(held_out_cases(6))
    apart = perceptual_differences(judge, torch.cat([pictures[:1], pictures[:2]]))
    assert apart[0] == pytest.approx(0, abs=1e-5)
    assert apart[1] == pytest.approx(float(apart[2]), rel=1e-4)
    assert apart[1] > 0.01
    levels = ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    kept = Drawings(PictureDataset(pictures=levels, captions=("",) * 6, attributes=({},) * 6))
    assert kept.nearest(pictures[3]).place == 3
    assert kept.nearest(pictures[3]).distance == pytest.approx(0, abs=1e-3)
    assert kept.nearest(pictures[3], but=3).place != 3
    assert kept.nearest(pictures[3], but=3).distance > 1
