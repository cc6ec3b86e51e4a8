"""A report of a fault that a person can send without giving themselves away."""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import sdstudio

_LIBRARIES = (
    "torch",
    "diffusers",
    "transformers",
    "safetensors",
    "PySide6-Essentials",
    "Pillow",
    "numpy",
)


def fault_report(details: str, *, log_lines: Iterable[str] = ()) -> str:
    """Return versions, the machine's kind, the details and the log's end as plain text.

    The home folder, the account's and the machine's name are taken out; prompts never enter the
    log in the first place.
    """
    facts = [
        f"sdstudio {sdstudio.__version__}",
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
        f" ({platform.machine()}), {os.cpu_count()} processors",
        ", ".join(f"{name} {version}" for name, version in _versions()),
    ]
    parts = ["\n".join(facts), details.strip(), "\n".join(log_lines)]
    return without_private_data("\n\n".join(part for part in parts if part)) + "\n"


def without_private_data(text: str) -> str:
    """Return the text with the home folder, account name and host name replaced."""
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~").replace(home.replace("\\", "\\\\"), "~")
    for private, replacement in ((_account(), "<user>"), (platform.node(), "<host>")):
        if len(private) > 2:
            text = re.sub(rf"\b{re.escape(private)}\b", replacement, text)
    return text


def _account() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return ""


def _versions() -> Iterable[tuple[str, str]]:
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            yield name, metadata.version(name)
