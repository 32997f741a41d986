"""Edits of a text: the result, the new offsets of its parts, and the largest set of edits that keeps its meaning."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

_MOST_TRIES = 100


class Edit(NamedTuple):
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


Group = tuple[Edit, ...]  # edits that stand or fall together


def applied(text: str, edits: Sequence[Edit]) -> str:
    """`text` with these edits made. INVARIANT: they are in order, and none overlaps another."""
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


class Moves:
    """A map from the offsets of a text to those after ordered edits of it."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._starts = [edit.start for edit in edits]
        self._shifts = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in edits)]

    def moved(self, offset: int) -> int:
        """Return the new offset of the character at `offset`; an insertion there precedes it, a replacement begins
        there.
        """
        index = bisect_right(self._starts, offset)
        if index and offset < self._edits[index - 1].end:
            edit = self._edits[index - 1]
            inside = min(offset - edit.start, len(edit.text))
            return edit.start + self._shifts[index - 1] + inside
        return offset + self._shifts[index]


def in_order(groups: Iterable[Group]) -> tuple[Edit, ...]:
    """Return the edits of these groups by place; of several at one place, in the order of the groups."""
    return tuple(sorted((edit for group in groups for edit in group), key=lambda edit: edit[:2]))


def most(text: str, groups: Sequence[Group], keeps: Callable[[str], bool]) -> tuple[Edit, ...]:
    """Return the edits of as many groups as can be made so that `keeps` holds of what comes out; none if there are
    none.

    Where all together don't, one half is tried, then the other beside what was kept, and so on.
    """
    chosen: list[Group] = []
    left = _MOST_TRIES

    def add(groups: Sequence[Group]) -> None:
        nonlocal left
        if not groups or left <= 0:
            return
        left -= 1
        if keeps(applied(text, in_order([*chosen, *groups]))):
            chosen.extend(groups)
        elif len(groups) > 1:
            half = len(groups) // 2
            add(groups[:half])
            add(groups[half:])

    add(groups)
    return in_order(chosen)
