"""The command line: the only part that prints and exits."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command line and exits: 0, 1 or 2."""
    from polcheck.cli.commands import run_commands

    status = run_commands()
    gc.freeze()  # NOTE: looking for circles in all that there is, before it goes anyway, takes a tenth of a short run
    sys.exit(status)
