"""Never twice: the rows of earlier runs, found again by a file's content and by what each probe looks for.

A page holds what one folder's files gave. A file that is as it was needs no search; for a changed policy only its own
probes are searched; a changed file is searched again. What a page claims is checked against the file's bytes, or
against a stamp of its inode that no ordinary write leaves as it was.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.policy.plan import Probe
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


class ScanCache(Struct):
    """What a run may know from earlier ones, and what it leaves for later ones (None when there is nothing new).

    `known` are the files in which nothing had to be searched.
    """

    page: CachedRows = field(default_factory=CachedRows)
    turned: CachedRows | None = None
    known: frozenset[str] = frozenset()


class SharedRows(Struct):
    """The rows of files that submissions of one batch have in common: of the last ones that were asked for."""

    rows: OrderedDict[tuple[str, bytes, tuple[int, ...]], FileRows] = field(default_factory=OrderedDict)

    def found(
        self, tasks: Sequence[Task], submission: Submission, search: Callable[[list[Task]], Mapping[str, FileRows]]
    ) -> dict[str, FileRows]:
        """The rows of every file; `search` is given those that no earlier submission had.

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
        """The rows that are known, and what is left to do: files, or probes in them."""
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
        """The rows that are known of a file as it is now."""
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
        if entry.rows is None:
            return FileRows(path, {}, digest=entry.digest)
        if not entry.rows.found:
            return entry.rows
        here = self._here
        rows = {here[number]: found for number, found in entry.rows.found.items() if number in here}
        return replace(entry.rows, found=rows)

    def turned(
        self, rows: Mapping[str, FileRows], wanted: Mapping[str, Sequence[int]], submission: Submission
    ) -> CachedRows:
        """The page for the next run: what this one knows of its files. One whose search was cut off has no digest."""
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
            page.files[path] = CachedFile(submission.stamp(path), found.digest, numbers[key], kept)
        return page


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
