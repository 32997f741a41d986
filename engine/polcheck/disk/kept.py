"""What is kept between runs: compiled packs, found again by the digests of all that they were compiled from, and rows.

What is kept is Python's pickle, in a folder that only its user can write to, behind a digest of its bytes: what was
cut short or damaged is not read, and the packs are compiled again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
import stat
import sys
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polcheck.policy.version import VERSION

if TYPE_CHECKING:
    from polcheck.policy.plan import Plan

_MOST_PLANS = 64
_A_DAY = 86_400
_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """The folder for what can be made again: POLCHECK_CACHE, else the user's cache folder."""
    given = os.environ.get("POLCHECK_CACHE")
    if given:
        return Path(given)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("polcheck", appauthor=False))


def key_of(*parts: str) -> str:
    """The name under which what is made of `parts` is kept by this polcheck, these dependencies and this Python."""
    total = hashlib.sha256()
    for part in (VERSION, _code_stamp(), sys.version, *parts):
        data = part.encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def load_plan(key: str) -> Plan | None:
    """The plan that is kept under `key`; None when there is none, or it isn't whole, or others could have made it."""
    from polcheck.policy.plan import Plan

    found = load_whole(cache_folder() / "plans" / key)
    return found if isinstance(found, Plan) else None


def keep_plan(key: str, plan: Plan) -> None:
    """Keeps a plan under `key`, whole or not at all; a folder that can't be written keeps nothing."""
    keep_whole(cache_folder() / "plans" / key, plan, _MOST_PLANS)


def load_whole(path: Path) -> Any:
    """What is kept at `path`; None when there is nothing, or it isn't whole, or others could have made it."""
    try:
        if not _is_own(path.parent) or not _is_own(path):
            return None
        data = path.read_bytes()
        if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        return pickle.loads(data[_DIGEST:])  # the user's own file, whole
    except Exception:  # NOTE: whatever is wrong with what was kept, it can be made again
        return None


def keep_whole(path: Path, value: object, most: int, most_bytes: int = sys.maxsize) -> None:
    """Keeps a value at `path`, and at most so many in its folder: the ones that were written last.

    One that is too large, or can't be pickled or written, is not kept.
    """
    try:
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, RecursionError, MemoryError):
        return
    if len(data) > most_bytes:
        return
    folder = path.parent
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = folder / f".{secrets.token_hex(8)}"
        try:
            temporary.write_bytes(hashlib.sha256(data).digest() + data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _drop_oldest(folder, most)


def kept_bytes() -> dict[str, tuple[int, int]]:
    """For each kind of thing that is kept, how many there are and how many bytes they take.

    Raises OSError when they can't be listed.
    """
    found: dict[str, tuple[int, int]] = {}
    for kind in ("plans", "rows"):
        folder = cache_folder() / kind
        sizes: list[int] = []
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # another run may remove it meanwhile
                sizes.append(path.stat().st_size)
        found[kind] = (len(sizes), sum(sizes))
    return found


def forget() -> None:
    """Removes everything that can be made again. Raises OSError when something can't be removed."""
    for kind in ("plans", "rows"):
        folder = cache_folder() / kind
        for path in folder.iterdir() if folder.is_dir() else ():
            path.unlink(missing_ok=True)


def _drop_oldest(folder: Path, most: int) -> None:
    """Removes all entries but the newest, and what runs that were killed left unfinished a day ago."""
    kept: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        age = path.stat().st_mtime
        if not path.name.startswith("."):
            kept.append((age, path))
        elif time.time() - age > _A_DAY:
            path.unlink(missing_ok=True)
    for _, path in sorted(kept)[:-most]:
        path.unlink(missing_ok=True)


def _is_own(path: Path) -> bool:
    """Whether nobody but this user (or root) can have written what lies at `path`."""
    found = path.stat()
    if not hasattr(os, "getuid"):
        return True
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _code_stamp() -> str:
    """What changes whenever the code does that makes what is kept.

    In a checkout too: the times of polcheck's own modules, and of the folder that a grammar is installed into.
    """
    installed = find_spec("tree_sitter")
    dependencies = Path(installed.origin).parents[1].stat().st_mtime_ns if installed and installed.origin else 0
    newest = 0
    waiting = [Path(__file__).resolve().parent.parent]
    root = str(waiting[0])
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        waiting.append(Path(entry.path))
                elif entry.name.endswith((".py", ".yaml")):
                    newest = max(newest, entry.stat().st_mtime_ns)
    return f"{root}:{dependencies}:{newest}"
