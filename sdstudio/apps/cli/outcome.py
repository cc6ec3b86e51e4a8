"""How a command ends: its exit code, and what it says on stderr."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from typing import Any

from sdstudio.errors import ModelNotFoundError, PictureFileError, RequestFault, SdstudioError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def exit_code_of(error: SdstudioError) -> int:
    """2 where the input is wrong (also: it names what is not there or no picture), else 1."""
    is_input = isinstance(error, (RequestFault, ModelNotFoundError, PictureFileError))
    return WRONG_INPUT if is_input else FAILED


def report_error(error: SdstudioError, *, as_json: bool, debug: bool) -> None:
    """Say what went wrong: one sentence and a hint on stderr, and as JSON on stdout if asked."""
    if debug:
        tell("".join(traceback.format_exception(error)))
    tell(str(error))
    if as_json:
        print_json({"error": {"message": error.message, "hint": error.hint}})


def tell(text: str) -> None:
    """Print to stderr what is not the command's result."""
    print(printable(text), file=sys.stderr, flush=True)


def print_json(plain: dict[str, Any]) -> None:
    """Print the one JSON object of a command, in ASCII."""
    print(json.dumps(plain), flush=True)


def printable(text: str) -> str:
    """Text from a file, without what could steer a terminal (escape codes, text direction)."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1]
        for letter in text
    )
