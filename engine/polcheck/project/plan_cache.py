"""What is kept between runs: compiled packs, found again by the digests of all that they were compiled from, and rows.

What is kept is Python's pickle, in a folder that only its user can write to, behind a digest of its bytes: what was
cut short or damaged is not read, and the packs are compiled again.
"""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polcheck.base.store import key_of, read_whole, store, write_whole
from polcheck.scan.cache import CachedRows

if TYPE_CHECKING:
    from polcheck.policy.plan import Plan


KINDS = ("plans", "rows", "runs", "walks")
_MOST_PLANS = 64


def cache_folder() -> Path:
    """The folder for what can be made again: POLCHECK_CACHE, else the user's cache folder."""
    return Path(store())


def load_plan(key: str) -> Plan | None:
    """The plan that is kept under `key`; None when there is none, or it isn't whole, or others could have made it."""
    from polcheck.policy.plan import Plan

    found = load_value(cache_folder() / "plans" / key)
    return found if isinstance(found, Plan) else None


def store_plan(key: str, plan: Plan) -> None:
    """Keeps a plan under `key`, whole or not at all; a folder that can't be written keeps nothing."""
    store_value(cache_folder() / "plans" / key, plan, _MOST_PLANS)


def load_value(path: Path) -> Any:
    """What is kept at `path`; None when there is nothing, or it isn't whole, or others could have made it."""
    try:
        data = read_whole(str(path))
        return None if data is None else pickle.loads(data)  # the user's own file, whole
    except Exception:  # NOTE: whatever is wrong with what was kept, it can be made again
        return None


def store_value(path: Path, value: object, most: int, most_bytes: int = sys.maxsize) -> None:
    """Keeps a value at `path`, and at most so many in its folder: the ones that were written last.

    One that is too large, or can't be pickled or written, is not kept.
    """
    try:
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, RecursionError, MemoryError):
        return
    if len(data) <= most_bytes:
        write_whole(str(path), data, most)


def cache_sizes() -> dict[str, tuple[int, int]]:
    """For each kind of thing that is kept, how many there are and how many bytes they take.

    Raises OSError when they can't be listed.
    """
    found: dict[str, tuple[int, int]] = {}
    for kind in KINDS:
        folder = cache_folder() / kind
        sizes: list[int] = []
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # another run may remove it meanwhile
                sizes.append(path.stat().st_size)
        found[kind] = (len(sizes), sum(sizes))
    return found


def clear_cache() -> None:
    """Removes everything that can be made again. Raises OSError when something can't be removed."""
    for kind in KINDS:
        folder = cache_folder() / kind
        for path in folder.iterdir() if folder.is_dir() else ():
            path.unlink(missing_ok=True)


MOST_BYTES = 256 << 20  # of one page
_MOST_PAGES = 16


def load_rows(folder: str) -> CachedRows:
    """The page of a folder; an empty one when there is none, or it isn't whole."""
    found = load_value(_path(folder))
    return found if isinstance(found, CachedRows) else CachedRows()


def store_rows(folder: str, page: CachedRows) -> None:
    """Keeps the page of a folder, whole or not at all; one that is too large, or can't be written, is not kept."""
    store_value(_path(folder), page, _MOST_PAGES, MOST_BYTES)


def _path(folder: str) -> Path:
    # NOTE: rows depend on the grammars and on the Python that says whether a file parses, as plans do on the code
    return cache_folder() / "rows" / key_of(str(Path(folder).resolve()))
