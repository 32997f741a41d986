"""The search of files on all cores, in processes that can be killed: a timeout loses only its file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.errors import internal_error, is_fault
from polcheck.base.sandbox import is_sandboxed
from polcheck.base.spans import Source
from polcheck.base.worker import WorkerPool
from polcheck.scan.documents import TooRisky
from polcheck.scan.encoding import RowsCodec
from polcheck.scan.extractor import Extractor, unsearched_rows
from polcheck.scan.rows import FileRows
from polcheck.selectors.results import SearchResult
from polcheck.sources.submission import Later, Submission

CHUNK_BYTES = 400_000
CHUNK_FILES = 400
PARALLEL_BYTES = 2_000_000  # from here on, processes pay for their start
PARALLEL_FILES = 2_000
LARGE_FILE = 200_000  # bytes


class Task(NamedTuple):
    """One file to search: its path, its size in bytes, the probes to run, and the known rows of other probes."""

    path: str
    size: int
    wanted: tuple[int, ...] = ()
    known: FileRows | None = None
    content: bytes | Later = b""  # for a search in another process
    facts: bool = True  # whether the facts of this file are wanted, where those of any are


_Result = TypeVar("_Result")


class FileSearch(Struct, frozen=True):
    """The search of files as a value that can be sent to processes: without a submission, tasks carry their files."""

    extractor: Extractor
    submission: Submission | None
    facts: bool
    lines: bool
    digests: bool = False
    careful: bool = False

    def asks(self, task: Task) -> bool:
        """Return whether anything is searched for in a file."""
        return bool(task.wanted) or task.known is not None or (self.facts and task.facts)

    def in_process(self, task: Task) -> FileRows | None:
        """Return the rows of one file; None if its search needs a process of its own."""
        if task.size > LARGE_FILE and self.asks(task):
            return None
        try:
            return replace(self, careful=True).rows(task)
        except TooRisky:
            return None

    def __call__(self, task: Task) -> FileRows | None:
        """Return the rows of one file; None if they are empty."""
        rows = self.rows(task)
        return None if rows.is_empty and not (rows.digest or rows.parsed or rows.spent) else rows

    def rows(self, task: Task) -> FileRows:
        """Return the rows of one file; if it can no longer be read, they say so."""
        try:
            source = self.submission.source(task.path) if self.submission else _source(task)
        except OSError as error:
            reason = f"can't be read: {error.strerror or error}"
            return _unsearched(task, reason)
        rows = self._searched(source, task) if self.asks(task) else unsearched_rows(source)
        # NOTE: a fault is not to be known again: there may have been no memory left, this once
        if not self.digests or any(is_fault(found.incomplete, "the search") for found in rows.results.values()):
            return rows
        return replace(rows, digest=hashlib.sha256(source.data).digest())

    def _searched(self, source: Source, task: Task) -> FileRows:
        """Return the rows of one file in which something is searched for."""
        known = task.known.results if task.known else None
        remarks = task.known.remarks if task.known else ()
        facts = self.facts and task.facts
        return self.extractor.extract(source, task.wanted, facts, self.lines, known, self.careful, remarks)


def search_files(
    tasks: Sequence[Task],
    search: FileSearch,
    jobs: int,
    seconds: float,
    progress: Callable[[int, int], None] | None,
    beside: Searchers | None = None,
) -> dict[str, FileRows]:
    """Return the rows of every task by path, from this process when the work is small, else from `jobs` others.

    `jobs` 0 is one for each core; `seconds` bounds the search of one file. Files whose search may never end are never
    searched in this process, where nothing could stop them, unless it is a sandboxed worker itself; `beside` are
    processes that are there already, for a few of them.
    """
    submission = search.submission
    if is_sandboxed() or submission is None:
        return {task.path: _contained(search.rows, task) for task in tasks}
    done: dict[str, FileRows] = {}
    left: list[Task] = []
    asked = [task for task in tasks if search.asks(task)]
    total = sum(task.size for task in asked)
    in_process = total < PARALLEL_BYTES and len(asked) < PARALLEL_FILES
    here = tasks if in_process else [task for task in tasks if not search.asks(task)]
    workers = 1 if in_process else max(1, min(jobs or cores(), total // CHUNK_BYTES + 1))
    try:
        with nullcontext(beside) if beside and in_process else searchers(search, workers, seconds) as pool:
            for number, task in enumerate(here):
                if progress is not None:
                    progress(number, len(tasks))
                found = _contained(search.in_process, task)
                if found is not None:
                    done[task.path] = found
                    continue
                if not left:
                    pool.begin()  # NOTE: its interpreter starts while the other files are searched here
                left.append(task)
            queue = left if in_process else asked
            for result in pool.run(chunks(_with_content(task, submission) for task in queue)):
                if result is not None:
                    done[result.path] = result
                elif progress is not None:
                    progress(len(done), len(tasks))
    except OSError as error:  # NOTE: the system gives no more processes
        reason = f"no process could be started to search it: {(error.strerror or str(error)).lower()}"
        for task in tasks:
            if task.path not in done:
                found = _contained(search.in_process, task) if in_process and task not in left else None
                done[task.path] = found or _unsearched(task, reason)
    return {task.path: done.get(task.path) or FileRows(task.path, {}) for task in tasks}


Searchers = WorkerPool[Task, FileRows | None]


def searchers(search: FileSearch, workers: int, seconds: float) -> Searchers:
    """Return processes that search files; they start when they are needed, and end with the pool's context."""
    return WorkerPool(replace(search, submission=None), RowsCodec(), _unsearched, workers, seconds, "the search")


def _source(task: Task) -> Source:
    """Return the file that a task carries. Raises OSError when it can no longer be read."""
    content = task.content
    return Source(task.path, content if isinstance(content, bytes) else content.read())


def _with_content(task: Task, submission: Submission) -> Task:
    """Return a task that carries its file, as bytes or as where to read it, for a process without the submission."""
    return task._replace(content=submission.pending(task.path))


def _contained(search: Callable[[Task], _Result], task: Task) -> _Result | FileRows:
    """Return the rows of one file; after an internal error, rows that say so."""
    try:
        return search(task)
    except Exception as error:
        return _unsearched(task, internal_error("the search", error))


def _unsearched(task: Task, reason: str) -> FileRows:
    """Return the rows of a file whose search was cut off, with those that were known before."""
    known = task.known or FileRows(task.path, {})
    results = {**known.results, **dict.fromkeys(task.wanted, SearchResult((), reason))}
    return replace(known, results=results, digest=b"", unread=reason)


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


_OfSize = TypeVar("_OfSize", bound=_Sized)


def chunks(tasks: Iterable[_OfSize]) -> Iterator[list[_OfSize]]:
    """Yield the tasks in chunks of about the same number of bytes."""
    chunk: list[_OfSize] = []
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
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
