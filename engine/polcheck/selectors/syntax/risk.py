"""How many matches a `code` query may have: each free child of a node multiplies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.selectors.syntax.selector import Syntax

if TYPE_CHECKING:
    from polcheck.selectors.syntax.query import Element

MANY = 1_000_000
_NODE = 4  # bytes, at least, of a sibling and what stands beside it


def may_multiply(syntax: Syntax, size: int) -> bool:
    """Whether the matches of a selector in a file of so many bytes may be so many that finding them takes long.

    NOTE: `(module (_) @a (_) @b)` matches each pair of statements; tree-sitter's limit on matches bounds neither their
    number nor the time.
    """
    most = max(probe.free for probe, _, _ in syntax.alternatives)
    return most > 1 and (size / _NODE) ** min(most, 20) > MANY


def free_of(element: Element) -> int:
    """The largest number of choices that a match of a pattern may make: 1 where it has no two free siblings."""
    return 1 + _choices(element)


def _choices(element: Element) -> int:
    inner = [_choices(part) for part in element.elements]
    if element.form == "alternation":
        return max(inner, default=0)
    free = 0
    held = anchored = False  # whether the next child is in a field, or right after the one before
    for part in element.parts:
        if isinstance(part, str):
            held = held or part.endswith(":")
            anchored = anchored or part == "."
            continue
        free += 2 if part.quantifier in ("*", "+") else not (held or anchored)
        held = anchored = False
    return max(free - 1, 0) + sum(inner)
