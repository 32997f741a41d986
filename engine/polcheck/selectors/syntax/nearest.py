"""The nearest miss of a selector in a file: what it would have found without its predicates."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from polcheck.base.spans import Span, on_one_line
from polcheck.languages.grammars import Tree
from polcheck.languages.names import Names, names_of
from polcheck.selectors.results import Bound
from polcheck.selectors.syntax.cost import too_wide
from polcheck.selectors.syntax.matcher import Matcher, TooMuchWork, Work, matcher_of
from polcheck.selectors.syntax.matches import matches_of_captures
from polcheck.selectors.syntax.predicates import Predicate
from polcheck.selectors.syntax.query_patterns import PatternProbe, compiled
from polcheck.selectors.syntax.query_set import LIMITS
from polcheck.selectors.syntax.selector import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_MATCHES = 2_000
_STEPS = 100_000
_ALIKE = 0.6


class Near(NamedTuple):
    """A match that fails `failed` (texts for people) and nothing else, and what it would have bound."""

    span: Span
    failed: tuple[str, ...]
    bindings: tuple[tuple[str, Bound], ...] = ()


class _Miss(NamedTuple):
    failing: int
    unlike: float
    start: int
    end: int
    failed: tuple[str, ...]
    probe: PatternProbe
    nodes: Sequence[Sequence[Node]]


def nearest(syntax: Syntax, tree: Tree) -> Near | None:
    """Return the match that fails the fewest predicates, of those the one that looks most like what is wanted.

    None when nothing has the structure, or, for a snippet, when no name is like the wanted one. A full match
    is not a miss and is left out.
    """
    misses: list[_Miss] = []
    if too_wide(tree, LIMITS.width):
        return None
    for probe, shape, text in syntax.alternatives:
        matcher = matcher_of(shape, syntax.language, syntax.resolve) if shape is not None else None
        work = Work(lambda: names_of(tree), _STEPS)
        for nodes in islice(_matches(probe, tree), _MOST_MATCHES):
            miss = _miss(probe, matcher, nodes, work, text)
            if miss is not None:
                misses.append(miss)
    if not misses:
        return None
    best = min(misses, key=lambda miss: miss[:4])
    if syntax.kind == "pattern" and best.unlike > 1 - _ALIKE:
        return None
    span = tree.source.span_of_bytes
    rows = islice(matches_of_captures(best.probe, best.nodes, tree.language), 1)
    bindings = tuple((name, Bound(bind.value, span(bind.start, bind.end))) for row in rows for name, bind in row[4])
    return Near(span(best.start, best.end), best.failed, bindings)


def _matches(probe: PatternProbe, tree: Tree) -> Iterator[Sequence[Sequence[Node]]]:
    from tree_sitter import QueryCursor

    cursor = QueryCursor(compiled(probe.shape, tree.language), match_limit=LIMITS.matches)
    for _, captures in cursor.matches(tree.tree.root_node):
        yield [captures.get(f"c{number}", ()) for number in range(probe.width)]


def _miss(
    probe: PatternProbe, matcher: Matcher | None, nodes: Sequence[Sequence[Node]], work: Work, text: str
) -> _Miss | None:
    failed = [predicate for predicate in probe.predicates if not predicate.holds(nodes, work.names)]
    texts = [
        predicate.describe(nodes, written=matcher is None) + _why(predicate, nodes, work.names())
        for predicate in failed
    ]
    if matcher is not None and not failed:
        node = nodes[probe.roots[0]][0]
        try:
            if next(iter(matcher.matches(work, node)), None) is not None:
                return None
        except TooMuchWork:
            return None
        here = on_one_line((node.text or b"").decode("utf-8", "replace"))
        texts = [f"`{on_one_line(text)}` differs from `{here}`"]
        # NOTE: with no name in common, only what is written tells a near miss from any node of that kind
        alike = 1.0 if probe.predicates else difflib.SequenceMatcher(None, here, on_one_line(text)).ratio()
        unlike = 1 - alike
    else:
        unlike = max((_unlike(predicate, nodes) for predicate in failed), default=0.0)
    if not texts:
        return None
    captured = [node for number in probe.roots for node in nodes[number]]
    start, end = min(node.start_byte for node in captured), max(node.end_byte for node in captured)
    return _Miss(len(texts), unlike, start, end, tuple(texts), probe, nodes)


def _why(predicate: Predicate, nodes: Sequence[Sequence[Node]], names: Names) -> str:
    """Why a name that is written like an import isn't followed; empty where that isn't the reason."""
    captured = nodes[predicate.capture] if predicate.test == "resolves-to" else ()
    reason = names.why_hidden(captured[0]) if captured else ""
    return f": {reason}" if reason else ""


def _unlike(predicate: Predicate, nodes: Sequence[Sequence[Node]]) -> float:
    """How far the text is from what the predicate wants: 0 for the same, 1 for nothing in common."""
    if predicate.negated or predicate.test == "match" or not predicate.values or not nodes[predicate.capture]:
        return 1.0
    here = (nodes[predicate.capture][0].text or b"")[:200].decode("utf-8", "replace")
    return 1 - max(_likeness(here, value) for value in predicate.values[:20])


def _likeness(here: str, wanted: str) -> float:
    """Return how much a name is like a wanted one: 1 for the same, 0 for nothing in common."""
    root, _, last = here.rpartition(".")
    wanted_root, _, wanted_last = wanted.rpartition(".")
    # NOTE: `np.load` may be meant for `numpy.load`; that `app.get` ends like `os.environ.get` says nothing
    if last == wanted_last and _is_abbreviated(root.casefold(), wanted_root.casefold()):
        return 0.9
    return difflib.SequenceMatcher(None, here, wanted).ratio()


def _is_abbreviated(short: str, name: str) -> bool:
    """Return whether the characters of a text stand in a name in their order."""
    rest = iter(name)
    return all(character in rest for character in short)
