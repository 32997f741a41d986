"""Running the same function on many items in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from polcheck.base.codec import Codec
from polcheck.base.errors import PolcheckError
from polcheck.base.worker import WorkerPool

Progress = Callable[[int, int], None]
Item = TypeVar("Item")
Made = TypeVar("Made")
_SECONDS = 600.0  # for one item: what tests do is their author's own


class _Numbered(NamedTuple):
    """The reply for one item, by its number; None where the worker could give none."""

    number: int
    reply: bytes | None


_REPLY: Codec[_Numbered] = Codec(_Numbered)


def run_parallel(
    work: Callable[[Item], Made],
    items: Sequence[Item],
    codec: Codec[Made],
    jobs: int,
    progress: Progress | None = None,
    least: int = 2,
) -> list[Made]:
    """`work` of each item, in order, in up to `jobs` processes; in this one when there are fewer than `least` items.

    `codec` is that of what `work` gives. Whatever `work` raises is raised here. Raises PolcheckError when a process
    dies.
    """
    if jobs < 2 or len(items) < least:
        return [_counted(work(item), number, items, progress) for number, item in enumerate(items, 1)]
    jobs = min(jobs, len(items))
    size = max(1, min(16, len(items) // (jobs * 4)))
    built: dict[int, Made] = {}

    def failed(request: tuple[int, Item], reason: str) -> _Numbered:
        if reason.startswith("it took more than "):
            raise PolcheckError(f"a worker process was lost: {reason}; try `-j 1` to see where")
        return _Numbered(request[0], None)

    try:
        with WorkerPool(_Work(work, codec), _REPLY, failed, jobs, _SECONDS) as pool:
            for result in pool.run(_batches(items, size)):
                if result is None:
                    continue
                if result.reply is None:
                    # NOTE: what `work` raises doesn't cross the border; here it is raised as it is
                    built[result.number] = work(items[result.number])
                else:
                    built[result.number] = codec.decode(result.reply)
                _counted(None, len(built), items, progress)
    except OSError as error:
        raise PolcheckError(f"a worker process could not be started ({error}); try `-j 1`") from error
    return [built[number] for number in range(len(items))]


class _Work(Generic[Item, Made]):
    """The work as a worker does it: an item with its number in, the reply with that number out."""

    def __init__(self, work: Callable[[Item], Made], codec: Codec[Made]) -> None:
        self.work = work
        self.codec = codec

    def __call__(self, request: tuple[int, Item]) -> _Numbered:
        number, item = request
        return _Numbered(number, self.codec.encode(self.work(item)))


def _batches(items: Sequence[Item], size: int) -> Iterator[list[tuple[int, Item]]]:
    numbered = list(enumerate(items))
    for start in range(0, len(numbered), size):
        yield numbered[start : start + size]


def _counted(made: Made, number: int, items: Sequence[Item], progress: Progress | None) -> Made:
    if progress is not None:
        progress(number, len(items))
    return made
