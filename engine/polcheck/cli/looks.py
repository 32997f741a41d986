"""How the commands that show things to authors show them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from polcheck.cli.outputs import colored

if TYPE_CHECKING:
    from polcheck.explain.shown import Look


def look_of(color: str, *, show_all: bool, verbose: bool) -> Look:
    """How to show things on this terminal."""
    from polcheck.explain.shown import Look

    return Look(colored(color), shutil.get_terminal_size((100, 24)).columns, show_all, verbose)
