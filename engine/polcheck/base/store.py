"""The folder of what can be made again: entries that are whole or not there, which only its user can write.

NOTE: this is imported before it is known whether a run has anything to do: it needs next to nothing itself.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from contextlib import suppress
from functools import cache

from polcheck.base.version import VERSION

_A_DAY = 86_400
_SYSTEM: str = sys.platform
_DIGEST = hashlib.sha256().digest_size
_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120


def store() -> str:
    """Return the folder: POLCHECK_CACHE, else the user's cache folder."""
    provided = os.environ.get("POLCHECK_CACHE")
    if provided:
        return provided
    if _SYSTEM == "linux":
        # NOTE: what platformdirs says there; to import it takes as long as a whole run that is said again
        base = os.environ.get("XDG_CACHE_HOME", "").strip()
        base = base if os.path.isabs(base) else os.path.expanduser("~/.cache")  # noqa: PTH111, PTH117
        return os.path.join(base, "polcheck")  # noqa: PTH118
    from platformdirs import user_cache_dir

    return user_cache_dir("polcheck", appauthor=False)


def key_of(*parts: str) -> str:
    """Return the name under which what is made of `parts` is kept by this polcheck, these dependencies and this
    Python.
    """
    total = hashlib.sha256()
    for part in (VERSION, _code_stamp(), sys.version, *parts):
        data = part.encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def read_whole(path: str) -> bytes | None:
    """Return the bytes at `path`; None when there are none, or they aren't whole, or others could have written them."""
    try:
        if not is_private(os.path.dirname(path)):  # noqa: PTH120
            return None
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(number, "rb") as file:  # noqa: PTH123
            result = os.fstat(number)
            if not stat.S_ISREG(result.st_mode) or not _is_own(result):
                return None
            data = file.read()
    except OSError:
        return None
    return data[_DIGEST:] if hashlib.sha256(data[_DIGEST:]).digest() == data[:_DIGEST] else None


def write_whole(path: str, data: bytes, most: int) -> None:
    """Keeps bytes at `path`, and at most so many entries in its folder: those written last.

    What can't be written is not kept.
    """
    from secrets import token_hex

    folder = os.path.dirname(path)  # noqa: PTH120
    with suppress(OSError):
        if not is_private(folder):
            return
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        temporary = os.path.join(folder, f".{token_hex(8)}")  # noqa: PTH118
        try:
            with open(temporary, "wb") as file:  # noqa: PTH123
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(temporary, path)  # noqa: PTH105
        finally:
            _remove(temporary)
        _drop_oldest(folder, most)


def _drop_oldest(folder: str, most: int) -> None:
    """Removes all entries but the newest, and what runs that were killed left unfinished a day ago."""
    finished: list[tuple[float, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            age = entry.stat().st_mtime
            if not entry.name.startswith("."):
                finished.append((age, entry.path))
            elif time.time() - age > _A_DAY:
                _remove(entry.path)
    for _, path in sorted(finished)[:-most]:
        _remove(path)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):  # another run may do so meanwhile
        os.unlink(path)  # noqa: PTH108


def is_private(folder: str) -> bool:
    """Return whether nobody but this user (or root) can write into `folder`, or put another one in its place.

    Each folder and link on the way there counts, as far as they exist: what is missing this user will make. A folder
    that everybody may write to is only passed through where nobody may rename what is another's (as in /tmp).
    """
    return shared_part(folder) is None


def shared_part(folder: str) -> str | None:
    """Return the first folder or link on the way to `folder` that others may write to or replace; None for none."""
    if not hasattr(os, "getuid"):
        return None
    try:
        parts = [_shared_part(path) for path in sorted({os.path.abspath(folder), os.path.realpath(folder)})]  # noqa: PTH100
    except OSError:
        return folder
    return next((part for part in parts if part is not None), None)


def _shared_part(path: str) -> str | None:
    """Return the first part of an absolute path that isn't this user's or root's, or that others can change.

    Raises OSError.
    """
    at = ""
    for part in path.split(os.sep):  # noqa: PTH206
        at = os.path.join(at, part) if part else os.sep  # noqa: PTH118
        try:
            result = os.lstat(at)
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(result.st_mode):
            if result.st_uid not in (os.getuid(), 0):
                return at
        elif not stat.S_ISDIR(result.st_mode) or (not _is_own(result) and not (_is_sticky(result) and at != path)):
            return at
    return None


def _is_own(found: os.stat_result) -> bool:
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _is_sticky(found: os.stat_result) -> bool:
    return found.st_uid in (os.getuid(), 0) and bool(found.st_mode & stat.S_ISVTX)


@cache
def _code_stamp() -> str:
    """Return a digest of polcheck's own code, which invalidates caches when the code changes.

    In a checkout too: the times of polcheck's own modules, and of the folder that a grammar is installed into.
    """
    newest = dependencies = 0
    for folder in sys.path:
        with suppress(OSError):
            if os.path.isdir(os.path.join(folder, "tree_sitter")):  # noqa: PTH112, PTH118
                dependencies = os.stat(folder).st_mtime_ns  # noqa: PTH116
                break
    waiting = [_HERE]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                elif entry.name.endswith((".py", ".yaml")):
                    newest = max(newest, entry.stat().st_mtime_ns)
    return f"{_HERE}:{dependencies}:{newest}"
