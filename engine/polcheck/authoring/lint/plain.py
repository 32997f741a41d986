"""What was found as plain data, for JSON."""

from __future__ import annotations

from polcheck.authoring.lint import Linted
from polcheck.base.errors import Problem
from polcheck.formats.values import Json


def plain(found: Linted) -> dict[str, Json]:
    """The packs that were checked, their problems in order, and how many there are of each severity."""
    return {
        "packs": [{"name": name, "version": version, "policies": count} for name, version, count in found.packs],
        "problems": [_problem(problem) for problem in found.problems],
        "errors": len(found.of("error")),
        "warnings": len(found.of("warning")),
        "notes": len(found.of("note")),
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
