"""Files in memory that lie over those on disk: what an editor holds, or what a fix would write.

While `lying_over` is open, whatever polcheck reads in the same thread sees these files as if they had been written:
configuration, .gitignore, packs and what is checked follow from the same bytes. `base/reader.py` and
`base/safe_open.py`, the only ways in which a run reads, ask here first. Nothing that was worked out with files over the
disk is taken from a cache or goes into one (`base/validated_cache.py`).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from polcheck.base.tracker import Place


class Overlay:
    """Files by their real path, in bytes; None stands for a file that is gone.

    A folder is there if it is on disk or holds a file of the overlay. Links on disk are followed as whoever wrote to
    them would follow them.
    """

    def __init__(self, files: Mapping[bytes, bytes | None]) -> None:
        self.files = dict(files)
        self._names: dict[bytes, dict[bytes, bool]] = {}  # folder -> name of an entry -> whether it is a folder
        self._real: dict[bytes, bytes] = {}  # folder as asked for -> its real path
        for path, data in self.files.items():
            if data is not None:
                self._enter(path)

    def _enter(self, path: bytes) -> None:
        """Add the entries of the folders above a file."""
        is_folder = False
        while True:
            folder, name = os.path.split(path)
            if name in self._names.setdefault(folder, {}) or folder == path:
                return
            self._names[folder][name] = is_folder
            path, is_folder = folder, True

    def real(self, place: Place, *, follow: bool = True) -> bytes:
        """Return the real path of a place; without `follow`, a link at its very end is not resolved."""
        path = os.fsencode(place)
        folder, name = os.path.split(path)
        if name in (b"", b".", b".."):
            return os.path.realpath(path)
        real = self._real.get(folder)
        if real is None:
            real = self._real[folder] = os.path.realpath(folder or b".")
        path = os.path.join(real, name)  # noqa: PTH118
        return os.path.realpath(path) if follow and path not in self.files and os.path.islink(path) else path  # noqa: PTH114

    def has(self, path: bytes) -> bool:
        """Return whether the overlay says what is at a real path: a file, none, or a folder that is not on disk."""
        return path in self.files or (path in self._names and not os.path.isdir(path))  # noqa: PTH112

    def is_there(self, path: bytes) -> bool:
        """Return whether there is a file or folder at a real path that the overlay `has`."""
        return path in self._names or self.files.get(path) is not None

    def data(self, path: bytes) -> bytes:
        """Return the bytes of a file that the overlay `has`. Raises OSError where it has none, or a folder."""
        data = self.files.get(path)
        if data is None:
            number = errno.EISDIR if path in self._names else errno.ENOENT
            raise OSError(number, os.strerror(number))
        return data

    def status(self, path: bytes) -> os.stat_result:
        """Return the kind and size of what the overlay `has`. Raises OSError where it has none."""
        if path in self._names:
            return os.stat_result((stat.S_IFDIR | 0o755, *(0,) * 9))
        size = len(self.data(path))
        return os.stat_result((stat.S_IFREG | 0o644, *(0,) * 5, size, *(0,) * 3))

    def on_disk(self, path: bytes) -> bool:
        """Return whether there is anything on disk at a real path, whatever lies over it."""
        return os.path.lexists(path)

    def is_folder(self, path: bytes) -> bool:
        """Return whether there is a folder on disk at a real path, whatever lies over it."""
        return os.path.isdir(path)  # noqa: PTH112

    def names(self, folder: bytes) -> tuple[dict[str, bool], frozenset[str]]:
        """Return what the overlay adds to a folder (by name, whether it is a folder), and the names that are gone."""
        real = self.real(folder)
        added = {os.fsdecode(name): is_folder for name, is_folder in self._names.get(real, {}).items()}
        gone = (os.path.split(path) for path, data in self.files.items() if data is None)
        return added, frozenset(os.fsdecode(name) for place, name in gone if place == real)


_PRESENT: ContextVar[Overlay | None] = ContextVar("overlay", default=None)


def overlay() -> Overlay | None:
    """Return the overlay in force in this thread, if there is one."""
    return _PRESENT.get()


@contextmanager
def lying_over(files: Overlay) -> Iterator[None]:
    """Let files lie over those on disk meanwhile, in this thread."""
    token = _PRESENT.set(files if files.files else None)
    try:
        yield
    finally:
        _PRESENT.reset(token)


def overlaid(place: Place, *, follow: bool = True) -> tuple[Overlay, bytes] | None:
    """Return the overlay and the real path of a place in it; None where the disk says what is there."""
    present = _PRESENT.get()
    if present is None:
        return None
    path = present.real(place, follow=follow)
    if not present.has(path):
        return None
    return present, path
