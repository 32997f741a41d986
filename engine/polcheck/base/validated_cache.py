"""What was worked out from places on disk, kept for as long as each of these places is as it was.

NOTE: as with `store`, little is imported here: this is asked before anything else is done.
"""

from __future__ import annotations

import marshal
from typing import Any

from polcheck.base.store import read_whole, write_whole
from polcheck.base.tracker import DependencyTracker, Stamp, changed_at, stamp_at

Places = list[tuple[bytes, Stamp | None]]


def load_unchanged(path: str) -> tuple[Any, Places] | None:
    """The value that is kept at `path` and the places that it follows from; None unless these are as they were."""
    try:
        data = read_whole(path)
        if data is None:
            return None
        value, places = marshal.loads(data)
        return (value, places) if all(stamp_at(place) == stamp for place, stamp in places) else None
    except Exception:  # NOTE: whatever is wrong with what was kept, it can be worked out again
        return None


def store_unchanged(path: str, value: Any, watch: DependencyTracker, most: int, most_bytes: int) -> None:
    """Keeps a value that follows from what was looked at, and at most so many in its folder.

    One that is too large is not kept, nor one that follows from something that may have changed unseen.
    """
    if not watch.settled:
        return
    # NOTE: what changed last is the likeliest to change next; where it did, nothing else is looked at in vain
    places = sorted(watch.places.items(), key=lambda place: changed_at(place[1]), reverse=True)
    data = marshal.dumps((value, places))
    if len(data) <= most_bytes:
        write_whole(path, data, most)
