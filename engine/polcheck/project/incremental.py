"""Checks of one project again and again: what files and policies gave before is used while it would be the same.

INVARIANT: the report is that of `Checker.check`. A policy's result is used again only while the files are the same ones
and none of its searches has matches in a file that changed, before or after.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from operator import is_not
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.spans import Source
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.outcome import KnownRelations, PolicyResult, evaluate
from polcheck.findings.accepted import Accept
from polcheck.findings.report import Notice, Report
from polcheck.findings.restriction import Restriction
from polcheck.languages import kind_of
from polcheck.languages.comments import mentions_waivers
from polcheck.pipeline import Checker, Judged, Part, remarks_in
from polcheck.policy.plan import Plan, Step, below, every_step, tables_of
from polcheck.scan.cache import CachedRows, CacheLookup, ScanCache, SharedRows
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import FileSearch, Searchers, Task, search_files, searchers
from polcheck.sources.submission import UNREADABLE, UNSEARCHED, Files, Later, Submission, piece_of_digest

_FEW = 64  # files that changed at once whose rows are kept beyond the next change
_MOST_BYTES = 32 << 20  # of files that were read and are kept

_SETTINGS = ("limits", "jobs", "prefix", "safe_packs")  # of a checker, on which more than its conclusion depends

Proceed = Callable[[], None]


class _File(NamedTuple):
    """What is known of one file: where its bytes are, and their SHA-256, which is empty for one that can't be read.

    `marked` says whether a file that nothing searches may hold a waiver; None where nobody has looked.
    """

    held: bytes | Later
    digest: bytes
    marked: bool | None


class _Change(NamedTuple):
    """What has changed of the files of a project: those with other bytes, or that are new, and those that are gone.

    `listing` says whether there are others.
    """

    paths: Sequence[str]
    gone: Sequence[str]
    listing: bool

    @classmethod
    def between(cls, old: Mapping[str, bytes | Later], new: Mapping[str, bytes | Later]) -> _Change:
        """Return the change from one state of a project to another; both are in order of path."""
        if list(old) == list(new):
            return cls(list(compress(new, map(is_not, new.values(), old.values()))), (), listing=False)
        paths = [path for path, held in new.items() if old.get(path) is not held]
        return cls(paths, [path for path in old if path not in new], listing=True)


class _Reach(Struct, frozen=True):
    """What of a file a policy, or a part of one, depends on: the probes that search it, and whether its facts."""

    probes: frozenset[int]
    facts: bool

    @classmethod
    def of(cls, plan: Plan, steps: Iterable[Step], names: Iterable[str] = ()) -> _Reach:
        """Return the reach of some steps, and of texts that read these names."""
        steps = list(steps)
        probes = {step.search.probe for step in steps if step.search is not None}
        if any(tables_of(plan.probes, probe) for probe in probes):
            # NOTE: a name may be followed through files of every kind that define some
            probes |= {number for number, probe in enumerate(plan.probes) if probe.kind == "constants"}
        return cls(frozenset(probes), "file" in names or any("file" in step.reads for step in steps))

    def touched(self, old: FileRows, new: FileRows) -> bool:
        """Return whether what depends on it may differ between two states of a file."""
        if self.facts and old.facts != new.facts:
            return True
        return not (self.probes.isdisjoint(old.results) and self.probes.isdisjoint(new.results))


class _Searched(Struct, dict=True):
    """What follows from the searches of one plan: the rows of each file, and what came of each policy."""

    checker: Checker
    shared: SharedRows
    rows: dict[str, FileRows] = field(default_factory=dict)
    before: dict[str, FileRows] = field(default_factory=dict)  # of the files that changed since policies were evaluated
    marked: set[str] = field(default_factory=set)  # the files that were searched and may hold a waiver
    remarked: set[str] = field(default_factory=set)  # those of which their rows say more than matches
    complete: bool = False  # whether the rows are those of all files
    earlier: CachedRows = field(default_factory=CachedRows)  # of another plan, some of whose searches may be the same
    submission: Submission | None = None  # for which the policies were evaluated last
    context: JoinContext | None = None
    judged: Mapping[str, Judged] = field(default_factory=dict)  # by `pack:id`
    relations: dict[str, KnownRelations] = field(default_factory=dict)  # by pack

    @cached_property
    def reaches(self) -> Mapping[str, _Reach]:
        """The reach of each policy, by `pack:id`."""
        plan = self.checker.plan
        return {
            policy.ref: _Reach.of(plan, every_step(policy), policy.message.names | policy.remedy.names)
            for policy in plan.policies
        }

    @cached_property
    def parts(self) -> tuple[Mapping[int, _Reach], Mapping[str, Mapping[str, _Reach]]]:
        """The reach of each join, by its number, and of each selector that is used by name, by pack and name."""
        plan = self.checker.plan
        joins: dict[int, _Reach] = {}
        used: dict[str, dict[str, _Reach]] = {}
        for policy in plan.policies:
            for step in every_step(policy):
                join = step.join if step.join is step else None
                if join is None:
                    continue
                joins[join.number] = _Reach.of(plan, below((step,)))
                for nested in step.nested:
                    if nested.role == "selector":
                        name = str(join.source.row_key()[1])
                        used.setdefault(policy.pack, {})[name] = _Reach.of(plan, below(nested.steps))
        return joins, used

    def stored(self) -> CachedRows:
        """Return the rows by what was searched for, so that another plan can take those of its own searches."""
        if self.submission is None or self.before or not self.complete:
            return self.earlier  # NOTE: rows of files as they are don't go with the stamps of files as they were
        return self.lookup(self.earlier).updated(self.rows, self.checker.wanted(self.submission), self.submission)

    def lookup(self, stored: CachedRows) -> CacheLookup:
        """Return what looks up files in rows that are stored."""
        search = self.search
        return CacheLookup(stored, search.extractor, search.facts, search.lines, time.time_ns())

    def forget(self) -> None:
        """Forget the rows of selectors that may differ after the files that have changed."""
        joins, used = self.parts
        for pack, known in self.relations.items():
            for number in [number for number in known.relations if self.touches(joins.get(number))]:
                del known.relations[number]
            for name in [name for name in known.used if self.touches(used.get(pack, {}).get(name))]:
                del known.used[name]

    def touches(self, reach: _Reach | None) -> bool:
        """Return whether something in reach may differ after the files that have changed; so may what has no reach."""
        return reach is None or any(reach.touched(old, self.rows[path]) for path, old in self.before.items())

    @cached_property
    def search(self) -> FileSearch:
        """The search of files, without any."""
        demands = self.checker.demands
        return FileSearch(self.checker.extractor, None, demands.facts, demands.lines, digests=True)

    @cached_property
    def beside(self) -> Searchers:
        """A process for files whose search may never end, which stays for the next ones."""
        return searchers(self.search, 1, self.checker.limits.search_seconds)


class Incremental:
    """Checks submissions of which each is much like the one before. For one thread at a time."""

    def __init__(self) -> None:
        self._searched: _Searched | None = None
        self._files: dict[str, _File] = {}
        self._pieces: dict[str, bytes] = {}  # of what the digest is made from, by path, in order of path
        self._sources: dict[str, Source] = {}
        self._held: Mapping[str, bytes | Later] = {}
        self._retries = False
        self._unsearched: set[str] = set()  # files that nothing searches and that may hold a waiver
        self._stored = CachedRows()  # of submissions with a base

    def close(self) -> None:
        """End the process that searches files, and forget what is known."""
        if self._searched is not None:
            _close(self._searched)
        self._searched = None
        self._files, self._pieces, self._sources, self._stored = {}, {}, {}, CachedRows()
        self._held, self._unsearched = {}, set()

    def retry(self) -> None:
        """Let the next check search again where a search was cut off: there may be more time, or memory, by then."""
        self._retries = True

    def check(
        self,
        checker: Checker,
        submission: Submission,
        fail_on: str,
        accept: Accept | None,
        only: Restriction | None,
        proceed: Proceed,
    ) -> Report:
        """Return the report on a placed submission; `proceed` is called now and then, and may raise what ends it."""
        if submission.base is not None:
            return self._compared(checker.reporting(only), submission, fail_on, accept, proceed)
        searched = self._for(checker)
        held = _held(submission)
        change = _Change.between(self._held, held)
        try:
            self._search(searched, submission, held, change, proceed)
        except BaseException:
            _close(searched)  # NOTE: what it was asked for is not waited for
            raise
        placed = self._placed(searched, submission, held, change)
        self._retries = False
        self._held, searched.complete, searched.earlier = held, True, CachedRows()
        judged, remarks = self._judged(searched, placed, proceed)
        format_remarks = remarks_in({path: searched.rows[path] for path in searched.remarked})
        report = checker.reporting(only).concluded(placed, judged, (*format_remarks, *remarks), fail_on, accept)
        if sum(len(source.data) for source in self._sources.values()) > _MOST_BYTES:
            self._sources.clear()
        return report

    def _compared(
        self, checker: Checker, submission: Submission, fail_on: str, accept: Accept | None, proceed: Proceed
    ) -> Report:
        """Return the report on a submission with a base, whose rows alone are used again."""
        cache = ScanCache(self._stored)
        report = checker.check(submission, fail_on, lambda *_: proceed(), accept, cache)
        self._stored = cache.updated or self._stored
        return report

    def _for(self, checker: Checker) -> _Searched:
        """Return what is known of the searches of a checker's plan."""
        known = self._searched
        if known is not None:
            old = known.checker
            if old.plan is checker.plan and all(getattr(old, name) == getattr(checker, name) for name in _SETTINGS):
                return known
            _close(known)
        self._searched = _Searched(checker, SharedRows(), earlier=known.stored() if known is not None else CachedRows())
        return self._searched

    def _search(
        self,
        searched: _Searched,
        submission: Submission,
        held: Mapping[str, bytes | Later],
        change: _Change,
        proceed: Proceed,
    ) -> None:
        """Bring the rows of every file that is searched up to date."""
        checker = searched.checker
        wanted = checker.wanted(submission)
        stale = [path for path in change.paths if path in searched.rows]
        if change.listing or not searched.complete:
            asked = [path for path in (submission.listed if checker.demands.everything else wanted) if path in held]
            searched.context = None
            searched.rows = {path: searched.rows[path] for path in asked if path in searched.rows}
            stale = [path for path in stale if path in searched.rows]
            stale += [path for path in asked if path not in searched.rows]
        if self._retries:
            stale += [path for path, rows in searched.rows.items() if not rows.digest and path not in change.paths]
        changed = [
            checker.task(path, submission, wanted)
            for path in stale
            if not _is_same(searched.rows.get(path), held[path])
        ]
        for path in change.paths:
            self._sources.pop(path, None)
        search = replace(searched.search, submission=submission.known(submission.paths, "", self._sources))

        def search_all(tasks: Sequence[Task]) -> Mapping[str, FileRows]:
            return search_files(
                tasks, search, checker.jobs, checker.limits.search_seconds, lambda *_: proceed(), searched.beside
            )

        known: Mapping[str, FileRows] = {}
        if not searched.complete and searched.earlier.files:
            known, changed = searched.lookup(searched.earlier).split(changed, submission)
        few = searched.complete and len(changed) <= _FEW
        results = searched.shared.rows_of(changed, submission, search_all) if few else search_all(changed)
        results = {**known, **results}
        for path, rows in results.items():
            if path in searched.rows:
                searched.before.setdefault(path, searched.rows[path])
            searched.rows[path] = rows
        for paths, says in ((searched.marked, "marked"), (searched.remarked, "remarks")):
            paths.intersection_update(searched.rows)
            paths.difference_update(results)
            paths.update(path for path, rows in results.items() if getattr(rows, says))

    def _placed(
        self, searched: _Searched, submission: Submission, held: Mapping[str, bytes | Later], change: _Change
    ) -> Submission:
        """Return the submission with what is known of it: its digest, and the files that may hold waivers."""
        rows, paths = searched.rows, submission.paths
        for path in change.gone:
            self._files.pop(path, None)
        looked: Iterable[str] = change.paths
        if not searched.complete:  # NOTE: what is searched now is another matter, and what is not
            changed = frozenset(change.paths)
            looked = [path for path in held if path in changed or self._is_unknown(path, rows)]
        for path in looked:
            self._files[path] = _file_of(path, held[path], rows.get(path))
            self._sources.pop(path, None)
        known = searched.complete and not change.listing and len(self._pieces) == len(paths)
        pieces = {path: self._piece(path, rows, submission) for path in (change.paths if known else paths)}
        if known:
            self._pieces.update(pieces)
        else:
            self._pieces = pieces
        digest = f"sha256:{hashlib.sha256(b''.join(self._pieces.values())).hexdigest()}"
        self._unsearched = {path for path in self._unsearched if path in held and path not in rows}
        self._unsearched.difference_update(looked)
        self._unsearched.update(path for path in looked if self._files[path].marked and path not in rows)
        marked_in = replace(submission, marked=frozenset(searched.marked), unsearched=frozenset(self._unsearched))
        return marked_in.known(paths, digest, self._sources)

    def _is_unknown(self, path: str, rows: Mapping[str, FileRows]) -> bool:
        """Return whether too little is known of a file to say whether it may hold a waiver."""
        file = self._files.get(path)
        return file is None or (file.marked is None and path not in rows)

    def _piece(self, path: str, rows: Mapping[str, FileRows], submission: Submission) -> bytes:
        """Return what `Submission.digest` makes of one file."""
        file = self._files.get(path)
        if path in submission.unreadable or (path in rows and not (file and file.digest)):
            return piece_of_digest(path, UNREADABLE)
        return piece_of_digest(path, file.digest if file and path in rows else UNSEARCHED)

    def _judged(
        self, searched: _Searched, placed: Submission, proceed: Proceed
    ) -> tuple[Sequence[Judged], Sequence[Notice]]:
        """Return what came of each policy, and notices of places; what can't have changed is as it was."""
        checker = searched.checker
        parts = checker.parts(placed, searched.rows)
        if len(parts) != 1 or parts[0].folder:
            searched.before.clear()
            searched.context, searched.judged = None, {}
            searched.relations.clear()
            return self._judged_anew(checker, parts, proceed)
        part = parts[0]
        last, context = searched.submission, searched.context
        same = (
            last is not None
            and context is not None
            and last.listed == placed.listed
            and last.unreadable == placed.unreadable
            and last.folders == placed.folders
        )
        fresh = part.context
        known: dict[str, Judged] = {}
        if same and context is not None:
            fresh = context.revised(searched.rows, searched.before, fresh.placer)
            known = {ref: one for ref, one in searched.judged.items() if not searched.touches(searched.reaches[ref])}
            searched.forget()
        else:
            searched.relations.clear()
        try:
            results = evaluate(
                fresh,
                part.group.packs,
                limits=checker.limits,
                known={ref: one.result for ref, one in known.items()},
                relations=searched.relations,
                proceed=proceed,
            )
        except BaseException:
            searched.relations.clear()  # NOTE: of the files as they are now, which another change may follow
            raise
        maker = checker.findings_in(replace(part, context=fresh))
        judged: list[Judged] = []
        for result in results:
            old = known.get(result.policy.ref)
            if old is not None and not self._may_differ(searched, result, checker.wanted(placed)):
                judged.append(old)
                continue
            proceed()
            findings, reported = maker.contained(result)
            judged.append(Judged(reported, findings, maker.dynamic(reported)))
        remarks = maker.locator.notices()
        searched.before.clear()
        searched.submission, searched.context = placed, fresh
        # NOTE: places that could not be worked out are told of by notices, which are made anew with all findings
        searched.judged = {} if remarks else {one.result.policy.ref: one for one in judged if _is_final(one.result)}
        return judged, remarks

    def _judged_anew(
        self, checker: Checker, parts: Sequence[Part], proceed: Proceed
    ) -> tuple[Sequence[Judged], Sequence[Notice]]:
        """Return the same for packs of which each is about some folder, without what was known before."""
        judged: list[Judged] = []
        remarks: list[Notice] = []
        for part in parts:
            results = evaluate(part.context, part.group.packs, limits=checker.limits, proceed=proceed)
            own, notices = checker.judged_in(part, results)
            judged += own
            remarks += notices
        return judged, remarks

    def _may_differ(self, searched: _Searched, result: PolicyResult, wanted: Mapping[str, Sequence[int]]) -> bool:
        """Return whether findings may differ although the result is the same: in their fixes, or in what comes closest
        to something missing, which may stand in one of the files that have changed.
        """
        if result.policy.fix and result.failures:
            return True  # NOTE: a fix may be in a file that no search of the policy looks into
        if not any(failure.missing for failure in result.failures):
            return False
        probes = searched.reaches[result.policy.ref].probes
        return any(not probes.isdisjoint(wanted.get(path, ())) for path in searched.before)


def _held(submission: Submission) -> Mapping[str, bytes | Later]:
    """Return the bytes of each file that can be read, or where they are to be read, by path."""
    files = submission.files
    return files.everything() if isinstance(files, Files) else files


def _file_of(path: str, held: bytes | Later, rows: FileRows | None) -> _File:
    """Return what is known of a file after it was read, unless that was done for its rows."""
    if rows is not None and rows.digest:
        return _File(held, rows.digest, None)
    try:
        data = held if isinstance(held, bytes) else held.read()
    except OSError:
        return _File(held, b"", False)
    return _File(held, hashlib.sha256(data).digest(), bool(kind_of(path)) and mentions_waivers(data))


def _is_same(rows: FileRows | None, held: bytes | Later) -> bool:
    """Return whether a file has the bytes of which these are the rows."""
    if rows is None or not rows.digest:
        return False
    try:
        return hashlib.sha256(held if isinstance(held, bytes) else held.read()).digest() == rows.digest
    except OSError:
        return False


def _is_final(result: PolicyResult) -> bool:
    """Return whether the same would come of it again: no time had run out, and polcheck had not failed."""
    return not result.fault and all(path for path, _ in result.reasons)


def _close(searched: _Searched) -> None:
    """End the process that searches files, if there is one."""
    beside = searched.__dict__.pop("beside", None)
    if beside is not None:
        beside.close()
