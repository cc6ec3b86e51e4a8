"""The `sdstudio` command: the studio without arguments, a command line with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code: 0 done, 1 failed, 2 the input is wrong.

    Either half is imported only when it is needed: the window must not wait for the command line.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        return _open_studio()
    from sdstudio.apps.cli.command_line import run_command

    return run_command(given)


def _open_studio() -> int:
    from sdstudio.apps.gui import run_studio
    from sdstudio.errors import EnvironmentFault

    try:
        return run_studio()
    except EnvironmentFault as error:  # there is no window to tell it in
        print(error, file=sys.stderr)
        return 1
