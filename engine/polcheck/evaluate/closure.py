"""Reachability: the pairs of which one can be reached from the other over edges, which are rows that bind both ends.

From each start the edges are walked in breadth: the first time that an end is met is by a shortest path, and among
those by the first in order of text, since the edges of each end are tried in that order. What is kept of a pair is the
last edge of its path, the end before it, and the first edge; the path itself is put together when it is read. So time
and memory grow with the pairs, whatever the number and the length of paths.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from polcheck.evaluate.rows import PathValue, Row
from polcheck.formats.values import Json
from polcheck.policy.plan import VIA


class _Step(NamedTuple):
    """How an end is reached: over the edge `last` from the end `before`, beginning with the edge `first`."""

    last: int
    before: str
    first: int


_Reached = dict[str, _Step]


class ClosureRows(Sequence[Row]):
    """One row for each pair, made when it is accessed: the names of both ends, and `via`.

    A pair is certain when it can be reached over certain edges alone.
    """

    def __init__(self, edges: Iterable[Row], start: str, end: str, spend: Callable[[int], None]) -> None:
        """Walk the edges. Raises what `spend` raises, which is called with the number of edges that are walked."""
        self._names = (start, end)
        self._edges = sorted(
            (row for row in edges if row.names[start].key is not None and row.names[end].key is not None),
            key=Row.text_order,
        )
        self._pairs: list[tuple[_Reached, str, str, bool]] = []
        certain = self._adjacent(row.certain for row in self._edges)
        every = certain if all(row.certain for row in self._edges) else self._adjacent(True for _ in self._edges)
        for source in every:
            surely = _reached(certain, source, spend)
            self._pairs += [(surely, source, target, True) for target in surely]
            if every is not certain:
                perhaps = _reached(every, source, spend)
                self._pairs += [(perhaps, source, target, False) for target in perhaps if target not in surely]
        self._rows: list[Row | None] = [None] * len(self._pairs)

    def _adjacent(self, chosen: Iterable[bool]) -> dict[str, dict[str, int]]:
        """Return the ends to which one edge leads from each, in order of text, with the number of the first edge."""
        start, end = self._names
        adjacent: dict[str, dict[str, int]] = {}
        for number, (row, is_chosen) in enumerate(zip(self._edges, chosen, strict=True)):
            if is_chosen:
                adjacent.setdefault(row.names[start].text, {}).setdefault(row.names[end].text, number)
        return adjacent

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        row = self._rows[index]
        if row is None:
            row = self._rows[index] = self._row(*self._pairs[index])
        return row

    def _row(self, reached: _Reached, source: str, target: str, certain: bool) -> Row:
        start, end = self._names
        step = reached[target]
        first, last = self._edges[step.first], self._edges[step.last]
        ends = {start: first.names[start], end: last.names[end]}
        place = first.subject
        via = PathValue(None, path=place.path if place else "", make=lambda: self._path(reached, source, target))
        return Row(ends, first.places[:1], place, certain, shown={VIA: via})

    def _path(self, reached: _Reached, source: str, target: str) -> list[Json]:
        """Return the values of the ends on the path, both ends of the pair included."""
        start, end = self._names
        values: list[Json] = []
        here = target
        while True:
            step = reached[here]
            values.append(self._edges[step.last].names[end].value)
            here = step.before
            if here == source:
                values.append(self._edges[step.first].names[start].value)
                return values[::-1]


def _reached(adjacent: dict[str, dict[str, int]], source: str, spend: Callable[[int], None]) -> _Reached:
    """Return the ends that can be reached from one in one or more steps, in order of their distance."""
    reached: _Reached = {}
    queue = deque([source])
    while queue:
        before = queue.popleft()
        ends = adjacent.get(before, {})
        spend(1 + len(ends))
        for end, edge in ends.items():
            if end not in reached:
                reached[end] = _Step(edge, before, edge if before == source else reached[before].first)
                if end != source:
                    queue.append(end)
    return reached
