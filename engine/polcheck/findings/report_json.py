"""The JSON form of a report, which schemas/report.json describes, and the way back from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import ValidationError, convert, to_builtins

from polcheck.base.spans import Place
from polcheck.findings.finding import Finding, Location
from polcheck.findings.report import VERSION, PolicyOutcome, Report

_PLACE = Place._fields[1:]  # without the path, which the location has


class InvalidReport(ValueError):
    """The data is not a report of a version that this polcheck reads; the text says what is wrong with it."""


def report_to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values, keys in a fixed order: those of the structs, places flattened into their owner.

    An infinity or NaN that a policy binds stays a float; see `render.json`.
    """
    return {
        "version": VERSION,
        "polcheck": report.polcheck,
        "today": report.today,
        "verdict": report.verdict,
        "no_verdict": report.no_verdict or None,
        "fail_on": report.fail_on,
        "submission": to_builtins(report.submission),
        "packs": to_builtins(report.packs),
        "requirements": to_builtins(report.requirements),
        "policies": [_policy(policy) for policy in report.policies],
        "findings": [finding_to_json(finding) for finding in report.findings],
        "notices": [_flattened(to_builtins(notice), "kind", "message") for notice in report.notices],
        "fields": to_builtins(report.fields),
        "fields_fault": report.fields_fault,
        "root": report.root,
        "prefix": report.prefix,
        "here": report.here,
    }


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return one finding as JSON values, without the fingerprint of earlier versions."""
    data: dict[str, Any] = to_builtins(finding)
    del data["former_fingerprint"]
    data["requirement"] = finding.requirement or None
    data["related"] = [_flat(location) for location in data["related"]]
    data["nearest"] = finding.nearest and _flattened(data["nearest"], "text")
    data["waived"] = finding.waived and _waived(data["waived"])
    waived = finding.waived
    data["accepted"] = waived and {"by": waived.by, "reason": waived.reason, "expires": waived.expires or None}
    fix = data.pop("fix")
    data["fix"] = fix and {**fix, "problem": fix["problem"] or None, "edits": [_edit(edit) for edit in fix["edits"]]}
    return _flattened(data, "pack", "policy", "requirement", "severity", "title")


def location_to_json(location: Location | None) -> dict[str, Any]:
    """Return a place as JSON values without its excerpt; nulls where there is none."""
    data = _flat(to_builtins(location))
    del data["excerpt"]
    return data


def report_from_json(data: Any) -> Report:
    """Return the report that `report_to_json` was given. Raises InvalidReport for anything else."""
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise InvalidReport(f"not a polcheck report of version {VERSION}")
    try:
        policies = [
            {**policy, **policy["examined"], "reasons": _pairs(policy), "dynamic": _captures(policy)}
            for policy in data["policies"]
        ]
        findings = [_nested_finding(finding) for finding in data["findings"]]
        notices = [_nested(notice) for notice in data["notices"]]
        return convert(_filled({**data, "policies": policies, "findings": findings, "notices": notices}), Report)
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise InvalidReport(f"the report is broken: {type(error).__name__} at {error}") from error


def _policy(policy: PolicyOutcome) -> dict[str, Any]:
    data: dict[str, Any] = to_builtins(policy)
    head = {key: data.pop(key) for key in ("pack", "id", "title", "outcome", "requirement", "severity")}
    examined = {key: data.pop(key) for key in ("subjects", "documents")}
    reasons = [{"path": path, "reason": reason} for path, reason in policy.reasons]
    dynamic = [
        {"name": capture.name, "reason": capture.reason, **_flat(to_builtins(capture.location))}
        for capture in policy.dynamic
    ]
    rest = {**data, "reasons": reasons, "dynamic": dynamic}
    return {**head, "requirement": policy.requirement or None, "examined": examined, **rest}


def _edit(data: dict[str, Any]) -> dict[str, Any]:
    place = data.pop("place")
    position = place[1:] if place else (None,) * len(_PLACE)
    return {**data, **dict(zip(_PLACE, position, strict=True))}


def _nested_edit(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key not in _PLACE}
    place = None if data["line"] is None else (data["path"], *(data[key] for key in _PLACE))
    return {**rest, "place": place}


def _waived(data: dict[str, Any]) -> dict[str, Any]:
    del data["since"]  # which `accepted` says
    return _flattened(data, "kind", "reason", "owner", "expires")


def _pairs(policy: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(entry["path"], entry["reason"]) for entry in policy["reasons"]]


def _captures(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    # NOTE: reports of earlier versions have none
    return [_nested(entry) for entry in policy.get("dynamic", ())]


def _flattened(data: dict[str, Any], *head: str) -> dict[str, Any]:
    """Return `data` with its `location` flattened into it, behind the keys of `head`."""
    first = {key: data.pop(key) for key in head}
    return {**first, **_flat(data.pop("location")), **data}


def _flat(location: Mapping[str, Any] | None) -> dict[str, Any]:
    path, place, excerpt, revision = location.values() if location else (None, None, None, "")
    position = place[1:] if place else (None,) * len(_PLACE)
    tree = {"revision": revision} if revision else {}  # NOTE: as schemas/report.json has it, of few places only
    return {"path": path, **dict(zip(_PLACE, position, strict=True)), "excerpt": excerpt, **tree}


def _nested(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` with the location that was flattened into it under `location` again."""
    return {**data, "location": _location(data)}


def _location(data: Mapping[str, Any]) -> dict[str, Any] | None:
    if data["path"] is None:
        return None
    place = None if data["line"] is None else (data["path"], *(data[key] for key in _PLACE))
    return {"path": data["path"], "place": place, "excerpt": data["excerpt"], "revision": data.get("revision", "")}


def _nested_finding(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_nested(data),
        "related": [_location(location) for location in data["related"]],
        "nearest": data["nearest"] and _nested(data["nearest"]),
        "waived": data["waived"]
        and {**_nested(data["waived"]), "since": (data.get("accepted") or {}).get("by") == "since"},
        "fix": _nested_fix(data.get("fix")),
    }


def _nested_fix(data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    # NOTE: reports of earlier versions have none
    if data is None:
        return None
    edits = [_nested_edit(edit) for edit in data["edits"]]
    return {**data, "problem": data["problem"] or "", "edits": edits}


def _filled(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with the empty requirement of what belongs to none, which is null in JSON."""
    for entry in (*report["policies"], *report["findings"]):
        entry["requirement"] = entry["requirement"] or ""
    return report
