"""Work spread over processes that are forked, so that what was compiled before is there in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_all_start_methods, get_context
from typing import Any, TypeVar

from polcheck.base.errors import PolcheckError

Progress = Callable[[int, int], None]
Item = TypeVar("Item")
Made = TypeVar("Made")
_shared: tuple[Callable[[Any], Any], Sequence[Any]] | None = None  # what the forked processes work on


def spread(
    work: Callable[[Item], Made], items: Sequence[Item], jobs: int, progress: Progress | None = None, least: int = 2
) -> list[Made]:
    """`work` of each item, in order, in up to `jobs` processes; in this one when there are fewer than `least` items.

    Raises PolcheckError when a process dies; whatever `work` raises is raised here.
    """
    if jobs < 2 or len(items) < least or "fork" not in get_all_start_methods():
        return [_counted(work(item), number, items, progress) for number, item in enumerate(items, 1)]
    global _shared  # noqa: PLW0603  # NOTE: forked processes inherit it; compiled queries can't be sent
    _shared = (work, items)
    try:
        with ProcessPoolExecutor(min(jobs, len(items)), get_context("fork")) as pool:
            chunk = max(1, min(16, len(items) // (jobs * 4)))
            results = pool.map(_one, range(len(items)), chunksize=chunk)
            return [_counted(made, number, items, progress) for number, made in enumerate(results, 1)]
    except BrokenProcessPool as error:
        raise PolcheckError("a process that judged cases died; try `-j 1` to see where") from error
    finally:
        _shared = None


def _one(index: int) -> Any:
    assert _shared is not None
    work, items = _shared
    return work(items[index])


def _counted(made: Made, number: int, items: Sequence[Item], progress: Progress | None) -> Made:
    if progress is not None:
        progress(number, len(items))
    return made
