"""polcheck: policies over code and configuration, and the joins between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polcheck.errors import ConfigError, PolcheckError, PolicyError, Problem, SubmissionError
    from polcheck.flow import Checker
    from polcheck.library import check, checker
    from polcheck.policy.params import Settings
    from polcheck.report import Finding, Report
    from polcheck.submission import Submission

_HOMES = {
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
}

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


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: the command line starts without them."""
    if name not in _HOMES:
        raise AttributeError(f"module `polcheck` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
