"""polcheck: policies over code and configuration, and the joins between them."""

from __future__ import annotations

from polcheck.on_demand import on_demand

TYPE_CHECKING = False  # NOTE: `typing` takes longer to import than what a run that was made before takes
if TYPE_CHECKING:
    from polcheck.errors import ConfigError, PolcheckError, PolicyError, Problem, SubmissionError
    from polcheck.flow import Checker
    from polcheck.library import check, checker
    from polcheck.policy.params import Settings
    from polcheck.report import Finding, Report
    from polcheck.submission import Submission

__all__ = [
    "Checker",
    "ConfigError",
    "Finding",
    "PolcheckError",
    "PolicyError",
    "Problem",
    "Report",
    "Settings",
    "Submission",
    "SubmissionError",
    "check",
    "checker",
]

__getattr__ = on_demand(
    __name__,
    {
        "Checker": "polcheck.flow",
        "ConfigError": "polcheck.errors",
        "Finding": "polcheck.report",
        "PolcheckError": "polcheck.errors",
        "PolicyError": "polcheck.errors",
        "Problem": "polcheck.errors",
        "Report": "polcheck.report",
        "Settings": "polcheck.policy.params",
        "Submission": "polcheck.submission",
        "SubmissionError": "polcheck.errors",
        "check": "polcheck.library",
        "checker": "polcheck.library",
    },
)
