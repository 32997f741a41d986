"""What has changed between two reports on one project, for a terminal that shows the first of them already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from polcheck.findings.finding import Finding
from polcheck.findings.report import Notice, Report
from polcheck.render import Options
from polcheck.render.style import Style
from polcheck.render.text import (
    brief,
    closing,
    full,
    is_shown_with_policies,
    judged,
    notice_line,
    open_policies,
    undecided_brief,
)

_MOST = 20  # of findings that are new, and of those that are gone


def render_changes(before: Report, after: Report, options: Options) -> str:
    """Return the findings that are new or gone, the policies that are undecided now or no longer, new notices, and the
    verdict; empty where nothing is another than before.

    Findings are told apart by their fingerprints: one that moves to another line is the same.
    """
    style = Style(options.color)
    # NOTE: what a policy does not report since it became undecided may well be there still
    unknown = {policy.ref for policy in open_policies(after)} - {policy.ref for policy in open_policies(before)}
    gone = [finding for finding in _beyond(judged(before), judged(after)) if finding.ref not in unknown]
    blocks = [
        *_findings(_beyond(judged(after), judged(before)), options, style),
        *_gone(gone, options, style),
        *_undecided(before, after, style),
        *_notices(before, after, style),
    ]
    if not blocks and closing(before, style) == closing(after, style):
        return ""
    separator = "\n" if options.verbosity < 0 else "\n\n"
    return separator.join((*blocks, closing(after, style))) + "\n"


def _beyond(findings: Iterable[Finding], others: Iterable[Finding]) -> list[Finding]:
    """Return the findings whose like is not among others, or not as often."""
    left = Counter(_identity(finding) for finding in others)
    result: list[Finding] = []
    for finding in findings:
        identity = _identity(finding)
        if left[identity]:
            left[identity] -= 1
        else:
            result.append(finding)
    return result


def _identity(finding: Finding) -> tuple[str, str, str]:
    path = finding.location.path if finding.location else ""
    return finding.ref, path, finding.fingerprint.partition(":")[0]


def _findings(findings: list[Finding], options: Options, style: Style) -> Iterator[str]:
    if options.verbosity < 0:
        yield from (brief(finding, style) for finding in findings)
        return
    visible = findings if options.all else findings[:_MOST]
    yield from (full(finding, options, style) for finding in visible)
    if len(visible) < len(findings):
        yield f"… and {len(findings) - len(visible):,} more that are new; use --all to see them"


def _gone(findings: list[Finding], options: Options, style: Style) -> Iterator[str]:
    visible = findings if options.all else findings[:_MOST]
    lines = [style.dim(f"gone: {brief(finding, Style(color=False))}") for finding in visible]
    if len(visible) < len(findings):
        lines.append(f"… and {len(findings) - len(visible):,} more that are gone; use --all to see them")
    if lines:
        yield "\n".join(lines)


def _undecided(before: Report, after: Report, style: Style) -> Iterator[str]:
    then, now = ({policy.ref: policy for policy in open_policies(report)} for report in (before, after))
    new = [policy for ref, policy in now.items() if ref not in then or then[ref].reasons != policy.reasons]
    if new:
        yield "".join(undecided_brief(new, style)).rstrip("\n")
    decided = [ref for ref in then if ref not in now]
    if decided:
        yield style.dim(f"no longer undecided: {', '.join(decided)}")


def _notices(before: Report, after: Report, style: Style) -> Iterator[str]:
    def shown(report: Report) -> list[Notice]:
        return [notice for notice in report.notices if not is_shown_with_policies(notice)]

    known = {_of_notice(notice) for notice in shown(before)}
    lines = [notice_line(notice, style) for notice in shown(after) if _of_notice(notice) not in known]
    if lines:
        yield "\n".join(lines)


def _of_notice(notice: Notice) -> tuple[str, str, str]:
    """Return what tells a notice from others, wherever in its file it stands."""
    return notice.kind, notice.message, notice.location.path if notice.location else ""
