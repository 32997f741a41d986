"""Cores of expressions: what is left of one without the parentheses and the `await` around it.

Two matches that differ by no more than those are one and the same to the relation `is`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polcheck.base.spans import Span
from polcheck.languages.grammars import Tree, captures
from polcheck.languages.names import unwrapped
from polcheck.languages.registry import language as language_called
from polcheck.selectors.results import MatchTable, SearchResult

_BEGINNINGS = (b"(", b"await")


def with_cores(result: SearchResult, tree: Tree) -> SearchResult:
    """Return the result with the core of each match, and of each node that it binds, that has another place."""
    from msgspec.structs import replace

    kinds = language_called(tree.language).wrappers
    if not (kinds and result.matches and any(word in tree.source.utf8 for word in _BEGINNINGS)):
        return result
    spans = set(_spans(result))
    nodes = captures(f"[{' '.join(f'({kind})' for kind in sorted(kinds))}] @wrapper", tree).get("wrapper", ())
    offsets = tree.source.offsets_of_bytes
    starts, ends = offsets([node.start_byte for node in nodes]), offsets([node.end_byte for node in nodes])
    inner = [
        (span, unwrapped(node, kinds))
        for node, span in zip(nodes, map(Span, starts, ends), strict=True)
        if span in spans
    ]
    places = map(Span, offsets([node.start_byte for _, node in inner]), offsets([node.end_byte for _, node in inner]))
    cores: Mapping[Span, Span] = {span: place for (span, _), place in zip(inner, places, strict=True) if span != place}
    return replace(result, cores=cores) if cores else result


def _spans(result: SearchResult) -> Iterable[Span | None]:
    """Yield the places of the matches, and of what they bind."""
    table = result.matches
    if isinstance(table, MatchTable):
        for spans in (table.spans, *(column.spans for column in table.columns.values())):
            yield from map(Span, spans.starts, spans.ends)
    else:
        for match in table:
            yield match.span
            for _, bound in match.bindings:
                yield bound.span
