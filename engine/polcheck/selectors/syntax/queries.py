"""Many shapes searched for at once; the queries that were compiled for that are kept.

NOTE: to compile a query takes longer than to search a file with it, and which shapes can match differs from file to
file. Where a file asks for many of them, it is searched for all: that query serves every file, and shapes that are
asked for later are found already.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from polcheck.documents.syntax import Tree
from polcheck.selectors.syntax.names import IMPORTS
from polcheck.selectors.syntax.probe import compiled

if TYPE_CHECKING:
    from tree_sitter import Node, Query

    Captures = Mapping[str, list[Node]]

_KEPT = 64
_SHARE = 3  # a file that asks for a third of the shapes is searched for all
_MOST = 100  # shapes in a query that serves every file


class Searched(NamedTuple):
    """The matches of each shape by its number, those of import statements, and whether tree-sitter has lost none.

    A match near where a search begins may be there twice.
    """

    matches: Mapping[int, Sequence[Captures]]
    imports: Sequence[Captures]
    complete: bool


class Queries:
    """The shapes of one bank. `harmless` are those that may be searched for in any file, asked for or not."""

    def __init__(self, language: str, shapes: Sequence[str], harmless: Sequence[int], limit: int) -> None:
        self._language = language
        self._shapes = shapes
        self._harmless = harmless
        self._limit = limit
        self._made: OrderedDict[tuple[int, ...], Query] = OrderedDict()
        self._last: tuple[Tree, Searched] | None = None

    def search(self, tree: Tree, roots: Sequence[Node], numbers: Sequence[int], imports: bool) -> Searched:
        """Searches for the shapes with these numbers and, if `imports`, for import statements."""
        if self._last is not None and not imports:
            last, found = self._last
            if last is tree and all(number in found.matches for number in numbers):
                return found
        if _SHARE * len(numbers) < len(self._shapes) or len(self._shapes) > _MOST:
            return self._run(roots, numbers, imports)
        found = self._run(roots, self._harmless, imports)
        rest = [number for number in numbers if number not in found.matches]
        if rest and found.complete:
            other = self._run(roots, rest, imports=False)
            found = Searched({**found.matches, **other.matches}, found.imports, other.complete)
        if not found.complete:  # NOTE: what nobody asked for may be why
            return self._run(roots, numbers, imports)
        self._last = (tree, found)
        return found

    def _run(self, roots: Sequence[Node], numbers: Sequence[int], imports: bool) -> Searched:
        from tree_sitter import QueryCursor

        cursor = QueryCursor(self._query(numbers, imports), match_limit=self._limit)
        by_pattern: list[list[Captures]] = [[] for _ in range(len(numbers) + 1)]
        complete = True
        for root in roots:
            for pattern, captures in cursor.matches(root):
                by_pattern[pattern].append(captures)
            complete = complete and not cursor.did_exceed_match_limit
        return Searched(dict(zip(numbers, by_pattern, strict=False)), by_pattern[-1], complete)

    def _query(self, numbers: Sequence[int], imports: bool) -> Query:
        """The query for the shapes with these numbers, and last for import statements."""
        key = (*numbers, -1) if imports else tuple(numbers)
        query = self._made.get(key)
        if query is None:
            shapes = [self._shapes[number] for number in numbers]
            text = "\n".join([*shapes, IMPORTS] if imports else shapes)
            query = self._made[key] = compiled(text, self._language)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return query
