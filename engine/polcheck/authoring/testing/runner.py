"""Running one case: the result of each named policy, and its differences from the expected one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.authoring.testing.cases import NOWHERE, Case
from polcheck.authoring.testing.fixed import FixedFiles, fixed_files, fixed_mismatch
from polcheck.authoring.testing.mismatches import ActualFinding, ActualResult, Mismatch, mismatches_of
from polcheck.base.errors import PolicyError, Problem
from polcheck.base.similar_names import did_you_mean
from polcheck.evaluate.outcome import PolicyResult, evaluate
from polcheck.evaluate.steps import Journal
from polcheck.findings.finding import Finding
from polcheck.findings.make import Findings
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.params import AS_WRITTEN
from polcheck.policy.plan import CompiledPolicy

JournalOf = Callable[[CompiledPolicy], Journal]


class Result(Struct, frozen=True):
    """The result of one case: its mismatches and the actual results (`verdict`, `fields`, `fixed` where asked for)."""

    mismatches: tuple[Mismatch, ...]
    actual: Mapping[str, ActualResult]
    verdict: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)  # JSON values; `Json` is no type that can be decoded to
    fixed: FixedFiles | None = None

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.mismatches


class CaseRunner(Struct):
    """Judges the cases of one pack; the pack is compiled once for each set of parameters that a case asks for."""

    pack: PackFiles
    schemas: Schemas
    _checkers: dict[str, Checker] = field(default_factory=dict)

    @property
    def default_checker(self) -> Checker:
        """The pack with its default parameters. Raises PolicyError when the pack can't be used."""
        return self._compiled(None)

    @property
    def policies(self) -> tuple[CompiledPolicy, ...]:
        """The pack's own policies, in order. Raises PolicyError when the pack can't be used."""
        return self.default_checker.plan.packs[0].policies

    def checker(self, case: Case) -> Checker:
        """Return the pack as a case wants it. Raises PolicyError, at the case, for parameters that the pack refuses."""
        try:
            return self._compiled(case)
        except PolicyError as error:
            raise PolicyError(_placed(problem, case) for problem in error.problems) from None

    def _compiled(self, case: Case | None) -> Checker:
        key = case.setting if case else ""
        if key not in self._checkers:
            settings = case.settings(self.pack.name) if case else AS_WRITTEN
            self._checkers[key] = Checker(compile_packs([self.pack], settings, self.schemas), jobs=1)
        return self._checkers[key]

    def prepare(self, cases: Iterable[Case]) -> None:
        """Compiles whatever the cases need. Raises PolicyError that names every problem, policies unknown included."""
        known = {policy.id for policy in self.default_checker.plan.policies}
        problems: list[Problem] = []
        for case in cases:
            problems += _unknown(case, known)
            try:
                self.checker(case)
            except PolicyError as error:
                problems += error.problems
        if problems:
            raise PolicyError(problems)

    def run_case(self, case: Case, journal_of: JournalOf | None = None) -> Result:
        """Return the result of a case. Raises PolicyError when the pack can't be used with the case's parameters."""
        result = self._judged(case, journal_of)
        if case.fixed is None:
            return result
        checker = self.checker(case)
        # NOTE: a policy that the case doesn't name neither fixes anything nor keeps a fix from being made
        fixed = fixed_files(checker.narrowed(case.policies) if case.policies else checker, case.submission)
        mismatch = fixed_mismatch(case, fixed)
        mismatches = (*result.mismatches, mismatch) if mismatch else result.mismatches
        return replace(result, mismatches=mismatches, fixed=fixed)

    def _judged(self, case: Case, journal_of: JournalOf | None) -> Result:
        """Return the result of a case, whatever its fixes do."""
        checker = self.checker(case)
        if not case.whole:
            checker = checker.narrowed(case.policies)
        submission = case.submission
        rows = checker.extract(submission)
        (part,) = checker.parts(submission, rows)
        context = part.context
        results = evaluate(context, checker.plan.packs, journal_of)
        if case.whole:
            report = checker.report(submission, rows, [(part, results)], "error")
            actual = _actual_results(results, report.findings)
            mismatches = mismatches_of(case, actual, report.verdict, report.fields, report.fields_fault)
            return Result(mismatches, actual, report.verdict, report.fields)
        locator = Locator(submission, checker.extractor)
        maker = Findings(locator, NearMisses(context, locator))
        actual = _actual_results(results, [finding for result in results for finding in maker.of(result)])
        return Result(mismatches_of(case, actual), actual)


def actual_result(result: PolicyResult, findings: Iterable[Finding]) -> ActualResult:
    """Return the actual result of one policy, by its result and its findings."""
    visible = tuple(
        ActualFinding(
            str(finding.location) if finding.location else NOWHERE,
            finding.message,
            finding.nearest.text if finding.nearest else "",
        )
        for finding in findings
    )
    return ActualResult(result.outcome, visible, result.reasons if result.outcome == "undecided" else ())


def _actual_results(results: Sequence[PolicyResult], findings: Iterable[Finding]) -> dict[str, ActualResult]:
    by_ref: dict[str, list[Finding]] = {}
    for finding in findings:
        by_ref.setdefault(finding.ref, []).append(finding)
    actual: dict[str, ActualResult] = {}
    for result in results:
        # NOTE: the pack comes before those that it extends, so that an id means its own policy first
        actual.setdefault(result.policy.id, actual_result(result, by_ref.get(result.policy.ref, ())))
    return actual


def _unknown(case: Case, known: Iterable[str]) -> Iterable[Problem]:
    for expected in case.expect:
        if expected.policy not in known:
            help = did_you_mean(expected.policy, known)
            yield Problem(f"the pack has no policy `{expected.policy}`", case.where, expected.line, help=help)


def _placed(problem: Problem, case: Case) -> Problem:
    return problem if problem.path else replace(problem, path=case.where, line=case.line)
