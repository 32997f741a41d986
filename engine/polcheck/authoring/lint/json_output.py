"""The problems of packs as JSON values, for `validate -f json`."""

from __future__ import annotations

from polcheck.authoring.lint import Linted
from polcheck.base.errors import Problem
from polcheck.formats.values import Json


def json_output(result: Linted) -> dict[str, Json]:
    """Return the checked packs, their problems in order, and how many there are of each severity."""
    return {
        "packs": [{"name": name, "version": version, "policies": count} for name, version, count in result.packs],
        "problems": [_problem(problem) for problem in result.problems],
        "errors": len(result.of("error")),
        "warnings": len(result.of("warning")),
        "notes": len(result.of("note")),
    }


def _problem(problem: Problem) -> Json:
    return {
        "severity": problem.severity,
        "message": problem.message,
        "path": problem.path or None,
        "line": problem.line or None,
        "column": problem.column or None,
        "excerpt": problem.excerpt or None,
        "help": problem.help or None,
    }
