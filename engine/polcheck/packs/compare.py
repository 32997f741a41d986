"""Two versions of packs on the same submissions: which outcomes change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polcheck import disk
from polcheck.errors import PolicyError
from polcheck.library import checker
from polcheck.policy.origin import Problems
from polcheck.policy.pack import OpenedPack, open_packs
from polcheck.policy.packfiles import PackFiles
from polcheck.policy.params import Settings
from polcheck.records import record
from polcheck.report import Report
from polcheck.sharing.diff import PackDiff, diff
from polcheck.submission import Submission


@record(frozen=True)
class OutcomeChange:
    """One policy whose outcome or number of findings differs; the outcome is empty where there is no such policy."""

    ref: str
    before: str
    after: str
    findings_before: int
    findings_after: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return (self.before, self.findings_before) == (self.after, self.findings_after)


@record(frozen=True)
class SubmissionChange:
    """One submission: its verdicts, and the policies that come out differently, sorted."""

    submission: str
    before: str
    after: str
    policies: tuple[OutcomeChange, ...]

    @property
    def same(self) -> bool:
        """Whether nothing changes for it."""
        return self.before == self.after and not self.policies


def packs_diff(before: Sequence[PackFiles], after: Sequence[PackFiles]) -> PackDiff:
    """What differs between two sets of packs. Raises PolicyError when one of them can't be used."""
    return diff(_opened(before), _opened(after))


def outcomes_diff(
    before: Sequence[PackFiles], after: Sequence[PackFiles], submissions: Iterable[Submission], settings: Settings
) -> list[SubmissionChange]:
    """What changes for each submission with the same settings. Raises PolicyError for packs that can't be used."""
    old, new = checker(before, settings), checker(after, settings)
    return [change_of(old.check(one), new.check(one)) for one in submissions]


def _opened(packs: Sequence[PackFiles]) -> tuple[OpenedPack, ...]:
    problems = Problems()
    _, opened = open_packs(packs, Settings(), disk.schemas(), problems)
    if problems.errors:
        raise PolicyError(problems.errors)
    return opened


def change_of(before: Report, after: Report) -> SubmissionChange:
    """What differs between two reports on one submission; waived findings don't count."""
    old, new = _outcomes(before), _outcomes(after)
    nothing = ("", 0)
    changes = [_outcome(ref, old.get(ref, nothing), new.get(ref, nothing)) for ref in sorted({*old, *new})]
    policies = tuple(change for change in changes if not change.same)
    return SubmissionChange(after.submission.name, before.verdict, after.verdict, policies)


def _outcome(ref: str, before: tuple[str, int], after: tuple[str, int]) -> OutcomeChange:
    return OutcomeChange(ref, before[0], after[0], before[1], after[1])


def _outcomes(report: Report) -> dict[str, tuple[str, int]]:
    findings: dict[str, int] = {}
    for finding in report.failing:
        findings[finding.ref] = findings.get(finding.ref, 0) + 1
    return {policy.ref: (policy.outcome, findings.get(policy.ref, 0)) for policy in report.policies}
