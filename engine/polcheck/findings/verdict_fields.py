"""The fields of `--format verdict`: what a pack makes of the report, by JMESPath or by a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polcheck.findings.report import SEVERITIES, Report
from polcheck.findings.report_json import finding_to_json, report_to_json
from polcheck.formats.values import Json
from polcheck.policy.plan import CompiledPack, VerdictField
from polcheck.policy.templates import TEXT_FUEL, TemplateFault, render
from polcheck.selectors.jmespath.values import EvaluationError


def fields_of(report: Report, packs: Iterable[CompiledPack]) -> dict[str, Any]:
    """Return `fields` and `fields_fault` of the report: every pack's fields, and why they can't be given, if so."""
    fields: dict[str, Json] = {}
    packs = [pack for pack in packs if pack.verdict]
    data = report_to_json(report) if packs else {}
    for pack in packs:
        scope = issue_scope(report, pack.name, pack.params)
        for field in pack.verdict:
            if field.name in fields:
                return {"fields": {}, "fields_fault": f"two packs give the field `{field.name}`"}
            try:
                fields[field.name] = _value(field, data, scope)
            except (TemplateFault, EvaluationError) as fault:
                return {"fields": {}, "fields_fault": f"the field `{field.name}` can't be made: {fault}"}
    return {"fields": fields, "fields_fault": ""}


def _value(field: VerdictField, data: Mapping[str, Any], scope: Mapping[str, Any]) -> Json:
    if field.expression is not None:
        return field.expression.evaluate(dict(data))
    return render(field.template or "", scope, TEXT_FUEL, ours=field.ours).strip()


def issue_scope(report: Report, pack: str | None, params: Mapping[str, Json]) -> dict[str, Any]:
    """Return what issue templates see: `requirements` with policies and findings, `findings`, `params`, `verdict`.

    With `pack`, only that pack's. Waived findings are left out; everything is new JSON values.
    """
    failing = [finding for finding in report.failing if pack in (None, finding.pack)]
    findings = [finding_to_json(finding) for finding in failing]
    of_policy: dict[tuple[str, str], list[Any]] = {}
    for finding, written in zip(failing, findings, strict=True):
        of_policy.setdefault((finding.pack, finding.policy), []).append(written)
    policies = [
        {
            "pack": policy.pack,
            "id": policy.id,
            "title": policy.title,
            "requirement": policy.requirement,
            "severity": policy.severity,
            "outcome": policy.outcome,
            "findings": of_policy.get((policy.pack, policy.id), []),
        }
        for policy in report.policies
        if pack in (None, policy.pack)
    ]
    of_requirement: dict[tuple[object, object], list[dict[str, Any]]] = {}
    for each in policies:
        of_requirement.setdefault((each["pack"], each["requirement"]), []).append(each)
    requirements = [
        {
            "pack": requirement.pack,
            "id": requirement.id,
            "title": requirement.title,
            "outcome": requirement.outcome,
            "decided_by": requirement.decided_by,
            "because": requirement.because,
            **_of_policies(of_requirement.get((requirement.pack, requirement.id), [])),
        }
        for requirement in report.requirements
        if pack in (None, requirement.pack)
    ]
    return {
        "requirements": requirements,
        "policies": policies,
        "findings": findings,
        "params": dict(params),
        "verdict": report.verdict,
    }


def _of_policies(own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    failed = [policy["severity"] for policy in own if policy["findings"]]
    return {
        "policies": list(own),
        "findings": [finding for policy in own for finding in policy["findings"]],
        "severity": next((severity for severity in SEVERITIES if severity in failed), ""),
    }
