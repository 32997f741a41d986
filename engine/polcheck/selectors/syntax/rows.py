"""The hits of one selector in one file, distinct and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from polcheck.documents.syntax import Tree
from polcheck.selectors.found import Bound, Found, Hit
from polcheck.selectors.syntax.matcher import Bind, Matcher
from polcheck.selectors.syntax.probe import Probe
from polcheck.selectors.syntax.shape import Shape
from polcheck.selectors.syntax.strings import literal
from polcheck.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node

Row = tuple[int, int, int, int, tuple[tuple[str, Bind], ...], int]
"""A hit in bytes: its start and end, those of its point (or -1), what it binds, and how many nodes it holds."""


class Rows:
    """Collects rows; `stopped` says why no more are taken."""

    def __init__(self, source: Source, most: int, text: int) -> None:
        self.source = source
        self.most = most
        self.text = text
        self.stopped = ""
        self.rows: dict[Row, None] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Takes `rows` in until there are too many."""
        for row in rows:
            if row in self.rows:
                continue
            self.text -= sum(len(bind.value) for _, bind in row[4])
            if len(self.rows) == self.most:
                self.stopped = f"more than {self.most:,} matches"
            elif self.text < 0:
                self.stopped = "the matches bind too much text"
            if self.stopped:
                return
            self.rows[row] = None

    def found(self, broken: str) -> Found:
        """The hits in order of place; incomplete for the reason that stopped the search, or for `broken`."""
        ordered = sorted(self.rows, key=lambda row: (row[0], row[1], row[2], row[3], row[4]))
        return Found(tuple(self._hit(row) for row in ordered), self.stopped or broken)

    def _hit(self, row: Row) -> Hit:
        start, end, here, here_end, binds, weight = row
        span = self.source.span_of_bytes
        bindings = tuple((name, Bound(bind.value, span(bind.start, bind.end))) for name, bind in binds)
        return Hit(span(start, end), bindings, span(here, here_end) if here >= 0 else None, weight)


def hits_of_shape(matcher: Matcher, shape: Shape, node: Node, tree: Tree) -> Iterator[Row]:
    """The rows of a snippet at `node`. Raises TooMuchWork."""
    for start, end, binds in matcher.matches(shape, node):
        here = binds.get("here")
        named = tuple((name, bind) for name, bind in binds.items() if name != "here")
        weight = node.descendant_count
        yield (start, end, here.start, here.end, named, weight) if here else (start, end, -1, -1, named, weight)


def hits_of_captures(probe: Probe, nodes: Sequence[Sequence[Node]], tree: Tree) -> Iterator[Row]:
    """The rows of a query's match: one for each choice among captures that hold several nodes, none without a node."""
    spanned = nodes[probe.roots[0]] if len(probe.roots) == 1 else ()
    if len(spanned) == 1:  # NOTE: as nearly always
        root = spanned[0]
        weight, start, end = root.descendant_count, root.start_byte, root.end_byte
    else:
        spanned = spanned or [node for held in nodes for node in held]
        if not spanned:
            return  # NOTE: `(x)*` matches nothing at all, too, and that is nowhere
        weight = sum(node.descendant_count for node in spanned)
        start, end = min(node.start_byte for node in spanned), max(node.end_byte for node in spanned)
    pointed = nodes[probe.here] if probe.here is not None else ()
    here, here_end = (pointed[0].start_byte, pointed[-1].end_byte) if pointed else (-1, -1)
    if not probe.public:
        yield start, end, here, here_end, (), weight
        return
    held = [(name, nodes[number]) for number, name in probe.public if nodes[number]]
    choices = [[(name, value_of(node, tree.language)) for node in many] for name, many in held]
    for chosen in product(*choices):
        yield start, end, here, here_end, chosen, weight


def value_of(node: Node, language: str) -> Bind:
    """What a captured node binds: the value of a string literal, the text of anything else."""
    found = literal(node, language)
    text = found.value if found else (node.text or b"").decode("utf-8", "replace")
    return Bind(text, node.start_byte, node.end_byte, found is not None)
