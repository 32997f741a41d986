"""Extract on all cores: processes that can be killed, fed by bytes, with results in order of path.

Parsing holds the interpreter's lock, so threads gain nothing. A search inside tree-sitter can't be interrupted from
inside either: a worker that is over its time on one file is killed, the file is undecided, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.errors import internal_error, is_fault
from polcheck.base.sandbox import DIED, GRACE, context, end_after, enter_sandbox, is_sandboxed
from polcheck.scan.documents import TooRisky
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.selectors.results import SearchResult
from polcheck.sources.submission import Submission

if TYPE_CHECKING:  # NOTE: a small submission needs no other process
    from multiprocessing.connection import Connection

CHUNK_BYTES = 400_000
CHUNK_FILES = 400
ENOUGH_BYTES = 2_000_000  # what pays for starting processes
ENOUGH_FILES = 2_000
LARGE_FILE = 200_000
_POLL = 0.25  # seconds between looks at the workers' clocks


class Task(NamedTuple):
    """One file to search: its path, its size in bytes, the probes to run, and the rows that are known of others.

    A task of another kind (a submission of many) has its name for a path, and what it needs in `payload`.
    """

    path: str
    size: int
    wanted: tuple[int, ...] = ()
    known: FileRows | None = None
    payload: Any = None


_Result = TypeVar("_Result")


class Searching(Struct, frozen=True):
    """The search of one submission's files, as a value that processes can be given."""

    extractor: Extractor
    submission: Submission
    facts: bool
    lines: bool
    digests: bool = False
    careful: bool = False

    def here(self, task: Task) -> FileRows | None:
        """The rows of one file, unless its search may take so long or so much that it needs a process of its own."""
        if task.size > LARGE_FILE:
            return None
        try:
            return replace(self, careful=True)(task)
        except TooRisky:
            return None

    def telling(self, task: Task) -> FileRows | None:
        """The rows of one file if they say anything."""
        rows = self(task)
        return None if rows.is_silent and not (rows.digest or rows.parsed or rows.spent) else rows

    def __call__(self, task: Task) -> FileRows:
        """The rows of one file; one that can't be read any more is not searched."""
        try:
            source = self.submission.source(task.path)
        except OSError as error:
            reason = f"can't be read: {error.strerror or error}"
            return _unsearched(task, reason)
        known = task.known.found if task.known else None
        rows = self.extractor.extract(source, task.wanted, self.facts, self.lines, known, self.careful)
        # NOTE: a fault is not to be known again: there may have been no memory left, this once
        if not self.digests or any(is_fault(found.incomplete, "the search") for found in rows.found.values()):
            return rows
        return replace(rows, digest=hashlib.sha256(source.data).digest())


def searched(
    tasks: Sequence[Task], search: Searching, jobs: int, seconds: float, progress: Callable[[int, int], None] | None
) -> dict[str, FileRows]:
    """The rows of every task, by path: in this process when the work is small, else in `jobs` others (0: one a core).

    What could take forever is never searched in this process, where nothing could stop it; unless that is one that
    may be lost itself.
    """
    if is_sandboxed():
        return {task.path: _contained(search, task) for task in tasks}
    total = sum(task.size for task in tasks)
    done: dict[str, FileRows] = {}
    if total < ENOUGH_BYTES and len(tasks) < ENOUGH_FILES:
        for number, task in enumerate(tasks):
            if progress is not None:
                progress(number, len(tasks))
            found = _contained(search.here, task)
            if found is not None:
                done[task.path] = found
    left = tasks if not done else [task for task in tasks if task.path not in done]
    if left:
        workers = max(1, min(jobs or cores(), sum(task.size for task in left) // CHUNK_BYTES + 1))
        try:
            with Pool(search.telling, _unsearched, workers, seconds) as pool:
                for result in pool.run(left):
                    if result is not None:
                        done[result.path] = result
                    elif progress is not None:
                        progress(len(done), len(tasks))
        except OSError as error:  # NOTE: the system gives no more processes
            reason = f"no process could be started to search it: {(error.strerror or str(error)).lower()}"
            done |= {task.path: _unsearched(task, reason) for task in left if task.path not in done}
    return {task.path: done.get(task.path) or FileRows(task.path, {}) for task in tasks}


def _contained(search: Callable[[Task], _Result], task: Task) -> _Result | FileRows:
    """The rows of one file; where polcheck fails, what says so."""
    try:
        return search(task)
    except Exception as error:
        return _unsearched(task, internal_error("the search", error))


def _unsearched(task: Task, reason: str) -> FileRows:
    """The rows of a file whose search was cut off; what was known of it before is not lost."""
    known = task.known or FileRows(task.path, {})
    found = {**known.found, **dict.fromkeys(task.wanted, SearchResult((), reason))}
    return replace(known, found=found, digest=b"", unread=reason)


class _Worker(Struct):
    """One process, the chunk that it has, and its clock: the file it is at, and since when."""

    process: Any
    pipe: Connection
    clock: Any  # shared memory: [index in the chunk, seconds at which its search began]
    chunk: list[Task] = field(default_factory=list)

    def overdue(self, limit: float) -> bool:
        """Whether the worker is over its time on one file."""
        began = self.clock[1]
        return bool(self.chunk) and began > 0 and time.monotonic() - began > limit

    def stop(self) -> None:
        """Kills the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Pool(Generic[_Result]):
    """Workers over one function of a task. A context: leaving it leaves no process behind.

    `failed` makes the result of a task whose worker was killed or died, from the task and the reason.
    """

    def __init__(
        self, work: Callable[[Task], _Result], failed: Callable[[Task, str], _Result], jobs: int, seconds: float
    ) -> None:
        self._do = work
        self._failed = failed
        self._seconds = seconds
        self._context = context()
        self._workers: list[_Worker] = []
        try:
            self._workers += (self._start() for _ in range(jobs))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Pool[_Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()

    def run(self, tasks: Iterable[Task]) -> Iterator[_Result | None]:
        """The results as they come, in no order; None now and then, while there is nothing new."""
        from multiprocessing.connection import wait

        chunks = _chunks(tasks)
        for worker in self._workers:
            self._feed(worker, chunks)
        while any(worker.chunk for worker in self._workers):
            busy = {worker.pipe: worker for worker in self._workers if worker.chunk}
            for pipe in wait(list(busy), timeout=_POLL):
                yield from self._receive(busy[pipe], chunks)  # type: ignore[index]
            for worker in self._workers:
                if worker.overdue(self._seconds):
                    reason = f"it took more than the limit of {self._seconds:g} seconds"
                    yield self._replace(worker, chunks, reason)
            yield None

    def _receive(self, worker: _Worker, chunks: Iterator[list[Task]]) -> Iterator[_Result]:
        try:
            found: list[_Result] = worker.pipe.recv()
        except (EOFError, OSError):
            yield self._replace(worker, chunks, DIED)
            return
        self._feed(worker, chunks)
        yield from found

    def _replace(self, worker: _Worker, chunks: Iterator[list[Task]], reason: str) -> _Result:
        """Puts another process in the place of one that hangs or died; gives the result of the task it was at."""
        at = min(max(int(worker.clock[0]), 0), len(worker.chunk) - 1)
        task = worker.chunk[at]
        rest = worker.chunk[:at] + worker.chunk[at + 1 :]
        worker.stop()
        fresh = self._start()
        worker.process, worker.pipe, worker.clock = fresh.process, fresh.pipe, fresh.clock
        worker.chunk = []
        self._feed(worker, iter([rest]) if rest else chunks)
        return self._failed(task, reason)

    def _feed(self, worker: _Worker, chunks: Iterator[list[Task]]) -> None:
        worker.chunk = next(chunks, [])
        if worker.chunk:
            worker.clock[0], worker.clock[1] = 0, time.monotonic()
            with suppress(BrokenPipeError, OSError):  # NOTE: the pipe's end shows as soon as it is waited for
                worker.pipe.send(worker.chunk)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        clock = self._context.RawArray("d", 2)
        copy = ours if self._context.get_start_method() == "fork" else None
        work = (self._do, self._failed, theirs, copy, clock, self._seconds + GRACE)
        process = self._context.Process(target=_work, args=work, daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours, clock)


def _work(
    work: Callable[[Task], Any],
    failed: Callable[[Task, str], Any],
    pipe: Connection,
    ours: Connection | None,
    clock: Any,
    seconds: float,
) -> None:
    """A worker's life: chunks in, rows out, until the pipe ends."""
    enter_sandbox(ours)
    while True:
        try:
            chunk = pipe.recv()
        except (EOFError, OSError):
            return
        results: list[Any] = []
        for number, task in enumerate(chunk):
            clock[0], clock[1] = number, time.monotonic()
            end_after(seconds)
            try:
                results.append(work(task))
            except Exception as error:  # NOTE: a fault over one file must not take the others with it
                results.append(failed(task, internal_error("the search", error)))
        clock[1] = 0
        end_after(0)
        pipe.send(results)


def _chunks(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """The tasks in portions of about the same number of bytes."""
    chunk: list[Task] = []
    size = 0
    for task in tasks:
        chunk.append(task)
        size += task.size
        if size >= CHUNK_BYTES or len(chunk) >= CHUNK_FILES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
