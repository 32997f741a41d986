"""What runs said, kept for the same run over the same files: nothing is read, parsed or judged to say it again.

NOTE: as with `store`, little is imported here: this is asked before anything else is done.
"""

from __future__ import annotations

import marshal
import os
from contextlib import suppress

from polcheck.disk.store import key_of, read_whole, store, write_whole
from polcheck.disk.watch import Watch, changed_at, stamp_at

_MOST_RUNS = 64
_MOST_BYTES = 32 << 20


def said_before(words: str) -> tuple[bytes, int] | None:
    """What the run with these words, from this folder, wrote to standard output, and its exit status.

    None unless all that it looked at is as it was then.
    """
    try:
        data = read_whole(_path(words))
        if data is None:
            return None
        said, status, places = marshal.loads(data)
        return (said, status) if all(stamp_at(place) == stamp for place, stamp in places) else None
    except Exception:  # NOTE: whatever is wrong, with what was kept or with this folder, the run is made and tells
        return None


def keep_said(words: str, said: bytes, status: int, watch: Watch) -> None:
    """Keeps what a run wrote, unless it looked at something that may have changed unseen."""
    if watch.settled:
        # NOTE: what changed last is the likeliest to change next; where it did, nothing else is looked at in vain
        places = sorted(watch.places.items(), key=lambda place: changed_at(place[1]), reverse=True)
        data = marshal.dumps((said, status, places))
        if len(data) <= _MOST_BYTES:
            with suppress(OSError):  # this folder may be gone by now
                write_whole(_path(words), data, _MOST_RUNS)


def _path(words: str) -> str:
    return os.path.join(store(), "runs", key_of(os.getcwd(), words))  # noqa: PTH109, PTH118
