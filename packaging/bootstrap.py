"""The two commands of this repository, for a machine with Python 3.11 and nothing else.

    python3 packaging/bootstrap.py run [ARGS]    open the studio, or run its command line with ARGS
    python3 packaging/bootstrap.py test [ARGS]   run packaging/check.py with ARGS

Both first bring `.venv` up to date, which takes minutes once and nothing afterwards.
Standard library only: this file runs before anything is installed.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells an older Python so
    sys.exit(
        f"SD Studio needs Python 3.11 or newer, and this is {sys.version_info[0]}."
        f"{sys.version_info[1]}. Install a newer one and start this with it."
    )

ROOT = Path(__file__).resolve().parent.parent

QT_LIBRARIES = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libglib2.0-0": "libgthread-2.0.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libfreetype6": "libfreetype.so.6",
    "libzstd1": "libzstd.so.1",
    "libx11-6": "libX11.so.6",
    "libx11-xcb1": "libX11-xcb.so.1",
    "libxkbcommon0": "libxkbcommon.so.0",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-glx0": "libxcb-glx.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-randr0": "libxcb-randr.so.0",
    "libxcb-render0": "libxcb-render.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-shm0": "libxcb-shm.so.0",
    "libxcb-sync1": "libxcb-sync.so.1",
    "libxcb-util1": "libxcb-util.so.1",
    "libxcb-xfixes0": "libxcb-xfixes.so.0",
    "libxcb-xkb1": "libxcb-xkb.so.1",
}
"""Debian package -> the library in it that Qt's platform plug-ins are linked against."""

TEST_PROGRAMS = {"xvfb": "Xvfb", "xdotool": "xdotool"}
"""Debian package -> the program in it that the window tests start."""

Command = Literal["run", "test"]
Run = Callable[[list[str]], int]
"""Runs a program to its end and returns its exit status."""


class SetupError(Exception):
    """Why the set-up cannot go on, as one sentence and what to do about it."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- the system's libraries -----------------------------------------------------------------------


def loads(soname: str) -> bool:
    """Whether the dynamic loader finds this library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def missing_packages(
    command: Command,
    *,
    has_library: Callable[[str], bool] = loads,
    has_program: Callable[[str], object] = shutil.which,
) -> list[str]:
    """Debian names of what Qt (and the window tests) would look for in vain."""
    missing = [name for name, soname in QT_LIBRARIES.items() if not has_library(soname)]
    if command == "test":
        missing += [name for name, program in TEST_PROGRAMS.items() if not has_program(program)]
    return missing


def install_packages(packages: list[str], *, has_apt: bool, is_root: bool, run: Run) -> None:
    """Install Debian packages as root; otherwise raise the sentence that says how.

    Raises:
        SetupError: this user or this system cannot install them from here.
    """
    if not packages:
        return
    if not has_apt:
        names = ", ".join(
            QT_LIBRARIES.get(name, TEST_PROGRAMS.get(name, name)) for name in packages
        )
        raise SetupError(f"Missing on this system: {names}. Install what provides them and retry.")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not is_root:
        raise SetupError(
            "System libraries are missing. Type this, then try again:\n\n"
            f"    sudo {' '.join(install)}\n"
        )
    say(f"Installing system packages: {' '.join(packages)}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if run([*quiet, *install[1:]]) == 0:
        return
    # A fresh container has no package lists yet, and old ones name files that are gone.
    run([*quiet, "update"])
    if run([*quiet, *install[1:]]) != 0:
        raise SetupError(
            "The system packages could not be installed. To see why, type:\n\n"
            f"    {' '.join(install)}\n"
        )


def require_display(environment: Mapping[str, str], platform: str) -> None:
    """Say so where no window can open.

    Raises:
        SetupError: Linux without a display server.
    """
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if platform.startswith("linux") and not any(environment.get(name) for name in wanted):
        raise SetupError(
            "There is no display to open the studio on. Without one, use the command line:\n\n"
            "    python3 packaging/bootstrap.py run generate"
            ' "a red house in the snow" --output red.png\n'
        )


# --- the virtual environment ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What `.venv` was set up for; kept in it as JSON, so that a second run need not ask pip."""

    root: str
    python: str
    fingerprint: str
    has_dev: bool
    is_complete: bool

    @classmethod
    def read(cls, path: Path) -> Setup | None:
        """The record in `path`, or None if there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Replace the record as a whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(vars(self)), encoding="utf-8")
        os.replace(part, path)


def fingerprint(files: Iterable[Path]) -> str:
    """SHA-256 over the files that decide what is installed."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def wanted_setup(root: Path, *, has_dev: bool, version: tuple[int, int]) -> Setup:
    """What `.venv` should be set up for now."""
    files = (root / "pyproject.toml", root / "packaging" / "constraints.txt")
    return Setup(
        root=str(root),
        python=f"{version[0]}.{version[1]}",
        fingerprint=fingerprint(files),
        has_dev=has_dev,
        is_complete=True,
    )


def next_step(
    found: Setup | None, wanted: Setup, *, has_python: bool
) -> Literal["nothing", "install", "rebuild"]:
    """What has to be done to get from the set-up found to the one wanted.

    An interrupted install, another Python and a moved folder (its path is written into scripts)
    call for a new environment; a change of the requirements only for pip.
    """
    if not has_python:
        return "rebuild"
    if found is None:
        return "install"
    if not found.is_complete or (found.root, found.python) != (wanted.root, wanted.python):
        return "rebuild"
    if found.fingerprint != wanted.fingerprint or (wanted.has_dev and not found.has_dev):
        return "install"
    return "nothing"


def program_path(venv: Path, name: str, *, is_windows: bool) -> Path:
    """Where an environment keeps its python and the commands installed into it."""
    return venv / "Scripts" / f"{name}.exe" if is_windows else venv / "bin" / name


def explain_pip(output: str) -> str:
    """Turn what pip said while failing into one sentence."""
    if "No space left on device" in output or "not enough space on the disk" in output:
        return "The disk is full: SD Studio's environment needs about 2 GB."
    offline = (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError|Max retries exceeded"
    )
    if re.search(offline, output):
        return "The package index cannot be reached. Connect to the network and try again."
    lost = re.search(r"No matching distribution found for (\S+)", output)
    if lost:
        return f"{lost[1]} is not to be had for this Python on this system."
    if "Permission denied" in output:
        return "The folder .venv cannot be written by this user."
    errors = [line for line in output.splitlines() if line.lower().startswith("error")]
    return errors[-1] if errors else "pip failed."


def run_pip(command: list[str], *, log: Path) -> None:
    """Run pip with one line of progress; all it says goes to `log`.

    Raises:
        SetupError: pip failed.
    """
    lines: list[str] = []
    is_terminal = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns - 3
    pip = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with pip, log.open("w", encoding="utf-8", buffering=1) as file:
        for line in pip.stdout or ():
            file.write(line)
            lines.append(line)
            doing = re.match(r"\s*((?:Collecting|Downloading|Installing|Building) .*)", line)
            if doing and is_terminal:
                print(f"\r\033[K  {doing[1][:width]}", end="", file=sys.stderr, flush=True)
    if is_terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if pip.returncode != 0:
        raise SetupError(f"{explain_pip(''.join(lines))} (All that pip said is in {log}.)")


def set_up(root: Path, wanted: Setup, *, is_windows: bool) -> None:
    """Bring `.venv` to the wanted set-up, doing as little as needed.

    Raises:
        SetupError: it cannot be created or filled.
    """
    venv, record = root / ".venv", root / ".venv" / "sdstudio-setup.json"
    python = program_path(venv, "python", is_windows=is_windows)
    found = Setup.read(record)
    step = next_step(found, wanted, has_python=python.exists())
    if step == "nothing":
        return
    started = time.monotonic()
    # 1. From here to the end an interruption must be noticed by the next run.
    Setup(**{**vars(found or wanted), "is_complete": False}).write(record)
    if step == "rebuild":
        say("Setting up .venv: once, a few minutes ...")
        create_environment(venv)
        Setup(**{**vars(wanted), "is_complete": False}).write(record)
    else:
        say("Bringing .venv up to date ...")
    # 2. Install the project in place, so that an edit shows at the next start.
    has_dev = wanted.has_dev or bool(found and found.has_dev and step == "install")
    target = f"{root}[dev]" if has_dev else str(root)
    constraints = str(root / "packaging" / "constraints.txt")
    options = ["--disable-pip-version-check", "--no-input", "--constraint", constraints]
    try:
        run_pip(
            [str(python), "-m", "pip", "install", *options, "--editable", target],
            log=venv / "setup.log",
        )
    except SetupError as error:
        # Without a network pip stops before it changes anything: what was there still works.
        if step == "install" and "disk" not in str(error):
            found.write(record) if found else record.unlink()
        raise
    # 3. Remember what is now there.
    Setup(**{**vars(wanted), "has_dev": has_dev}).write(record)
    say(f"Ready after {time.monotonic() - started:.0f} s.")


def create_environment(venv: Path) -> None:
    """Make an empty environment in place of what is there.

    Raises:
        SetupError: the folder cannot be written.
    """
    # The base interpreter, because this one may itself live in the folder to be replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        said = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise SetupError(f"The environment {venv} cannot be created: {said[-1]}")


# --- the two commands -----------------------------------------------------------------------------


def call(command: list[str]) -> int:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare(command: Command, arguments: list[str], *, is_windows: bool) -> None:
    """Install what `command` needs, from the system's libraries to the last wheel."""
    opens_window = command == "run" and not arguments
    if opens_window:
        require_display(os.environ, sys.platform)
    if sys.platform.startswith("linux"):
        packages = missing_packages(command) if opens_window or command == "test" else []
        if importlib.util.find_spec("ensurepip") is None:
            packages.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
        has_apt = shutil.which("apt-get") is not None
        install_packages(packages, has_apt=has_apt, is_root=os.geteuid() == 0, run=call)
    wanted = wanted_setup(ROOT, has_dev=command == "test", version=sys.version_info[:2])
    set_up(ROOT, wanted, is_windows=is_windows)


def hand_over(command: list[str], *, is_windows: bool) -> NoReturn:
    """Become the program: on POSIX this process is replaced and costs nothing more."""
    if is_windows:
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def main(arguments: list[str]) -> NoReturn:
    is_windows = os.name == "nt"
    venv = ROOT / ".venv"
    command, rest = arguments[:1], arguments[1:]
    if command == ["run"]:
        program = [str(program_path(venv, "sdstudio", is_windows=is_windows))]
    elif command == ["test"]:
        python = program_path(venv, "python", is_windows=is_windows)
        program = [str(python), str(ROOT / "packaging" / "check.py")]
    else:
        say(__doc__ or "")
        sys.exit(0 if command in (["-h"], ["--help"]) else 2)
    try:
        prepare("run" if command == ["run"] else "test", rest, is_windows=is_windows)
    except SetupError as error:
        say(str(error))
        sys.exit(1)
    except OSError as error:
        say(f"The set-up stopped: {error}.")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nStopped. The next run repairs what is unfinished.")
        sys.exit(130)
    hand_over([*program, *rest], is_windows=is_windows)


if __name__ == "__main__":
    main(sys.argv[1:])
