"""A painter at work in a real window: mask, fill, expand, save, die by kill -9, recover."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document
from sdstudio.document.recovery import find_leftovers
from tests.support.real_window import RealStudio, Screen, wait_for

VIEW = (400, 110, 990, 764)
"""Left, top, right, bottom of the canvas in a window of 1280 x 800."""
ZOOM_BARS = (slice(530, None), slice(430, None))
"""Rows and columns of the view where the zoom bar lies, with and without the strip below it."""
RECOVER_BUTTON = (1010, 104)
SETTLE_S = 1.0
UNTOLD_S = 10.0
"""How long nothing must move before a run that was never told of counts as over."""
STEP_PX = 8

Shoot = Callable[[str], object]


@dataclass(kw_only=True)
class PaintersRound:
    """The acts of a round, in any order that makes sense.

    Attributes:
        shoot: called with the name of each step when its end can be seen.
    """

    studio: RealStudio
    document: Path
    shoot: Shoot

    @property
    def recovery(self) -> Path:
        return self.studio.user / "data" / "recovery"

    def make_first_picture(self, prompt: str) -> None:
        """Generate a picture and open it in Paint."""
        studio = self.studio
        studio.key("alt+a")
        studio.type(prompt)
        studio.key("ctrl+Return")
        wait_for(lambda: studio.pictures(), "the first picture")
        studio.wait_until_idle()
        time.sleep(SETTLE_S)
        studio.key("shift+F3")
        wait_for(lambda: self._page()[2] > 20, "the picture on the easel")
        time.sleep(SETTLE_S)
        self.shoot("01-open-in-paint")

    def draw_mask(self, places: list[tuple[float, float]], name: str) -> None:
        """Draw a stroke on a new mask; places are shares of the page's width and height."""
        self.studio.key("ctrl+shift+m")
        self.studio.key("b")
        self.drag(places)
        time.sleep(SETTLE_S)
        self.shoot(name)

    def drag(self, places: list[tuple[float, float]]) -> None:
        """Move the pressed pointer along places on the page."""
        page = wait_for(self._still_page, "a page that stands still")
        assert page is not None
        left, top, width, height = page
        points = [(left + x * width, top + y * height) for x, y in places]
        self._move(points[0])
        self.studio.hand("mousedown", "1")
        for start, end in pairwise(points):
            count = max(2, int(max(abs(end[0] - start[0]), abs(end[1] - start[1])) / STEP_PX))
            for share in np.linspace(0, 1, count)[1:]:
                self._move(tuple(np.array(start) * (1 - share) + np.array(end) * share))
        self.studio.hand("mouseup", "1")

    def generate(self, prompt: str, name: str) -> None:
        """Do what the button says, and wait for the candidates."""
        studio = self.studio
        studio.key("alt+a")
        studio.type(prompt)
        studio.key("F3")  # the keyboard goes back to the canvas
        before = self._strip()
        studio.key("ctrl+Return")
        self._wait_for_candidates(before)
        time.sleep(SETTLE_S)
        self.shoot(name)

    def accept(self, name: str, *, cycle: int = 0) -> None:
        """Look through the candidates and take one; it is kept on the disk at once."""
        before = self._kept()
        for _ in range(cycle):
            self.studio.key("Right")
            time.sleep(0.3)
        wait_for(lambda: self._take(before), "the recovery file")
        time.sleep(SETTLE_S)
        self.shoot(name)

    def expand(self, prompt: str) -> None:
        """Pull the right edge of the generation box out of the picture, and fill what is new."""
        self.studio.key("ctrl+minus")
        self.studio.key("c")
        time.sleep(SETTLE_S)
        self.drag([(1.0, 0.5), (1.25, 0.5)])
        time.sleep(SETTLE_S)
        self.shoot("06-box-beyond-the-picture")
        self.generate(prompt, "07-expanded")
        self.accept("08-accepted-expansion")

    def save(self) -> None:
        """Save under a name."""
        self.studio.key("ctrl+s")
        dialog = wait_for(
            lambda: self.studio.hand("search", "--onlyvisible", "--name", "^Save$"), "the dialog"
        )
        self.studio.hand("windowfocus", "--sync", dialog.splitlines()[-1])
        self.studio.type(str(self.document))
        self.studio.key("Return")
        self.focus()
        wait_for(lambda: self.document.is_file(), "the document's file")
        wait_for(lambda: not self._kept(), "the end of the recovery file")

    def save_again(self) -> None:
        """Save where the document lies already."""
        stamp = self.document.stat().st_mtime_ns
        self.studio.key("ctrl+s")
        wait_for(lambda: self.document.stat().st_mtime_ns != stamp, "the document's new file")

    def saved(self) -> Document:
        """What lies in the document's file."""
        return open_document(self.document)

    def die(self) -> None:
        """Kill the program with SIGKILL, as a power cut would."""
        self.studio.kill()
        assert find_leftovers(self.recovery), "nothing was kept"

    def recover(self, screen: Screen, **environment: str) -> None:
        """Start again and take what is offered."""
        self.studio = RealStudio.start(self.studio.user, screen, **environment)
        time.sleep(2 * SETTLE_S)
        self.shoot("13-offered-after-the-crash")
        (leftover,) = find_leftovers(self.recovery)
        self._move(RECOVER_BUTTON)
        self.studio.hand("click", "1")
        wait_for(lambda: self._kept() and not leftover.path.exists(), "the recovered document")
        self.focus()
        time.sleep(2 * SETTLE_S)
        self.shoot("14-recovered")

    def focus(self) -> None:
        """Give the window the keyboard, which no window manager does here."""
        self.studio.hand("windowfocus", "--sync", self.studio.window)

    def _wait_for_candidates(self, before: bytes) -> None:
        """Wait until a run is over: the title tells its share, if it is not too quick for that."""
        seen, since, was_told = before, time.monotonic(), False

        def is_over() -> bool:
            nonlocal seen, since, was_told
            strip, is_told = self._strip(), "%" in self.studio.title()
            was_told |= is_told
            if is_told or strip != seen:
                seen, since = strip, time.monotonic()
            quiet_s = time.monotonic() - since
            return seen != before and quiet_s > (SETTLE_S if was_told else UNTOLD_S)

        wait_for(is_over, "the candidates")

    def _take(self, before: list[tuple[str, int]]) -> bool:
        """Accept what is looked at; once that is done, the key means nothing."""
        if self._kept() == before:
            self.studio.key("Return")
            time.sleep(2 * SETTLE_S)
        return self._kept() != before

    def _strip(self) -> bytes:
        """What is shown where the candidates lie."""
        return self.studio.screen.pixels()[702:764, 400:730].tobytes()

    def _kept(self) -> list[tuple[str, int]]:
        files = self.recovery.glob("*.sdstudio") if self.recovery.is_dir() else ()
        return sorted((path.name, path.stat().st_mtime_ns) for path in files)

    def _move(self, place: tuple[float, ...]) -> None:
        x, y = (str(round(value)) for value in place)
        self.studio.hand("mousemove", "--window", self.studio.window, x, y)

    def _still_page(self) -> tuple[int, int, int, int] | None:
        """The page, if it lies where it lay a moment ago."""
        before = self._page()
        time.sleep(SETTLE_S)
        return before if before == self._page() and before[2] else None

    def _page(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the picture on the canvas, in the window."""
        left, top, right, bottom = VIEW
        pixels = self.studio.screen.pixels()[top:bottom, left:right].astype(int)
        is_page = np.abs(pixels - pixels[0, 0]).max(axis=2) > 8
        is_page[is_page.mean(axis=1) > 0.98] = False  # the strip is as wide as the view
        is_page[ZOOM_BARS] = False
        rows = np.flatnonzero(is_page.mean(axis=1) > 0.1)
        columns = np.flatnonzero(is_page[rows].mean(axis=0) > 0.5)
        if not (columns.size and rows.size):
            return left, top, 0, 0
        width, height = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
        return left + int(columns[0]), top + int(rows[0]), int(width), int(height)


def paint_a_round(
    user: Path, screen: Screen, folder: Path, shoot: Shoot, **environment: str
) -> Document:
    """The whole round; returns what was saved after the crash.

    Args:
        shoot: called with the name of each step.
        environment: of the program, besides what `studio_environment` gives it.
    """
    studio = RealStudio.start(user, screen, **environment)
    work = PaintersRound(studio=studio, document=folder / "round.sdstudio", shoot=shoot)
    try:
        work.make_first_picture("a white sailboat on the sea at sunset")
        work.draw_mask([(0.2, 0.25), (0.35, 0.2), (0.3, 0.35), (0.2, 0.3)], "02-mask")
        work.generate("a yellow sun in the sky over the sea", "03-candidates")
        work.accept("04-accepted", cycle=1)
        work.studio.key("ctrl+z")
        time.sleep(SETTLE_S)
        shoot("05-undone")
        work.studio.key("ctrl+shift+z")
        work.expand("the sea at sunset")
        work.save()
        assert len(work.saved().state.accepted) == 2
        shoot("09-saved")
        work.draw_mask([(0.7, 0.8), (0.85, 0.75)], "10-another-mask")
        work.generate("a small red boat on the sea", "11-more-candidates")
        work.accept("12-accepted-unsaved")
        work.die()
        work.recover(screen, **environment)
        work.save_again()
        return work.saved()
    finally:
        work.studio.kill()
