"""What walks through folders listed, kept: while no folder in it has changed, a tree is not walked again."""

from __future__ import annotations

import os
from collections.abc import Callable

from polcheck.disk.gathered import Gathered
from polcheck.disk.store import key_of, store
from polcheck.disk.unchanged import keep_unchanged, unchanged
from polcheck.disk.watch import note, watching

WORTH = 500  # files: to walk through fewer takes no longer than to read what was kept
_MOST_WALKS = 16
_MOST_BYTES = 64 << 20


def walk_once(asked: str, gathered: Gathered, walk: Callable[[], None]) -> None:
    """Calls `walk`, which lists files in `gathered`, unless the one that was asked for alike would list the same.

    What is kept is known to be right by the stamps of all that the walk looked at: each folder, and the files that say
    what is ignored in it. A walk that met a link, or something that couldn't be read, is made again each time.
    """
    path = os.path.join(store(), "walks", key_of(asked))  # noqa: PTH118
    match unchanged(path):
        case ((tuple() as paths, int() as left_out), places):
            for place, stamp in places:
                note(place, stamp)
            gathered.list_all(paths)
            gathered.left_out = left_out
        case _:
            with watching() as watch:
                walk()
            listed = gathered.listed
            if len(listed) >= WORTH:
                keep_unchanged(path, (listed, gathered.left_out), watch, _MOST_WALKS, _MOST_BYTES)
