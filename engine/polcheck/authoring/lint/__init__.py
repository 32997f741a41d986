"""Static checks of packs: problems that don't keep a pack from compiling.

One module a subject, each with one function `check(view)`; what it finds goes to the pack's problems, with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from polcheck.authoring.lint.expressions import check_expressions, check_row_names
from polcheck.authoring.lint.logic import check_branches, check_conditions, check_pairs
from polcheck.authoring.lint.names import check_messages, check_unused_names
from polcheck.authoring.lint.pack import check_policies, check_unused_parts, check_verdict
from polcheck.authoring.lint.places import check_places
from polcheck.authoring.lint.relations import check_relations
from polcheck.authoring.lint.selectors import check_constants, check_documents, check_paths, check_regexes
from polcheck.authoring.lint.view import View
from polcheck.base.errors import Problem
from polcheck.policy.origin import Problems
from polcheck.policy.pack import open_packs
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.params import AS_WRITTEN

CHECKS: tuple[Callable[[View], None], ...] = (
    check_paths,
    check_documents,
    check_constants,
    check_conditions,
    check_branches,
    check_pairs,
    check_relations,
    check_unused_names,
    check_places,
    check_policies,
    check_messages,
    check_regexes,
    check_expressions,
    check_row_names,
    check_verdict,
    check_unused_parts,
)
_ORDER = {"error": 0, "warning": 1, "note": 2}


class Linted(Struct, frozen=True):
    """The result of linting: of each pack its name, version and number of policies; and every problem, errors first."""

    packs: tuple[tuple[str, str, int], ...]
    problems: tuple[Problem, ...]

    def of(self, severity: str) -> tuple[Problem, ...]:
        """Return the problems of one severity: `error`, `warning` or `note`."""
        return tuple(problem for problem in self.problems if problem.severity == severity)


def lint(packs: Sequence[PackFiles], schemas: Schemas) -> Linted:
    """Return all problems of these packs, and what could be better. Raises nothing for a bad pack."""
    names: list[tuple[str, str, int]] = []
    result = Problems()
    built, opened = open_packs(packs, AS_WRITTEN, schemas, result)
    complete = not result.errors
    for pack in opened:
        if not pack.listed:
            continue  # what is wrong with a pack that this one builds on is for its own authors
        view = View(pack, built.probes, complete)
        for check in CHECKS:
            check(view)
        names.append((pack.compiled.name, pack.compiled.version, len(view.entries)))
    ordered = sorted(result.reported, key=lambda p: (_ORDER[p.severity], p.path, p.line, p.column, p.message))
    return Linted(tuple(names), tuple(ordered))
