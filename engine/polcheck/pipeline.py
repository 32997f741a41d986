"""The whole pipeline on one screen: submission -> scan -> evaluate -> findings -> report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.limits import DEFAULT_RUN_LIMITS, RunLimits
from polcheck.base.timings import Timings
from polcheck.base.version import VERSION
from polcheck.evaluate.context import BaseTree, JoinContext
from polcheck.evaluate.demands import Demands
from polcheck.evaluate.outcome import PolicyResult, evaluate
from polcheck.evaluate.relations import Relation
from polcheck.findings.accepted import Accept, Accepted
from polcheck.findings.make import Findings, deprecated_in, dynamic_notices, notices_of, numbered, outcome_of
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.findings.report import (
    DynamicCapture,
    Notice,
    PackUsed,
    PolicyOutcome,
    Report,
    RequirementOutcome,
    SubmissionUsed,
    verdict_of,
    worst,
)
from polcheck.findings.restriction import Restriction
from polcheck.findings.verdict_fields import fields_of
from polcheck.policy.gates import gates_of
from polcheck.policy.plan import Plan
from polcheck.scan.cache import CacheLookup, ScanCache, SharedRows
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import FileSearch, Task, search_files
from polcheck.sources.submission import Submission, merged_fields
from polcheck.sources.trees import base_path, is_base

Progress = Callable[[int, int], None]
CACHE_FROM_BYTES = 10_000  # a smaller submission is searched faster than its rows are looked up and stored
_Wanted = Mapping[str, tuple[int, ...]]
_MOST_LISTINGS = 8  # whose wanted probes are remembered: small submissions of one kind often have the same files
_SMALL_LISTING = 100  # files
_MOST_GIT_PLACES = 5  # named by notices


class Summary(NamedTuple):
    """A report in numbers, without strings for people; `findings` counts those of each policy by `pack:id`."""

    verdict: str
    digest: str
    requirements: tuple[RequirementOutcome, ...]
    policies: tuple[PolicyOutcome, ...]
    findings: Mapping[str, int]


class Checker(Struct, frozen=True, dict=True):
    """Checks submissions against a plan; what is compiled for the first one is reused for the others."""

    plan: Plan
    searches: Extractor | None = None  # compiled before, for a plan with the same probes
    jobs: int = 0  # processes to search with; 0 is one for each core
    limits: RunLimits = DEFAULT_RUN_LIMITS
    only: Restriction | None = None  # what is reported; None is everything
    allow_empty: bool = False  # whether a submission that no policy applies to passes
    digests: bool = True  # whether reports have the submission's digest, for which every file is read
    _constants: dict[int, Relation] = field(default_factory=dict)  # relations that are the same for each submission
    _shared_rows: SharedRows = field(default_factory=SharedRows)  # of earlier submissions that `summary` was asked for
    _wanted_probes: list[tuple[Plan, tuple[str, ...], _Wanted]] = field(default_factory=list)  # of the latest listings

    @cached_property
    def extractor(self) -> Extractor:
        """The compiled searches."""
        return self.searches or Extractor(self.plan.probes, gates_of(self.plan), matches=self.limits.matches)

    def narrowed(self, policies: Container[str]) -> Checker:
        """Return a checker of the policies with these ids alone; compiled queries are shared."""
        packs = tuple(
            replace(pack, policies=tuple(policy for policy in pack.policies if policy.id in policies))
            for pack in self.plan.packs
        )
        return replace(self, plan=replace(self.plan, packs=packs), searches=self.extractor)

    @cached_property
    def demands(self) -> Demands:
        """What the policies need of each file."""
        return Demands.of(self.plan)

    def check(
        self,
        submission: Submission,
        fail_on: str = "error",
        progress: Progress | None = None,
        accept: Accept | None = None,
        cache: ScanCache | None = None,
        timings: Timings | None = None,
    ) -> Report:
        """Return the report on one submission.

        `accept` waives findings; `cache` has the rows of earlier runs and takes those of this one; `timings` takes the
        time of each stage. Raises SubmissionError for a field of a bundle that no pack gives a path.
        """
        times = timings or Timings()
        with times.stage("search"):
            placed = self.place(submission)
            context = self.join_context(placed, progress, cache)
        with times.stage("judge"):
            results = evaluate(context, self.plan.packs, limits=self.limits, timings=times)
        with times.stage("tell"):
            report = self.report(placed, context, results, fail_on, accept)
        if timings is not None:
            self._count(timings, placed, context, cache)
        return report

    def summary(self, submission: Submission, fail_on: str = "error") -> Summary:
        """Return the outcome of `check` in numbers, without the work that only people's reading needs.

        Raises SubmissionError for a field of a bundle that no pack gives a path.
        """
        placed = self.place(submission)
        context = self.join_context(placed, shared=self._shared_rows)
        maker = self._findings(placed, context)
        counts = [maker.count(result) for result in evaluate(context, self.plan.packs, limits=self.limits)]
        severities = [[result.policy.severity] * bool(number) for number, result in counts]
        policies = tuple(outcome_of(result, found) for (_, result), found in zip(counts, severities, strict=True))
        findings = {result.policy.ref: number for number, result in counts}
        digest = placed.digest if self.digests else ""
        return Summary(verdict_of(policies, fail_on), digest, tuple(self._requirements(policies)), policies, findings)

    def timed(self) -> Checker:
        """Return a checker that searches for each selector alone and measures its time."""
        return replace(self, searches=replace(self.extractor, timed=True))

    def _count(self, timings: Timings, placed: Submission, context: JoinContext, cache: ScanCache | None) -> None:
        """Record in `timings` how many files were listed, examined, known and parsed, and the time of each probe."""
        known = cache.known if cache else frozenset()
        asked = [rows for path in self._wanted(placed) if (rows := context.rows.get(path)) is not None]
        timings.files.update(
            listed=len(placed.paths),
            asked=len(asked),
            known=len(known),
            skipped=sum(not rows.spent and rows.path not in known for rows in asked),
            parsed=sum(rows.parsed for rows in asked if rows.path not in known),
        )
        for rows in asked:
            if rows.path not in known:
                timings.searched(rows.spent, {probe: len(found.matches) for probe, found in rows.results.items()})

    def place(self, submission: Submission) -> Submission:
        """Return the submission with the fields of its bundle at the paths that packs give them."""
        placed = submission.placed(merged_fields(pack.fields for pack in self.plan.packs))
        return placed.settled(placed.listed if self.demands.facts else self._wanted(placed))

    def _wanted(self, submission: Submission) -> _Wanted:
        """Return the probes to run in each file of a placed submission, by path."""
        if submission.base is not None:
            return self.demands.wanted(submission.listed, self.plan, submission.base.paths)
        for plan, paths, wanted in self._wanted_probes:
            if plan is self.plan and paths == submission.listed:
                return wanted
        wanted = self.demands.wanted(submission.listed, self.plan)
        del self._wanted_probes[_MOST_LISTINGS - 1 if len(submission.listed) < _SMALL_LISTING else 0 :]
        self._wanted_probes.insert(0, (self.plan, submission.listed, wanted))
        return wanted

    def join_context(
        self,
        submission: Submission,
        progress: Progress | None = None,
        cache: ScanCache | None = None,
        shared: SharedRows | None = None,
    ) -> JoinContext:
        """Scan a placed submission and return what evaluation needs of it."""
        rows = self.extract(submission, progress, cache, shared)
        unreadable = dict(submission.unreadable)
        if submission.base is not None:
            unreadable |= {base_path(path): why for path, why in submission.base.files.unreadable.items()}
        return JoinContext(
            self.plan,
            submission.listed,
            rows,
            unreadable,
            self.extractor,
            submission.folders,
            self._constants,
            BaseTree.of(submission, self.demands),
            Locator(submission, self.extractor, self.limits),
        )

    def report(
        self,
        placed: Submission,
        context: JoinContext,
        results: Sequence[PolicyResult],
        fail_on: str,
        accept: Accept | None = None,
    ) -> Report:
        """Return the report of some results: with places, messages, waivers, requirements and the verdict."""
        maker = self._findings(placed, context)
        contained = [maker.contained(result) for result in results]
        results = [result for _, result in contained]
        findings = numbered(finding for made, _ in contained for finding in made)
        marked = frozenset(path for path, rows in context.rows.items() if rows.marked and not is_base(path))
        unsearched = frozenset(placed.listed).difference(context.rows)
        marked_in = replace(placed, marked=marked, unsearched=unsearched)
        accepted = accept(findings, marked_in, results) if accept else Accepted(findings)
        remarks = (*self._remarks(context), *maker.locator.notices())
        return self._assembled(placed, results, accepted, fail_on, remarks, maker.dynamic)

    def _findings(self, placed: Submission, context: JoinContext) -> Findings:
        locator = Locator(placed, self.extractor, self.limits)
        return Findings(locator, NearMisses(context, locator))

    def extract(
        self,
        submission: Submission,
        progress: Progress | None = None,
        cache: ScanCache | None = None,
        shared: SharedRows | None = None,
    ) -> dict[str, FileRows]:
        """Return the rows of every file that some policy examines, by path.

        Files that `cache` has from an earlier run, or `shared` from an earlier submission, are not searched again.
        """
        facts, lines = self.demands.facts, self.demands.lines
        wanted = self._wanted(submission)
        base = submission.base.paths if submission.base is not None and self.demands.looks_at_base else ()
        paths = (*submission.listed, *base) if facts else tuple(wanted)
        tasks = [Task(path, submission.size(path), wanted.get(path, ())) for path in paths if submission.holds(path)]
        search = FileSearch(self.extractor, submission, facts, lines, digests=cache is not None)

        def search_all(left: Sequence[Task]) -> dict[str, FileRows]:
            return search_files(left, search, self.jobs, self.limits.search_seconds, progress)

        if shared is not None:
            return shared.rows_of(tasks, submission, search_all)
        if cache is None or sum(task.size for task in tasks) < CACHE_FROM_BYTES:
            return search_all(tasks)
        lookup = CacheLookup(cache.stored, self.extractor, facts, lines, cache.began)
        known, remaining = lookup.split(tasks, submission)
        cache.known = frozenset(known)
        rows = known | search_all(remaining)
        if remaining or lookup.restamped or len(rows) != len(cache.stored.files):
            cache.updated = lookup.updated(rows, wanted, submission)
        return {task.path: rows[task.path] for task in tasks}

    def _assembled(
        self,
        submission: Submission,
        results: Sequence[PolicyResult],
        accepted: Accepted,
        fail_on: str,
        remarks: Iterable[Notice],
        locations: Callable[[PolicyResult], tuple[DynamicCapture, ...]],
    ) -> Report:
        findings = accepted.findings
        notices = (*accepted.notices, *(file.notice for file in accepted.files))
        results = [accepted.result(result) for result in results]
        if only := self.only:
            results = [only.result(result) for result in results]
            findings, notices = only.findings(findings), (*notices, *only.left_out(submission.listed))
        counting: dict[str, set[str]] = {}
        for finding in findings:
            if finding.waived is None:
                counting.setdefault(finding.ref, set()).add(finding.severity)
        accepting = Counter(finding.ref for finding in findings if finding.waived)
        accepting.update(file.ref for file in accepted.files)
        policies = tuple(
            outcome_of(result, counting.get(result.policy.ref, ()), accepting[result.policy.ref], locations(result))
            for result in results
        )
        unsearched = notices_of(results, policies)
        notices = (
            *self._unreadable(submission, unsearched),
            *self._git_places(submission),
            *remarks,
            *unsearched,
            *dynamic_notices(policies),
            *deprecated_in(policies),
            *self._without_base(submission),
            *notices,
        )
        # NOTE: files that no policy is about pass, as a hook on a README has nothing to report
        report = Report(
            verdict=verdict_of(policies, fail_on, allow_empty=self.allow_empty or only is not None),
            fail_on=fail_on,
            submission=self._used(submission),
            packs=tuple(PackUsed(p.name, p.version, p.digest, p.params, p.source) for p in self.plan.packs),
            requirements=tuple(self._requirements(policies)),
            policies=policies,
            findings=findings,
            notices=only.notices(notices) if only else notices,
            polcheck=VERSION,
            today=self.plan.today,
        )
        return replace(report, **fields_of(report, self.plan.packs))

    def _used(self, submission: Submission) -> SubmissionUsed:
        digest = submission.digest if self.digests else ""
        return SubmissionUsed(submission.name, submission.kind, digest, len(submission.paths), submission.left_out)

    def _requirements(self, policies: Sequence[PolicyOutcome]) -> Iterable[RequirementOutcome]:
        for pack in self.plan.packs:
            for requirement in pack.requirements:
                own = [p for p in policies if (p.pack, p.requirement) == (pack.name, requirement.id)]
                outcomes = [policy.outcome for policy in own]
                review = requirement.decided_by == "review"
                if outcomes or review:
                    yield RequirementOutcome(
                        pack.name,
                        requirement.id,
                        requirement.title,
                        "review" if review else worst(outcomes),
                        requirement.decided_by,
                        requirement.because,
                        sum(policy.accepted for policy in own),
                    )

    def _unreadable(self, submission: Submission, others: Iterable[Notice]) -> Iterable[Notice]:
        """Yield a notice for each unreadable file, unless one of `others` names the policies it leaves undecided."""
        from polcheck.findings.finding import Location

        known = {(notice.location.path, notice.message) for notice in others if notice.location}
        for path, reason in sorted(submission.unreadable.items()):
            if (path, reason) not in known:
                yield Notice("unsearched", reason, Location(path))

    def _remarks(self, context: JoinContext) -> Iterable[Notice]:
        """Yield a notice for each place of a configuration file that other readers refuse or read differently."""
        from polcheck.base.spans import Place
        from polcheck.findings.finding import Location

        for path, rows in sorted(context.rows.items()):
            if is_base(path):
                continue
            for *numbers, message in rows.remarks:
                yield Notice("format", message, Location(path, Place(path, *numbers)))

    def _without_base(self, submission: Submission) -> Iterable[Notice]:
        """Yield a notice of the policies about changes, where there is nothing to compare with."""
        names = tuple(policy.ref for policy in self.plan.policies if policy.needs_base)
        if names and submission.base is None:
            text = "not applicable without `--since REV`: what has changed is asked for"
            yield Notice("since", text, None, names)

    def _git_places(self, submission: Submission) -> Iterable[Notice]:
        """Yield a notice for each folder `.git` that is not at the root, where git puts it."""
        from polcheck.findings.finding import Location

        places = submission.git_places
        rest = (
            f" (as are {len(places) - _MOST_GIT_PLACES:,} more of that name)" if len(places) > _MOST_GIT_PLACES else ""
        )
        for path in places[:_MOST_GIT_PLACES]:
            text = f"`{path}` is left out: what has this name is taken for git's own and is not read{rest}"
            yield Notice("unsearched", text, Location(path))
