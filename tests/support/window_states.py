"""Every state of the window, for screenshots and golden tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QApplication

from sdstudio.errors import OutOfMemoryError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import JobEvent, ProgressEvent, StepEvent
from sdstudio.ui.studio import Studio
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.saved_pictures import save_picture

PATIENCE_S = 120.0

PROMPTS = (
    "a small red house in the snow at night",
    "a white sailboat on the sea at sunset",
    "a green cactus in the desert, pixel art",
    "a black cat next to a yellow flower, watercolor",
)


class HeldEngine(FakeEngine):
    """Stops after a certain event until the run is cancelled, so that a moment can be looked at.

    Args:
        pictures_first: how many runs go through before one is held.
    """

    def __init__(self, holds: Callable[[JobEvent], bool], *, pictures_first: int = 0) -> None:
        super().__init__()
        self._holds = holds
        self._runs_left = pictures_first

    def run(self, job: Job, emit: Emit) -> None:
        """Run a job, or run it up to the moment."""
        is_held = self._runs_left <= 0
        self._runs_left -= 1

        def emit_and_hold(event: JobEvent) -> None:
            emit(event)
            while is_held and self._holds(event) and not job.cancel.is_cancelled:
                time.sleep(0.01)

        super().run(job, emit_and_hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowState:
    """One state of the window and the way into it.

    Attributes:
        enter: called on the open window.
        is_there: whether the state has been reached.
    """

    name: str
    engine: Callable[[], FakeEngine] = FakeEngine
    enter: Callable[[Studio], None] = field(default=lambda _: None)
    is_there: Callable[[Studio], bool] = field(default=lambda _: True)


def _is_loading(event: JobEvent) -> bool:
    return isinstance(event, ProgressEvent)


def _is_halfway(event: JobEvent) -> bool:
    return isinstance(event, StepEvent) and event.step == 12


def _generate(studio: Studio, prompts: tuple[str, ...] = PROMPTS[:1]) -> None:
    for number, prompt in enumerate(prompts):
        studio.form.prompt = prompt
        studio.form.use_seed(number)
        studio.actions["generate"].trigger()


def _queue_many(studio: Studio) -> None:
    _generate(studio, PROMPTS)
    studio.form.count = 4
    studio.form.start_from(gradient_picture(256, 192, 9))
    _generate(studio, PROMPTS[1:3])


def _show_drop(studio: Studio) -> None:
    _generate(studio)
    studio.rooms.drop.frame.cover()


def _lose_picture(studio: Studio) -> None:
    studio.stage.hide_welcome()
    studio.rooms.show_file(studio.gallery_folder() / "boat.png")


def _drop_on_painting(studio: Studio) -> None:
    room: Any = studio.workspaces.build("paint")
    studio.workspaces.show_page("paint")
    room.drop.cover()


def _is_saved(studio: Studio) -> bool:
    return studio.rooms.canvas.shown is not None and studio.rooms.gallery.thumbnails.decoded > 0


def _shows_step(studio: Studio) -> bool:
    return "12" in studio.window.strip.activity.text()


def _shows_notice(studio: Studio) -> bool:
    return studio.stage.notices.shown is not None


def _show_paint(studio: Studio) -> None:
    studio.workspaces.show_page("paint")
    _page(studio, "paint").open_picture(gradient_picture(512, 384, 5), "evening")


def _is_painted(studio: Studio) -> bool:
    return _page(studio, "paint").easel.document.size == (512, 384)


def _show_gallery(studio: Studio) -> None:
    for number in range(26):
        save_picture(studio.gallery_folder(), number, days_ago=number // 9)
    studio.workspaces.show_page("gallery")


def _is_gallery_read(studio: Studio) -> bool:
    room = _page(studio, "gallery")
    if room.desk.is_scanning or len(room.pictures.ids) != 26:
        return False
    cells = [room.pictures.cell(row) for row in room.grid.visible_rows()]
    return all(cell and room.thumbnails.get(cell) for cell in cells)


def _show_single(studio: Studio) -> None:
    _show_gallery(studio)
    wait_until(lambda: _is_gallery_read(studio))
    room = _page(studio, "gallery")
    room.open_single(room.pictures.ids[3])


def _page(studio: Studio, key: str) -> Any:
    return studio.workspaces.built(key)


STATES = (
    WindowState(name="first-start"),
    WindowState(
        name="loading",
        engine=lambda: HeldEngine(_is_loading),
        enter=_generate,
        is_there=lambda studio: studio.rooms.canvas.words != "",
    ),
    WindowState(
        name="running",
        engine=lambda: HeldEngine(_is_halfway),
        enter=_generate,
        is_there=_shows_step,
    ),
    WindowState(
        name="queue",
        engine=lambda: HeldEngine(_is_halfway, pictures_first=2),
        enter=_queue_many,
        is_there=lambda studio: _shows_step(studio) and studio.rooms.gallery.thumbnails.decoded > 1,
    ),
    WindowState(name="finished", enter=_generate, is_there=_is_saved),
    WindowState(
        name="failed",
        engine=lambda: FakeEngine(
            fault=OutOfMemoryError(
                "The graphics card has too little memory for this run.",
                "A smaller picture needs less.",
                ("smaller-size", "tiled-vae"),
            ),
            fault_at_step=3,
        ),
        enter=_generate,
        is_there=_shows_notice,
    ),
    WindowState(name="drop", enter=_show_drop, is_there=_is_saved),
    WindowState(name="missing", enter=_lose_picture, is_there=_shows_notice),
    WindowState(name="paint", enter=_show_paint, is_there=_is_painted),
    WindowState(name="paint-drop", enter=_drop_on_painting),
    WindowState(name="gallery", enter=_show_gallery, is_there=_is_gallery_read),
    WindowState(name="single", enter=_show_single, is_there=_is_gallery_read),
)


def wait_until(is_there: Callable[[], bool]) -> None:
    """Let the window work until a state is there, and paint it."""
    end = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > end:
            raise TimeoutError("The window did not come into this state.")
        QApplication.processEvents()
        time.sleep(0.005)
    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.01)
