"""The report of a run: findings, outcomes, notices, and the verdict."""

from polcheck.report.cut import cut, shortened
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
