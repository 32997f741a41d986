"""Edits of YAML data: a copy of a document with one place changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from polcheck.documents.config import Json, Pointer


class Dropped:
    """What a place becomes when it goes away."""


DROPPED = Dropped()


def value_at(document: Json, at: Pointer) -> Any:
    """The value at `at`. Raises KeyError or IndexError where there is none."""
    value: Any = document
    for step in at:
        value = value[step]
    return value


def edited(document: Json, at: Pointer, new: Json | Dropped) -> Json:
    """The document with `new` at `at`, or without that place. What is not on the way is shared, not copied."""
    if not at:
        assert not isinstance(new, Dropped), "a document has no place to go away from"
        return new
    step, rest = at[0], at[1:]
    copy: Any = list(document) if isinstance(document, list) else dict(document)  # type: ignore[arg-type]
    if not rest and isinstance(new, Dropped):
        del copy[step]
    else:
        copy[step] = edited(copy[step] if rest else None, rest, new)
    return copy  # type: ignore[no-any-return]


def renamed(document: Json, at: Pointer, key: str, value: Json) -> Json:
    """The document whose entry at `at` has another key, in the same place among its neighbours."""
    holder = value_at(document, at[:-1])
    entries = ((key, value) if name == at[-1] else (name, entry) for name, entry in holder.items())
    return edited(document, at[:-1], dict(entries))


def with_items(document: Json, at: Pointer, items: Sequence[Json]) -> Json:
    """The document in which the item at `at` of a conjunction has become these items."""
    holder = value_at(document, at[:-1])
    if not isinstance(holder, list) or at[-2:-1] == ("any",):
        return edited(document, at, list(items))
    index = int(at[-1])
    return edited(document, at[:-1], [*holder[:index], *items, *holder[index + 1 :]])


def short(value: Json) -> str:
    """A value as people read it in a line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
