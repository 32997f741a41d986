"""Saying again what the same run said before, when nothing that it looked at has changed.

NOTE: this comes before everything else, so that it costs little where it is of no use.
"""

from __future__ import annotations

import os
import sys
import time

from polcheck.project.report_cache import load_output

_SURROUNDINGS = ("CI", "COLUMNS", "HOME", "LINES", "NO_COLOR", "SOURCE_DATE_EPOCH", "TERM", "XDG_CACHE_HOME")


def output_key(words: list[str]) -> str:
    """All that a run's output follows from beside files; empty for a command whose output is not kept."""
    if (
        words[:1] != ["run"]
        or "--no-cache" in words
        or sys.stdout is not sys.__stdout__
        or os.environ.get("GITHUB_STEP_SUMMARY")
    ):
        return ""
    wide = os.isatty(1) and os.get_terminal_size(1)
    around = [os.environ.get(name) for name in _SURROUNDINGS]
    return repr((words, around, os.isatty(1), wide and tuple(wide), int(time.time()) // 86_400))


def replay(words: str) -> int | None:
    """The exit status of the run that was made before, after writing what it wrote; None when there is none."""
    found = load_output(words)
    if found is None:
        return None
    data, status = found
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(1, view) :]
    except BrokenPipeError:
        pass  # its reader has seen enough
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        os.write(2, f"can't write standard output: {reason}\n".encode())
        return 2
    return status
