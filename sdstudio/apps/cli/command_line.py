"""The command line: finds the command, runs it, and turns its errors into words."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import sdstudio
from sdstudio import paths
from sdstudio.apps.cli import gallery, generate, inspect, models, train
from sdstudio.apps.cli.outcome import INTERRUPTED, exit_code_of, report_error, tell
from sdstudio.errors import SdstudioError
from sdstudio.logs.excepthook import install_excepthooks
from sdstudio.logs.log_file import start_log

_COMMANDS = {
    "generate": generate,
    "inspect": inspect,
    "models": models,
    "gallery": gallery,
    "train": train,
}


def run_command(given: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 the input is wrong."""
    _accept_any_text()
    args = build_parser().parse_args(given)
    debug, as_json = getattr(args, "debug", False), getattr(args, "json", False)
    install_excepthooks(lambda sentence, details: tell(details if debug else sentence))
    start_log(paths.data_folder() / "logs")
    try:
        return args.run(args)
    except SdstudioError as error:
        report_error(error, as_json=as_json, debug=debug)
        return exit_code_of(error)
    except KeyboardInterrupt:
        tell("Stopped.")
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="sdstudio",
        description="A studio for Stable Diffusion. Without arguments, its window opens.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"sdstudio {sdstudio.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        command.add_parser(commands)
        commands.choices[name].set_defaults(run=command.run)
    return parser


def _accept_any_text() -> None:
    """Let names and prompts that the terminal cannot show be printed as escapes, not crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
