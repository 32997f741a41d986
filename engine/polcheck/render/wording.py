"""Counts and outcomes in words, the same in every format that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polcheck.findings.finding import Finding, Hunk
from polcheck.findings.report import SEVERITIES, Notice, Report, RequirementOutcome

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
    return f"{verdict}: {counts(report)}"


def counts(report: Report) -> str:
    """Return the numbers of a run: `3 errors · 10 files checked · 4 policies: 1 passed, 3 failed`."""
    return f"{severities(report)} · {extent(report)} · {outcomes(report)}"


def fixable(report: Report) -> str:
    """Return how many findings have a fix, and how to make it; empty where none has.

    Of those that aren't safe only the number is said, and the option.
    """
    fixes = [finding.fix for finding in report.failing if finding.fix is not None and finding.fix.edits]
    safe = sum(fix.safe for fix in fixes)
    unsafe = len(fixes) - safe
    more = f"{unsafe:,}{' more' if safe else ''} with `--unsafe-fixes`" if unsafe else ""
    if not safe:
        return f"{pluralize(unsafe, 'finding')} can be fixed with `--unsafe-fixes`" if unsafe else ""
    return f"[*] {pluralize(safe, 'finding')} can be fixed with `--fix`{f' ({more})' if more else ''}"


def hunk_lines(hunk: Hunk) -> list[str]:
    """Return the lines of a hunk as a unified diff has them: with ` `, `-` or `+` before each."""
    before, after = list(hunk.before), list(hunk.after)
    first = last = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    end, new_end = len(before) - last, len(after) - last
    return [
        *(f" {line}" for line in before[:first]),
        *(f"-{line}" for line in before[first:end]),
        *(f"+{line}" for line in after[first:new_end]),
        *(f" {line}" for line in before[end:]),
    ]


def hunk_title(hunk: Hunk) -> str:
    """Return where a hunk is: `path:line`, or that the file is new."""
    return f"{hunk.path}:{hunk.line}" if hunk.line else f"{hunk.path} (new)"


def extent(report: Report) -> str:
    """Return how many files were checked, and how many files and folders not: `8 files checked (2 left out)`."""
    left_out = report.submission.left_out
    return f"{pluralize(report.submission.files, 'file')} checked" + (f" ({left_out:,} left out)" if left_out else "")


def is_for_review(finding: Finding, requirement: RequirementOutcome) -> bool:
    """Return whether a finding only gathers a place for the people who decide this requirement."""
    return (
        requirement.outcome == "review"
        and finding.severity == "note"
        and (finding.pack, finding.requirement) == (requirement.pack, requirement.id)
    )


def relevant_notices(report: Report, *, everything: bool = False) -> list[Notice]:
    """Return the notices that are worth a line in every run.

    That policies about changes need `--since` is one only where the run is about nothing else, or with `everything`:
    whoever runs without it knows.
    """
    others = {policy.ref for policy in report.policies if policy.outcome != "not-applicable"}

    def waits(notice: Notice) -> bool:
        return notice.kind == "since" and bool(notice.policies)

    return [notice for notice in report.notices if everything or not others or not waits(notice)]
