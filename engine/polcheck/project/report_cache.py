"""What runs said, kept for the same run over the same files: nothing is read, parsed or judged to say it again.

NOTE: as with `store`, little is imported here: this is asked before anything else is done.
"""

from __future__ import annotations

import os
from contextlib import suppress

from polcheck.base.store import key_of, store
from polcheck.base.tracker import DependencyTracker
from polcheck.base.validated_cache import load_unchanged, store_unchanged

_MOST_RUNS = 64
_MOST_BYTES = 32 << 20


def load_output(words: str) -> tuple[bytes, int] | None:
    """What the run with these words, from this folder, wrote to standard output, and its exit status.

    None unless all that it looked at is as it was then.
    """
    try:
        match load_unchanged(_path(words)):
            case ((bytes() as said, int() as status), _):
                return said, status
            case _:
                return None
    except Exception:  # NOTE: whatever is wrong, with what was kept or with this folder, the run is made and tells
        return None


def store_output(words: str, said: bytes, status: int, watch: DependencyTracker) -> None:
    """Keeps what a run wrote, unless it looked at something that may have changed unseen."""
    with suppress(OSError):  # this folder may be gone by now
        store_unchanged(_path(words), (said, status), watch, _MOST_RUNS, _MOST_BYTES)


def _path(words: str) -> str:
    return os.path.join(store(), "runs", key_of(os.getcwd(), words))  # noqa: PTH109, PTH118
