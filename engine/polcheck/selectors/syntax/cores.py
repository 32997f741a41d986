"""Cores of expressions: what is left of one without the parentheses and the `await` around it.

Two matches that differ by no more than those are one and the same to the relation `is`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from polcheck.base.spans import Span
from polcheck.languages.grammars import Tree, captures
from polcheck.languages.names import unwrapped
from polcheck.languages.registry import language as language_called
from polcheck.selectors.results import MatchTable, SearchResult

if TYPE_CHECKING:
    from tree_sitter import Node

_BEGINNINGS = (b"(", b"await")


def with_cores(result: SearchResult, tree: Tree) -> SearchResult:
    """Return the result with the core of each match, and of each node that it binds, that has another place."""
    cores = _cores_in(tree) if result.matches else {}
    if not cores:
        return result
    places = _places(result)
    own = {span: core for span, core in cores.items() if span in places}
    return replace(result, cores=own) if own else result


_CORES: WeakKeyDictionary[Tree, Mapping[Span, Span]] = WeakKeyDictionary()


def _cores_in(tree: Tree) -> Mapping[Span, Span]:
    """Return the core of each expression of a file that has parentheses or `await` around it, made once for a tree."""
    cores = _CORES.get(tree)
    if cores is None:
        kinds = language_called(tree.language).wrappers
        wrapped = bool(kinds) and any(word in tree.source.utf8 for word in _BEGINNINGS)
        cores = _CORES[tree] = _unwrapped(tree, kinds) if wrapped else {}
    return cores


def _unwrapped(tree: Tree, kinds: frozenset[str]) -> Mapping[Span, Span]:
    query = f"[{' '.join(f'({kind})' for kind in sorted(kinds))}] @wrapper"
    outer = captures(query, tree).get("wrapper", ())
    spans, places = _spans_of(outer, tree), _spans_of([unwrapped(node, kinds) for node in outer], tree)
    return {span: place for span, place in zip(spans, places, strict=True) if span != place}


def _spans_of(nodes: Sequence[Node], tree: Tree) -> Iterable[Span]:
    offsets = tree.source.offsets_of_bytes
    return map(Span, offsets([node.start_byte for node in nodes]), offsets([node.end_byte for node in nodes]))


def _places(result: SearchResult) -> set[tuple[int, int] | None]:
    """Return the places of the matches, and of what they bind."""
    table = result.matches
    places: set[tuple[int, int] | None] = set()
    if isinstance(table, MatchTable):
        for spans in (table.spans, *(column.spans for column in table.columns.values())):
            places.update(zip(spans.starts, spans.ends, strict=True))
    else:
        for match in table:
            places.add(match.span)
            places.update(bound.span for _, bound in match.bindings)
    return places
