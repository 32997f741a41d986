"""The report for a terminal: findings with their source, what is undecided, notices, and a summary line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from polcheck.findings.finding import Finding, Fix, Location
from polcheck.findings.report import SEVERITIES, Notice, PolicyOutcome, Report, named_by
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import terminal
from polcheck.render.excerpt import digits, draw
from polcheck.render.style import Style
from polcheck.render.verdict import reason
from polcheck.render.wording import (
    fixable,
    hunk_lines,
    hunk_title,
    is_for_review,
    pluralize,
    relevant_notices,
    summary,
    ways_out,
)

_RELATED = 3
_LOOKED_IN = 5
_LISTED = 20  # files that were searched, beyond which their number stands for them


def label(finding: Finding, style: Style) -> str:
    """Severity and policy: `error[pack:policy]`."""
    return f"{style.name(finding.severity)}[{terminal(finding.ref)}]"


def brief(finding: Finding, style: Style, labelled: bool = True) -> str:
    """Return the finding on one line: `path:line:column: severity[pack:policy] message`."""
    return _headline(finding, terminal(finding.message), style, labelled)


def full(finding: Finding, options: Options, style: Style, labelled: bool = True) -> str:
    """Return the finding with its excerpt, related places, what was searched, the nearest miss and the remedy.

    A note takes one line unless everything is asked for.
    """
    everything = options.all or options.verbosity > 0
    if finding.severity == "note" and not everything:
        return brief(finding, style, labelled)
    head, *rest = finding.message.split("\n")
    lines = [_headline(finding, terminal(head), style, labelled)]
    lines += ["    " + terminal(line) for line in rest]
    if finding.location:
        mark = partial(style.mark, severity=finding.severity)
        lines += draw(finding.location, options.width, style.margin, mark)
    indent = " " * (digits(finding.location) + 1)
    lines += [f"{indent}{style.margin('=')} {line}".rstrip() for line in _evidence(finding, everything, style)]
    return "\n".join(lines)


def _headline(finding: Finding, message: str, style: Style, labelled: bool) -> str:
    place = style.bold(terminal(str(finding.location))) if finding.location else ""
    lead = label(finding, style) + " " if labelled else ""
    if finding.fix is not None and finding.fix.safe and finding.fix.edits and finding.waived is None:
        lead += style.help("[*]") + " "
    return f"{place}: {lead}{message}" if place else lead + message


def _evidence(finding: Finding, everything: bool, style: Style) -> list[str]:
    places = list(finding.related) if everything else _other_lines(finding)
    related = places if everything else places[:_RELATED]
    lines = [f"also {_line(location)}" for location in related]
    if len(related) < len(places):
        lines.append(f"also {len(places) - len(related):,} more places")
    if finding.looked_in:
        lines.append(f"looked in: {_listed(finding, everything)}")
    if finding.nearest and (finding.nearest.closest or everything):
        where = f" ({terminal(str(finding.nearest.location))})" if finding.nearest.location else ""
        lines.append(f"nearest: {terminal(finding.nearest.text)}{where}")
    if finding.remedy:
        head, *rest = finding.remedy.strip().split("\n")
        lines.append(f"{style.help('help')}: {terminal(head)}")
        lines += ["      " + terminal(line) for line in rest]
    if finding.see:
        lines.append(f"see: {terminal(finding.see)}")
    if everything and finding.fix is not None:
        lines += _fix(finding.fix, style)
    return lines


def _fix(fix: Fix, style: Style) -> Iterator[str]:
    """Yield what a fix changes, or why there is none here."""
    if fix.problem:
        yield f"no fix: {terminal(fix.problem)}"
        return
    yield f"{style.help('fix')}: {'safe' if fix.safe else 'with --unsafe-fixes'}"
    for hunk in fix.hunks:
        yield f"  {terminal(hunk_title(hunk))}"
        yield from (f"    {terminal(line)}" for line in hunk_lines(hunk))


def _other_lines(finding: Finding) -> list[Location]:
    """Return the related places but for those on a line, or in a file without a line, that is shown already."""
    known = {(finding.location.path, finding.location.line)} if finding.location else set()
    shown = {place.path for place in finding.related if place.line}
    shown |= set(finding.looked_in[:_LOOKED_IN]) | ({finding.location.path} if finding.location else set())
    result: list[Location] = []
    for place in finding.related:
        key = (place.path, place.line)
        if key not in known and (place.line or place.path not in shown):
            result.append(place)
        known.add(key)
    return result


def _line(location: Location) -> str:
    """Return a related place with the line it stands on, where that is known."""
    excerpt, line = location.excerpt, location.line
    if excerpt and line and 0 <= line - excerpt.first < len(excerpt.lines):
        text = excerpt.lines[line - excerpt.first].strip()
        return f"{terminal(str(location))}: {terminal(text[:80])}{'…' if len(text) > 80 else ''}"
    return terminal(str(location))


def _listed(finding: Finding, everything: bool) -> str:
    paths = finding.looked_in
    if not everything and len(paths) > _LISTED:
        return f"{len(paths) + finding.looked_in_more:,} files"  # NOTE: the first few of so many say nothing
    visible = paths if everything else paths[:_LOOKED_IN]
    more = len(paths) - len(visible) + finding.looked_in_more
    return ", ".join(map(terminal, visible)) + (f" and {more:,} more" if more else "")


_MANY = 20  # findings, from which on they are grouped by policy
_CAP = 10  # findings of one policy that are shown then
_REASONS = 3  # why a policy is undecided
_NAMED = 3  # policies that one file leaves undecided, and are named on its line


def render(report: Report, options: Options) -> str:
    """Return the report as people read it; at a verbosity of -1 a line a finding and undecided policy, no more."""
    style = Style(options.color)
    if options.verbosity < 0:
        quiet = [f"{brief(finding, style)}\n" for finding in sorted(judged(report), key=_place_order)]
        quiet += undecided_brief(open_policies(report), style)
        return "".join(quiet)
    blocks = [
        *_findings(report, options, style),
        *_undecided(report, options, style),
        *_reviews(report, options, style),
        *_waived(report, options, style),
        *_notices(report, options, style),
        *(_details(report, style) if options.verbosity > 0 else ()),
        closing(report, style, fixing=options.fixing),
    ]
    return "\n\n".join(blocks) + "\n"


def _findings(report: Report, options: Options, style: Style) -> Iterator[str]:
    visible = judged(report)
    if len(visible) <= _MANY:
        yield from (full(finding, options, style) for finding in visible)
        return
    for _, group in groupby(sorted(visible, key=_policy_order), key=lambda finding: finding.ref):
        yield _group(list(group), options, style)


def judged(report: Report) -> list[Finding]:
    """Return the findings but for those that gather places for what people decide, unless notes fail the run."""
    if "note" in named_by(report.fail_on):
        return list(report.failing)
    reviews = [requirement for requirement in report.requirements if requirement.outcome == "review"]
    return [f for f in report.failing if not any(is_for_review(f, requirement) for requirement in reviews)]


def _policy_order(finding: Finding) -> tuple[int, str, str]:
    return SEVERITIES.index(finding.severity), finding.pack, finding.policy


def _place_order(finding: Finding) -> tuple[tuple[str, int, int], str]:
    return finding.location.order if finding.location else ("", 0, 0), finding.ref


def _group(findings: list[Finding], options: Options, style: Style) -> str:
    """Return the findings of one policy: the first in full, the others on a line each, capped unless `all`."""
    first = findings[0]
    if len(findings) == 1:
        return full(first, options, style)
    files = len({finding.location.path for finding in findings if finding.location})
    extent = pluralize(len(findings), "finding") + (f" in {pluralize(files, 'file')}" if files else "")
    lines = [f"{label(first, style)} {style.bold(terminal(first.title))}: {extent}"]
    visible = findings if options.all else findings[:_CAP]
    for number, finding in enumerate(visible):
        if number == 0 or options.verbosity > 0:
            lines += ["  " + line for line in full(finding, options, style, labelled=False).split("\n")]
        else:
            lines.append("  " + brief(finding, style, labelled=False))
    if len(visible) < len(findings):
        lines.append(f"  … and {len(findings) - len(visible):,} more; use --all to see them")
    return "\n".join(lines)


def _undecided_line(policy: PolicyOutcome, style: Style) -> str:
    return f"{style.name('undecided')}[{terminal(policy.ref)}] {terminal(policy.title)}"


def undecided_brief(policies: Sequence[PolicyOutcome], style: Style) -> Iterator[str]:
    """Yield a line for each file that leaves policies undecided, with the reason and which they are.

    Policies without such a file have a line each. Without the name of the file nobody can do anything about it.
    """
    by_reason: dict[tuple[str, str], list[PolicyOutcome]] = {}
    for policy in policies:
        for place in policy.reasons[:_REASONS]:
            by_reason.setdefault(place, []).append(policy)
        if not policy.reasons:
            yield f"{_undecided_line(policy, style)}\n"
    for (path, why), own in by_reason.items():
        where = f"{terminal(path)}: " if path else ""
        if len(own) == 1:
            yield f"{where}{_undecided_line(own[0], style)}: {terminal(why)}\n"
            continue
        names = ", ".join(terminal(policy.ref) for policy in own[:_NAMED])
        rest = f" and {len(own) - _NAMED:,} more" if len(own) > _NAMED else ""
        count = pluralize(len(own), "policy", "policies")
        yield f"{where}{style.name('undecided')}: {terminal(why)} ({count}: {names}{rest})\n"


def _undecided(report: Report, options: Options, style: Style) -> Iterator[str]:
    """Yield what is undecided: the policies, then each file that leaves some of them so with its reason, once."""
    policies = open_policies(report)
    if not policies:
        return
    notices = [notice_line(notice, style) for notice in report.notices if is_shown_with_policies(notice)]
    everything = options.all or options.verbosity > 0
    visible = notices if everything else notices[:_MANY]
    lines = [_undecided_line(policy, style) for policy in policies] + visible
    if len(visible) < len(notices):
        lines.append(f"… and {len(notices) - len(visible):,} more files; use --all to see them")
    if help := ways_out([reason for policy in policies for reason in policy.reasons]):
        lines.append(f"{style.help('help')}: {help}")
    yield "\n".join(lines)


def is_shown_with_policies(notice: Notice) -> bool:
    """Return whether a notice is about a file that leaves policies undecided."""
    return notice.kind in ("unsearched", "fault") and bool(notice.policies)


def open_policies(report: Report) -> list[PolicyOutcome]:
    """Return the policies that are undecided."""
    return [policy for policy in report.policies if policy.outcome == "undecided"]


def _reviews(report: Report, options: Options, style: Style) -> Iterator[str]:
    """What people decide, with the places that notes gather for them."""
    requested = [requirement for requirement in report.requirements if requirement.outcome == "review"]
    if not requested:
        return
    full_length = options.all or options.verbosity > 0
    hint = "" if full_length else "; -v says why, and where to look"
    lines = [f"{pluralize(len(requested), 'requirement')} for people to decide{hint}"]
    for requirement in requested:
        places = [finding for finding in report.failing if is_for_review(finding, requirement)]
        because = f" ({requirement.because})" if requirement.because and full_length else ""
        extent = f" ({pluralize(len(places), 'place')})" if places and not full_length else ""
        lines.append(
            f"  {style.name('review')}[{terminal(f'{requirement.pack}:{requirement.id}')}] "
            f"{terminal(requirement.title)}{style.dim(terminal(because + extent))}"
        )
        if full_length:
            lines += [f"    {brief(finding, style, labelled=False)}" for finding in places]
    yield "\n".join(lines)


def _waived(report: Report, options: Options, style: Style) -> Iterator[str]:
    waived = [finding for finding in report.findings if finding.waived]
    if not waived:
        return
    kinds = Counter(finding.waived.kind for finding in waived if finding.waived)
    tally = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
    heading = f"{pluralize(len(waived), 'finding')} accepted ({tally})"
    if options.verbosity <= 0:
        yield f"{heading}; use -v to see them"
        return
    lines = [heading]
    for finding in waived if options.all else waived[:_MANY]:
        why = finding.waived.reason if finding.waived else ""
        lines.append(f"  {brief(finding, style)}{style.dim(terminal(f' (accepted: {why})'))}")
    if not options.all and len(waived) > _MANY:
        lines.append(f"  … and {len(waived) - _MANY:,} more; use --all to see them")
    yield "\n".join(lines)


def _notices(report: Report, options: Options, style: Style) -> Iterator[str]:
    notices = relevant_notices(report, everything=options.verbosity > 0)
    lines = [notice_line(notice, style) for notice in notices if not is_shown_with_policies(notice)]
    if lines:
        yield "\n".join(lines)


def notice_line(notice: Notice, style: Style) -> str:
    """Return a notice on one line: `path:line:column: notice: message [policies]`."""
    where = f"{terminal(str(notice.location))}: " if notice.location else ""
    policies = f" [{', '.join(map(terminal, notice.policies))}]" if notice.policies else ""
    return f"{where}{style.name('notice')}: {terminal(notice.message)}{style.dim(policies)}"


def _details(report: Report, style: Style) -> Iterator[str]:
    """What was used and what each policy looked at, for `-v`."""
    used = report.submission
    lines = [f"project {terminal(used.name)} ({terminal(f'{used.kind}, {used.digest}')})"]
    lines += [f"pack {terminal(f'{pack.name} {pack.version} ({pack.digest})')}" for pack in report.packs]
    yield "\n".join(lines)
    width = max((len(policy.shown_outcome) for policy in report.policies), default=0)
    rows = [
        f"{style.name(policy.shown_outcome, width)} {terminal(policy.ref)}: "
        f"{pluralize(policy.subjects, 'subject')}, {pluralize(policy.documents, 'document')}"
        for policy in report.policies
    ]
    if rows:
        yield "\n".join(rows)


def closing(report: Report, style: Style, *, fixing: bool = False) -> str:
    """Return the verdict and the counts, below why there is no verdict where there is none.

    Below it stands how to fix what can be fixed, unless that was done (`fixing`).
    """
    verdict, rest = summary(report).split(": ", 1)
    lines = [f"{style.name(report.verdict, text=verdict)}: {rest}"]
    if report.verdict == "none":
        lines.insert(0, reason(report).split("\n")[0])
    if report.fields_fault:
        lines.insert(0, f"the verdict's fields can't be made: {terminal(report.fields_fault)}")
    if not fixing and (text := fixable(report)):
        lines.append(text)
    return "\n".join(lines)


FORMAT = OutputFormat(render, with_digest=False, paths_from="working directory")
