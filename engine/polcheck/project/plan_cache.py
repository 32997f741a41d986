"""The cache between runs: compiled packs by the digests of their sources, and rows by content.

INVARIANT: what is read from disk is data: bytes that are decoded to values of known types, and can run nothing.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from polcheck.base.codec import NotDecoded
from polcheck.base.store import key_of, read_whole, store, write_whole
from polcheck.scan.cache import CachedRows, CachedRowsCodec

if TYPE_CHECKING:
    from polcheck.base.graph_codec import GraphCodec
    from polcheck.policy.plan import Plan

KINDS = ("plans", "rows", "reports", "walks")
MOST_BYTES = 256 << 20  # of the rows of one folder
_MOST_PLANS = 64
_MOST_FOLDERS = 16
_ROWS = CachedRowsCodec()


def cache_folder() -> Path:
    """Return the folder for what can be made again: POLCHECK_CACHE, else the user's cache folder."""
    return Path(store())


def load_plan(key: str) -> Plan | None:
    """Return the plan that is kept under `key`; None when there is none, or it isn't whole, or others could have
    made it.
    """
    from polcheck.policy.plan import Plan

    data = read_whole(str(cache_folder() / "plans" / key))
    try:
        result = plan_codec().decode(data) if data is not None else None
    except NotDecoded:
        return None
    return result if isinstance(result, Plan) else None


def store_plan(key: str, plan: Plan) -> None:
    """Keeps a plan under `key`, whole or not at all; a folder that can't be written keeps nothing."""
    with suppress(RecursionError):
        write_whole(str(cache_folder() / "plans" / key), plan_codec().encode(plan), _MOST_PLANS)


@cache
def plan_codec() -> GraphCodec:
    """Return the encoding of plans: objects of the classes of these modules, and of no others."""
    from polcheck.base.graph_codec import GraphCodec, value_classes
    from polcheck.policy import plan
    from polcheck.selectors import constant_table, text
    from polcheck.selectors.jmespath.expression import Expression
    from polcheck.selectors.syntax import predicates, query_patterns, selector, shape, snippet
    from polcheck.sources import path_patterns

    modules = [plan, constant_table, text, predicates, query_patterns, selector, shape, snippet, path_patterns]
    return GraphCodec([*value_classes(modules), Expression])


def load_rows(folder: str) -> CachedRows:
    """Return the rows of a folder's files; none when there are none, or they aren't whole."""
    data = read_whole(str(_path(folder)))
    try:
        return _ROWS.decode(data) if data is not None else CachedRows()
    except NotDecoded:
        return CachedRows()


def store_rows(folder: str, rows: CachedRows) -> None:
    """Keeps the rows of a folder's files, all or none; too many, or such as can't be written, are not kept."""
    try:
        data = _ROWS.encode(rows)
    except (TypeError, RecursionError, MemoryError):
        return
    if len(data) <= MOST_BYTES:
        write_whole(str(_path(folder)), data, _MOST_FOLDERS)


def cache_sizes() -> dict[str, tuple[int, int]]:
    """Return the number of entries and bytes of each kind in the cache.

    Raises OSError when they can't be listed.
    """
    results: dict[str, tuple[int, int]] = {}
    for kind in KINDS:
        folder = cache_folder() / kind
        sizes: list[int] = []
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # another run may remove it meanwhile
                sizes.append(path.stat().st_size)
        results[kind] = (len(sizes), sum(sizes))
    return results


def clear_cache() -> None:
    """Removes everything that can be made again. Raises OSError when something can't be removed."""
    for kind in KINDS:
        folder = cache_folder() / kind
        for path in folder.iterdir() if folder.is_dir() else ():
            path.unlink(missing_ok=True)


def _path(folder: str) -> Path:
    # NOTE: rows depend on the grammars and on the Python that says whether a file parses, as plans do on the code
    return cache_folder() / "rows" / key_of(str(Path(folder).resolve()))
