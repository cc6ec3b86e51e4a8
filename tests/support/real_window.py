"""A real studio on a screen of its own: Xvfb, the program as a process, xdotool's hands."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
CLIENT_MESSAGE = 33
"""The type of XClientMessageEvent in X.h."""
WAIT_S = 240
"""How long a busy machine may take for anything; nothing is asserted about speed."""


def wait_for(look: Callable[[], T], what: str, *, timeout_s: float = WAIT_S) -> T:
    """Look again and again until there is something to return."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


@dataclass(frozen=True, kw_only=True)
class Screen:
    """A screen that nobody sees.

    Attributes:
        display: as in the variable DISPLAY.
        frame: the file, in xwd's format, that always holds what is shown.
    """

    display: str
    frame: Path

    def colours(self) -> set[bytes]:
        """The colours of a few thousand pixels."""
        some = self.pixels().reshape(-1, 3)[::251]
        return {colour.tobytes() for colour in some}

    def pixels(self) -> np.ndarray:
        """What is shown now: (height, width, 3) uint8, RGB."""
        dump = self.frame.read_bytes()
        fields = np.frombuffer(dump[:100], ">u4")  # XWDFileHeader in XWDFile.h
        header, width, height, row_bytes, entries = (int(fields[at]) for at in (0, 4, 5, 12, 19))
        rows = np.frombuffer(dump, np.uint8, height * row_bytes, header + 12 * entries)
        return rows.reshape(height, row_bytes // 4, 4)[:, :width, 2::-1]


@contextmanager
def virtual_screen(folder: Path, size: str = "1280x800") -> Iterator[Screen]:
    """Start an X server whose screen lies in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24"]
    command += ["-fbdir", str(folder), "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:  # Xvfb writes the number it found free once it is ready
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        yield Screen(display=f":{number}", frame=folder / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait(WAIT_S)


def studio_environment(user: Path, display: str, **more: str) -> dict[str, str]:
    """What a program of this user on this screen sees."""
    folders = {
        f"SDSTUDIO_{name.upper()}_DIR": str(user / name)
        for name in ("config", "data", "cache", "gallery")
    }
    others = {
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    return os.environ | folders | others | more


@dataclass(kw_only=True)
class RealStudio:
    """The program with its window open, and hands on its keyboard and mouse."""

    process: subprocess.Popen[str]
    screen: Screen
    user: Path
    errors: Path
    window: str = field(default="")

    @classmethod
    def start(cls, user: Path, screen: Screen, **environment: str) -> RealStudio:
        """Open the studio and wait until its window is painted."""
        user.mkdir(parents=True, exist_ok=True)
        errors = user / "stderr.txt"
        with errors.open("a") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "sdstudio"],
                env=studio_environment(user, screen.display, **environment),
                stderr=stream,
                cwd=user,
                text=True,
                start_new_session=True,
            )
        studio = cls(process=process, screen=screen, user=user, errors=errors)
        studio.window = wait_for(studio._find_window, "the window")
        wait_for(lambda: len(screen.colours()) > 16, "a painted window")
        studio.hand("windowfocus", "--sync", studio.window)
        return studio

    def hand(self, *words: str) -> str:
        """Let xdotool do something; returns what it printed."""
        done = subprocess.run(
            ["xdotool", *words],
            env=os.environ | {"DISPLAY": self.screen.display},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        return done.stdout.strip()

    def type(self, text: str) -> None:
        """Type into what has the focus, in place of what stands there."""
        self.hand("key", "ctrl+a")
        self.hand("type", "--delay", "30", text)

    def key(self, name: str) -> None:
        """Press a key, in xdotool's spelling."""
        self.hand("key", name)

    def title(self) -> str:
        """The window's title, which tells of a run."""
        return self.hand("getwindowname", self.window)

    def wait_for_run(self) -> None:
        """Wait until the first step of a run is made."""
        wait_for(lambda: "%" in self.title() or self._died(), "the first step")

    def wait_until_idle(self) -> None:
        """Wait until no run is told of any more."""
        wait_for(lambda: "%" not in self.title() or self._died(), "the end of the run")

    def click_canvas(self) -> None:
        """Click into the middle of the window's upper right, where the picture lies."""
        self.hand("mousemove", "--window", self.window, "800", "300", "click", "1")

    def kill(self) -> None:
        """End it however it stands, after a test."""
        if not self._died():
            self.process.kill()
            self.process.wait(WAIT_S)

    def pictures(self) -> list[Path]:
        """The pictures in the gallery's folder, by name."""
        return sorted((self.user / "gallery").rglob("*.png"))

    def halves(self) -> list[Path]:
        """Files that a write in progress would leave behind."""
        return [path for path in (self.user / "gallery").rglob("*") if path.suffix == ".part"]

    def close_window(self) -> None:
        """Ask the window to close, as the cross in its frame would."""
        xlib = ctypes.CDLL("libX11.so.6")
        xlib.XOpenDisplay.restype = ctypes.c_void_p
        xlib.XInternAtom.restype = ctypes.c_ulong
        server = ctypes.c_void_p(xlib.XOpenDisplay(self.screen.display.encode()))
        protocols, delete = (
            xlib.XInternAtom(server, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        words = (CLIENT_MESSAGE, 0, 1, 0, int(self.window), protocols, 32, delete, *[0] * 16)
        event = (ctypes.c_long * 24)(*words)  # XClientMessageEvent, every field padded to a long
        xlib.XSendEvent(server, ctypes.c_ulong(int(self.window)), 0, ctypes.c_long(0), event)
        xlib.XCloseDisplay(server)

    def end(self) -> int:
        """Wait for the program to end by itself; returns its exit code."""
        return self.process.wait(WAIT_S)

    def said(self) -> str:
        """All it wrote on stderr."""
        return self.errors.read_text()

    def _find_window(self) -> str:
        assert not self._died(), self.said()
        found = self.hand("search", "--onlyvisible", "--name", "SD Studio")
        return found.splitlines()[-1] if found else ""

    def _died(self) -> bool:
        return self.process.poll() is not None
