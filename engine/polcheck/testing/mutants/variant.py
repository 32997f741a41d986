"""One changed text, and how to say what was changed in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MOST = 4  # parts that are dropped one by one
_AROUND = 20  # characters shown to each side of what was changed


class Variant(NamedTuple):
    """A text with one change: the operator that made it, the new text, and the piece that changed, as it was and is."""

    operator: str
    text: str
    before: str
    after: str


def spliced(operator: str, text: str, start: int, end: int, new: str) -> Variant:
    """The variant of `text` in which `new` stands for what is between two offsets; shown with what stands around."""
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
    """Which of some parts to drop together, first and last: each alone, of many each half; none of one.

    NOTE: many words in a row are a table; to want a case for each would be to copy the table.
    """
    if count > _MOST:
        return [(0, count // 2 - 1), (count // 2, count - 1)]
    return [(index, index) for index in range(count)] if count > 1 else []
