"""The whole pipeline on one screen: submission -> scan -> evaluate -> findings -> report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.limits import DEFAULT_RUN_LIMITS, RunLimits
from polcheck.base.timings import Timings
from polcheck.base.version import VERSION
from polcheck.evaluate.context import BaseTree, JoinContext, Selections
from polcheck.evaluate.demands import Demands
from polcheck.evaluate.outcome import PolicyResult, evaluate, undecided_result
from polcheck.evaluate.relations import Relation
from polcheck.findings.accepted import Accept, Accepted
from polcheck.findings.finding import Finding
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
from polcheck.languages.registry import may_be_script
from polcheck.policy.gates import gates_of
from polcheck.policy.plan import CompiledPack, Plan
from polcheck.scan.cache import CacheLookup, ScanCache, SharedRows
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import FileSearch, Task, search_files
from polcheck.sources.path_patterns import PathListing
from polcheck.sources.submission import Submission, merged_fields
from polcheck.sources.trees import base_path, is_base, path_behind, path_below

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


def folder_of(root: str, prefix: str) -> str | None:
    """Return the folder `root` of a configuration as seen from a submission, empty for all of that; None if elsewhere.

    `prefix` is the submission's path as seen from the configuration, with a final `/`: of one that lies in the folder,
    everything is in it.
    """
    scope = f"{root}/" if root else ""
    if prefix.startswith(scope):
        return ""
    return scope[len(prefix) : -1] if scope.startswith(prefix) else None


class PackGroup(Struct, frozen=True):
    """The packs of a plan that are about one folder, which is called as in the configuration, and what they need."""

    scope: str
    packs: tuple[CompiledPack, ...]
    demands: Demands

    def folder(self, prefix: str) -> str | None:
        """Return the folder in the submission, as `folder_of` does."""
        return folder_of(self.scope, prefix)


class Part(Struct, frozen=True):
    """One group of packs, the folder that it is about, and the files there, with paths as seen from the folder."""

    group: PackGroup
    folder: str
    submission: Submission
    context: JoinContext


def remarks_in(rows: Mapping[str, FileRows]) -> Iterable[Notice]:
    """Yield a notice for each place of a configuration file that other readers refuse or read differently."""
    from polcheck.base.spans import Place
    from polcheck.findings.finding import Location

    for path in sorted(path for path, own in rows.items() if own.remarks and not is_base(path)):
        for *numbers, message in rows[path].remarks:
            yield Notice("format", message, Location(path, Place(path, *numbers)))


class Judged(NamedTuple):
    """The result of one policy, its findings, and the places that gave no match for want of a constant."""

    result: PolicyResult
    findings: Sequence[Finding] = ()
    dynamic: tuple[DynamicCapture, ...] = ()


class Checker(Struct, frozen=True, dict=True):
    """Checks submissions against a plan; what is compiled for the first one is reused for the others.

    `prefix` is the path of the submissions as seen from the configuration, with a final `/`; empty where they are one.
    """

    plan: Plan
    searches: Extractor | None = None  # compiled before, for a plan with the same probes
    jobs: int = 0  # processes to search with; 0 is one for each core
    limits: RunLimits = DEFAULT_RUN_LIMITS
    only: Restriction | None = None  # what is reported; None is everything
    allow_empty: bool = False  # whether a submission that no policy applies to passes
    digests: bool = True  # whether reports have the submission's digest, for which files are read once more
    prefix: str = ""
    safe_packs: frozenset[str] = frozenset()  # beside shipped ones, those whose fixes are safe where they say so
    _constants: dict[int, Relation] = field(default_factory=dict)  # relations that are the same for each submission
    _shared_rows: SharedRows = field(default_factory=SharedRows)  # of earlier submissions that `summary` was asked for
    _selections: list[tuple[tuple[Sequence[str], frozenset[str]], Selections]] = field(default_factory=list)
    _wanted_probes: list[tuple[Plan, str, tuple[str, ...], _Wanted]] = field(default_factory=list)  # of some listings

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

    def reporting(self, only: Restriction | None) -> Checker:
        """Return a checker that reports `only` some paths; what this one has worked out is shared."""
        result = replace(self, only=only)
        result.__dict__.update(self.__dict__)
        return result

    @cached_property
    def demands(self) -> Demands:
        """What the policies need of each file."""
        return Demands.of(self.plan)

    @cached_property
    def groups(self) -> tuple[PackGroup, ...]:
        """The packs by the folder that they are about, in order."""
        scopes = list(dict.fromkeys(pack.scope for pack in self.plan.packs)) or [""]
        if len(scopes) == 1:
            return (PackGroup(scopes[0], self.plan.packs, self.demands),)
        groups: list[PackGroup] = []
        for scope in scopes:
            packs = tuple(pack for pack in self.plan.packs if pack.scope == scope)
            groups.append(PackGroup(scope, packs, Demands.of(replace(self.plan, packs=packs))))
        return tuple(groups)

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
            rows = self.extract(placed, progress, cache)
            parts = self.parts(placed, rows)
        with times.stage("judge"):
            results = [evaluate(part.context, part.group.packs, None, self.limits, times) for part in parts]
        with times.stage("tell"):
            report = self.report(placed, rows, list(zip(parts, results, strict=True)), fail_on, accept)
        if timings is not None:
            self._count(timings, placed, rows, cache)
        return report

    def summary(self, submission: Submission, fail_on: str = "error") -> Summary:
        """Return the outcome of `check` in numbers, without the work that only people's reading needs.

        Raises SubmissionError for a field of a bundle that no pack gives a path.
        """
        placed = self.place(submission)
        counts: list[tuple[int, PolicyResult]] = []
        rows = self.extract(placed, shared=self._shared_rows)
        for part in self.parts(placed, rows):
            maker = self.findings_in(part)
            results = evaluate(part.context, part.group.packs, limits=self.limits)
            counts += [(number, result.seen_from(part.folder)) for number, result in map(maker.count, results)]
        counts += [(0, result) for result in self._unchecked(placed)]
        counts.sort(key=lambda count: self._order[count[1].policy.pack])
        severities = [[result.policy.severity] * bool(number) for number, result in counts]
        policies = tuple(outcome_of(result, found) for (_, result), found in zip(counts, severities, strict=True))
        findings = {result.policy.ref: number for number, result in counts}
        digest = self._marked(placed, rows).digest if self.digests else ""
        return Summary(verdict_of(policies, fail_on), digest, tuple(self._requirements(policies)), policies, findings)

    def timed(self) -> Checker:
        """Return a checker that searches for each selector alone and measures its time."""
        return replace(self, searches=replace(self.extractor, timed=True))

    @cached_property
    def _order(self) -> Mapping[str, int]:
        """The place of each pack in the plan."""
        return {pack.name: number for number, pack in enumerate(self.plan.packs)}

    def _count(
        self, timings: Timings, placed: Submission, found: Mapping[str, FileRows], cache: ScanCache | None
    ) -> None:
        """Record in `timings` how many files were listed, examined, known and parsed, and the time of each probe."""
        known = cache.known if cache else frozenset()
        asked = [rows for path in self.wanted(placed) if (rows := found.get(path)) is not None]
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
        placed = submission.placed(merged_fields(self._fields())) if submission.fields else submission
        return placed.settled(placed.listed if self.demands.everything else self.wanted(placed))

    def wanted(self, submission: Submission) -> _Wanted:
        """Return the probes to run in each file of a placed submission, by path."""
        if submission.base is not None:
            return self._wanted_in(submission.listing, submission.base.paths)
        for plan, prefix, paths, wanted in self._wanted_probes:
            if plan is self.plan and prefix == self.prefix and paths == submission.listed:
                return wanted
        wanted = self._wanted_in(submission.listing)
        del self._wanted_probes[_MOST_LISTINGS - 1 if len(submission.listed) < _SMALL_LISTING else 0 :]
        self._wanted_probes.insert(0, (self.plan, self.prefix, submission.listed, wanted))
        return wanted

    def _wanted_in(self, listing: PathListing, base: Sequence[str] = ()) -> _Wanted:
        """Return the probes that some group of packs wants to run in each of the files, of the base as well."""
        wanted: dict[str, tuple[int, ...]] = {}
        for group in self.groups:
            folder = group.folder(self.prefix)
            if folder == "" and not wanted:
                wanted = group.demands.wanted(listing, self.plan, base)
            elif folder is not None:
                now, then = ([p for path in each if (p := path_below(folder, path))] for each in (listing.paths, base))
                for path, probes in group.demands.wanted(PathListing(now), self.plan, then).items():
                    whole = path_behind(folder, path)
                    wanted[whole] = tuple(sorted({*wanted.get(whole, ()), *probes}))
        return wanted

    def _fields(self) -> Iterator[Mapping[str, str]]:
        """Yield the paths that each pack gives the fields of a bundle."""
        for group in self.groups:
            folder = group.folder(self.prefix)
            for pack in group.packs if folder is not None else ():
                yield {name: path_behind(folder or "", path) for name, path in pack.fields.items()}

    def join_context(
        self,
        submission: Submission,
        progress: Progress | None = None,
        cache: ScanCache | None = None,
        shared: SharedRows | None = None,
    ) -> JoinContext:
        """Scan a placed submission and return what evaluation of packs about all of it needs."""
        return self._context(submission, "", self.extract(submission, progress, cache, shared), self.demands)

    def _context(
        self, submission: Submission, folder: str, rows: Mapping[str, FileRows], demands: Demands
    ) -> JoinContext:
        """Return what evaluation needs of a submission, whose paths are seen from the folder, and of its rows."""
        unreadable = dict(submission.unreadable)
        if submission.base is not None:
            unreadable |= {base_path(path): why for path, why in submission.base.files.unreadable.items()}
        context = JoinContext(
            self.plan,
            submission.listing,
            rows,
            unreadable,
            self.extractor,
            submission.folders,
            self._constants,
            BaseTree.of(submission, demands),
            Locator(submission, self.extractor, self.limits),
            folder,
        )
        selections = self._selections_in(submission) if submission.base is None else None
        return context.selecting(selections) if selections is not None else context

    def _selections_in(self, submission: Submission) -> Selections | None:
        """Return what patterns are known to select in a small listing, as an earlier submission had it."""
        listing = (submission.listed, submission.folders)
        for known, selections in self._selections:
            if known == listing:
                return selections
        if len(submission.listed) >= _SMALL_LISTING or any(map(may_be_script, submission.listed)):
            return None
        del self._selections[_MOST_LISTINGS - 1 :]
        self._selections.insert(0, (listing, Selections({}, {}, {})))
        return self._selections[0][1]

    def parts(self, placed: Submission, rows: Mapping[str, FileRows]) -> tuple[Part, ...]:
        """Return the groups of packs that are about files of a placed submission, with the rows of a scan of all."""
        parts: list[Part] = []
        for group in self.groups:
            folder = group.folder(self.prefix)
            if folder == "":
                parts.append(Part(group, "", placed, self._context(placed, "", rows, group.demands)))
            elif folder is not None and not _missing(folder, placed):
                seen = placed.below(folder)
                own = {
                    below: entry.seen_from(folder)
                    for path, entry in rows.items()
                    if (below := path_below(folder, path)) is not None
                }
                parts.append(Part(group, folder, seen, self._context(seen, folder, own, group.demands)))
        return tuple(parts)

    def _unchecked(self, placed: Submission) -> Iterator[PolicyResult]:
        """Yield the results of policies about folders of which nothing is known, or that lie elsewhere.

        A folder elsewhere is not applicable, as what was asked for is another one.
        """
        for group in self.groups:
            folder = group.folder(self.prefix)
            missing = _missing(folder, placed) if folder else ""
            for policy in (policy for pack in group.packs for policy in pack.policies):
                if folder is None:
                    yield PolicyResult(policy, "not-applicable")
                elif missing:
                    yield undecided_result(PolicyResult(policy, "undecided"), missing)

    def report(
        self,
        placed: Submission,
        rows: Mapping[str, FileRows],
        parts: Sequence[tuple[Part, Sequence[PolicyResult]]],
        fail_on: str,
        accept: Accept | None = None,
    ) -> Report:
        """Return the report of the results of all parts: with places, messages, waivers, requirements and verdict."""
        judged: list[Judged] = []
        remarks: list[Notice] = []
        for part, results in parts:
            own, notices = self.judged_in(part, results)
            judged += own
            remarks += notices
        return self.concluded(self._marked(placed, rows), judged, (*remarks_in(rows), *remarks), fail_on, accept)

    def _marked(self, placed: Submission, rows: Mapping[str, FileRows]) -> Submission:
        """Return the submission with what the search has shown: which files may hold waivers, or aren't asked for."""
        marked = frozenset(path for path, entry in rows.items() if entry.marked and not is_base(path))
        digests = {path: entry.digest for path, entry in rows.items() if entry.digest}
        return replace(placed, marked=marked, unsearched=frozenset(placed.listed).difference(rows), digests=digests)

    def judged_in(self, part: Part, results: Iterable[PolicyResult]) -> tuple[list[Judged], list[Notice]]:
        """Return what came of the policies of a part, and notices of places, all as seen from the whole."""
        maker = self.findings_in(part)
        judged: list[Judged] = []
        for made, result in map(maker.contained, results):
            seen = result.seen_from(part.folder) if part.folder else result
            judged.append(Judged(seen, made, maker.dynamic(result)))
        return judged, [notice.seen_from(part.folder) for notice in maker.locator.notices()]

    def concluded(
        self,
        submission: Submission,
        judged: Sequence[Judged],
        remarks: Iterable[Notice],
        fail_on: str,
        accept: Accept | None = None,
    ) -> Report:
        """Return the report that follows from what came of each policy that was evaluated.

        `submission` is a placed one that says which of its files may hold waivers, and which were not searched;
        `remarks` are the notices about files.
        """
        every = sorted(
            (*map(Judged, self._unchecked(submission)), *judged), key=lambda one: self._order[one.result.policy.pack]
        )
        findings = numbered(finding for one in every for finding in one.findings)
        accepted = accept(findings, submission, [one.result for one in every]) if accept else Accepted(findings)
        return self._assembled(submission, every, accepted, fail_on, remarks)

    def findings_in(self, part: Part) -> Findings:
        """Return what makes findings of results, with their places and nearest misses."""
        locator = Locator(part.submission, self.extractor, self.limits)
        shipped = frozenset(pack.name for pack in self.plan.packs if pack.shipped)
        return Findings(locator, NearMisses(part.context, locator), part.folder, safe_packs=self.safe_packs | shipped)

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
        wanted = self.wanted(submission)
        base = submission.base.paths if submission.base is not None and self.demands.looks_at_base else ()
        paths = (*submission.listed, *base) if self.demands.everything else tuple(wanted)
        tasks = [task for path in paths if submission.holds(path) for task in (self.task(path, submission, wanted),)]
        digests = self.digests or cache is not None
        search = FileSearch(self.extractor, submission, facts, lines, digests=digests)

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

    def task(self, path: str, submission: Submission, wanted: Mapping[str, tuple[int, ...]]) -> Task:
        """Return the search of one file for the probes that are wanted there."""
        return Task(path, submission.size(path), wanted.get(path, ()), facts=self._with_facts(path))

    @cached_property
    def _with_facts(self) -> Callable[[str], bool]:
        """The test whether the facts of the file at a path are wanted."""
        if len(self.groups) == 1 and self.groups[0].folder(self.prefix) == "":
            return self.demands.with_facts()
        return lambda path: True  # NOTE: patterns are about paths as seen from the folder of a pack

    def _assembled(
        self,
        submission: Submission,
        judged: Sequence[Judged],
        accepted: Accepted,
        fail_on: str,
        remarks: Iterable[Notice],
    ) -> Report:
        findings = accepted.findings
        notices = (*accepted.notices, *(file.notice for file in accepted.files))
        results = [accepted.result(one.result) for one in judged]
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
            outcome_of(result, counting.get(result.policy.ref, ()), accepting[result.policy.ref], one.dynamic)
            for result, one in zip(results, judged, strict=True)
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
            *self._elsewhere(),
            *notices,
        )
        # NOTE: files that no policy is about pass, as a hook on a README has nothing to report
        report = Report(
            verdict=verdict_of(policies, fail_on, allow_empty=self.allow_empty or only is not None),
            fail_on=fail_on,
            submission=self._used(submission),
            packs=tuple(PackUsed(p.name, p.version, p.digest, p.params, p.source, p.scope) for p in self.plan.packs),
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
        of_requirement: dict[tuple[str, str], list[PolicyOutcome]] = {}
        for policy in policies:
            of_requirement.setdefault((policy.pack, policy.requirement), []).append(policy)
        for pack in self.plan.packs:
            for requirement in pack.requirements:
                own = of_requirement.get((pack.name, requirement.id), [])
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

    def _without_base(self, submission: Submission) -> Iterable[Notice]:
        """Yield a notice of the policies about changes, where there is nothing to compare with."""
        names = tuple(policy.ref for policy in self.plan.policies if policy.needs_base)
        if names and submission.base is None:
            text = "not applicable without `--since REV`: what has changed is asked for"
            yield Notice("since", text, None, names)

    def _elsewhere(self) -> Iterable[Notice]:
        """Yield a notice of each pack that is about a folder outside of what is checked."""
        for group in self.groups:
            if group.folder(self.prefix) is None:
                for pack in group.packs:
                    text = f"`{pack.name}` is not checked: `{pack.scope}` is not in `{self.prefix.rstrip('/')}`"
                    yield Notice("config", text, None, tuple(policy.ref for policy in pack.policies))

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


def _missing(folder: str, placed: Submission) -> str:
    """Return why nothing is known of a folder that packs are about; empty where there is something in it."""
    if any(path.startswith(f"{folder}/") for path in (*placed.listed, *placed.folders)):
        return ""
    unread = next((path for path in sorted(placed.folders) if f"{folder}/".startswith(f"{path}/")), None)
    if unread is not None:
        return f"`{folder}` is not known: `{unread}`: {placed.unreadable[unread]}"
    return f"the pack is rooted at `{folder}`, and the project has no file there"
