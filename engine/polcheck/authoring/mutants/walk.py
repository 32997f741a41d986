"""The walk over a document's items: every place that an operator may change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from polcheck.authoring.mutants.edits import edited, value_at
from polcheck.formats.values import Json, Pointer
from polcheck.policy.plan import RELATIONS

_CONJUNCTIONS = ("when", "for", "require", "forbid")
_TARGETS = (*RELATIONS, "until")


class Site(Struct, frozen=True):
    """One item: its mapping, where it is, the conjunction that holds it, and whether it is a target of a relation."""

    document: Json
    at: Pointer
    item: dict[str, Any]
    siblings: int  # how many items its conjunction has, itself included
    holder: str  # the key of the conjunction: `for`, `not`, `any` …
    target: bool = False


class Conjoined(Struct, frozen=True):
    """One conjunction: where it is, its items (one that is no list has one), and the key that holds it."""

    at: Pointer
    items: list[Json]
    holder: str


def conjunctions(document: Json, at: Pointer = ()) -> Iterator[Conjoined]:
    """Yield every conjunction at or below `at`, outermost first: those of a policy, or the one that a selector is."""
    value = value_at(document, at)
    if at:
        yield from _conjunction(value, at, str(at[0]))
        return
    for key in _CONJUNCTIONS:
        if key in value:
            yield from _conjunction(value[key], (key,), key)


def sites(document: Json, at: Pointer = ()) -> Iterator[Site]:
    """Yield every item at or below `at`, targets included, in the document's order."""
    for conjoined in conjunctions(document, at):
        value = value_at(document, conjoined.at)
        for index, item in enumerate(conjoined.items):
            if isinstance(item, dict):
                place = (*conjoined.at, index) if isinstance(value, list) else conjoined.at
                yield Site(document, place, item, len(conjoined.items), conjoined.holder)
                yield from _targets(document, item, place)


def joined_with(document: Json, at: Pointer) -> Json:
    """Return the part of a document that can join with the item at `at`: of each `any` on the way only its own
    branch.
    """
    if not isinstance(document, dict):
        return document
    if at[0] == "selectors":
        return _branch(value_at(document, at[:2]), at[2:])
    wanted = ("when",) if at[0] == "when" else _CONJUNCTIONS[1:]
    return {key: _branch(document[key], at[1:] if key == at[0] else ()) for key in wanted if key in document}


def _branch(value: Json, at: Pointer) -> Json:
    if not at or not isinstance(value, dict | list):
        return value
    step, rest = at[0], at[1:]
    if step == "any" and rest:
        branch = value_at(value, ("any", rest[0]))
        return {**value, "any": [_branch(branch, rest[1:])]} if isinstance(value, dict) else value
    return edited(value, (step,), _branch(value_at(value, (step,)), rest))


def _conjunction(value: Json, at: Pointer, holder: str) -> Iterator[Conjoined]:
    items: list[Json] = list(value) if isinstance(value, list) else [value]
    yield Conjoined(at, items, holder)
    for index, item in enumerate(items):
        if isinstance(item, dict):
            place = (*at, index) if isinstance(value, list) else at
            if "not" in item:
                yield from _conjunction(item["not"], (*place, "not"), "not")
            branches = item.get("any", [])
            for number, branch in enumerate(branches if isinstance(branches, list) else []):
                yield from _conjunction(branch, (*place, "any", number), "any")


def _targets(document: Json, item: dict[str, Any], at: Pointer) -> Iterator[Site]:
    for key in _TARGETS:
        value = item.get(key)
        entries = value if isinstance(value, list) else [value]
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                place = (*at, key, index) if isinstance(value, list) else (*at, key)
                yield Site(document, place, entry, 1, key, target=True)
                yield from _targets(document, entry, place)
