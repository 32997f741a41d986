"""An explanation as plain data: the JSON form, keys in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from polcheck.findings.finding import Finding, Location, NearMiss
from polcheck.findings.report_json import finding_to_json, location_to_json
from polcheck.formats.values import Json


class Document(Struct, frozen=True):
    """A file that a selector looked at. `note` says what kept it from being searched; `open`, that it matters."""

    path: str
    matches: int
    note: str = ""
    open: bool = False


class LeftOut(Struct, frozen=True):
    """The files that a selector did not look at for one reason."""

    reason: str
    paths: tuple[str, ...]


class Match(Struct, frozen=True):
    """A row: the places of its matches, and what its names stand for. Not `certain`: a `not` left it open."""

    places: tuple[Location, ...]
    bindings: Mapping[str, Json]
    certain: bool = True


class Lost(Struct, frozen=True):
    """A row that a step did not let through, and what would have come closest."""

    row: Match
    nearest: NearMiss | None = None


class Sample(Struct, frozen=True):
    """The first of many: `total` counts all of them."""

    total: int = 0
    matches: tuple[Match, ...] = ()


class Selected(Struct, frozen=True):
    """The rows of a selector by itself, before any join.

    `queries` are the tree-sitter queries that a pattern became; `nearest` is what comes closest where nothing matches.
    """

    documents: tuple[Document, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    queries: tuple[str, ...] = ()
    found: Sample = field(default_factory=Sample)
    nearest: NearMiss | None = None


class ExplainedStep(Struct, frozen=True):
    """One step of a conjunction: what it is, what it looked at, and which rows it let through.

    `at` is where it is written in the policy (`require[0].any[1]`), `place` that with file and line. `words` are its
    kind and text. `joins` are the names on which it was joined. `reached` is false where nothing was left to extend.
    """

    at: str
    place: str
    kind: str
    words: tuple[tuple[str, str], ...]
    selected: Selected | None = None
    joins: tuple[str, ...] = ()
    note: str = ""
    reached: bool = True
    before: int = 0
    after: int = 0
    lost: tuple[Lost, ...] = ()
    lost_total: int = 0
    below: tuple[Branch, ...] = ()


class Branch(Struct, frozen=True):
    """Steps inside of a step: a branch of `any`, what `not` looks for, the conditions of a selector."""

    name: str
    steps: tuple[ExplainedStep, ...]


class Part(Struct, frozen=True):
    """`when`, `for`, `require` or `forbid`: its steps, and the rows that came out of it.

    `said` is what came of it, in words. `failed` are the subjects for which the policy fails, `failed_total` of them.
    """

    keyword: str
    steps: tuple[ExplainedStep, ...]
    result: Sample
    said: str
    failed: tuple[Lost, ...] = ()
    failed_total: int = 0


class ExplainedFix(Struct, frozen=True):
    """The fix of a policy: the keys of each edit with their texts, and whether its author says that it is safe."""

    safe: bool
    edits: tuple[tuple[tuple[str, str], ...], ...]


class Explanation(Struct, frozen=True):
    """A policy step by step, and how that made its outcome; `because` are sentences."""

    pack: str
    id: str
    title: str
    severity: str
    requirement: str
    place: str
    submission: str
    root: str  # that paths are seen from, but for those of findings; empty for the submission's
    outcome: str
    because: tuple[str, ...]
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]
    unsearched: tuple[tuple[str, str], ...]
    fix: ExplainedFix | None = None


VERSION = 1  # of this form


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as JSON values."""
    return {
        "version": VERSION,
        "pack": explanation.pack,
        "policy": explanation.id,
        "title": explanation.title,
        "severity": explanation.severity,
        "requirement": explanation.requirement or None,
        "place": explanation.place,
        "submission": explanation.submission,
        "root": explanation.root,
        "outcome": explanation.outcome,
        "because": list(explanation.because),
        "parts": [
            {
                "keyword": part.keyword,
                "result": part.said,
                "rows": _sample(part.result),
                "steps": [_step(step) for step in part.steps],
                "failed": _lost(part.failed, part.failed_total),
            }
            for part in explanation.parts
        ],
        "unsearched": [{"path": path or None, "reason": reason} for path, reason in explanation.unsearched],
        "fix": _fix(explanation.fix) if explanation.fix else None,
        "findings": [finding_to_json(finding) for finding in explanation.findings],
    }


def _fix(fix: ExplainedFix) -> dict[str, Any]:
    return {"safe": fix.safe, "edits": [[{"key": key, "text": text} for key, text in edit] for edit in fix.edits]}


def _step(step: ExplainedStep) -> dict[str, Any]:
    return {
        "at": step.at,
        "place": step.place or None,
        "kind": step.kind,
        "written": [{"key": key, "text": text} for key, text in step.words],
        "reached": step.reached,
        "selector": _selected(step.selected) if step.selected else None,
        "joined_on": list(step.joins),
        "rows_in": step.before,
        "rows_out": step.after,
        "note": step.note,
        "lost": _lost(step.lost, step.lost_total),
        "below": [_branch(branch) for branch in step.below],
    }


def _lost(lost: Sequence[Lost], total: int) -> dict[str, Any]:
    return {"total": total, "shown": [{**_match(entry.row), "nearest": _miss(entry.nearest)} for entry in lost]}


def _branch(branch: Branch) -> dict[str, Any]:
    return {"name": branch.name, "steps": [_step(step) for step in branch.steps]}


def _selected(selected: Selected) -> dict[str, Any]:
    return {
        "queries": list(selected.queries),
        "looked_in": [
            {
                "path": document.path,
                "matches": document.matches,
                "note": document.note or None,
                "searched": not document.open,
            }
            for document in selected.documents
        ],
        "left_out": [{"reason": group.reason, "paths": list(group.paths)} for group in selected.left_out],
        "found": _sample(selected.found),
        "nearest": _miss(selected.nearest),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {"total": sample.total, "shown": [_match(match) for match in sample.matches]}


def _match(match: Match) -> dict[str, Any]:
    return {
        "places": [location_to_json(place) for place in match.places],
        "bindings": dict(match.bindings),
        "certain": match.certain,
    }


def _miss(miss: NearMiss | None) -> dict[str, Any] | None:
    return {"text": miss.text, **location_to_json(miss.location)} if miss else None
