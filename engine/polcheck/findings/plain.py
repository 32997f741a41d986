"""A report as plain data: the JSON form that schemas/report.json describes, and the way back from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Finding, Location, NearMiss, Waived
from polcheck.findings.report import (
    VERSION,
    Notice,
    PackUsed,
    PolicyOutcome,
    Report,
    RequirementOutcome,
    SubmissionUsed,
)


def to_plain(report: Report) -> dict[str, Any]:
    """Return the report as JSON values, keys in a fixed order."""
    return {
        "version": VERSION,
        "polcheck": report.polcheck,
        "verdict": report.verdict,
        "fail_on": report.fail_on,
        "submission": {
            "name": report.submission.name,
            "kind": report.submission.kind,
            "digest": report.submission.digest,
            "files": report.submission.files,
            "left_out": report.submission.left_out,
        },
        "packs": [
            {
                "name": p.name,
                "version": p.version,
                "digest": p.digest,
                "params": dict(p.params),
                "source": p.source,
            }
            for p in report.packs
        ],
        "requirements": [
            {
                "pack": r.pack,
                "id": r.id,
                "title": r.title,
                "outcome": r.outcome,
                "decided_by": r.decided_by,
                "because": r.because,
            }
            for r in report.requirements
        ],
        "policies": [_policy(policy) for policy in report.policies],
        "findings": [finding_plain(finding) for finding in report.findings],
        "notices": [
            {"kind": n.kind, "message": n.message, **_location(n.location), "policies": list(n.policies)}
            for n in report.notices
        ],
        "fields": dict(report.fields),
        "fields_fault": report.fields_fault,
    }


def _policy(policy: PolicyOutcome) -> dict[str, Any]:
    return {
        "pack": policy.pack,
        "id": policy.id,
        "title": policy.title,
        "outcome": policy.outcome,
        "requirement": policy.requirement or None,
        "severity": policy.severity,
        "examined": {"subjects": policy.subjects, "documents": policy.documents},
        "reasons": [{"path": path, "reason": reason} for path, reason in policy.reasons],
        "see": policy.see,
        "remedy": policy.remedy,
        "description": policy.description,
        "deprecated": policy.deprecated,
    }


def finding_plain(finding: Finding) -> dict[str, Any]:
    """Return one finding as JSON values."""
    return {
        "pack": finding.pack,
        "policy": finding.policy,
        "requirement": finding.requirement or None,
        "severity": finding.severity,
        "title": finding.title,
        **_location(finding.location),
        "message": finding.message,
        "remedy": finding.remedy,
        "bindings": dict(finding.bindings),
        "related": [_location(location) for location in finding.related],
        "looked_in": list(finding.looked_in),
        "nearest": {"text": finding.nearest.text, **_location(finding.nearest.location)} if finding.nearest else None,
        "see": finding.see,
        "fingerprint": finding.fingerprint,
        "waived": _waived(finding.waived) if finding.waived else None,
    }


def _waived(waived: Waived) -> dict[str, Any]:
    return {
        "kind": waived.kind,
        "reason": waived.reason,
        "owner": waived.owner,
        "expires": waived.expires,
        **_location(waived.location),
    }


def _location(location: Location | None) -> dict[str, Any]:
    place = location.place if location else None
    excerpt = location.excerpt if location else None
    return {
        "path": location.path if location else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
        "excerpt": {"first": excerpt.first, "lines": list(excerpt.lines)} if excerpt else None,
    }


class InvalidReport(ValueError):
    """The data is not a report of a version that this polcheck reads."""


def from_plain(data: Any) -> Report:
    """Return the report that `to_plain` gave. Raises NotAReport for anything else."""
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise InvalidReport(f"not a polcheck report of version {VERSION}")
    try:
        return _report(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidReport(f"the report is broken: {type(error).__name__} at {error}") from error


def _report(data: Mapping[str, Any]) -> Report:
    return Report(
        verdict=data["verdict"],
        fail_on=data["fail_on"],
        submission=SubmissionUsed(**data["submission"]),
        packs=tuple(PackUsed(**pack) for pack in data["packs"]),
        requirements=tuple(RequirementOutcome(**requirement) for requirement in data["requirements"]),
        policies=tuple(_policy_back(policy) for policy in data["policies"]),
        findings=tuple(_finding_back(finding) for finding in data["findings"]),
        notices=tuple(
            Notice(notice["kind"], notice["message"], _location_back(notice), tuple(notice["policies"]))
            for notice in data["notices"]
        ),
        fields=data["fields"],
        fields_fault=data["fields_fault"],
        polcheck=data["polcheck"],
    )


def _policy_back(data: Mapping[str, Any]) -> PolicyOutcome:
    fields = {key: value for key, value in data.items() if key not in ("examined", "reasons")}
    reasons = tuple((reason["path"], reason["reason"]) for reason in data["reasons"])
    fields["requirement"] = fields["requirement"] or ""
    return PolicyOutcome(**fields, **data["examined"], reasons=reasons)


def _finding_back(data: Mapping[str, Any]) -> Finding:
    nearest, waived = data["nearest"], data["waived"]
    return Finding(
        pack=data["pack"],
        policy=data["policy"],
        requirement=data["requirement"] or "",
        severity=data["severity"],
        title=data["title"],
        message=data["message"],
        remedy=data["remedy"],
        location=_location_back(data),
        related=tuple(location for entry in data["related"] if (location := _location_back(entry))),
        bindings=data["bindings"],
        looked_in=tuple(data["looked_in"]),
        nearest=NearMiss(nearest["text"], _location_back(nearest)) if nearest else None,
        see=data["see"],
        fingerprint=data["fingerprint"],
        waived=_waived_back(waived) if waived else None,
    )


def _waived_back(data: Mapping[str, Any]) -> Waived:
    return Waived(data["kind"], data["reason"], data["owner"], data["expires"], _location_back(data))


def _location_back(data: Mapping[str, Any]) -> Location | None:
    if data["path"] is None:
        return None
    place = None
    if data["line"] is not None:
        place = Place(data["path"], data["line"], data["column"], data["end_line"], data["end_column"])
    excerpt = data["excerpt"]
    return Location(data["path"], place, Excerpt(excerpt["first"], tuple(excerpt["lines"])) if excerpt else None)
