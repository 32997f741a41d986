"""Cache results computed from files, each valid while all of the files are unchanged."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from polcheck.base.codec import Codec
from polcheck.base.overlay import overlay
from polcheck.base.store import read_whole, write_whole
from polcheck.base.tracker import DependencyTracker, Stamp, changed_at, stamp_at

Places = list[tuple[bytes, Stamp | None]]
_T = TypeVar("_T")


class _Entry(NamedTuple):
    places: Places
    value: bytes


_ENTRY: Codec[_Entry] = Codec(_Entry)


def load_unchanged(path: str, codec: Codec[_T]) -> tuple[_T, Places] | None:
    """Return the value that is kept at `path` and the places that it follows from; None unless these are as they
    were.

    NOTE: an entry that follows from no place at all would hold forever, whatever it says: it is none.
    """
    data = read_whole(path) if overlay() is None else None
    if data is None:
        return None
    try:
        entry = _ENTRY.decode(data)
        if not entry.places or any(stamp_at(place) != stamp for place, stamp in entry.places):
            return None
        return codec.decode(entry.value), entry.places
    except ValueError:  # what was kept makes no sense, and can be worked out again
        return None


def store_unchanged(
    path: str, value: _T, codec: Codec[_T], tracker: DependencyTracker, most: int, most_bytes: int
) -> None:
    """Keeps a value that follows from what was tracked, and at most so many in its folder.

    One that is too large is not kept, nor one that follows from nothing, or from something that may have changed
    unseen.
    """
    if not tracker.settled or not tracker.places or overlay() is not None:
        return
    # NOTE: what changed last is the likeliest to change next; where it did, nothing else is looked at in vain
    places = sorted(tracker.places.items(), key=lambda place: changed_at(place[1]), reverse=True)
    data = _ENTRY.encode(_Entry(places, codec.encode(value)))
    if len(data) <= most_bytes:
        write_whole(path, data, most)
