"""The report as GitHub workflow commands, which become annotations, and the summary of a job."""

from __future__ import annotations

from collections import Counter

from polcheck.findings.finding import Finding, Location
from polcheck.findings.report import SEVERITIES, Notice, PolicyOutcome, Report, named_by
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import workflow_data, workflow_property
from polcheck.render.markdown import page
from polcheck.render.wording import pluralize, relevant_notices, summary

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SHOWN = 10  # annotations of one kind that GitHub shows for one step
_SUMMARY_LIMIT = 1_000_000  # bytes; GitHub refuses a summary past 1 MiB


def render(report: Report, options: Options) -> str:
    """Return the commands, the most severe first, and below them what GitHub won't show of them and the summary
    line.
    """
    failing = sorted(report.failing, key=lambda finding: SEVERITIES.index(finding.severity))
    lines = [_finding(finding) for finding in failing]
    lines += [_undecided(policy, report.fail_on) for policy in report.policies if policy.outcome == "undecided"]
    lines += [_notice(notice) for notice in relevant_notices(report)]
    return "".join(f"{line}\n" for line in [*lines, *_left_out(report), summary(report)])


def job_summary(report: Report) -> str:
    """Return the report as Markdown for GITHUB_STEP_SUMMARY, within the size that GitHub takes."""
    notes = [f"{note}.\n" for note in _left_out(report)]
    return page(report, _SUMMARY_LIMIT, heading="polcheck") + "".join("\n" + note for note in notes)


def _command(kind: str, title: str, message: str, location: Location | None) -> str:
    properties = {"title": title}
    if location:
        properties = {"file": location.path, **_position(location), **properties}
    written = ",".join(f"{name}={workflow_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{workflow_data(message)}"


def _position(location: Location) -> dict[str, str]:
    place = location.place
    if place is None:
        return {}
    position = {"line": str(place.line), "endLine": str(place.end_line)}
    if place.line == place.end_line:  # GitHub refuses columns of a place that goes over several lines
        position |= {"col": str(place.column), "endColumn": str(max(place.end_column, place.column))}
    return position


def _finding(finding: Finding) -> str:
    message = finding.message or finding.title
    if finding.remedy:
        message += f"\nhelp: {finding.remedy}"
    return _command(_COMMANDS[finding.severity], finding.ref, message, finding.location)


def _undecided(policy: PolicyOutcome, fail_on: str) -> str:
    path, why = policy.reasons[0] if policy.reasons else ("", "its documents could not be searched to the end")
    kind = "error" if policy.severity in named_by(fail_on) else "warning"
    return _command(kind, f"{policy.ref} is undecided", f"{policy.title}: {why}", Location(path) if path else None)


def _notice(notice: Notice) -> str:
    return _command("notice", f"polcheck: {notice.kind}", notice.message, notice.location)


def _left_out(report: Report) -> list[str]:
    """Return what GitHub leaves out of the annotations, a line a kind."""
    kinds = Counter(_COMMANDS[finding.severity] for finding in report.failing)
    for policy in report.policies:
        if policy.outcome == "undecided":
            kinds["error" if policy.severity in named_by(report.fail_on) else "warning"] += 1
    kinds["notice"] += len(relevant_notices(report))
    return [
        f"GitHub shows {_SHOWN} of {pluralize(number, kind)} as annotations"
        for kind, number in kinds.items()
        if number > _SHOWN
    ]


FORMAT = OutputFormat(render, with_digest=False, has_commands=True, job_summary=job_summary, paths_from="repository")
