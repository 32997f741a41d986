"""CSV: a row for each record under its header, an object of strings, as `csv.DictReader` reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Unparsable

_Field = tuple[str, Span]


@cache
def _plain(delimiter: str) -> re.Pattern[str]:
    """Return what the characters of a field without quotes look like."""
    return re.compile(rf"[^{delimiter}\r\n]*+")


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file whose fields are divided by commas.

    Raises Unparsable for a field whose quotes are broken, a record of more fields than the header has, and a header
    that is divided by something else; LimitExceeded, and Unreadable when the bytes aren't text.
    """
    return parse_delimited(source, ",", limits)


def parse_delimited(source: Source, delimiter: str, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file whose fields `delimiter` divides. Raises as `parse` does."""
    records = _records(source.text, delimiter)
    header = next(records, [])
    if len(header) == 1 and (other := next((mark for mark in ";\t,|" if mark in header[0][0]), None)):
        mark = {"\t": "a tab", ",": "a comma"}.get(other, f"`{other}`")
        way = {"\t": ": read it as `language: tsv`", ",": ": read it as `language: csv`"}.get(other, "")
        raise Unparsable(f"the header has one field, which holds {mark}{way}", header[0][1])
    names: dict[str, Span] = {}
    repeated = list[Span]()
    for name, where in header:
        if name in names:
            repeated.append(where)
        names[name] = where
    rows = list[Placed]()
    count = 1
    for record in records:
        whole = Span(record[0][1].start, record[-1][1].end)
        count += 1 + len(record)
        if count > limits.values:
            limits.too_many(whole)
        if len(record) > len(header):
            raise Unparsable(f"a record of {len(record)} fields where the header has {len(header)}", whole)
        fields = {name: Placed(text, where, key) for (name, key), (text, where) in zip(header, record, strict=False)}
        for name, _ in header[len(record) :]:
            fields.pop(name, None)  # of a repeated name the last field counts, also where a record lacks it
        rows.append(placed_object(fields, whole))
    spans = [row.span for row in rows]
    whole = Span(spans[0].start, spans[-1].end) if spans else Span(0, 0)
    return placed_config([placed_array(rows, whole)], repeated)


def _records(text: str, delimiter: str) -> Iterator[list[_Field]]:
    """Give the fields of each record that isn't blank. Raises Unparsable."""
    at = 0
    while at < len(text):
        record = list[_Field]()
        if text[at] in "\r\n":
            at += 1
            continue
        while True:
            field, at = _field(text, at, delimiter)
            record.append(field)
            if not text.startswith(delimiter, at):
                break
            at += 1
        yield record
        at += 2 if text.startswith("\r\n", at) else 1


def _field(text: str, at: int, delimiter: str) -> tuple[_Field, int]:
    """Return the field that begins at an offset, and where it ends. Raises Unparsable."""
    if not text.startswith('"', at):
        match = _plain(delimiter).match(text, at)
        end = match.end() if match else at
        return (text[at:end], Span(at, end)), end
    close = text.find('"', at + 1)
    while close >= 0 and text.startswith('"', close + 1):
        close = text.find('"', close + 2)
    if close < 0:
        raise Unparsable("a field in quotes has no end", Span(at, at + 1))
    end = close + 1
    if end < len(text) and text[end] not in (delimiter, "\r", "\n"):
        raise Unparsable("a field goes on behind its closing quote", Span(end, end + 1))
    return (text[at + 1 : close].replace('""', '"'), Span(at, end)), end


FORMAT = Format(
    name="csv",
    title="CSV",
    parse=parse,
    suffixes=(".csv",),
    root="array",
    escapes=lambda data: b'"' in data,  # a name in quotes has its own ones twice
)
