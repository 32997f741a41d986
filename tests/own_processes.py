"""The processes that this one has started and not ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def children() -> set[int]:
    """Return the numbers of the child processes of this one, those that have ended and weren't waited for too."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("only Linux lists processes in /proc")
    numbers: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == os.getpid():
            numbers.add(int(path.parent.name))
    return numbers
