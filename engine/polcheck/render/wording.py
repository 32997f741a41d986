"""Counts and outcomes in words, the same in every format that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polcheck.findings.finding import Finding
from polcheck.findings.report import SEVERITIES, Report, RequirementOutcome

VERDICTS = {"pass": "pass", "fail": "fail", "none": "no verdict"}
_OUTCOMES = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("undecided", "undecided"),
    ("accepted", "accepted"),
    ("not-applicable", "not applicable"),
)


def pluralize(number: int, one: str, many: str = "") -> str:
    """Return the number with its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def severities(report: Report) -> str:
    """Return how many findings of each severity count, and how many are accepted: `2 errors, 1 warning`."""
    tally = Counter(finding.severity for finding in report.failing)
    parts = [pluralize(tally[severity], severity) for severity in SEVERITIES if tally[severity]]
    waived = len(report.findings) - len(report.failing)
    return ", ".join(parts or ["no findings"]) + (f" ({waived:,} accepted)" if waived else "")


def outcomes(report: Report) -> str:
    """Return how many policies came out how: `30 policies: 22 passed, 3 failed`."""
    tally = Counter(policy.shown_outcome for policy in report.policies)
    parts = [f"{tally[outcome]:,} {word}" for outcome, word in _OUTCOMES if tally[outcome]]
    return pluralize(len(report.policies), "policy", "policies") + (": " + ", ".join(parts) if parts else "")


def ways_out(reasons: Sequence[tuple[str, str]]) -> str:
    """Return what to do about files (path, reason) that leave a policy undecided; empty for nothing to suggest."""
    ways = []
    if any("limit `" in why for _, why in reasons):
        ways.append("raise the limit under `limits` in polcheck.yaml")
    if any(path for path, _ in reasons):
        ways += [
            "leave the file out with `exclude`",
            "read it as another `language`",
            "accept it with `polcheck waive`",
        ]
    return ", or ".join(ways)


def summary(report: Report) -> str:
    """Return the run in one line: the verdict, the findings, the files, the policies."""
    verdict = (
        VERDICTS[report.verdict]
        + {"undecided": " (undecided)", "empty": " (nothing to check)", "": ""}[report.no_verdict]
    )
    return f"{verdict}: {severities(report)} in {extent(report)} · {outcomes(report)}"


def extent(report: Report) -> str:
    """Return how many files there are, and how many files and folders are left out of them: `8 files (2 left out)`."""
    left_out = report.submission.left_out
    return pluralize(report.submission.files, "file") + (f" ({left_out:,} left out)" if left_out else "")


def is_for_review(finding: Finding, requirement: RequirementOutcome) -> bool:
    """Return whether a finding only gathers a place for the people who decide this requirement."""
    return (
        requirement.outcome == "review"
        and finding.severity == "note"
        and (finding.pack, finding.requirement) == (requirement.pack, requirement.id)
    )
