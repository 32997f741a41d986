"""Never twice: the rows of earlier runs, found again by a file's content and by what each probe looks for.

A page holds what one folder's files gave. A file that is as it was needs no search; for a changed policy only its own
probes are searched; a changed file is searched again. What a page claims is checked against the file's bytes, or
against a stamp of its inode that no ordinary write leaves as it was.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.tracker import is_young
from polcheck.policy.plan import Probe
from polcheck.scan.encoding import EncodedRows, decoded_rows, encoded_rows
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import Task
from polcheck.sources.submission import Stamp, Submission

_MOST_ALIKE = 64  # files
_MOST_ALIKE_BYTES = 50_000  # of one of them


class CachedFile(NamedTuple):
    """What is known of one file: its stamp and content when it was searched, and the rows of the probes in a set.

    NOTE: most files of a large folder hold nothing that is looked for; they have no rows (None), which is read and
    written in a fraction of the time.
    """

    stamp: Stamp | None
    digest: bytes
    searched: int  # the number of a set of probes in the page
    rows: FileRows | None


class CachedRows(Struct):
    """The rows of one folder's files. Probes are named by what they look for, and numbered by their place here."""

    probes: list[str] = field(default_factory=list)
    sets: list[frozenset[int]] = field(default_factory=list)
    files: dict[str, CachedFile] = field(default_factory=dict)
    asks: tuple[bool, bool] = (False, False)  # whether facts and lines were asked for


class _Page(NamedTuple):
    probes: list[str]
    sets: list[list[int]]
    files: dict[str, tuple[Stamp | None, bytes, int, EncodedRows | None]]
    asks: tuple[bool, bool]


class CachedRowsCodec(Codec[Any]):
    """The encoding of the rows of one folder's files."""

    def __init__(self) -> None:
        super().__init__(_Page)

    def encode(self, value: CachedRows) -> bytes:
        """Return the bytes of rows."""
        files = {
            path: (*file[:3], encoded_rows(file.rows) if file.rows is not None else None)
            for path, file in value.files.items()
        }
        return super().encode(_Page(value.probes, [sorted(probes) for probes in value.sets], files, value.asks))

    def decode(self, data: bytes | memoryview) -> CachedRows:
        """Return the rows of these bytes. Raises NotDecoded, also for files that name probes which aren't there."""
        page: _Page = super().decode(data)
        count, sets = len(page.probes), len(page.sets)
        if any(not 0 <= number < count for probes in page.sets for number in probes):
            raise NotDecoded("a set of unknown probes")
        files: dict[str, CachedFile] = {}
        for path, (stamp, digest, searched, rows) in page.files.items():
            known = rows is None or (rows.path == path and all(0 <= number < count for number in rows.found))
            if not 0 <= searched < sets or not known:
                raise NotDecoded("a file with unknown probes")
            files[path] = CachedFile(stamp, digest, searched, decoded_rows(rows) if rows is not None else None)
        return CachedRows(page.probes, [frozenset(probes) for probes in page.sets], files, page.asks)


class ScanCache(Struct):
    """What a run may know from earlier ones, and what it leaves for later ones (None when there is nothing new).

    `known` are the files in which nothing had to be searched; `began` is when nothing was read yet, in nanoseconds.
    """

    page: CachedRows = field(default_factory=CachedRows)
    updated: CachedRows | None = None
    known: frozenset[str] = frozenset()
    began: int = field(default_factory=time.time_ns)


class SharedRows(Struct):
    """The rows of files that submissions of one batch have in common: of the last ones that were asked for."""

    rows: OrderedDict[tuple[str, bytes, tuple[int, ...]], FileRows] = field(default_factory=OrderedDict)

    def found(
        self, tasks: Sequence[Task], submission: Submission, search: Callable[[list[Task]], Mapping[str, FileRows]]
    ) -> dict[str, FileRows]:
        """Return the rows of every file; `search` is given those that no earlier submission had.

        What was not searched to its end is not known for another one.
        """
        keys = {task.path: self._key(task, submission) for task in tasks}
        known = {path: self.rows[key] for path, key in keys.items() if key is not None and key in self.rows}
        made = search([task for task in tasks if task.path not in known])
        rows = {task.path: known[task.path] if task.path in known else made[task.path] for task in tasks}
        for path, key in keys.items():
            one = rows[path]
            if key is not None and not one.unread and not any(found.incomplete for found in one.found.values()):
                self.rows[key] = one
                self.rows.move_to_end(key)
        while len(self.rows) > _MOST_ALIKE:
            self.rows.popitem(last=False)
        return rows

    def _key(self, task: Task, submission: Submission) -> tuple[str, bytes, tuple[int, ...]] | None:
        if task.size > _MOST_ALIKE_BYTES:
            return None
        try:
            return task.path, hashlib.sha256(submission.files[task.path]).digest(), task.wanted
        except OSError:
            return None


class CacheLookup(Struct, frozen=True, dict=True):
    """A page as one plan sees it."""

    page: CachedRows
    extractor: Extractor
    facts: bool
    lines: bool
    began: int = 0
    renewed: set[str] = field(default_factory=set)  # files that had to be read to be known, and next time need not be

    @cached_property
    def _keys(self) -> list[str]:
        """For each probe of the plan, what its rows depend on, as a text."""
        return _keys(self.extractor)

    @cached_property
    def _here(self) -> dict[int, int]:
        """Numbers of the page's probes to those of the plan."""
        own = {key: number for number, key in enumerate(self._keys)}
        return {number: own[key] for number, key in enumerate(self.page.probes) if key in own}

    @cached_property
    def _known(self) -> list[frozenset[int]]:
        """The page's sets of probes as numbers of the plan."""
        here = self._here
        return [frozenset(here[number] for number in probes if number in here) for probes in self.page.sets]

    def split(self, tasks: Iterable[Task], submission: Submission) -> tuple[dict[str, FileRows], list[Task]]:
        """Return the rows that are known, and what is left to do: files, or probes in them."""
        known: dict[str, FileRows] = {}
        left: list[Task] = []
        for task in tasks:
            rows = self._rows(task.path, submission)
            if rows is None:
                left.append(task)
                continue
            searched = self._known[self.page.files[task.path].searched]
            missing = tuple(probe for probe in task.wanted if probe not in searched)
            if missing:
                left.append(task._replace(wanted=missing, known=rows))
            else:
                known[task.path] = rows
        return known, left

    def _rows(self, path: str, submission: Submission) -> FileRows | None:
        """Return the rows that are known of a file as it is now."""
        entry = self.page.files.get(path)
        if entry is None or self.page.asks != (self.facts, self.lines):
            return None
        stamp = submission.stamp(path)
        if stamp is None or stamp != entry.stamp:
            try:
                data = submission.files[path]
            except OSError:
                return None
            if hashlib.sha256(data).digest() != entry.digest:
                return None
            if self._trusted(stamp):
                self.renewed.add(path)
        if entry.rows is None:
            return FileRows(path, {}, digest=entry.digest)
        if not entry.rows.found:
            return entry.rows
        here = self._here
        rows = {here[number]: found for number, found in entry.rows.found.items() if number in here}
        return replace(entry.rows, found=rows)

    def updated(
        self, rows: Mapping[str, FileRows], wanted: Mapping[str, Sequence[int]], submission: Submission
    ) -> CachedRows:
        """Return the page for the next run: what this one knows of its files. One whose search was cut off has no
        digest.
        """
        page = CachedRows(list(self._keys), [], {}, (self.facts, self.lines))
        numbers: dict[tuple[int, ...], int] = {}
        for path, found in rows.items():
            if not found.digest:
                continue
            key = tuple(wanted.get(path, ()))
            if key not in numbers:
                numbers[key] = len(page.sets)
                page.sets.append(frozenset(key))
            told = replace(found, parsed=0, spent={}) if found.parsed else found  # the next run parses nothing for it
            kept = None if told.is_silent else told
            page.files[path] = CachedFile(self._trusted(submission.stamp(path)), found.digest, numbers[key], kept)
        return page

    def _trusted(self, stamp: Stamp | None) -> Stamp | None:
        """Return the stamp, unless the file may change after it was read and keep it: then only its content tells."""
        return None if is_young(stamp, self.began) else stamp


def _keys(extractor: Extractor) -> list[str]:
    """For each probe, a digest of all that its rows depend on; what opens its gates is part of it."""
    own = [f"{extractor.matches} {_text(probe)}" for probe in extractor.probes]
    keys: list[str] = []
    for number, text in enumerate(own):
        gates = extractor.gates.get(number)
        opened = "" if gates is None else "\1".join(sorted(own[gate] for gate in gates))
        keys.append(hashlib.sha256(f"{text}\0{opened}".encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return keys


def _text(probe: Probe) -> str:
    resolve = getattr(probe.what, "resolve", True)
    languages = (*probe.languages, probe.unavailable) if probe.syntaxes else probe.language
    parts = (probe.kind, languages, probe.places, probe.whole, probe.forced, resolve)
    return repr((parts, probe.texts))
