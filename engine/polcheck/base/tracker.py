"""Record what a run reads from disk and in which state, so that changes are detected without reading it again.

Whoever in this package reads a file, lists a folder or asks whether something is there notes it while somebody watches.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Stamp = tuple[int, ...]
Place = str | bytes | os.PathLike[str]
_RACE = 2_000_000_000  # nanoseconds: some file systems keep no finer times, and what is younger may change unseen


class DependencyTracker:
    """The places that were looked at, each with its stamp, or None where nothing was.

    `blind`: something was looked at of which no stamp tells.
    """

    def __init__(self) -> None:
        self.began = time.time_ns()
        self.places: dict[bytes, Stamp | None] = {}
        self.blind = False

    @property
    def settled(self) -> bool:
        """Whether everything is older than this run, so that a later change shows."""
        return not self.blind and not any(is_young(stamp, self.began) for stamp in self.places.values())


# NOTE: of this thread alone, so that what several threads read at once is each one's own
_WATCHES: ContextVar[tuple[DependencyTracker, ...]] = ContextVar("trackers", default=())


@contextmanager
def tracking() -> Iterator[DependencyTracker]:
    """Notes all that is looked at meanwhile."""
    watch = DependencyTracker()
    token = _WATCHES.set((*_WATCHES.get(), watch))
    try:
        yield watch
    finally:
        _WATCHES.reset(token)


def record_dependency(place: Place, stamp: Stamp | None = None) -> None:
    """Notes that a place is looked at: before it is, or with the `stamp` that was found then."""
    watches = _WATCHES.get()
    name = os.fsencode(place) if watches else b""
    for watch in watches:
        if name not in watch.places:
            watch.places[name] = stamp = stamp or stamp_at(name)


def record_unknown_dependency() -> None:
    """Notes that something is looked at that no stamp tells of: a program's answer, the network, a stream."""
    for watch in _WATCHES.get():
        watch.blind = True


def stamp_at(place: Place) -> Stamp | None:
    """Return the stamp of the file or folder at `place`, links followed, which changes with every write; None if
    absent.
    """
    try:
        return stamp_of(os.stat(place))  # noqa: PTH116
    except (OSError, ValueError):
        return None


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the inode, its size, and the times of content and inode in nanoseconds."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def is_young(stamp: Stamp | None, now: int) -> bool:
    """Return whether what was changed after `now` (in nanoseconds) could still have this stamp.

    NOTE: the steps in which a file system keeps times are up to two seconds: FAT 2, ext2, HFS+ and NFS 1.
    """
    return changed_at(stamp) >= now - _RACE


def changed_at(stamp: Stamp | None) -> int:
    """When the content or the inode changed last, in nanoseconds; 0 where nothing is."""
    return max(stamp[-2:]) if stamp else 0
