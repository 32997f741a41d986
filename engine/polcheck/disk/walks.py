"""What walks through folders listed, kept: while no folder in it has changed, a tree is not walked again."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable

from polcheck.disk.gathered import Gathered
from polcheck.disk.store import key_of, read_whole, store, write_whole
from polcheck.disk.watch import note, stamp_at, watching

WORTH = 500  # files: to walk through fewer takes no longer than to read what was kept
_MOST_WALKS = 16
_MOST_BYTES = 64 << 20


def walk_once(asked: str, gathered: Gathered, walk: Callable[[], None]) -> None:
    """Calls `walk`, which lists files in `gathered`, unless the one that was asked for alike would list the same.

    What is kept is known to be right by the stamps of all that the walk looked at: each folder, and the files that say
    what is ignored in it. A walk that met a link, or something that couldn't be read, is made again each time.
    """
    path = os.path.join(store(), "walks", key_of(asked))  # noqa: PTH118
    if _listed_before(path, gathered):
        return
    with watching() as watch:
        walk()
    if watch.settled and len(gathered.listed) >= WORTH:
        data = marshal.dumps((gathered.listed, gathered.left_out, list(watch.places.items())))
        if len(data) <= _MOST_BYTES:
            write_whole(path, data, _MOST_WALKS)


def _listed_before(path: str, gathered: Gathered) -> bool:
    try:
        data = read_whole(path)
        if data is None:
            return False
        paths, left_out, places = marshal.loads(data)
        if any(stamp_at(place) != stamp for place, stamp in places):
            return False
    except Exception:  # NOTE: whatever is wrong with what was kept, the folder tells
        return False
    for place, stamp in places:
        note(place, stamp)
    gathered.list_all(paths)
    gathered.left_out = left_out
    return True
