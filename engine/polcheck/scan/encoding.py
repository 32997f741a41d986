"""Codecs of match tables, for other processes and for the disk: typed data, validated when it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.spans import Span
from polcheck.scan.rows import Facts, FileRows, PlacedRemark
from polcheck.selectors.results import Bound, Match, MatchColumn, MatchTable, SearchResult, Spans

if TYPE_CHECKING:
    from polcheck.selectors.syntax.nearest import Near

_Spans = tuple[list[int], list[int]]


class _Bound(NamedTuple):
    value: Any
    span: Span | None


class _Match(NamedTuple):
    span: Span | None
    bindings: list[tuple[str, _Bound]]
    point: Span | None
    weight: int


class _Table(NamedTuple):
    spans: _Spans
    weights: list[int]
    columns: dict[str, tuple[_Spans, list[str]]]
    points: _Spans | None


class EncodedResult(NamedTuple):
    """A search result as plain data: its matches one by one, or as a table."""

    incomplete: str
    matches: list[_Match]
    table: _Table | None
    cores: tuple[tuple[Span, Span], ...] = ()


class _Facts(NamedTuple):
    name: str
    stem: str
    dir: str
    size: int
    lines: int
    language: str
    parsed: bool
    error: str
    line: int
    repeated_keys: list[str]


class EncodedRows(NamedTuple):
    """The rows of one file as plain data."""

    path: str
    results: dict[int, EncodedResult]
    facts: _Facts | None
    line_starts: list[int]
    parsed: int
    digest: bytes
    marked: bool
    spent: dict[int, float]
    unread: str
    script: str
    remarks: list[PlacedRemark]


def encoded_result(result: SearchResult) -> EncodedResult:
    """Return a search result as plain data."""
    matches, cores = result.matches, tuple(result.cores.items())
    if not isinstance(matches, MatchTable):
        plain: Any = list(matches)  # a `Match` is alike
        return EncodedResult(result.incomplete, plain, None, cores)
    columns = {name: (_columns(column.spans), list(column.values)) for name, column in matches.columns.items()}
    points = _columns(matches.points) if matches.points is not None else None
    table = _Table(_columns(matches.spans), list(matches.weights), columns, points)
    return EncodedResult(result.incomplete, [], table, cores)


def decoded_result(found: EncodedResult) -> SearchResult:
    """Return the search result that was encoded. Raises NotDecoded for columns of different lengths."""
    if found.table is None:
        return SearchResult(tuple([_match(match) for match in found.matches]), found.incomplete, dict(found.cores))
    spans, weights, columns, points = found.table
    count = len(weights)
    made = {name: MatchColumn(_spans(places, count), values) for name, (places, values) in columns.items()}
    if found.matches or any(len(values) != count for _, values in columns.values()):
        raise NotDecoded("columns of different lengths")
    table = MatchTable(_spans(spans, count), weights, made, _spans(points, count) if points is not None else None)
    return SearchResult(table, found.incomplete, dict(found.cores))


def encoded_rows(rows: FileRows) -> EncodedRows:
    """Return the rows of a file as plain data."""
    facts = rows.facts
    return EncodedRows(
        rows.path,
        {probe: encoded_result(result) for probe, result in rows.results.items()},
        _Facts(*[getattr(facts, name) for name in _Facts._fields]) if facts is not None else None,
        list(rows.line_starts),
        rows.parsed,
        rows.digest,
        rows.marked,
        dict(rows.spent),
        rows.unread,
        rows.script,
        list(rows.remarks),
    )


def decoded_rows(found: EncodedRows) -> FileRows:
    """Return the rows that were encoded. Raises NotDecoded for data that can't be rows."""
    results = {probe: decoded_result(result) for probe, result in found.results.items()}
    facts = None
    if found.facts is not None:
        facts = Facts(**{**found.facts._asdict(), "repeated_keys": tuple(found.facts.repeated_keys)})
    return FileRows(
        path=found.path,
        results=results,
        facts=facts,
        line_starts=tuple(found.line_starts),
        parsed=found.parsed,
        digest=found.digest,
        marked=found.marked,
        spent=found.spent,
        unread=found.unread,
        script=found.script,
        remarks=tuple(found.remarks),
    )


class RowsCodec(Codec[Any]):
    """Codec of the rows of one file, or of None."""

    def __init__(self) -> None:
        super().__init__(EncodedRows | None)

    def encode(self, value: FileRows | None) -> bytes:
        """Return the rows as bytes."""
        return super().encode(encoded_rows(value) if value is not None else None)

    def decode(self, data: bytes | memoryview) -> FileRows | None:
        """Return the rows that the bytes encode. Raises NotDecoded."""
        found: Any = super().decode(data)
        return decoded_rows(found) if found is not None else None


class _Near(NamedTuple):
    span: Span
    failed: list[str]
    bindings: list[tuple[str, _Bound]]


class _Answer(NamedTuple):
    result: EncodedResult | None
    near: _Near | None


class AnswerCodec(Codec[Any]):
    """Codec of the result of a deferred search: a search result, a nearest miss, or None."""

    def __init__(self) -> None:
        super().__init__(_Answer)

    def encode(self, value: SearchResult | Near | None) -> bytes:
        """Return an answer as bytes."""
        if isinstance(value, SearchResult):
            return super().encode(_Answer(encoded_result(value), None))
        return super().encode(_Answer(None, value))  # type: ignore[arg-type]  # a `Near` is encoded alike

    def decode(self, data: bytes | memoryview) -> SearchResult | Near | None:
        """Return the answer that the bytes encode. Raises NotDecoded."""
        from polcheck.selectors.syntax.nearest import Near

        answer: _Answer = super().decode(data)
        if answer.result is not None:
            return decoded_result(answer.result)
        near = answer.near
        return Near(near.span, tuple(near.failed), _bindings(near.bindings)) if near is not None else None


def _columns(spans: Spans) -> _Spans:
    return list(spans.starts), list(spans.ends)


def _spans(found: _Spans, count: int) -> Spans:
    starts, ends = found
    if not len(starts) == len(ends) == count:
        raise NotDecoded("columns of different lengths")
    return Spans(starts, ends)


def _match(found: _Match) -> Match:
    return Match(found.span, _bindings(found.bindings), found.point, found.weight)


def _bindings(found: list[tuple[str, _Bound]]) -> tuple[tuple[str, Bound], ...]:
    return tuple([(name, Bound(value, span)) for name, (value, span) in found])
