"""Mutation operators on structure: conjunctions, `any`, `not`, `when`, `require` and `forbid`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from polcheck.authoring.mutants.edits import DROPPED, bound_names, edited, renamed, short, value_at, with_items
from polcheck.authoring.mutants.mutant import Change
from polcheck.authoring.mutants.walk import Site, conjunctions, sites
from polcheck.formats.values import Json, Pointer

_ITEMS = ("for", "require", "forbid")
_DOTTED = re.compile(r"(?<![\w$.\"'])[A-Za-z_]\w*\.[A-Za-z_$]")


def policy(document: Json) -> Iterator[Change]:
    """`require` and `forbid` for each other; `when` dropped or negated; names not followed through imports."""
    assert isinstance(document, dict)
    for key, other in (("require", "forbid"), ("forbid", "require")):
        if key in document:
            yield Change("flip-demand", (key,), renamed(document, (key,), other, document[key]), key, other)
    at = document.get("at")
    if isinstance(at, str):
        yield Change("drop-at", ("at",), edited(document, ("at",), DROPPED), f"at: {at}", "nothing")
        names = bound_names(json.dumps({key: document[key] for key in _ITEMS if key in document}, ensure_ascii=False))
        for name in [name for name in names if name != at][:1]:
            yield Change("other-at", ("at",), edited(document, ("at",), name), f"at: {at}", name)
    when = document.get("when")
    if when is not None:
        yield Change("drop-when", ("when",), edited(document, ("when",), DROPPED), f"when: {short(when)}", "nothing")
        only = when[0] if isinstance(when, list) and len(when) == 1 else when
        if not isinstance(only, dict) or not set(only) <= {"where", "not"}:
            yield Change("negate-when", ("when",), edited(document, ("when",), {"not": when}), "when", "when not")


def unresolved(document: Json, at: Pointer) -> Iterator[Change]:
    """Yield the document in which no pattern follows names through imports."""
    changed = document
    for site in sites(document, at):
        texts = site.item.get("pattern")
        if texts is not None and "resolve" not in site.item and _DOTTED.search(short(texts)):
            changed = edited(changed, (*site.at, "resolve"), False)
    if changed is not document:
        yield Change("resolve-off", at, changed, "names followed through imports", "resolve: false")


def items(document: Json, at: Pointer) -> Iterator[Change]:
    """Yield an item of a conjunction dropped."""
    for conjoined in conjunctions(document, at):
        if len(conjoined.items) > 1:
            for index, item in enumerate(conjoined.items):
                place = (*conjoined.at, index)
                name = "drop-not" if isinstance(item, dict) and set(item) == {"not"} else "drop-item"
                yield Change(name, place, edited(document, place, DROPPED), short(item), "nothing")


def branches(site: Site) -> Iterator[Change]:
    """`any`: a branch dropped, or all of its branches wanted."""
    value = site.item.get("any")
    if not isinstance(value, list) or len(value) < 2:
        return
    for index, branch in enumerate(value):
        place = (*site.at, "any", index)
        yield Change("drop-branch", place, edited(site.document, place, DROPPED), short(branch), "nothing")
    if set(site.item) == {"any"}:
        every = [item for branch in value for item in (branch if isinstance(branch, list) else [branch])]
        yield Change("all-branches", (*site.at, "any"), with_items(site.document, site.at, every), "any", "all")


def absence(site: Site) -> Iterator[Change]:
    """`not`: what must not be there must."""
    value: Any = site.item.get("not")
    if value is not None and set(site.item) == {"not"}:
        wanted = value if isinstance(value, list) else [value]
        document = with_items(site.document, site.at, wanted)
        yield Change("negate-not", (*site.at, "not"), document, f"not: {short(value)}", short(value))


def emptied(document: Json, at: Pointer) -> bool:
    """Return whether a change left an item, or a list of items, with nothing in it."""
    value = value_at(document, at)
    if isinstance(value, list):
        return not value or any(emptied(document, (*at, index)) for index in range(len(value)))
    return isinstance(value, dict) and not value
