"""The results of test cases for machines: JSON values and JUnit XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from polcheck.authoring.mutants.hunt import Survivor
from polcheck.authoring.rewrites.robustness import Difference
from polcheck.authoring.testing.cases import Case
from polcheck.authoring.testing.coverage import Uncovered
from polcheck.authoring.testing.mismatches import Mismatch
from polcheck.authoring.testing.pack_source import pointer_text
from polcheck.authoring.testing.run import Tested
from polcheck.authoring.testing.runner import Result
from polcheck.render.escape import xml, xml_attribute


def to_json(every: Iterable[Tested]) -> dict[str, Any]:
    """Return the results of some packs as JSON values."""
    return {"packs": [_pack(tested) for tested in every]}


def _pack(tested: Tested) -> dict[str, Any]:
    values: dict[str, Any] = {
        "pack": tested.name,
        "passed": len(tested.cases) - len(tested.failed),
        "failed": len(tested.failed),
        "cases": [_case(case, result) for case, result in zip(tested.cases, tested.results, strict=True)],
    }
    if (coverage := tested.coverage) is not None:
        values["coverage"] = {
            "ways": coverage.total,
            "exercised": coverage.seen,
            "percent": round(coverage.percent, 2),
            "missing": [_uncovered(uncovered) for uncovered in coverage.uncovered],
        }
    if (mutation := tested.mutation) is not None:
        values["mutants"] = {
            "killed": mutation.killed,
            "refused": mutation.refused,
            "percent": round(mutation.percent, 2),
            "survived": [_survivor(survivor) for survivor in mutation.survived],
            "equivalent": [_survivor(survivor) for survivor in mutation.equivalent],
            "unused": [entry.where for entry in mutation.unused],
            "operators": [tally._asdict() for tally in mutation.tallies],
        }
    if (robustness := tested.robustness) is not None:
        values["rewrites"] = {
            "tried": robustness.tried,
            "differences": [_difference(difference) for difference in robustness.differences],
            "excused": [_difference(difference) for difference in robustness.excused],
            "unused": [f"{case.where}:{case.line}" for case, _ in robustness.unused],
            "rewrites": [tally._asdict() for tally in robustness.tallies],
        }
    return values


def _case(case: Case, result: Result) -> dict[str, Any]:
    return {
        "case": case.name,
        "path": case.where,
        "line": case.line,
        "passed": result.passed,
        "faults": [
            {"about": f.about, "line": f.line, "expected": f.expected, "got": f.got, "notes": list(f.notes)}
            for f in result.mismatches
        ],
    }


def _uncovered(uncovered: Uncovered) -> dict[str, Any]:
    point = uncovered.point
    part = pointer_text(point.at) or point.what
    return {"policy": point.owner, "part": part, "place": uncovered.place, "side": uncovered.side}


def _survivor(survivor: Survivor) -> dict[str, Any]:
    mutant = survivor.mutant
    values = {
        "policy": mutant.owner,
        "mutant": mutant.id,
        "operator": mutant.operator,
        "place": survivor.place,
        "from": mutant.before,
        "to": mutant.after,
    }
    return {**values, "reason": survivor.reason} if survivor.reason else values


def _difference(difference: Difference) -> dict[str, Any]:
    values = {
        "case": difference.case.name,
        "path": difference.case.where,
        "line": difference.line,
        "about": difference.about,
        "rewrite": difference.rewrite,
        "file": difference.path,
        "expected": difference.expected,
        "got": difference.got,
        "diff": difference.diff,
    }
    return {**values, "reason": difference.reason} if difference.reason else values


def to_junit(every: Sequence[Tested]) -> str:
    """Return the cases as JUnit XML: a test suite a pack, a test case a case. Coverage, mutants and rewrites aren't
    in it.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="polcheck test">']
    for tested in every:
        counts = f'tests="{len(tested.cases)}" failures="{len(tested.failed)}" errors="0" skipped="0"'
        lines.append(f'  <testsuite name="{xml_attribute(tested.name)}" {counts}>')
        for case, result in zip(tested.cases, tested.results, strict=True):
            lines += _xml_case(case, result)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _xml_case(case: Case, result: Result) -> Iterator[str]:
    head = f'    <testcase classname="{xml_attribute(case.where)}" name="{xml_attribute(case.name)}" '
    head += f'file="{xml_attribute(case.where)}" line="{case.line}"'
    if result.passed:
        yield f"{head}/>"
        return
    yield f"{head}>"
    for mismatch in result.mismatches:
        actual = f"{mismatch.about}: expected {mismatch.expected}, got {mismatch.got}"
        yield f'      <failure message="{xml_attribute(actual)}">{xml(_detail(case, mismatch))}</failure>'
    yield "    </testcase>"


def _detail(case: Case, mismatch: Mismatch) -> str:
    return "\n".join([f"{case.where}:{mismatch.line}: {mismatch.about}", *mismatch.notes])
