"""An explanation as plain data: the JSON form, keys in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polcheck.explain.shown import location_plain
from polcheck.explain.told import Branch, Explanation, Lost, Match, Sample, Selected, Step
from polcheck.report import Miss, finding_plain

VERSION = 1  # of this form


def to_plain(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON values."""
    return {
        "version": VERSION,
        "pack": explanation.pack,
        "policy": explanation.id,
        "title": explanation.title,
        "severity": explanation.severity,
        "requirement": explanation.requirement or None,
        "place": explanation.place,
        "submission": explanation.submission,
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
        "findings": [finding_plain(finding) for finding in explanation.findings],
    }


def _step(step: Step) -> dict[str, Any]:
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
        "places": [location_plain(place) for place in match.places],
        "bindings": dict(match.bindings),
        "certain": match.certain,
    }


def _miss(miss: Miss | None) -> dict[str, Any] | None:
    return {"text": miss.text, **location_plain(miss.location)} if miss else None
