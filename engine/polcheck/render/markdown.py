"""The report as Markdown, for a comment on a pull request: verdict, requirements, findings with their places."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import PurePosixPath

from polcheck.findings.finding import Finding, Location
from polcheck.findings.report import SEVERITIES, PolicyOutcome, Report, RequirementOutcome
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import code, fence, markdown, markdown_html
from polcheck.render.verdict import reason
from polcheck.render.wording import (
    VERDICTS,
    counts,
    hunk_lines,
    hunk_title,
    pluralize,
    relevant_notices,
)

_LIMIT = 60_000  # characters; GitHub refuses a comment past 65,536
_CAP = 10  # findings of one policy
_MET = ("pass", "not-applicable")
_FIX_LINES = 30  # of a fix
_ROWS = 50
_LONGEST = 600  # characters of one text


def render(report: Report, options: Options) -> str:
    """Return a page that fits into a comment; `options.all` lifts the cap on findings for each policy, not that on
    size.
    """
    return page(report, _LIMIT, heading="polcheck", cap=None if options.all else _CAP)


def page(report: Report, limit: int, heading: str, cap: int | None = _CAP) -> str:
    """Return the page in at most `limit` characters and about as many bytes: what doesn't fit is counted."""
    head = _head(report, heading)
    tail = [*_undecided(report), *_reviews(report), *_waived(report), *_notices(report), *_packs(report)]
    room = limit - sum(_size(block) for block in [*head, *tail]) - 200
    groups, remaining = [], 0
    for findings in _by_policy(report.failing):
        block = _group(findings, cap)
        if _size(block) <= room:
            groups.append(block)
            room -= _size(block)
        else:
            remaining += len(findings)
    if remaining:
        groups.append(f"{pluralize(remaining, 'finding')} more did not fit here; the other formats have them all.")
    blocks = [*head, *(["### Findings"] if groups else []), *groups, *tail]
    if room < 0:
        blocks = [*head[:2], "The rest did not fit here; the other formats have it."]
    return "\n\n".join(blocks) + "\n"


def _size(block: str) -> int:
    return len(block.encode("utf-8")) + 2


def text(value: str, cell: bool = False) -> str:
    """Return a text of the report as Markdown, cut where it is too long for a page."""
    return markdown(value if len(value) <= _LONGEST else value[:_LONGEST] + "…", cell)


def _head(report: Report, heading: str) -> list[str]:
    head = [f"## {heading}: {VERDICTS[report.verdict]}", counts(report)]
    if report.verdict == "none":
        head.append("\n".join(fence(reason(report).split("\n"))))
    met = [requirement for requirement in report.requirements if requirement.shown_outcome in _MET]
    return [*head, *_requirements([r for r in report.requirements if r not in met]), *_met(met)]


def _requirements(requirements: list[RequirementOutcome]) -> list[str]:
    if not requirements:
        return []
    rows = [
        f"| {text(f'{r.pack}:{r.id}', cell=True)} | {text(r.title, cell=True)} | {_outcome(r.shown_outcome)} |"
        for r in requirements[:_ROWS]
    ]
    table = "\n".join(["| Requirement | | Outcome |", "| --- | --- | --- |", *rows])
    return [table, *_more(len(requirements), "requirement")]


def _met(requirements: list[RequirementOutcome]) -> list[str]:
    lines = [f"- {code(f'{r.pack}:{r.id}')} {text(r.title)} ({r.shown_outcome})" for r in requirements]
    summary = f"Met or not applicable: {pluralize(len(requirements), 'requirement')}"
    return _details(summary, lines, len(lines), "requirement")


def _outcome(outcome: str) -> str:
    return f"**{outcome}**" if outcome in ("fail", "undecided") else outcome


def _more(number: int, noun: str) -> list[str]:
    return [f"… and {pluralize(number - _ROWS, f'more {noun}')}"] if number > _ROWS else []


def _by_policy(findings: Iterable[Finding]) -> list[list[Finding]]:
    ordered = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.pack, f.policy))
    return [list(group) for _, group in groupby(ordered, key=lambda finding: finding.ref)]


def _group(findings: list[Finding], cap: int | None) -> str:
    first = findings[0]
    title = markdown_html(f"{first.ref}: {first.title}"[:_LONGEST])
    lines = ["<details open>" if len(findings) <= 3 else "<details>"]
    lines += [f"<summary><b>{first.severity}</b> {title} ({pluralize(len(findings), 'finding')})</summary>", ""]
    for finding in findings[:cap]:
        lines += _finding(finding)
    while not lines[-1]:
        lines.pop()
    if cap is not None and len(findings) > cap:
        lines.append(f"- … and {len(findings) - cap:,} more")
    return "\n".join([*lines, "", "</details>"])


def _finding(finding: Finding) -> list[str]:
    where = f"{_place(finding.location)} " if finding.location else ""
    lines = [f"- {where}{text(finding.message)}"]
    if finding.location and finding.location.excerpt and finding.location.place:
        suffix = PurePosixPath(finding.location.path).suffix[1:]
        lines += ["", *(f"  {line}" for line in fence(_around(finding.location), suffix)), ""]
    if finding.related:
        lines.append(f"  - also {', '.join(map(_place, finding.related[:_CAP]))}")
    if finding.looked_in:
        more = max(len(finding.looked_in) - _CAP, 0) + finding.looked_in_more
        rest = f" and {more:,} more" if more else ""
        lines.append(f"  - looked in {', '.join(map(code, finding.looked_in[:_CAP]))}{rest}")
    if finding.nearest and finding.nearest.closest:
        near = f" ({_place(finding.nearest.location)})" if finding.nearest.location else ""
        lines.append(f"  - nearest: {text(finding.nearest.text)}{near}")
    if finding.remedy:
        lines.append(f"  - **help**: {text(finding.remedy)}")
    if finding.fix is not None and finding.fix.hunks:
        lines += [f"  - **fix** ({'safe' if finding.fix.safe else 'not safe by itself'}):", ""]
        changed = [line[:200] for hunk in finding.fix.hunks for line in (hunk_title(hunk), *hunk_lines(hunk))]
        lines += [*(f"    {line}" for line in fence(changed[:_FIX_LINES], "diff")), ""]
    return lines


def _around(location: Location) -> list[str]:
    """Return at most five lines around the place, each cut to what a comment can show."""
    assert location.excerpt is not None and location.place is not None
    at = max(0, location.place.line - location.excerpt.first - 2)
    return [line[:200] for line in location.excerpt.lines[at : at + 5]]


def _place(location: Location) -> str:
    return code(f"{location.path}:{location.line}" if location.line else str(location))


def _details(summary: str, lines: list[str], number: int, noun: str) -> list[str]:
    """Return a list that is folded away, or nothing."""
    if not lines:
        return []
    body = "\n".join([*lines[:_ROWS], *(f"- {more}" for more in _more(number, noun))])
    return [f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"]


def _undecided(report: Report) -> list[str]:
    open_ = [policy for policy in report.policies if policy.outcome == "undecided"]
    lines = [f"- {code(policy.ref)} {text(policy.title)}{_why(policy)}" for policy in open_]
    return _details(f"Not decided: {pluralize(len(lines), 'policy', 'policies')}", lines, len(lines), "policy")


def _why(policy: PolicyOutcome) -> str:
    if not policy.reasons:
        return ""
    path, why = policy.reasons[0]
    rest = f" and {len(policy.reasons) - 1:,} more" if len(policy.reasons) > 1 else ""
    return f" ({code(path) + ': ' if path else ''}{text(why)}{rest})"


def _reviews(report: Report) -> list[str]:
    lines = []
    for requirement in report.requirements:
        if requirement.outcome == "review":
            because = f" ({text(requirement.because)})" if requirement.because else ""
            lines.append(f"- {code(f'{requirement.pack}:{requirement.id}')} {text(requirement.title)}{because}")
    return _details(f"For people to decide: {pluralize(len(lines), 'requirement')}", lines, len(lines), "requirement")


def _waived(report: Report) -> list[str]:
    lines = []
    for finding in report.findings:
        if finding.waived:
            where = f"{_place(finding.location)} " if finding.location else ""
            by = "".join(f", {text(part)}" for part in (finding.waived.owner, finding.waived.expires) if part)
            why = text(finding.waived.reason or finding.waived.kind)
            lines.append(f"- {where}{code(finding.ref)} ({finding.waived.kind}{by}): {why}")
    return _details(f"Accepted: {pluralize(len(lines), 'finding')}", lines, len(lines), "finding")


def _notices(report: Report) -> list[str]:
    lines = [f"- {_place(n.location) + ' ' if n.location else ''}{text(n.message)}" for n in relevant_notices(report)]
    return _details(f"Notices: {len(lines):,}", lines, len(lines), "notice")


def _packs(report: Report) -> list[str]:
    lines = [f"- {text(f'{pack.name} {pack.version}')} {code(pack.digest[:19])}" for pack in report.packs]
    return _details("Packs", lines, len(lines), "pack")


FORMAT = OutputFormat(render, with_digest=False, paths_from="repository")
