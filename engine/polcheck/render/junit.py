"""The report as JUnit XML: a test suite a pack, a test case a policy, a failure a finding."""

from __future__ import annotations

from collections import defaultdict

from polcheck.findings.finding import Finding
from polcheck.findings.report import PolicyOutcome, Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import xml, xml_attribute
from polcheck.render.wording import summary


def render(report: Report, options: Options) -> str:
    """Return the XML document. Accepted findings are no failures; they stand in their test case's output."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.ref].append(finding)
    packs: dict[str, list[PolicyOutcome]] = defaultdict(list)
    for policy in report.policies:
        packs[policy.pack].append(policy)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="polcheck" {_counts(report.policies)}>')
    for pack, policies in packs.items():
        lines += _suite(pack, policies, findings, report)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(policies: tuple[PolicyOutcome, ...] | list[PolicyOutcome]) -> str:
    def number(outcome: str) -> int:
        return sum(policy.outcome == outcome for policy in policies)

    return (
        f'tests="{len(policies)}" failures="{number("fail")}" errors="{number("undecided")}" '
        f'skipped="{number("not-applicable")}" time="0"'
    )


def _suite(pack: str, policies: list[PolicyOutcome], findings: dict[str, list[Finding]], report: Report) -> list[str]:
    used = next((used for used in report.packs if used.name == pack), None)
    lines = [f'  <testsuite name="{xml_attribute(pack)}" {_counts(policies)}>']
    lines += ["    <properties>"] if used else []
    unseen = (
        ("waived", str(len(report.findings) - len(report.failing))),
        ("left-out", str(report.submission.left_out)),
    )
    for name, value in (("version", used.version), ("digest", used.digest), *unseen) if used else ():
        lines.append(f'      <property name="{name}" value="{xml_attribute(value)}"/>')
    lines += ["    </properties>"] if used else []
    for policy in policies:
        lines += _case(policy, findings[policy.ref])
    return [*lines, f"    <system-out>{xml(summary(report))}</system-out>", "  </testsuite>"]


def _case(policy: PolicyOutcome, findings: list[Finding]) -> list[str]:
    lines = [f'    <testcase classname="{xml_attribute(policy.pack)}" name="{xml_attribute(policy.id)}" time="0">']
    if policy.outcome == "not-applicable":
        lines.append('      <skipped message="not applicable: nothing in the project to examine"/>')
    if policy.outcome == "undecided":
        reasons = "\n".join(f"{path}: {why}" if path else why for path, why in policy.reasons)
        message = xml_attribute(f"undecided: {policy.title}")
        lines.append(f'      <error type="undecided" message="{message}">{xml(reasons)}</error>')
    lines += [_failure(finding) for finding in findings if not finding.waived]
    examined = f"{policy.title}\nsubjects: {policy.subjects}, documents: {policy.documents}"
    waived = [_waived(finding) for finding in findings if finding.waived]
    waived += [
        f"{capture.location}: `{capture.name}` is not a constant: {capture.reason}" for capture in policy.dynamic
    ]
    lines.append(f"      <system-out>{xml(chr(10).join([examined, *waived]))}</system-out>")
    return [*lines, "    </testcase>"]


def _failure(finding: Finding) -> str:
    where = f"{finding.location}: " if finding.location else ""
    text = [f"{where}{finding.message}", *(f"also {place}" for place in finding.related)]
    if finding.looked_in:
        more = f" and {finding.looked_in_more:,} more" if finding.looked_in_more else ""
        text.append("looked in: " + ", ".join(finding.looked_in) + more)
    if finding.nearest and finding.nearest.closest:
        text.append(f"nearest: {finding.nearest.text}")
    if finding.remedy:
        text.append(f"help: {finding.remedy}")
    message = xml_attribute(where + finding.message)
    return f'      <failure type="{finding.severity}" message="{message}">{xml(chr(10).join(text))}</failure>'


def _waived(finding: Finding) -> str:
    waived = finding.waived
    assert waived is not None
    where = f"{finding.location}: " if finding.location else ""
    return f"accepted ({waived.kind}): {where}{finding.message} ({waived.reason})"


FORMAT = OutputFormat(render, with_digest=False, paths_from="repository")
