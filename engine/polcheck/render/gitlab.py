"""The report as GitLab's code quality JSON: one entry a finding, one for each policy that is undecided."""

from __future__ import annotations

import hashlib
from typing import Any

from polcheck.findings.finding import Finding
from polcheck.findings.report import Notice, PolicyOutcome, Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import terminal
from polcheck.render.json import dumps
from polcheck.render.wording import pluralize

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}
_NOWHERE = "."  # GitLab wants a path in each entry


def render(report: Report, options: Options) -> str:
    """Return the JSON array. Accepted findings are `info` and say so; equal fingerprints are told apart by a number."""
    entries = [_finding(finding) for finding in report.findings]
    entries += [_undecided(policy) for policy in report.policies if policy.outcome == "undecided"]
    entries += [_dynamic(notice) for notice in report.notices if notice.kind == "dynamic"]
    entries += _left_out(report)
    visited: dict[str, int] = {}
    for entry in entries:
        mark = entry["fingerprint"]
        visited[mark] = visited.get(mark, 0) + 1
        if visited[mark] > 1:
            entry["fingerprint"] = _hash(mark, str(visited[mark]))
    return dumps(entries)


def _finding(finding: Finding) -> dict[str, Any]:
    path = finding.location.path if finding.location else _NOWHERE
    message = finding.message or finding.title
    if finding.waived:
        message = f"accepted ({finding.waived.reason or finding.waived.kind}): {message}"
    return _entry(
        message,
        finding.ref,
        finding.fingerprint or _hash(finding.ref, path, finding.message),
        "info" if finding.waived else _SEVERITIES[finding.severity],
        path,
        (finding.location and finding.location.line) or 1,
    )


def _undecided(policy: PolicyOutcome) -> dict[str, Any]:
    path, why = policy.reasons[0] if policy.reasons else ("", "its documents could not be searched to the end")
    message = f"undecided: {policy.title}: {why}"
    return _entry(message, policy.ref, _hash(policy.ref, message), _SEVERITIES[policy.severity], path or _NOWHERE, 1)


def _dynamic(notice: Notice) -> dict[str, Any]:
    """Return an entry for what a policy could not examine because it is no constant."""
    path = notice.location.path if notice.location else _NOWHERE
    line = (notice.location and notice.location.line) or 1
    return _entry(notice.message, notice.policies[0], _hash(*notice.policies, notice.message), "info", path, line)


def _left_out(report: Report) -> list[dict[str, Any]]:
    """Return one entry that counts what is waived or left out, which nobody would see otherwise; none where nothing
    is.
    """
    waived = len(report.findings) - len(report.failing)
    if not waived and not report.submission.left_out:
        return []
    left_out = pluralize(report.submission.left_out, "file or folder", "files or folders")
    message = f"{pluralize(waived, 'finding')} accepted, {left_out} left out"
    return [_entry(message, "polcheck:left-out", _hash("left out", message), "info", _NOWHERE, 1)]


def _entry(description: str, name: str, mark: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": terminal(description),
        "check_name": terminal(name),
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": terminal(path), "lines": {"begin": line}},
    }


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


FORMAT = OutputFormat(render, with_digest=False, paths_from="repository")
