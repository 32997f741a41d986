"""Running mutants against cases. What a mutation leaves unchanged is searched once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from polcheck.authoring.mutants.mutant import Mutant
from polcheck.authoring.mutants.small import small_pack, users
from polcheck.authoring.testing.cases import Case, Expected
from polcheck.authoring.testing.fixed import FixedFiles, fixed_files
from polcheck.authoring.testing.mismatches import ActualResult, is_met
from polcheck.authoring.testing.pack_source import PackSource
from polcheck.authoring.testing.runner import actual_result
from polcheck.base.cached import cached_property
from polcheck.base.errors import PolicyError
from polcheck.evaluate.context import BaseTree, JoinContext
from polcheck.evaluate.demands import Demands
from polcheck.evaluate.outcome import PolicyResult, evaluate
from polcheck.findings.make import Findings
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import Schemas
from polcheck.policy.params import AS_WRITTEN, Settings
from polcheck.policy.plan import Plan, Probe
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import FileRows
from polcheck.selectors.results import SearchResult
from polcheck.sources.submission import Submission

KILLED = "killed"
SURVIVED = "survived"
REFUSED = "refused"  # it doesn't compile, so that nobody could have written it


class PolicyFixtures(Struct):
    """One policy and the cases that name it; the submissions, and what was found in them by probes that stay."""

    policy: str
    cases: list[Case]
    _submissions: dict[int, Submission] = field(default_factory=dict)
    _found: dict[tuple[int, str], dict[Probe, SearchResult]] = field(default_factory=dict)
    _fixed: dict[int, FixedFiles] = field(default_factory=dict)

    def evaluate(
        self, case: Case, plan: Plan, searches: Extractor
    ) -> tuple[Submission, JoinContext, Sequence[PolicyResult]]:
        """Evaluate a plan of this one policy on the project of a case."""
        submission = self._submissions.get(id(case)) or case.submission
        self._submissions[id(case)] = submission
        demands, placer = Demands.of(plan), Locator(submission, searches)
        rows, base = self._rows(case, submission, plan, demands), BaseTree.of(submission, demands)
        context = JoinContext(plan, submission.listing, rows, {}, searches, base=base, placer=placer)
        return submission, context, evaluate(context, plan.packs)

    def _rows(self, case: Case, submission: Submission, plan: Plan, demands: Demands) -> dict[str, FileRows]:
        then = submission.base.paths if submission.base else ()
        wanted = demands.wanted(submission.listing, plan, then)
        rows: dict[str, FileRows] = {}
        for path in (*submission.paths, *then) if demands.everything else wanted:
            known = self._found.setdefault((id(case), path), {})
            probes = [plan.probes[index] for index in wanted.get(path, ())]
            new = [probe for probe in probes if probe not in known]
            if new or demands.facts or demands.lines:
                result = Extractor(new, skips=False).extract(
                    submission.source(path), range(len(new)), demands.facts, demands.lines
                )
                known |= {probe: result.results.get(index, SearchResult()) for index, probe in enumerate(new)}
            else:
                result = FileRows(path, {})
            results = {index: known[plan.probes[index]] for index in wanted.get(path, ())}
            rows[path] = FileRows(path, results, result.facts, result.line_starts)
        return rows

    def fixed(self, case: Case, checker_of: Callable[[Case], Checker]) -> FixedFiles:
        """Return what the policy's own fix makes of the project of a case; `checker_of` gives the policy as written.

        NOTE: the case says what the fixes of all its policies make, and passes; here it is one of them.
        """
        if id(case) not in self._fixed:
            self._fixed[id(case)] = fixed_files(checker_of(case), case.submission)
        return self._fixed[id(case)]

    def move_to_front(self, case: Case) -> None:
        """Move the case that has just killed a mutant to the front: it is likely to kill the next one."""
        self.cases.remove(case)
        self.cases.insert(0, case)


class MutantRunner(Struct, dict=True):
    """Tries the mutants of one owner, in one process."""

    pack_source: PackSource
    schemas: Schemas
    owner: str
    cases: Sequence[Case]
    _fixtures: dict[str, PolicyFixtures] = field(default_factory=dict)

    @cached_property
    def policies(self) -> Sequence[str]:
        """The policies that the owner's mutants change and some case names; without any, one to compile it with."""
        every = users(self.pack_source, self.owner)
        return [policy for policy in every if any(policy in case.policies for case in self.cases)] or every[:1]

    def verdict(self, mutant: Mutant) -> str:
        """Return whether some case kills the mutant, none does, or it doesn't compile."""
        for policy in self.policies:
            verdict = self._of_policy(mutant, policy)
            if verdict != SURVIVED:
                return verdict
        return SURVIVED if self.policies else REFUSED

    def _of_policy(self, mutant: Mutant, policy: str) -> str:
        if policy not in self._fixtures:
            self._fixtures[policy] = PolicyFixtures(policy, [case for case in self.cases if policy in case.policies])
        fixtures = self._fixtures[policy]
        plans: dict[str, tuple[Plan, Extractor]] = {}
        if not fixtures.cases:
            return SURVIVED if self._compiled(mutant, policy, AS_WRITTEN) else REFUSED
        for case in list(fixtures.cases):
            key = case.setting
            if key not in plans:
                plan = self._compiled(mutant, policy, case.settings(self.pack_source.name))
                if plan is None:
                    return REFUSED
                plans[key] = (plan, Extractor(plan.probes, skips=False))
            if _killed(fixtures, case, *plans[key]) or self._fixes_otherwise(fixtures, case, *plans[key]):
                fixtures.move_to_front(case)
                return KILLED
        return SURVIVED

    def _fixes_otherwise(self, fixtures: PolicyFixtures, case: Case, plan: Plan, searches: Extractor) -> bool:
        """Return whether the mutant's fix makes other files than the policy's, where the case says what they are."""
        if case.fixed is None:
            return False
        policy = fixtures.policy
        wanted = fixtures.fixed(case, lambda case: self._original(policy, case))
        return dict(fixed_files(Checker(plan, searches, jobs=1), case.submission).files) != dict(wanted.files)

    def _original(self, policy: str, case: Case) -> Checker:
        pack = small_pack(self.pack_source, policy)
        return Checker(compile_packs([pack], case.settings(self.pack_source.name), self.schemas), jobs=1)

    def _compiled(self, mutant: Mutant, policy: str, settings: Settings) -> Plan | None:
        pack = small_pack(self.pack_source, policy, self.owner, mutant.document)
        try:
            return compile_packs([pack], settings, self.schemas)
        except PolicyError:
            return None


def _killed(fixtures: PolicyFixtures, case: Case, plan: Plan, searches: Extractor) -> bool:
    """Return whether the case expects something else of the policy than the plan says."""
    expected = next(expected for expected in case.expect if expected.policy == fixtures.policy)
    submission, context, results = fixtures.evaluate(case, plan, searches)
    if not results:
        return expected.outcome != "off"
    if results[0].outcome != expected.outcome:
        return True
    return expected.looks_at_findings and not _met(expected, submission, context, results[0])


def _met(expected: Expected, submission: Submission, context: JoinContext, result: PolicyResult) -> bool:
    locator = Locator(submission, context.extractor)
    maker = Findings(locator, NearMisses(context, locator))
    actual: ActualResult = actual_result(result, maker.of(result))
    return is_met(expected, actual)
