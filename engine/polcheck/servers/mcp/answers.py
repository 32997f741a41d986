"""What the tools answer: short texts that an agent can work through from the top to the bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polcheck.base.errors import Problem
from polcheck.findings.finding import Finding
from polcheck.findings.report import SEVERITIES, Report
from polcheck.project.fixing import Fixed
from polcheck.render.escape import printable, terminal
from polcheck.render.wording import pluralize, relevant_notices, summary, ways_out

MOST_FINDINGS = 50
_MOST_PLACES = 5  # related places of one finding
_MOST_REASONS = 20  # files that leave policies undecided


def report_text(report: Report, most: int = MOST_FINDINGS) -> str:
    """Return a report: the verdict in one line, then the findings, what is undecided, and notices.

    Findings come by severity, errors first, and then by file from the bottom to the top, so that an edit at one place
    leaves the lines of the next in this list where they are. At most `most` findings are shown, and the rest counted.
    """
    findings = sorted(report.failing, key=_order)
    lines = [terminal(summary(report))]
    for number, finding in enumerate(findings[:most], 1):
        lines += ["", *_finding(number, finding)]
    if len(findings) > most:
        lines += ["", f"{pluralize(len(findings) - most, 'more finding')}: fix these first, and check again"]
    return "\n".join([*lines, *_undecided(report), *_notices(report)]) + "\n"


def _order(finding: Finding) -> tuple[int, str, int, int]:
    path, line, column = finding.location.order if finding.location else ("", 0, 0)
    return SEVERITIES.index(finding.severity), path, -line, -column


def _finding(number: int, finding: Finding) -> Iterator[str]:
    place = terminal(str(finding.location)) if finding.location else "the project as a whole"
    message = terminal(finding.message or finding.title)
    yield f"{number}. {place}: {finding.severity} [{terminal(finding.ref)}] {message}"
    if finding.remedy:
        first, *rest = printable(finding.remedy.strip()).splitlines()
        yield f"   remedy: {first}"
        yield from (f"     {line}" for line in rest)
    if finding.fix and not finding.fix.problem:
        yield "   fix: " + ("safe" if finding.fix.safe else "to be looked at (`unsafe`)") + ", by the tool `fix`"
    if finding.related:
        shown = ", ".join(terminal(str(place)) for place in finding.related[:_MOST_PLACES])
        more = len(finding.related) - _MOST_PLACES
        yield f"   see also: {shown}" + (f" and {more:,} more" if more > 0 else "")
    if finding.nearest:
        where = f" ({terminal(str(finding.nearest.location))})" if finding.nearest.location else ""
        yield f"   nearest: {terminal(finding.nearest.text)}{where}"
    elif finding.looked_in:
        yield f"   looked in: {', '.join(terminal(path) for path in finding.looked_in[:_MOST_PLACES])}"


def _undecided(report: Report) -> Iterator[str]:
    """Yield each file that leaves policies undecided, with the policies, and what to do about it."""
    policies: dict[tuple[str, str], list[str]] = {}
    for policy in report.policies:
        for reason in policy.reasons if policy.outcome == "undecided" else ():
            policies.setdefault(reason, []).append(policy.ref)
    if not policies:
        return
    yield from ("", "Undecided, which is not a pass:")
    for (path, why), refs in list(policies.items())[:_MOST_REASONS]:
        yield f"- {terminal(f'{path}: {why}' if path else why)} ({', '.join(map(terminal, refs))})"
    if len(policies) > _MOST_REASONS:
        yield f"- and {len(policies) - _MOST_REASONS:,} more"
    if ways := ways_out(list(policies)):
        yield f"  To decide it: {ways}"


def _notices(report: Report) -> Iterator[str]:
    """Yield what a reader should know that is no finding, but for what stands under Undecided already."""
    notices = [notice for notice in relevant_notices(report) if notice.kind != "unsearched"]
    if notices:
        yield from ("", "Notices:")
    for notice in notices[:_MOST_REASONS]:
        where = f"{notice.location}: " if notice.location else ""
        yield f"- {terminal(where + notice.message)}"


def fixes_text(fixed: Fixed) -> str:
    """Return what fixes come to: how many findings are gone, the diff to apply, and what could not be fixed and why."""
    lines = [
        f"{pluralize(len(fixed.fixed), 'finding')} fixed by the diff below, tried and not written; after it: "
        f"{terminal(summary(fixed.after))}"
        if fixed.fixed
        else f"no finding is fixed; as before: {terminal(summary(fixed.after))}"
    ]
    if fixed.unsafe:
        lines.append(
            f"{pluralize(len(fixed.unsafe), 'more finding')} can be fixed with `unsafe`: look at the diff then"
        )
    if fixed.changes:
        lines += ["", printable(fixed.diff())]
    if fixed.refused:
        lines += ["", "Not fixed:"]
    for refused in fixed.refused[:_MOST_REASONS]:
        place = terminal(str(refused.finding.location)) if refused.finding.location else "the project as a whole"
        lines.append(f"- {place}: [{terminal(refused.finding.ref)}] {terminal(refused.reason)}")
    return "\n".join(lines) + "\n"


def problems_text(problems: Sequence[Problem]) -> str:
    """Return the problems of a policy, a pack or a configuration: each with its place, its line, and what helps."""
    return "\n".join(f"{problem.severity}: {printable(str(problem))}" for problem in problems) + "\n"
