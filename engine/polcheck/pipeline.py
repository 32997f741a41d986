"""The whole pipeline on one screen: submission -> scan -> evaluate -> findings -> report."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.limits import DEFAULT_RUN_LIMITS, RunLimits
from polcheck.base.timings import Timings
from polcheck.base.version import VERSION
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.demands import Demands
from polcheck.evaluate.outcome import PolicyResult, evaluate
from polcheck.evaluate.relations import Relation
from polcheck.findings.accepted import Accept, Accepted
from polcheck.findings.make import Findings, deprecated_in, notices_of, numbered, outcome_of
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.findings.report import (
    Notice,
    PackUsed,
    PolicyOutcome,
    Report,
    RequirementOutcome,
    SubmissionUsed,
    verdict_of,
    worst,
)
from polcheck.findings.verdict_fields import fields_of
from polcheck.policy.gates import gates_of
from polcheck.policy.plan import Plan
from polcheck.scan.cache import CacheLookup, ScanCache, SharedRows
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import Searching, Task, searched
from polcheck.sources.submission import Submission, merged_fields

Progress = Callable[[int, int], None]
WORTH_BYTES = 10_000  # to search through less takes no longer than to keep what was found, and to look it up
_Wanted = Mapping[str, tuple[int, ...]]
_ALIKE = 8  # small submissions whose listings are kept: those of one kind often have the same files
_FEW = 100
_NAMED_PLACES = 5


class Summary(NamedTuple):
    """What a report says without its texts; `findings` counts those of each policy, by its pack and name."""

    verdict: str
    digest: str
    requirements: tuple[RequirementOutcome, ...]
    policies: tuple[PolicyOutcome, ...]
    findings: Mapping[str, int]


class Checker(Struct, frozen=True, dict=True):
    """A plan, ready to judge many submissions: what is compiled for the first is used for the rest."""

    plan: Plan
    searches: Extractor | None = None  # compiled already, for a plan with the same probes
    jobs: int = 0  # processes to search with; 0 is one a core
    limits: RunLimits = DEFAULT_RUN_LIMITS
    digests: bool = True  # whether reports say the submission's digest, for which every file is read
    _constants: dict[int, Relation] = field(default_factory=dict)  # relations that are the same for each submission
    _alike: SharedRows = field(default_factory=SharedRows)  # of earlier submissions, where they are summed up
    _asked: list[tuple[Plan, tuple[str, ...], _Wanted]] = field(default_factory=list)  # of the last ones

    @cached_property
    def extractor(self) -> Extractor:
        """The compiled searches."""
        return self.searches or Extractor(self.plan.probes, gates_of(self.plan), matches=self.limits.matches)

    def narrowed(self, policies: Container[str]) -> Checker:
        """Return the same for the policies with these ids alone; what is compiled is shared."""
        packs = tuple(
            replace(pack, policies=tuple(policy for policy in pack.policies if policy.id in policies))
            for pack in self.plan.packs
        )
        return replace(self, plan=replace(self.plan, packs=packs), searches=self.extractor)

    @cached_property
    def demands(self) -> Demands:
        """What the policies ask of files."""
        return Demands.of(self.plan)

    def check(
        self,
        submission: Submission,
        fail_on: str = "error",
        progress: Progress | None = None,
        accept: Accept | None = None,
        memory: ScanCache | None = None,
        timings: Timings | None = None,
    ) -> Report:
        """Return the report on one submission; `accept` waives findings, `memory` is of earlier runs, `timings`
        takes times.

        Raises SubmissionError for fields without a place.
        """
        times = timings or Timings()
        with times.stage("search"):
            placed = self.place(submission)
            world = self.world(placed, progress, memory)
        with times.stage("judge"):
            results = evaluate(world, self.plan.packs, limits=self.limits, timings=times)
        with times.stage("tell"):
            report = self.report(placed, world, results, fail_on, accept)
        if timings is not None:
            self._count(timings, placed, world, memory)
        return report

    def summary(self, submission: Submission, fail_on: str = "error") -> Summary:
        """What `check` would say, in numbers: nothing is worked out that only people read.

        Raises SubmissionError for fields without a place.
        """
        placed = self.place(submission)
        world = self.world(placed, alike=self._alike)
        maker = self._findings(placed, world)
        pluralize = [maker.count(result) for result in evaluate(world, self.plan.packs, limits=self.limits)]
        severities = [[result.policy.severity] * bool(number) for number, result in pluralize]
        policies = tuple(outcome_of(judged, found) for (_, judged), found in zip(pluralize, severities, strict=True))
        findings = {result.policy.ref: number for number, result in pluralize}
        digest = placed.digest if self.digests else ""
        return Summary(verdict_of(policies, fail_on), digest, tuple(self._requirements(policies)), policies, findings)

    def timed(self) -> Checker:
        """Return the same, searching for each selector alone, so that it can be told how long that takes."""
        return replace(self, searches=replace(self.extractor, timed=True))

    def _count(self, timings: Timings, placed: Submission, world: JoinContext, memory: ScanCache | None) -> None:
        """What was done for which files."""
        known = memory.known if memory else frozenset()
        asked = [rows for path in self._wanted(placed) if (rows := world.rows.get(path)) is not None]
        timings.files.update(
            listed=len(placed.paths),
            asked=len(asked),
            known=len(known),
            skipped=sum(not rows.spent and rows.path not in known for rows in asked),
            parsed=sum(rows.parsed for rows in asked if rows.path not in known),
        )
        for rows in asked:
            if rows.path not in known:
                timings.searched(rows.spent, {probe: len(found.hits) for probe, found in rows.found.items()})

    def place(self, submission: Submission) -> Submission:
        """Return the submission with the fields of its bundle where the packs say, after a look at what is asked
        for.
        """
        placed = submission.placed(merged_fields(pack.fields for pack in self.plan.packs))
        return placed.settled(placed.listed if self.demands.facts else self._wanted(placed))

    def _wanted(self, submission: Submission) -> _Wanted:
        """Return the probes to run in each file of a placed submission."""
        for plan, paths, wanted in self._asked:
            if plan is self.plan and paths == submission.listed:
                return wanted
        wanted = self.demands.wanted(submission.listed, self.plan)
        del self._asked[_ALIKE - 1 if len(submission.listed) < _FEW else 0 :]
        self._asked.insert(0, (self.plan, submission.listed, wanted))
        return wanted

    def world(
        self,
        submission: Submission,
        progress: Progress | None = None,
        memory: ScanCache | None = None,
        alike: SharedRows | None = None,
    ) -> JoinContext:
        """What judge needs to know of a placed submission."""
        rows = self.extract(submission, progress, memory, alike)
        folders, constants = submission.folders, self._constants
        return JoinContext(
            self.plan, submission.listed, rows, submission.unreadable, self.extractor, folders, constants
        )

    def report(
        self,
        placed: Submission,
        world: JoinContext,
        results: Sequence[PolicyResult],
        fail_on: str,
        accept: Accept | None = None,
    ) -> Report:
        """Return the report that follows from results: places, messages, what is waived, requirements, verdict."""
        maker = self._findings(placed, world)
        told = [maker.contained(result) for result in results]
        results = [result for _, result in told]
        findings = numbered(finding for made, _ in told for finding in made)
        marked = frozenset(path for path, rows in world.rows.items() if rows.marked)
        accepted = accept(findings, replace(placed, marked=marked), results) if accept else Accepted(findings)
        remarks = (*self._remarks(world), *maker.locator.notices())
        return self._assembled(placed, results, accepted, fail_on, remarks)

    def _findings(self, placed: Submission, world: JoinContext) -> Findings:
        locator = Locator(placed, self.extractor, self.limits)
        return Findings(locator, NearMisses(world, locator))

    def extract(
        self,
        submission: Submission,
        progress: Progress | None = None,
        memory: ScanCache | None = None,
        alike: SharedRows | None = None,
    ) -> dict[str, FileRows]:
        """Return the rows of every file that some policy looks into.

        Those that `memory` knows of an earlier run, or `alike` of an earlier submission, are not worked out again.
        """
        facts, lines = self.demands.facts, self.demands.lines
        wanted = self._wanted(submission)
        paths = submission.listed if facts else tuple(wanted)
        tasks = [Task(path, submission.size(path), wanted.get(path, ())) for path in paths if path in submission.files]
        search = Searching(self.extractor, submission, facts, lines, digests=memory is not None)

        def made(left: Sequence[Task]) -> dict[str, FileRows]:
            return searched(left, search, self.jobs, self.limits.search_seconds, progress)

        if alike is not None:
            return alike.found(tasks, submission, made)
        if memory is None or sum(task.size for task in tasks) < WORTH_BYTES:
            return made(tasks)
        recall = CacheLookup(memory.page, self.extractor, facts, lines, memory.began)
        known, left = recall.split(tasks, submission)
        memory.known = frozenset(known)
        rows = known | made(left)
        if left or recall.renewed or len(rows) != len(memory.page.files):
            memory.updated = recall.updated(rows, wanted, submission)
        return {task.path: rows[task.path] for task in tasks}

    def _assembled(
        self,
        submission: Submission,
        results: Sequence[PolicyResult],
        accepted: Accepted,
        fail_on: str,
        remarks: Iterable[Notice],
    ) -> Report:
        counting: dict[str, set[str]] = {}
        for finding in accepted.findings:
            if finding.waived is None:
                counting.setdefault(finding.ref, set()).add(finding.severity)
        policies = tuple(outcome_of(result, counting.get(result.policy.ref, ())) for result in results)
        unsearched = notices_of(results, policies)
        report = Report(
            verdict=verdict_of(policies, fail_on),
            fail_on=fail_on,
            submission=self._used(submission),
            packs=tuple(PackUsed(p.name, p.version, p.digest, p.params, p.source) for p in self.plan.packs),
            requirements=tuple(self._requirements(policies)),
            policies=policies,
            findings=accepted.findings,
            notices=(
                *self._unreadable(submission, unsearched),
                *self._git_places(submission),
                *remarks,
                *unsearched,
                *deprecated_in(policies),
                *accepted.notices,
            ),
            polcheck=VERSION,
        )
        return replace(report, **fields_of(report, self.plan.packs))

    def _used(self, submission: Submission) -> SubmissionUsed:
        digest = submission.digest if self.digests else ""
        return SubmissionUsed(submission.name, submission.kind, digest, len(submission.paths), submission.left_out)

    def _requirements(self, policies: Sequence[PolicyOutcome]) -> Iterable[RequirementOutcome]:
        for pack in self.plan.packs:
            for requirement in pack.requirements:
                outcomes = [p.outcome for p in policies if (p.pack, p.requirement) == (pack.name, requirement.id)]
                review = requirement.decided_by == "review"
                if outcomes or review:
                    yield RequirementOutcome(
                        pack.name,
                        requirement.id,
                        requirement.title,
                        "review" if review else worst(outcomes),
                        requirement.decided_by,
                        requirement.because,
                    )

    def _unreadable(self, submission: Submission, said: Iterable[Notice]) -> Iterable[Notice]:
        """What could not be read, unless a notice says so with the policies that this keeps undecided."""
        from polcheck.findings.finding import Location

        known = {(notice.location.path, notice.message) for notice in said if notice.location}
        for path, reason in sorted(submission.unreadable.items()):
            if (path, reason) not in known:
                yield Notice("unsearched", reason, Location(path))

    def _remarks(self, world: JoinContext) -> Iterable[Notice]:
        """What other readers of a configuration file refuse or read otherwise."""
        from polcheck.base.spans import Place
        from polcheck.findings.finding import Location

        for path, rows in sorted(world.rows.items()):
            for *numbers, message in rows.remarks:
                yield Notice("format", message, Location(path, Place(path, *numbers)))

    def _git_places(self, submission: Submission) -> Iterable[Notice]:
        """What has the name of git's own folder and is not at the root, where git puts it."""
        from polcheck.findings.finding import Location

        places = submission.git_places
        rest = f" (as are {len(places) - _NAMED_PLACES:,} more of that name)" if len(places) > _NAMED_PLACES else ""
        for path in places[:_NAMED_PLACES]:
            text = f"`{path}` is left out: what has this name is taken for git's own and is not read{rest}"
            yield Notice("unsearched", text, Location(path))
