"""Opening what may be hostile: regular files and folders only, and never through a link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from msgspec import Struct

from polcheck.base.confinement import refuse_outside
from polcheck.base.overlay import overlaid, overlay
from polcheck.base.tracker import Stamp, record_dependency, stamp_of

# NOTE: without O_NONBLOCK, opening a named pipe waits for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class NotRegular(Exception):
    """Raised for a path that is not a regular file; the message names its kind."""


@contextmanager
def opened_folder(path: bytes, *, follow: bool) -> Iterator[int]:
    """A descriptor of the folder at `path`, which may be a link if `follow`; -1 for one that only an overlay has.

    Raises OSError when it can't be opened.
    """
    record_dependency(path)
    if over := overlaid(path, follow=follow):
        if not stat.S_ISDIR(over[0].status(over[1]).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        yield -1
        return
    refuse_outside(path)
    number = os.open(path, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)
    try:
        yield number
    finally:
        os.close(number)


def scanned(number: int, path: bytes, most: int) -> list[Entry]:
    """Return what the folder at `path`, opened as `number`, holds; no more than `most` and one entries."""
    listed: list[Entry] = []
    if number >= 0:
        with os.scandir(number) as scan:
            listed = list(islice(scan, most + 1))
    present = overlay()
    if present is None:
        return listed
    added, gone = present.names(path)
    if not added and not gone:
        return listed
    left = [entry for entry in listed if entry.name not in gone]
    names = {entry.name for entry in left}
    return [*left, *(_Overlaid(name, folder) for name, folder in added.items() if name not in names)]


class Entry(Protocol):
    """What a folder holds under one name, as `os.scandir` gives it."""

    @property
    def name(self) -> str:
        """The last part of its path."""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a folder."""

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a regular file."""

    def is_symlink(self) -> bool:
        """Return whether it is a link."""


class _Overlaid(Struct, frozen=True):
    """A file or folder that only an overlay has."""

    name: str
    folder: bool

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self.folder

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return not self.folder

    def is_symlink(self) -> bool:
        return False


def read_regular(path: bytes, admits: Callable[[int], bool], folder: int | None = None) -> bytes | None:
    """Return the bytes of the file at `path`, or None when `admits` refuses its size.

    `folder` is a descriptor of the folder that it is in, which is then not looked up again. Raises NotRegular when
    it's no regular file or changes meanwhile, and OSError when it can't be read.
    """
    record_dependency(path)
    if over := overlaid(path, follow=False):
        data = over[0].data(over[1])
        return data if admits(len(data)) else None
    if folder is None:
        refuse_outside(path)
    else:
        path = os.path.basename(path)  # noqa: PTH119
    kind = _kind(os.lstat(path) if folder is None else os.stat(path, dir_fd=folder, follow_symlinks=False))
    if kind:
        raise NotRegular(kind)  # NOTE: before it's opened: opening a device may do something
    number = os.open(path, _FILE, dir_fd=folder)
    try:
        before = os.fstat(number)
        kind = _kind(before)
        if kind:
            raise NotRegular(kind)
        if not admits(before.st_size):
            return None
        data = _read(number, before.st_size)
        after = os.fstat(number)
    finally:
        os.close(number)
    if len(data) != before.st_size or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise NotRegular("it changed while it was read")
    return data


class HeldFile(Struct, frozen=True):
    """A file of an overlay."""

    data: bytes
    stamp: Stamp | None = None

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.data)

    def read(self) -> bytes:
        """Return the bytes."""
        return self.data


class PendingFile(Struct, frozen=True):
    """A regular file as it was when its folder was walked: to be read later, if it is that file still."""

    path: bytes
    size: int
    stamp: Stamp | None

    @property
    def is_unchanged(self) -> bool:
        """Whether the same file is there still, as far as its stamp tells."""
        try:
            return stamp_of(os.lstat(self.path)) == self.stamp
        except OSError:
            return False

    def read(self) -> bytes:
        """Return the bytes. Raises OSError when it can't be read, is another file by now, or changes meanwhile."""
        # NOTE: it was a regular file when it was looked at; the stamp tells whether what is opened is still that one
        try:
            number = os.open(self.path, _FILE)
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link lies in its place
                raise OSError(0, "it changed while it was checked") from error
            raise
        try:
            data = _read(number, self.size) if stamp_of(os.fstat(number)) == self.stamp else b""
            if stamp_of(os.fstat(number)) != self.stamp or len(data) != self.size:
                raise OSError(0, "it changed while it was checked")
        finally:
            os.close(number)
        return data


def pending_file(path: bytes) -> PendingFile | HeldFile:
    """Return the file at `path`, to be read later.

    Raises NotRegular when it's no regular file, and OSError when nothing can be known of it or it may not be read.
    """
    if over := overlaid(path, follow=False):
        record_dependency(path)
        return HeldFile(over[0].data(over[1]))
    status = os.lstat(path)
    kind = _kind(status)
    if kind:
        raise NotRegular(kind)
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(0, "permission denied")
    stamp = stamp_of(status)
    record_dependency(path, stamp)
    return PendingFile(path, status.st_size, stamp)


def _read(number: int, size: int) -> bytes:
    """Up to `size` bytes and one more, which tells that there are too many."""
    parts: list[bytes] = []
    wanted = size + 1
    while wanted > 0 and (part := os.read(number, wanted)):
        parts.append(part)
        wanted -= len(part)
        if wanted == 1:
            break  # NOTE: all of it; whether it has grown meanwhile shows in what its inode says afterwards
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _kind(status: os.stat_result) -> str:
    """Return the name of a file's kind (a folder, a pipe, a device …) when it is not a regular file."""
    return "" if stat.S_ISREG(status.st_mode) else _KINDS.get(stat.S_IFMT(status.st_mode), "not a file")


def reason_of(error: OSError | ValueError) -> str:
    """Return the reason of an `OSError` in polcheck's wording."""
    return str(getattr(error, "strerror", None) or error).lower()
