"""Live painting: one quick run after each stroke, never in the way of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from sdstudio.jobs.job import Job
from sdstudio.messages.generation import FewStep, GenerationRequest, ImageToImage, Inpaint
from sdstudio.messages.result import PictureResult
from sdstudio.ui.generation_choices import ModelChoice
from tests.support.fake_engine import FakeEngine
from tests.support.paint_desk import PaintDesk

WAIT_MS = 30_000

Make = Callable[..., PaintDesk]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Desks that are closed when the test is over."""
    desks: list[PaintDesk] = []

    def make_one(engine: FakeEngine | None = None, **more: object) -> PaintDesk:
        desks.append(PaintDesk(engine, **more))  # type: ignore[arg-type]
        return desks[-1]

    yield make_one
    for desk in desks:
        desk.close()


def _requests(desk: PaintDesk) -> list[GenerationRequest]:
    return [each.result.request for each in desk.candidates_made]


def test_a_stroke_is_followed_with_a_fixed_seed_at_low_strength(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.form.choose_random(True)
    desk.repainting.live.set_on(True)
    for count in (1, 2, 3):
        qtbot.waitUntil(lambda count=count: len(desk.candidates_made) >= count, timeout=WAIT_MS)
        desk.stroke()
    requests = _requests(desk)
    assert len({each.seed for each in requests}) == 1
    for each in requests:
        assert isinstance(each.start, ImageToImage)
        assert each.start.strength == desk.repainting.live.strength < 0.5
        assert each.count == 1
    assert len(desk.repainting.candidates) == 0
    assert desk.repainting.live.picture is not None


def test_it_paints_in_a_few_steps_where_the_model_can(make: Make, qtbot: QtBot) -> None:
    """Two of seven steps at a strength of 0.3, without guidance; the panel's steps stay."""
    desk = make()
    quick = ModelChoice(name="quick", label="Quick", few_step=FewStep())
    desk.form.take_choices(replace(desk.form.choices, models=(quick,)))
    desk.form.choose_model("quick")
    desk.form.sampler, desk.form.num_inference_steps = "euler", 33
    desk.repainting.live.set_on(True)
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    made = _requests(desk)[0]
    assert (made.few_step, made.num_inference_steps, made.guidance_scale) == (True, 7, 1.0)
    assert made.sampler == "auto"
    assert (desk.form.few_step, desk.form.num_inference_steps) == (False, 33)


def test_a_model_without_it_paints_live_as_it_can(make: Make, qtbot: QtBot) -> None:
    desk = make()
    slow = ModelChoice(name="slow", label="Slow")
    desk.form.take_choices(replace(desk.form.choices, models=(slow,)))
    desk.form.choose_model("slow")
    desk.repainting.live.set_on(True)
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    made = _requests(desk)[0]
    assert (made.few_step, made.num_inference_steps, made.guidance_scale) == (False, 14, 4.0)


def test_it_sees_the_mask(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.mask()
    desk.repainting.live.set_on(True)
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    assert isinstance(_requests(desk)[0].start, Inpaint)


def test_nothing_runs_while_a_stroke_is_drawn(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.02))
    live = desk.repainting.live
    live.set_on(True)
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    desk.view.stroke_began.emit()
    made = len(desk.candidates_made)
    live.follow()
    qtbot.wait(400)  # more than the grace
    assert desk.controller.queue.running is None
    assert len(desk.candidates_made) == made
    desk.view.stroke_ended.emit()
    qtbot.waitUntil(lambda: len(desk.candidates_made) == made + 1, timeout=WAIT_MS)


def test_a_stroke_stops_the_run_of_the_one_before(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.5))
    live = desk.repainting.live
    live.set_on(True)
    queue = desk.controller.queue
    qtbot.waitUntil(lambda: queue.running is not None, timeout=WAIT_MS)
    desk.view.stroke_began.emit()
    qtbot.waitUntil(lambda: queue.running is None, timeout=WAIT_MS)
    assert not desk.candidates_made


def test_it_never_queues(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.05))
    desk.repainting.live.set_on(True)
    waiting: list[int] = []
    desk.controller.queue_changed.connect(lambda: waiting.append(len(desk.controller.queue)))
    for _ in range(12):
        desk.stroke()
        qtbot.wait(30)
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    # A job is in the line for the moment between its adding and its start, never longer.
    running = desk.controller.queue.running
    assert max(waiting) <= 1
    assert len(desk.controller.queue) == 0
    assert running is None or isinstance(running, Job)


def test_it_gives_way_to_what_is_queued(make: Make, qtbot: QtBot) -> None:
    saved: list[PictureResult] = []
    desk = make(FakeEngine(seconds_per_step=0.3), save=saved.append)
    with qtbot.waitSignal(desk.controller.job_started, timeout=WAIT_MS):
        desk.repainting.live.set_on(True)
    started: list[Job] = []
    desk.controller.job_started.connect(started.append)
    wanted = desk.controller.submit(
        GenerationRequest(prompt="a queued picture", num_inference_steps=2)
    )
    qtbot.waitUntil(lambda: len(desk.candidates_made) == 1 and bool(saved), timeout=WAIT_MS)
    assert started[0].id == wanted.id  # the live run ended for it, and came after it
    assert saved[0].request.prompt == "a queued picture"


def test_it_waits_while_the_queue_is_paused(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.controller.pause()
    desk.repainting.live.set_on(True)
    qtbot.wait(400)
    assert not desk.candidates_made
    assert len(desk.controller.queue) == 0
    desk.controller.resume()
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)


def test_stop_is_at_once_and_nothing_comes_after(make: Make, qtbot: QtBot) -> None:
    desk = make(FakeEngine(seconds_per_step=0.3))
    live = desk.repainting.live
    live.set_on(True)
    queue = desk.controller.queue
    qtbot.waitUntil(lambda: queue.running is not None, timeout=WAIT_MS)
    live.set_on(False)
    qtbot.waitUntil(lambda: queue.running is None, timeout=WAIT_MS)
    desk.stroke()
    qtbot.wait(400)
    assert not desk.candidates_made
    assert queue.running is None
    assert live.picture is None


def test_every_result_is_kept_if_asked(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.repainting.live_panel.keeps_all.setChecked(True)
    desk.repainting.live.set_on(True)
    for count in (1, 2, 3):
        qtbot.waitUntil(
            lambda count=count: len(desk.repainting.candidates) == count, timeout=WAIT_MS
        )
        desk.stroke()
    assert desk.repainting.candidates.current is None  # kept, not put before the painter's eyes


def test_one_picture_is_kept_by_its_button(make: Make, qtbot: QtBot) -> None:
    desk = make()
    panel = desk.repainting.live_panel
    panel.switch.click()
    qtbot.waitUntil(panel.keep.isEnabled, timeout=WAIT_MS)
    panel.keep.click()
    assert len(desk.repainting.candidates) == 1
    assert desk.repainting.candidates.current is desk.repainting.live.picture


def test_hiding_the_room_stops_it(make: Make, qtbot: QtBot) -> None:
    desk = make()
    desk.repainting.live.set_on(True)
    desk.repainting.set_shown(False)
    assert not desk.repainting.live.is_on
    assert not desk.repainting.live_panel.switch.isChecked()


def test_a_model_that_cannot_start_from_a_picture_is_told_once(make: Make, qtbot: QtBot) -> None:
    desk = make()
    only_noise = ModelChoice(name="noise-only", label="Noise only", can_start_from_picture=False)
    desk.form.take_choices(replace(desk.form.choices, models=(only_noise,)))
    desk.form.choose_model("noise-only")
    desk.repainting.live.set_on(True)
    qtbot.waitUntil(lambda: bool(desk.errors), timeout=WAIT_MS)
    assert str(desk.errors[0]).startswith("Noise only cannot start from a picture.")
    assert not desk.repainting.live.is_on
    desk.repainting.generate()  # from noise it can
    qtbot.waitUntil(lambda: bool(desk.candidates_made), timeout=WAIT_MS)
    assert len(desk.errors) == 1
