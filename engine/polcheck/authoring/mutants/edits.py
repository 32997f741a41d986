"""Edits of YAML data: a copy of a document with one place changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from polcheck.formats.values import Json, Pointer

_NAME = re.compile(r'[$@](?P<capture>[A-Za-z]\w*)|\(\?P<(?P<group>[A-Za-z]\w*)>|"as": "(?P<value>\w+)"')


class Dropped:
    """The replacement of a value that is dropped."""


DROPPED = Dropped()


def value_at(document: Json, at: Pointer) -> Any:
    """Return the value at `at`. Raises KeyError or IndexError where there is none."""
    value: Any = document
    for step in at:
        value = value[step]
    return value


def edited(document: Json, at: Pointer, new: Json | Dropped) -> Json:
    """Return the document with `new` at `at`, or without that place. What is not on the way is shared, not copied."""
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
    """Return the document whose entry at `at` has another key, in the same place among its neighbours."""
    holder = value_at(document, at[:-1])
    entries = ((key, value) if name == at[-1] else (name, entry) for name, entry in holder.items())
    return edited(document, at[:-1], dict(entries))


def with_items(document: Json, at: Pointer, items: Sequence[Json]) -> Json:
    """Return the document in which the item at `at` of a conjunction has become these items."""
    holder = value_at(document, at[:-1])
    if not isinstance(holder, list) or at[-2:-1] == ("any",):
        return edited(document, at, list(items))
    index = int(at[-1])
    return edited(document, at[:-1], [*holder[:index], *items, *holder[index + 1 :]])


def short(value: Json) -> str:
    """Return a value as people read it in a line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_MOST = 4  # parts that are dropped one by one
_AROUND = 20  # characters shown to each side of what was changed


class Variant(NamedTuple):
    """A text with one change: the operator that made it, the new text, and the piece that changed, as it was and is."""

    operator: str
    text: str
    before: str
    after: str


def spliced(operator: str, text: str, start: int, end: int, new: str) -> Variant:
    """Return the variant of `text` in which `new` stands for what is between two offsets; shown with what stands
    around.
    """
    first, last = max(start - _AROUND, 0), min(end + _AROUND, len(text))
    head = ("…" if first else "") + text[first:start]
    tail = text[end:last] + ("…" if last < len(text) else "")
    return Variant(operator, text[:start] + new + text[end:], head + text[start:end] + tail, head + new + tail)


def within(variants: Iterable[Variant], text: str, start: int, end: int, quote: str = "") -> Iterator[Variant]:
    """Variants of a piece of `text` as variants of all of it; `quote` is put before each `\\` and `"` of the piece."""
    for variant in variants:
        piece = variant.text
        if quote:
            piece = piece.replace("\\", quote + "\\").replace('"', quote + '"')
        yield variant._replace(text=text[:start] + piece + text[end:])


def halves_or_each(count: int) -> list[tuple[int, int]]:
    """Return the ranges of parts to drop together: each part alone, each half of many, none of one.

    NOTE: many words in a row are a table; to want a case for each would be to copy the table.
    """
    if count > _MOST:
        return [(0, count // 2 - 1), (count // 2, count - 1)]
    return [(index, index) for index in range(count)] if count > 1 else []


def bound_names(text: str) -> list[str]:
    """Return the names that selectors, written as JSON, bind: captures, groups and `as`, in the text's order."""
    names = [result.group(result.lastgroup or 0) for result in _NAME.finditer(text)]
    return [name for name in names if name != "here"]
