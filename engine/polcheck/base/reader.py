"""The one way in which a run reads from disk: whatever is opened, listed or asked for is recorded as a dependency.

INVARIANT: nothing on the way of a run reads in another way (`tests/sources/test_recorded.py` checks it), so that a
cached report can't depend on a file that isn't recorded.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from polcheck.base.confinement import refuse_outside
from polcheck.base.overlay import overlaid, overlay
from polcheck.base.tracker import Place, record_dependency


def open_file(path: Place) -> BinaryIO:
    """Return the file at `path`, opened to be read. Raises OSError or ValueError when it can't be."""
    record_dependency(path)
    if over := overlaid(path):
        return io.BytesIO(over[0].data(over[1]))
    refuse_outside(path)
    return open(path, "rb")  # noqa: PTH123


def read_bytes(path: Place, most: int = -1) -> bytes:
    """Return the bytes of the file at `path`, at most so many of them. Raises OSError or ValueError when it can't
    be read.
    """
    with open_file(path) as file:
        return file.read(most)


def read_text(path: Place) -> str:
    """Return the text of a file in UTF-8. Raises OSError or ValueError when it can't be read."""
    return read_bytes(path).decode("utf-8")


def status_of(path: Place) -> os.stat_result:
    """Return the `stat` result for the file or folder at `path`, links followed. Raises OSError or ValueError."""
    record_dependency(path)
    if over := overlaid(path):
        return over[0].status(over[1])
    return os.stat(path)  # noqa: PTH116


def is_folder(path: Place) -> bool:
    """Return whether `path` is a folder, or a link to one."""
    return _is_kind(path, stat.S_ISDIR)


def is_file(path: Place) -> bool:
    """Return whether `path` is a regular file, or a link to one."""
    return _is_kind(path, stat.S_ISREG)


def is_there(path: Place) -> bool:
    """Return whether there is anything at `path`, even a link that leads nowhere."""
    record_dependency(path)
    if over := overlaid(path, follow=False):
        return over[0].is_there(over[1])
    return os.path.lexists(path)


def names_in(folder: Place) -> list[str]:
    """Return the names of what a folder holds, sorted. Raises OSError when it can't be listed."""
    record_dependency(folder)
    refuse_outside(folder)
    present = overlay()
    if present is None:
        return sorted(os.listdir(os.fsdecode(folder)))  # noqa: PTH208
    added, gone = present.names(os.fsencode(folder))
    listed = [] if overlaid(folder) else os.listdir(os.fsdecode(folder))  # noqa: PTH208
    return sorted({*added, *listed} - (gone - added.keys()))


def files_below(folder: str) -> Iterator[Path]:
    """Yield every file below a folder, but for those that only a link leads to. Raises OSError when one can't be
    listed.
    """
    for name in names_in(folder):
        path = Path(folder, name)
        if is_file(path):
            yield path
        elif is_folder(path) and not path.is_symlink():
            yield from files_below(str(path))


def _is_kind(path: Place, test: Callable[[int], bool]) -> bool:
    try:
        return test(status_of(path).st_mode)
    except (OSError, ValueError):
        return False
