"""The scan cache: match tables of earlier runs, looked up by a file's content and by what each probe searches for.

`CachedRows` holds the match tables of one folder. An unchanged file needs no search; after a change to a policy only
the probes of that policy are searched for; a changed file is searched again. An entry counts only if the file's bytes
have its digest, or the file's inode has its stamp, which no ordinary write leaves as it was.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.tracker import is_young
from polcheck.policy.plan import Probe
from polcheck.scan.encoding import EncodedRows, decoded_rows, encoded_rows
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import Task
from polcheck.sources.submission import Stamp, Submission

_SHARED_FILES = 64  # files
_SHARED_BYTES = 50_000  # of one of them


class CachedFile(NamedTuple):
    """One file when it was searched: its stamp, the SHA-256 of its bytes, the probes that were run, and their matches.

    NOTE: most files of a large folder have no match of any probe; they have no rows (None), which is read and written
    in a fraction of the time.
    """

    stamp: Stamp | None
    digest: bytes
    searched: int  # index in `CachedRows.sets`
    rows: FileRows | None


class CachedRows(Struct):
    """The match tables of one folder. Probes are identified by a digest of what they depend on, numbered by index."""

    probes: list[str] = field(default_factory=list)
    sets: list[frozenset[int]] = field(default_factory=list)
    files: dict[str, CachedFile] = field(default_factory=dict)
    demands: tuple[bool, bool] = (False, False)  # whether facts and line starts are stored


class _EncodedRows(NamedTuple):
    probes: list[str]
    sets: list[list[int]]
    files: dict[str, tuple[Stamp | None, bytes, int, EncodedRows | None]]
    demands: tuple[bool, bool]


class CachedRowsCodec(Codec[Any]):
    """Codec of the match tables of one folder."""

    def __init__(self) -> None:
        super().__init__(_EncodedRows)

    def encode(self, value: CachedRows) -> bytes:
        """Return the rows as bytes."""
        files = {
            path: (*file[:3], encoded_rows(file.rows) if file.rows is not None else None)
            for path, file in value.files.items()
        }
        return super().encode(
            _EncodedRows(value.probes, [sorted(probes) for probes in value.sets], files, value.demands)
        )

    def decode(self, data: bytes | memoryview) -> CachedRows:
        """Return the rows that the bytes encode.

        Raises NotDecoded for other bytes, and for files that refer to probes which aren't listed.
        """
        stored: _EncodedRows = super().decode(data)
        count, sets = len(stored.probes), len(stored.sets)
        if any(not 0 <= number < count for probes in stored.sets for number in probes):
            raise NotDecoded("a set of unknown probes")
        files: dict[str, CachedFile] = {}
        for path, (stamp, digest, searched, rows) in stored.files.items():
            known = rows is None or (rows.path == path and all(0 <= number < count for number in rows.results))
            if not 0 <= searched < sets or not known:
                raise NotDecoded("a file with unknown probes")
            files[path] = CachedFile(stamp, digest, searched, decoded_rows(rows) if rows is not None else None)
        return CachedRows(stored.probes, [frozenset(probes) for probes in stored.sets], files, stored.demands)


class ScanCache(Struct):
    """What a run takes from the scan cache, and what it writes back to it (`updated`; None when nothing changed).

    `known` are the paths of files that needed no search. `began` is a time before the run read its first file, in
    nanoseconds since the epoch.
    """

    stored: CachedRows = field(default_factory=CachedRows)
    updated: CachedRows | None = None
    known: frozenset[str] = frozenset()
    began: int = field(default_factory=time.time_ns)


class SharedRows(Struct):
    """Match tables of files that several submissions of one batch share: of the most recently used ones."""

    rows: OrderedDict[tuple[str, bytes, tuple[int, ...]], FileRows] = field(default_factory=OrderedDict)

    def rows_of(
        self, tasks: Sequence[Task], submission: Submission, search: Callable[[list[Task]], Mapping[str, FileRows]]
    ) -> dict[str, FileRows]:
        """Return the rows of every file by path; `search` is called for files that no earlier submission had.

        Rows of a search that was cut off are not shared.
        """
        keys = {task.path: self._key(task, submission) for task in tasks}
        known = {path: self.rows[key] for path, key in keys.items() if key is not None and key in self.rows}
        searched = search([task for task in tasks if task.path not in known])
        rows = {task.path: known[task.path] if task.path in known else searched[task.path] for task in tasks}
        for path, key in keys.items():
            file_rows = rows[path]
            if key is not None and not file_rows.is_cut_off:
                self.rows[key] = file_rows
                self.rows.move_to_end(key)
        while len(self.rows) > _SHARED_FILES:
            self.rows.popitem(last=False)
        return rows

    def _key(self, task: Task, submission: Submission) -> tuple[str, bytes, tuple[int, ...]] | None:
        if task.size > _SHARED_BYTES:
            return None
        try:
            return task.path, hashlib.sha256(submission.content(task.path)).digest(), task.wanted
        except OSError:
            return None


class CacheLookup(Struct, frozen=True, dict=True):
    """Looks up the files of a submission in stored rows, for the probes of one plan."""

    stored: CachedRows
    extractor: Extractor
    facts: bool
    lines: bool
    began: int = 0
    restamped: set[str] = field(default_factory=set)  # files that were read to be verified, and have a new stamp

    @cached_property
    def _keys(self) -> list[str]:
        """The digest of each probe of the plan."""
        return _keys(self.extractor)

    @cached_property
    def _plan_numbers(self) -> dict[int, int]:
        """The number of each stored probe in the plan."""
        own = {key: number for number, key in enumerate(self._keys)}
        return {number: own[key] for number, key in enumerate(self.stored.probes) if key in own}

    @cached_property
    def _searched_sets(self) -> list[frozenset[int]]:
        """The stored sets of probes, with the numbers of the plan."""
        numbers = self._plan_numbers
        return [frozenset(numbers[one] for one in probes if one in numbers) for probes in self.stored.sets]

    def split(self, tasks: Iterable[Task], submission: Submission) -> tuple[dict[str, FileRows], list[Task]]:
        """Return the rows of files that need no search, by path, and tasks for the other files, or probes in a file."""
        known: dict[str, FileRows] = {}
        left: list[Task] = []
        for task in tasks:
            rows = self._rows(task.path, submission)
            if rows is None:
                left.append(task)
                continue
            searched = self._searched_sets[self.stored.files[task.path].searched]
            missing = tuple(probe for probe in task.wanted if probe not in searched)
            if missing or (self.facts and task.facts and rows.facts is None):
                left.append(task._replace(wanted=missing, known=rows))
            else:
                known[task.path] = rows
        return known, left

    def _rows(self, path: str, submission: Submission) -> FileRows | None:
        """Return the stored rows of a file; None if there are none for its present content."""
        entry = self.stored.files.get(path)
        if entry is None or self.stored.demands != (self.facts, self.lines):
            return None
        stamp = submission.stamp(path)
        if stamp is None or stamp != entry.stamp:
            try:
                data = submission.content(path)
            except OSError:
                return None
            if hashlib.sha256(data).digest() != entry.digest:
                return None
            if self._trusted(stamp):
                self.restamped.add(path)
        if entry.rows is None:
            return FileRows(path, {}, digest=entry.digest)
        if not entry.rows.results:
            return entry.rows
        plan_numbers = self._plan_numbers
        rows = {plan_numbers[number]: result for number, result in entry.rows.results.items() if number in plan_numbers}
        return replace(entry.rows, results=rows)

    def updated(
        self, rows: Mapping[str, FileRows], wanted: Mapping[str, Sequence[int]], submission: Submission
    ) -> CachedRows:
        """Return what to store for the next run: all rows but those without a digest, whose search was cut off."""
        updated = CachedRows(list(self._keys), [], {}, (self.facts, self.lines))
        numbers: dict[tuple[int, ...], int] = {}
        for path, file_rows in rows.items():
            if not file_rows.digest:
                continue
            key = tuple(wanted.get(path, ()))
            if key not in numbers:
                numbers[key] = len(updated.sets)
                updated.sets.append(frozenset(key))
            entry = (
                replace(file_rows, parsed=0, spent={}) if file_rows.parsed else file_rows
            )  # the next run parses nothing
            stamp = self._trusted(submission.stamp(path))
            updated.files[path] = CachedFile(stamp, file_rows.digest, numbers[key], None if entry.is_empty else entry)
        return updated

    def _trusted(self, stamp: Stamp | None) -> Stamp | None:
        """Return the stamp; None for one so recent that a later change of the file could leave it as it is."""
        return None if is_young(stamp, self.began) else stamp


def _keys(extractor: Extractor) -> list[str]:
    """Return for each probe a digest of all that its rows depend on, the probes that gate it included."""
    texts = [f"{extractor.matches} {_text(probe)}" for probe in extractor.probes]
    keys: list[str] = []
    for number, text in enumerate(texts):
        gates = extractor.gates.get(number)
        gated_by = "" if gates is None else "\1".join(sorted(texts[gate] for gate in gates))
        keys.append(hashlib.sha256(f"{text}\0{gated_by}".encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return keys


def _text(probe: Probe) -> str:
    resolve = getattr(probe.what, "resolve", True)
    languages = (*probe.languages, probe.unavailable) if probe.syntaxes else probe.language
    flags = (probe.places, probe.whole, probe.forced, probe.cores)
    parts = (probe.kind, languages, *flags, resolve, sorted(probe.constants))
    return repr((parts, probe.texts, getattr(probe.what, "today", "")))
