"""The command line: the only part that prints and exits."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command line and exits: 0, 1 or 2."""
    from polcheck.cli.again import asked, said_again

    words = asked(sys.argv[1:])
    status = said_again(words) if words else None
    if status is None:
        from polcheck.cli.commandline import run_commands

        status = run_commands(words)
    gc.freeze()  # NOTE: looking for circles in all that there is, before it goes anyway, takes a tenth of a short run
    sys.exit(status)
