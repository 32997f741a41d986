"""The result of searching one document: matches with their bindings, and whether the search is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.spans import Span
from polcheck.formats.values import Json

_span = tuple.__new__  # NOTE: in half the time of `Span(…)`, of which there are thousands in a submission


class Bound(NamedTuple):
    """The value that a match binds to a name, and its span in the file (None where it has none or it isn't known)."""

    value: Json
    span: Span | None = None


class Match(NamedTuple):
    """One match in one document.

    `span` is that of the whole match; `point` is where a finding points instead, if anywhere (`@here`). `bindings` are
    the public names of the match, in order of first appearance. `weight` is the number of syntax nodes in the match:
    of two matches with the same span, the heavier one encloses the other.
    """

    span: Span | None
    bindings: tuple[tuple[str, Bound], ...] = ()
    point: Span | None = None
    weight: int = 0


class Spans(NamedTuple):
    """The spans of matches, or of what they bind to one name, as two columns of offsets."""

    starts: Sequence[int]
    ends: Sequence[int]

    def at(self, number: int) -> Span:
        """Return the span of the match with this number."""
        return _span(Span, (self.starts[number], self.ends[number]))


class MatchColumn:
    """The value and span of one name in each match; with `read`, a function of a match's number, each value on demand.

    NOTE: to read one may take longer than to find it, and most are compared by another name or by where they are.
    """

    __slots__ = ("_read", "_values", "spans")

    def __init__(self, spans: Spans, values: Sequence[str] = (), read: Callable[[int], str] | None = None) -> None:
        self.spans = spans
        self._read = read
        self._values: Any = values if read is None else [None] * len(spans.starts)

    def value(self, number: int) -> str:
        """Return the value in the match with this number."""
        value: str | None = self._values[number]
        if value is None:
            read = self._read  # NOTE: None if another thread has just read all
            value = self._values[number] = self._values[number] if read is None else read(number)
            assert value is not None
        return value

    @property
    def values(self) -> Sequence[str]:
        """The values, in order of the matches."""
        if self._read is not None:
            self._values = [self.value(number) for number in range(len(self._values))]
            self._read = None
        values: Sequence[str] = self._values
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        return MatchColumn, (self.spans, self.values)


class MatchTable(Sequence[Match]):
    """Matches that all bind the same names, stored as columns; each becomes a `Match` when it is accessed.

    NOTE: a submission has thousands of matches, most of which are only compared by one value or by their span.
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
            [(name, Bound(column.value(index), column.spans.at(index))) for name, column in self.columns.items()]
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
        """Return the same matches with one name more, bound to `values` at the span of the whole match."""
        return MatchTable(
            self.spans, self.weights, {**self.columns, name: MatchColumn(self.spans, values)}, self.points
        )


class SearchResult(Struct, frozen=True):
    """The matches of one selector in one document; `incomplete` says why the search did not come to its end.

    `cores` are, where the probe asks for them, the places of what stands in parentheses or after `await`: from the
    place of a match, or of what it binds, to that of the expression in it.
    """

    matches: Sequence[Match] = ()
    incomplete: str = ""
    cores: Mapping[Span, Span] = {}

    def shifted(self, by: int, size: int) -> SearchResult:
        """Return the result with every span moved by so many characters, and kept within a text of `size`."""

        def moved(span: Span) -> Span:
            return Span(min(max(span.start + by, 0), size), min(max(span.end + by, 0), size))

        def placed(bound: Bound) -> Bound:
            return bound._replace(span=bound.span and moved(bound.span))

        matches = tuple(
            match._replace(
                span=match.span and moved(match.span),
                bindings=tuple((name, placed(bound)) for name, bound in match.bindings),
                point=match.point and moved(match.point),
            )
            for match in self.matches
        )
        return replace(self, matches=matches, cores={moved(one): moved(core) for one, core in self.cores.items()})
