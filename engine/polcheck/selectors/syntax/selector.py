"""A compiled `code` or `pattern` selector, as a value."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from polcheck.selectors.syntax.query_patterns import PatternProbe
from polcheck.selectors.syntax.shape import Shape

Clauses = tuple[frozenset[str], ...]
# what to run, the snippet's shape where there is one, and the text
Alternative = tuple[PatternProbe, Shape | None, str]

MANY = 1_000_000
_NODE = 4  # bytes, at least, of a sibling and what stands beside it


class Syntax(Struct, frozen=True):
    """A selector over syntax trees: plain data that pickles.

    `queries` are the tree-sitter queries that it runs as, for people. `binds` are the names that every match
    of every alternative binds, `some` those that only some bind. Each set of `literals` holds words of which
    one stands, as a whole word, in every file that has a match, or in its path: `from . import train` in src/main.py
    names `src.train`. `warnings` are (message, offset, help, index), the
    offset counting in the text at that index of `texts`.
    """

    language: str
    kind: str
    texts: tuple[str, ...]
    queries: tuple[str, ...]
    binds: frozenset[str]
    some: frozenset[str] = frozenset()
    literals: Clauses = ()
    warnings: tuple[tuple[str, int, str, int], ...] = ()
    resolve: bool = True
    alternatives: tuple[Alternative, ...] = ()


def may_multiply(syntax: Syntax, size: int) -> bool:
    """Return whether the matches of a selector in a file of so many bytes may be so many that finding them takes
    long.

    NOTE: `(module (_) @a (_) @b)` matches each pair of statements; tree-sitter's limit on matches bounds neither their
    number nor the time.
    """
    most = max(probe.free for probe, _, _ in syntax.alternatives)
    return most > 1 and (size / _NODE) ** min(most, 20) > MANY


_MOST_LITERALS = 32


def either(choices: list[Clauses]) -> Clauses:
    """What holds whichever of `choices` holds; of each its best clause when all would be too many."""
    joined: set[frozenset[str]] = set(choices[0])
    for clauses in choices[1:]:
        few = len(joined) * len(clauses) <= _MOST_LITERALS
        mine, theirs = (joined, clauses) if few else (_longest(joined), _longest(clauses))
        joined = {one | other for one in mine for other in theirs}
    # a clause that another one implies says nothing
    smallest = [one for one in joined if len(one) <= _MOST_LITERALS and not any(other < one for other in joined)]
    return tuple(sorted(smallest, key=sorted))


def _longest(clauses: Iterable[frozenset[str]]) -> Clauses:
    """Return the clause whose words are likely to be the rarest: its shortest word is the longest."""
    return tuple(sorted(clauses, key=lambda words: (-min(map(len, words)), sorted(words)))[:1])
