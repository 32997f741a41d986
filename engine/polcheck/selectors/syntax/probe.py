"""One pattern of a query made ready: the shape that tree-sitter runs, and what must hold of its matches.

INVARIANT: two patterns that differ only in predicates and in names of captures have the same `shape`, so
that many policies cost one search.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from polcheck.documents.syntax import grammar
from polcheck.records import record
from polcheck.selectors.syntax.predicates import Predicate

if TYPE_CHECKING:
    from tree_sitter import Query


@record(frozen=True)
class Probe:
    """A pattern: its canonical query text, its captures by number, and its predicates.

    `roots` are the captures that a match spans, `public` those that bind; `certain` are the captures
    that every match holds, `here` is the one that moves the finding's place. `free` is the largest number of choices
    that a match makes: 1 where no two siblings are free.
    """

    shape: str
    captures: tuple[str, ...]
    roots: tuple[int, ...]
    public: tuple[tuple[int, str], ...]
    certain: frozenset[str]
    here: int | None
    predicates: tuple[Predicate, ...]
    single: frozenset[str]  # the captures that hold exactly one node in every match
    width: int  # how many captures the shape has, with the hidden ones
    kinds: tuple[tuple[int, str], ...]  # the node kind that each capture stands after, where it is one
    free: int

    @property
    def always(self) -> frozenset[str]:
        """The names that every match binds."""
        return frozenset(name for number, name in self.public if self.captures[number] in self.certain)


@lru_cache(maxsize=1024)
def compiled(shape: str, language: str) -> Query:
    """The tree-sitter query of `shape`. Raises ValueError (QueryError) when tree-sitter refuses it."""
    from tree_sitter import Query

    return Query(grammar(language), shape)
