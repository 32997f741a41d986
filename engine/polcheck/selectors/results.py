"""What a search of one document gives: hits with their bindings, and whether it came to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from polcheck.base.spans import Span
from polcheck.formats.values import Json


class Bound(NamedTuple):
    """The value of a name, and where in its file it stands (None where that isn't known or isn't anywhere)."""

    value: Json
    span: Span | None = None


class Match(NamedTuple):
    """One match in one document.

    `span` is the whole match; `point` is where a finding should point if that is elsewhere (`@here`).
    `bindings` are the public names that the match binds, in order of their first appearance. `weight` counts the nodes
    of a match in a syntax tree: of two matches with one span, the heavier one is around the other.
    """

    span: Span | None
    bindings: tuple[tuple[str, Bound], ...] = ()
    point: Span | None = None
    weight: int = 0


class Spans(NamedTuple):
    """Where matches, or what they bind, begin and end: a column of spans."""

    starts: Sequence[int]
    ends: Sequence[int]

    def at(self, number: int) -> Span:
        """Return the span of one match."""
        return Span(self.starts[number], self.ends[number])


class MatchColumn:
    """What each match binds to one name. The values may be worked out when the first of them is asked for."""

    __slots__ = ("_make", "_values", "spans")

    def __init__(self, spans: Spans, values: Sequence[str] | Callable[[], Sequence[str]]) -> None:
        self.spans = spans
        self._make = values if callable(values) else None
        self._values = () if callable(values) else values

    @property
    def values(self) -> Sequence[str]:
        """The values, in order of the matches."""
        if self._make is not None:
            self._values, self._make = self._make(), None
        return self._values

    def __reduce__(self) -> tuple[Any, ...]:
        return MatchColumn, (self.spans, self.values)


class MatchTable(Sequence[Match]):
    """Matches that all bind the same names, as columns: each is made a `Hit` when it is asked for.

    Most matches are only ever joined by one value, or lie around another one; a submission has thousands of them.
    """

    __slots__ = ("columns", "points", "spans", "weights")

    def __init__(
        self, spans: Spans, weights: Sequence[int], columns: Mapping[str, MatchColumn], points: Spans | None = None
    ) -> None:
        self.spans = spans
        self.weights = weights
        self.columns = columns
        self.points = points

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        bindings = tuple(
            [(name, Bound(column.values[index], column.spans.at(index))) for name, column in self.columns.items()]
        )
        return Match(self.spans.at(index), bindings, self.points and self.points.at(index), self.weights[index])

    def __iter__(self) -> Iterator[Match]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MatchTable | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return MatchTable, (self.spans, self.weights, self.columns, self.points)

    def bound(self, name: str, values: Sequence[str]) -> MatchTable:
        """Return the same matches, each binding one name more to a text of the whole match."""
        return MatchTable(
            self.spans, self.weights, {**self.columns, name: MatchColumn(self.spans, values)}, self.points
        )


class SearchResult(Struct, frozen=True):
    """The hits of one selector in one document; `incomplete` says why the search did not come to its end."""

    hits: Sequence[Match] = ()
    incomplete: str = ""
