"""The matches of one selector in one file, distinct and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from operator import lt
from typing import TYPE_CHECKING

from polcheck.base.spans import Source
from polcheck.languages.grammars import Tree
from polcheck.languages.registry import language as language_called
from polcheck.selectors.results import Bound, Match, MatchColumn, MatchTable, SearchResult, Spans
from polcheck.selectors.syntax.matcher import Bind, Matcher, Work
from polcheck.selectors.syntax.query_patterns import PatternProbe

if TYPE_CHECKING:
    from tree_sitter import Node

Row = tuple[int, int, int, int, tuple[tuple[str, Bind], ...], int]
"""A match in bytes: its start and end, those of its point (or -1), what it binds, and how many nodes it holds."""

Captured = Sequence[Sequence["Node"]]
"""The nodes of one match of a query, by the numbers of captures."""


class Columns:
    """The nodes that captures hold in the matches of a query, as columns: the same for each selector that takes them.

    INVARIANT: what is remembered by its id is kept here, so that its id stays its own.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes: dict[tuple[int, int], tuple[object, list[Node] | None]] = {}
        self._spans: dict[int, tuple[object, Spans]] = {}
        self._weights: dict[int, tuple[object, list[int]]] = {}
        self._orders: dict[int, tuple[object, bool]] = {}

    def nodes(self, matches: Sequence[Captured], number: int) -> list[Node] | None:
        """Return the one node that a capture holds in each match; None unless each holds one."""
        key = (id(matches), number)
        if key not in self._nodes:
            captured = [nodes[number] for nodes in matches]
            single = all(map((1).__eq__, map(len, captured)))
            self._nodes[key] = (matches, [nodes[0] for nodes in captured] if single else None)
        return self._nodes[key][1]

    def spans(self, nodes: Sequence[Node]) -> Spans:
        """Return where the nodes of a column stand, in characters."""
        if id(nodes) not in self._spans:
            offsets = self._source.offsets_of_bytes
            spans = Spans(offsets([node.start_byte for node in nodes]), offsets([node.end_byte for node in nodes]))
            self._spans[id(nodes)] = (nodes, spans)
        return self._spans[id(nodes)][1]

    def weights(self, nodes: Sequence[Node]) -> list[int]:
        """Return how many nodes there are in each node of a column."""
        if id(nodes) not in self._weights:
            self._weights[id(nodes)] = (nodes, [node.descendant_count for node in nodes])
        return self._weights[id(nodes)][1]

    def in_order(self, nodes: Sequence[Node]) -> bool:
        """Return whether the nodes of a column are in order of place, and no two span the same."""
        if id(nodes) not in self._orders:
            places = list(zip(*self.spans(nodes), strict=True))
            self._orders[id(nodes)] = (nodes, all(map(lt, places, places[1:])))
        return self._orders[id(nodes)][1]


class Rows:
    """Collects what matches; `stopped` says why no more is matched."""

    def __init__(self, tree: Tree, most: int, text: int, columns: Columns) -> None:
        self.tree = tree
        self.source = tree.source
        self.most = most
        self.text = text
        self._shared = columns
        self.stopped = ""
        self.rows: dict[Row, None] = {}
        self.taken: list[tuple[PatternProbe, Sequence[Captured]]] = []

    def take(self, probe: PatternProbe, matches: Sequence[Captured]) -> None:
        """Take in matches of a query, which need no comparison."""
        if matches:
            self.taken.append((probe, matches))

    def add(self, rows: Iterable[Row]) -> bool:
        """Takes `rows` in until there are too many; whether it has matched all."""
        for row in rows:
            if row in self.rows:
                continue
            self.text -= sum(len(bind.value) for _, bind in row[4])
            if len(self.rows) == self.most:
                self.stopped = f"more than {self.most:,} matches"
            elif self.text < 0:
                self.stopped = "the matches bind too much text"
            if self.stopped:
                return False
            self.rows[row] = None
        return True

    def result(self, broken: str) -> SearchResult:
        """Return the table in order of place; incomplete for the reason that stopped the search, or for `broken`."""
        if not (self.taken or self.rows):
            return SearchResult((), self.stopped or broken)
        table = None if self.rows or self.stopped else self._as_table()
        return SearchResult(table or self._one_by_one(), self.stopped or broken)

    def _as_table(self) -> MatchTable | None:
        """Return the matches of queries as columns; None unless each holds one node a capture and no two span the
        same.
        """
        names = {probe.names for probe, _ in self.taken}
        if len(names) != 1 or sum(len(matches) for _, matches in self.taken) > self.most:
            return None
        node_columns: list[list[Node]] | None = None
        for probe, matches in self.taken:
            more = self._node_columns(probe, matches)
            if more is None or (node_columns is not None and len(node_columns) != len(more)):
                return None
            node_columns = (
                more
                if node_columns is None
                else [[*one, *other] for one, other in zip(node_columns, more, strict=True)]
            )
        assert node_columns is not None
        if not self._shared.in_order(node_columns[0]):
            node_columns = _in_order(node_columns)
        if node_columns is None:
            return None
        roots, columns = node_columns[0], dict(zip(names.pop(), node_columns[1:], strict=False))
        spans_of = self._shared.spans
        spans = {name: spans_of(nodes) for name, nodes in columns.items()}
        if sum(sum(each.ends) - sum(each.starts) for each in spans.values()) > self.text:
            return None
        language = self.tree.language
        bound = {
            name: MatchColumn(spans[name], read=partial(_value, nodes, language)) for name, nodes in columns.items()
        }
        points = spans_of(node_columns[-1]) if len(node_columns) > len(columns) + 1 else None
        return MatchTable(spans_of(roots), self._shared.weights(roots), bound, points)

    def _node_columns(self, probe: PatternProbe, matches: Sequence[Captured]) -> list[list[Node]] | None:
        """Return the nodes of what matches span, of each public capture, and of `@here`; None unless each holds one
        node.
        """
        if len(probe.roots) != 1:
            return None
        columns: list[list[Node]] = []
        for number in probe.columns:
            nodes = self._shared.nodes(matches, number)
            if nodes is None:
                return None
            columns.append(nodes)
        return columns

    def _one_by_one(self) -> Sequence[Match]:
        """Return the matches one by one, each only once."""
        for probe, matches in self.taken:
            all(self.add(matches_of_captures(probe, nodes, self.tree.language)) for nodes in matches)
        ordered = sorted(self.rows, key=lambda row: (row[0], row[1], row[2], row[3], row[4]))
        names = {tuple([name for name, _ in row[4]]) for row in ordered}
        if len(names) == 1 and len({row[2] < 0 for row in ordered}) == 1:
            return self._columns(ordered, names.pop())
        return tuple([self._hit(row) for row in ordered])

    def _columns(self, rows: Sequence[Row], names: Sequence[str]) -> MatchTable:
        """Rows that bind the same names, as columns."""
        offsets = self.source.offsets_of_bytes
        starts, ends, points, point_ends, binds, weights = zip(*rows, strict=True)
        columns: dict[str, MatchColumn] = {}
        for number, name in enumerate(names):
            bound = [many[number][1] for many in binds]
            places = Spans(offsets([bind.start for bind in bound]), offsets([bind.end for bind in bound]))
            columns[name] = MatchColumn(places, [bind.value for bind in bound])
        pointed = Spans(offsets(points), offsets(point_ends)) if points[0] >= 0 else None
        return MatchTable(Spans(offsets(starts), offsets(ends)), weights, columns, pointed)

    def _hit(self, row: Row) -> Match:
        start, end, here, here_end, binds, weight = row
        span = self.source.span_of_bytes
        bindings = tuple((name, Bound(bind.value, span(bind.start, bind.end))) for name, bind in binds)
        return Match(span(start, end), bindings, span(here, here_end) if here >= 0 else None, weight)


def _in_order(columns: list[list[Node]]) -> list[list[Node]] | None:
    """Return the columns in order of what the matches span; None when two span the same, which may be one match."""
    places = [(node.start_byte, node.end_byte) for node in columns[0]]
    if len(set(places)) < len(places):
        return None
    order = sorted(range(len(places)), key=places.__getitem__)
    return [[nodes[number] for number in order] for nodes in columns]


def matches_of_shape(matcher: Matcher, work: Work, nodes: Iterable[Node]) -> Iterator[Row]:
    """Yield the rows of a snippet at each of `nodes`. Raises TooMuchWork."""
    matches = matcher.matches
    for node in nodes:
        for start, end, binds in matches(work, node):
            here = binds.get("here")
            weight = node.descendant_count
            if here is None:
                yield start, end, -1, -1, tuple(binds.items()), weight
            else:
                named = tuple((name, bind) for name, bind in binds.items() if name != "here")
                yield start, end, here.start, here.end, named, weight


def matches_of_captures(probe: PatternProbe, nodes: Captured, language: str) -> Iterator[Row]:
    """Yield the rows of a query's match: one for each choice among captures that hold several nodes, none without a
    node.
    """
    spanned = nodes[probe.roots[0]] if len(probe.roots) == 1 else ()
    if len(spanned) == 1:  # NOTE: as nearly always
        root = spanned[0]
        weight, start, end = root.descendant_count, root.start_byte, root.end_byte
    else:
        spanned = spanned or [node for captured in nodes for node in captured]
        if not spanned:
            return  # NOTE: `(x)*` matches nothing at all, too, and that is nowhere
        weight = sum(node.descendant_count for node in spanned)
        start, end = min(node.start_byte for node in spanned), max(node.end_byte for node in spanned)
    pointed = nodes[probe.here] if probe.here is not None else ()
    here, here_end = (pointed[0].start_byte, pointed[-1].end_byte) if pointed else (-1, -1)
    if not probe.public:
        yield start, end, here, here_end, (), weight
        return
    captured = [(name, nodes[number]) for number, name in probe.public if nodes[number]]
    choices = [[(name, _bind(node, language)) for node in many] for name, many in captured]
    for chosen in product(*choices):
        yield start, end, here, here_end, chosen, weight


def _bind(node: Node, language: str) -> Bind:
    """What a captured node binds: the value of a string literal, the text of anything else."""
    literal = language_called(language).literal(node)
    text = literal.value if literal else (node.text or b"").decode("utf-8", "replace")
    return Bind(text, node.start_byte, node.end_byte, literal is not None)


def _value(nodes: Sequence[Node], language: str, number: int) -> str:
    """Return what one of some captured nodes binds."""
    return _bind(nodes[number], language).value
