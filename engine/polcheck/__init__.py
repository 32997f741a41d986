"""polcheck: policies over code and configuration, and the joins between them."""

from __future__ import annotations

TYPE_CHECKING = False  # NOTE: importing `typing` takes longer than a run in which nothing has changed may take
if TYPE_CHECKING:
    from polcheck.base.errors import ConfigError, PolcheckError, PolicyError, Problem, SubmissionError
    from polcheck.findings.finding import Finding
    from polcheck.findings.report import Report
    from polcheck.pipeline import Checker
    from polcheck.policy.params import Settings
    from polcheck.project.library import check, checker
    from polcheck.project.session import Cancelled, Session
    from polcheck.sources.submission import Submission

__all__ = [
    "Cancelled",
    "Checker",
    "ConfigError",
    "Finding",
    "PolcheckError",
    "PolicyError",
    "Problem",
    "Report",
    "Session",
    "Settings",
    "Submission",
    "SubmissionError",
    "check",
    "checker",
]

# public name -> where it lives
_HOMES = {
    "Cancelled": "polcheck.project.session",
    "Checker": "polcheck.pipeline",
    "ConfigError": "polcheck.base.errors",
    "Finding": "polcheck.findings.finding",
    "PolcheckError": "polcheck.base.errors",
    "PolicyError": "polcheck.base.errors",
    "Problem": "polcheck.base.errors",
    "Report": "polcheck.findings.report",
    "Session": "polcheck.project.session",
    "Settings": "polcheck.policy.params",
    "Submission": "polcheck.sources.submission",
    "SubmissionError": "polcheck.base.errors",
    "check": "polcheck.project.library",
    "checker": "polcheck.project.library",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that a command starts without the rest (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module `polcheck` has no attribute `{name}`")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
