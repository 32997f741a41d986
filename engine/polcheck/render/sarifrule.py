"""Policies as SARIF rules."""

from __future__ import annotations

from typing import Any

from polcheck.render.escape import markdown, web
from polcheck.render.sarifplace import message
from polcheck.report import PolicyOutcome


def rule(policy: PolicyOutcome) -> dict[str, Any]:
    """The `reportingDescriptor` of a policy."""
    tags = [policy.pack, *([policy.requirement] if policy.requirement else [])]
    found: dict[str, Any] = {
        "id": policy.ref,
        "shortDescription": message(policy.title),
        "fullDescription": message(policy.description or policy.title),
        "help": _help(policy),
        "defaultConfiguration": {"level": policy.severity},
        "properties": {
            "tags": list(dict.fromkeys(tags)),
            "requirement": policy.requirement,
            "problem.severity": {"note": "recommendation"}.get(policy.severity, policy.severity),
        },
    }
    if web(policy.see):
        found["helpUri"] = policy.see
    if policy.deprecated:
        found["properties"]["deprecated"] = policy.deprecated
    return found


def _help(policy: PolicyOutcome) -> dict[str, str]:
    """What the policy says, why, and what puts it right, for the page on which people read about a result."""
    paragraphs = [policy.title, policy.description, policy.remedy and f"Remedy: {policy.remedy}"]
    if policy.requirement:
        paragraphs.append(f"Requirement: {policy.requirement}")
    if policy.deprecated:
        paragraphs.append(f"Deprecated: {policy.deprecated}")
    said = [paragraph for paragraph in paragraphs if paragraph]
    return {**message("\n\n".join(said)), "markdown": "\n\n".join(map(markdown, said)) or markdown(policy.ref)}
