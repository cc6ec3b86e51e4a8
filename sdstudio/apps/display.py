"""Whether a window can be opened here: Qt ends the whole program where it cannot."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping

from sdstudio.errors import EnvironmentFault

_HINT = 'Without one, use the command line: sdstudio generate "a red house in the snow"'


def require_display(environment: Mapping[str, str]) -> None:
    """Say so where no window can open.

    Raises:
        EnvironmentFault: Linux without a display, or with one that does not answer.
    """
    chosen = environment.get("QT_QPA_PLATFORM", "xcb")
    if not sys.platform.startswith("linux") or chosen != "xcb":
        return
    display = environment.get("DISPLAY")
    if environment.get("WAYLAND_DISPLAY"):
        return
    if not display:
        raise EnvironmentFault("There is no display to open the studio on.", _HINT)
    if not _answers(display):
        raise EnvironmentFault(f"The display {display} does not answer.", _HINT)


def _answers(display: str) -> bool:
    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True  # Qt will say what is missing
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    connection = xlib.XOpenDisplay(display.encode())
    if connection:
        xlib.XCloseDisplay(ctypes.c_void_p(connection))
    return bool(connection)
