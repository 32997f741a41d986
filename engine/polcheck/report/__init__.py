"""The report of a run: findings, outcomes, notices, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.on_demand import on_demand

if TYPE_CHECKING:
    from polcheck.report.cutting import cut, shortened
    from polcheck.report.finding import Excerpt, Finding, Location, Miss, Waived
    from polcheck.report.plain import NotAReport, finding_plain, from_plain, to_plain
    from polcheck.report.report import (
        SEVERITIES,
        VERSION,
        Notice,
        PackUsed,
        PolicyOutcome,
        Report,
        RequirementOutcome,
        SubmissionUsed,
        Verdict,
        named_by,
        verdict_of,
        worst,
    )

__all__ = [
    "SEVERITIES",
    "VERSION",
    "Excerpt",
    "Finding",
    "Location",
    "Miss",
    "NotAReport",
    "Notice",
    "PackUsed",
    "PolicyOutcome",
    "Report",
    "RequirementOutcome",
    "SubmissionUsed",
    "Verdict",
    "Waived",
    "cut",
    "finding_plain",
    "from_plain",
    "named_by",
    "shortened",
    "to_plain",
    "verdict_of",
    "worst",
]

__getattr__ = on_demand(
    __name__,
    {
        "Excerpt": "polcheck.report.finding",
        "Finding": "polcheck.report.finding",
        "Location": "polcheck.report.finding",
        "Miss": "polcheck.report.finding",
        "NotAReport": "polcheck.report.plain",
        "Notice": "polcheck.report.report",
        "PackUsed": "polcheck.report.report",
        "PolicyOutcome": "polcheck.report.report",
        "Report": "polcheck.report.report",
        "RequirementOutcome": "polcheck.report.report",
        "SEVERITIES": "polcheck.report.report",
        "SubmissionUsed": "polcheck.report.report",
        "VERSION": "polcheck.report.report",
        "Verdict": "polcheck.report.report",
        "Waived": "polcheck.report.finding",
        "cut": "polcheck.report.cutting",
        "finding_plain": "polcheck.report.plain",
        "from_plain": "polcheck.report.plain",
        "named_by": "polcheck.report.report",
        "shortened": "polcheck.report.cutting",
        "to_plain": "polcheck.report.plain",
        "verdict_of": "polcheck.report.report",
        "worst": "polcheck.report.report",
    },
)
