"""What crosses the border between processes: every field of it arrives as it was, and nothing else can arrive."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.limits import RunLimits
from polcheck.base.spans import Span
from polcheck.scan import encoding
from polcheck.scan.encoding import AnswerCodec, RowsCodec
from polcheck.scan.extractor import DeferredSearch, Extractor
from polcheck.scan.rows import Facts, FileRows, PlacedRemark
from polcheck.scan.workers import FileSearch
from polcheck.selectors.results import Bound, Match, MatchColumn, MatchTable, SearchResult, Spans
from polcheck.selectors.syntax.nearest import Near

TEXTS = st.text(st.characters(), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(1 << 80), 1 << 80) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SPANS = st.builds(Span, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
BINDINGS = st.lists(st.tuples(TEXTS, st.builds(Bound, JSON, st.none() | SPANS)), max_size=2).map(tuple)
MATCHES = st.builds(Match, st.none() | SPANS, BINDINGS, st.none() | SPANS, st.integers(0, 99))


@st.composite
def tables(draw: st.DrawFn) -> MatchTable:
    """A table of up to three matches."""
    count = draw(st.integers(0, 3))
    column = st.lists(st.integers(0, 1 << 40), min_size=count, max_size=count)
    spans = st.builds(Spans, column, column)
    names = draw(st.lists(TEXTS, max_size=2, unique=True))
    columns = {name: MatchColumn(draw(spans), draw(st.lists(TEXTS, min_size=count, max_size=count))) for name in names}
    return MatchTable(draw(spans), draw(column), columns, draw(st.none() | spans))


RESULTS = st.builds(SearchResult, st.lists(MATCHES, max_size=3).map(tuple) | tables(), TEXTS)
FACTS = st.builds(
    Facts, TEXTS, TEXTS, TEXTS, st.integers(0), st.integers(0), TEXTS, st.booleans(), TEXTS, st.integers(0)
)
ROWS = st.builds(
    FileRows,
    path=TEXTS,
    results=st.dictionaries(st.integers(0, 99), RESULTS, max_size=3),
    facts=st.none() | FACTS,
    line_starts=st.lists(st.integers(0, 1 << 40), max_size=3).map(tuple),
    parsed=st.integers(0, 9),
    digest=st.binary(max_size=32),
    marked=st.booleans(),
    spent=st.dictionaries(st.integers(-1, 99), st.floats(0, 9), max_size=2),
    unread=TEXTS,
    script=TEXTS,
    remarks=st.lists(
        st.builds(PlacedRemark, st.integers(0), st.integers(0), st.integers(0), st.integers(0), TEXTS), max_size=2
    ).map(tuple),
)


@given(JSON)
def test_any_value_of_a_file_is_decoded_as_it_was(value: Any) -> None:
    """Integers of any size and text with half surrogate pairs are among them."""
    codec: Codec[Any] = Codec(Any)
    assert codec.decode(codec.encode(value)) == value


@given(ROWS | st.none())
def test_rows_are_decoded_as_they_were(rows: FileRows | None) -> None:
    """Every field, whether matches come one by one or as a table."""
    found = RowsCodec().decode(RowsCodec().encode(rows))
    assert found == rows
    if rows is not None and found is not None:
        assert found.results == rows.results
        for number, result in rows.results.items():
            assert isinstance(found.results[number].matches, MatchTable) is isinstance(result.matches, MatchTable)


@given(RESULTS | st.none() | st.builds(Near, SPANS, st.lists(TEXTS, max_size=2).map(tuple), BINDINGS))
def test_answers_are_decoded_as_they_were(answer: Any) -> None:
    """A search result, a nearest miss, or nothing."""
    assert AnswerCodec().decode(AnswerCodec().encode(answer)) == answer


def test_the_encoding_has_every_field() -> None:
    """A field that is added to rows or facts and forgotten in their encoding would be lost on the way."""
    assert encoding.EncodedRows._fields == FileRows.__struct_fields__
    assert encoding._Facts._fields == Facts.__struct_fields__
    assert set(encoding.EncodedResult._fields) == {*SearchResult.__struct_fields__, "table"}
    assert encoding._Match._fields == Match._fields
    assert encoding._Bound._fields == Bound._fields
    assert encoding._Near._fields == Near._fields


@given(st.binary(max_size=60))
def test_bytes_that_are_no_rows_are_refused(data: bytes) -> None:
    """Whatever a worker writes that was taken over, there come rows out of it, or nothing does."""
    try:
        found = RowsCodec().decode(data)
    except NotDecoded:
        return
    assert found is None or isinstance(found, FileRows)


@given(ROWS, st.data())
def test_damaged_rows_are_refused_or_rows(rows: FileRows, data: st.DataObject) -> None:
    """A byte that is another, or the end that is missing, makes no value of another type."""
    whole = RowsCodec().encode(rows)
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = data.draw(st.sampled_from([whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]]))
    try:
        found = RowsCodec().decode(spoilt)
    except NotDecoded:
        return
    assert found is None or isinstance(found, FileRows)


def test_columns_of_different_lengths_are_refused() -> None:
    """A table whose matches would have no place is none."""
    table = encoding._Table(([1, 2], [3, 4]), [0, 0], {"x": (([1, 2], [3, 4]), ["only one"])}, None)
    data = Codec[Any](Any).encode(encoding.EncodedResult("", [], table))
    with pytest.raises(NotDecoded):
        encoding.decoded_result(Codec[Any](encoding.EncodedResult).decode(data))


def test_no_pickle_is_a_reply() -> None:
    """What Python could run is no more than bytes that are refused."""
    with pytest.raises(NotDecoded):
        RowsCodec().decode(pickle.dumps(print))


@pytest.mark.parametrize(
    "value",
    [
        Extractor((), {3: None, 4: frozenset({1})}, skips=False, timed=True, matches=7),
        FileSearch(Extractor((), timed=True), None, facts=True, lines=True, digests=True, careful=True),
        DeferredSearch(Extractor((), matches=9)),
        RunLimits(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_request_arrives_field_by_field(value: msgspec.Struct) -> None:
    """What a worker is told first has, over there, each field that it has here."""
    arrived = pickle.loads(pickle.dumps(value))
    assert type(arrived) is type(value)
    for name in value.__struct_fields__:
        assert getattr(arrived, name) == getattr(value, name), name


def test_what_was_compiled_does_not_travel() -> None:
    """Compiled queries can't; the other process makes its own."""
    extractor = Extractor(())
    _ = extractor.prefilter
    assert "prefilter" in extractor.__dict__
    assert pickle.loads(pickle.dumps(extractor)).__dict__ == {}
