"""Mutation operators on the fix of a policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from polcheck.authoring.mutants.edits import DROPPED, bound_names, edited, short, value_at
from polcheck.authoring.mutants.expressions import negated
from polcheck.authoring.mutants.mutant import Change
from polcheck.formats.values import Json, Pointer

_ITEMS = ("for", "require", "forbid")
_TARGETS = ("replace", "into", "delete", "rename")
_ADDS = ("insert", "set")
_TEXTS = ("with", "text", "to")
_POSITIONS = {"first": "last", "last": "first", "sorted": "last"}


def fix(document: Json) -> Iterator[Change]:
    """Yield the changes of a policy's `fix`: dropped as a whole or in part, made elsewhere, or with another text."""
    assert isinstance(document, dict)
    value = document.get("fix")
    if value is None:
        return
    yield Change("drop-fix", ("fix",), edited(document, ("fix",), DROPPED), f"fix: {short(value)}", "nothing")
    if not isinstance(value, list):
        yield from _edit(document, ("fix",))
        return
    for index, entry in enumerate(value):
        at = ("fix", index)
        if len(value) > 1:
            yield Change("drop-edit", at, edited(document, at, DROPPED), short(entry), "nothing")
        yield from _edit(document, at)


def _edit(document: dict[str, Any], at: Pointer) -> Iterator[Change]:
    """Yield the changes of one edit of a fix."""
    edit = value_at(document, at)
    if not isinstance(edit, dict):
        return
    names = bound_names(json.dumps({key: document[key] for key in _ITEMS if key in document}, ensure_ascii=False))
    for key in _TARGETS:
        if isinstance(edit.get(key), str):
            for name in [name for name in names if name != edit[key]][:1]:
                place = (*at, key)
                yield Change("other-target", place, edited(document, place, name), f"{key}: {edit[key]}", name)
    for key in _TEXTS:
        if isinstance(edit.get(key), str) and edit[key]:
            place = (*at, key)
            yield Change("empty-text", place, edited(document, place, ""), f"{key}: {edit[key]}", "nothing")
    yield from _conditional(document, at, edit)
    for kind in _ADDS:
        if kind in edit:
            yield from _added(document, at, edit, kind)
    if "set" in edit:
        insertion = {"insert" if key == "set" else key: value for key, value in edit.items()}
        before = f"set: {short(edit['set'])}"
        yield Change("keep-entry", (*at, "set"), edited(document, at, insertion), before, "insert")


def _conditional(document: dict[str, Any], at: Pointer, edit: dict[str, Any]) -> Iterator[Change]:
    """Yield an edit that is made wherever its finding is, and one that is made where its condition doesn't hold."""
    condition = edit.get("when")
    if not isinstance(condition, str):
        return
    place = (*at, "when")
    yield Change("any-finding", place, edited(document, place, DROPPED), f"when: {condition}", "nothing")
    other = negated(condition)
    if other is not None:
        yield Change("other-findings", place, edited(document, place, other), f"when: {condition}", other)


def _added(document: dict[str, Any], at: Pointer, edit: dict[str, Any], kind: str) -> Iterator[Change]:
    """Yield an entry that isn't added, and entries that are added elsewhere."""
    place = (*at, kind)
    entries = edit[kind]
    if isinstance(entries, dict | list) and len(entries) > 1:
        for step in list(entries) if isinstance(entries, dict) else range(len(entries)):
            inner = (*place, step)
            before = short(value_at(document, inner))
            yield Change("drop-entry", inner, edited(document, inner, DROPPED), before, "nothing")
    # NOTE: what `set` overwrites stays where it is
    if isinstance(edit.get("at", "last" if kind == "insert" else None), str):
        other = _POSITIONS.get(edit.get("at", "last"), "last")
        new = edited(document, (*at, "at"), other)
        yield Change("other-position", (*at, "at"), new, f"at: {edit.get('at', 'last')}", other)
