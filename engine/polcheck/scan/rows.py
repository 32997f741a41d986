"""What extract gives: rows of one file as plain data, and how hits become such."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Source, Span, Unreadable
from polcheck.formats.values import Config, Json
from polcheck.policy.plan import Probe
from polcheck.selectors.jmespath.expression import Expression, Traced
from polcheck.selectors.jmespath.tracing import Origin
from polcheck.selectors.results import Bound, Match, MatchTable, SearchResult

WHOLE = ""  # the name under which a match gives its whole text
_MOST_REMARKS = 20  # upon one file
_SHOWN = 60  # characters of a key in a message
VALUE = "value"  # the name under which a row that is one value gives it


class Facts(Struct, frozen=True):
    """What policies may ask of a file itself. `parsed` and `error` are the language's own parser's answer.

    `repeated_keys` are the keys that a mapping of a configuration file has more than once, as they are written.
    """

    name: str
    stem: str
    dir: str
    size: int
    lines: int
    language: str
    parsed: bool
    error: str
    line: int = 0
    repeated_keys: tuple[str, ...] = ()


class PlacedRemark(NamedTuple):
    """What to know about a place of a configuration file that was read, in lines and columns."""

    line: int
    column: int
    end_line: int
    end_column: int
    message: str


class FileRows(Struct, frozen=True):
    """What extract found in one file.

    `found` holds the probes that found something or could not search to the end; the others that were wanted found
    nothing. `facts` and `line_starts` are there if asked for; `parsed` counts the documents that had to be parsed;
    `digest` is that of the bytes, where the rows are to be known again; `marked` that they may hold a waiver; `unread`
    says why the search was cut off; `script` is the language that its first line names where its name names none;
    `spent` are the seconds that each probe took (and `timings.PARSING`), if measured;
    `remarks` say where other readers of its format refuse the file or read it otherwise.
    """

    path: str
    found: Mapping[int, SearchResult]
    facts: Facts | None = None
    line_starts: tuple[int, ...] = ()
    parsed: int = 0
    digest: bytes = b""
    marked: bool = False
    spent: Mapping[int, float] = field(default_factory=dict)
    unread: str = ""
    script: str = ""
    remarks: tuple[PlacedRemark, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing that a policy could learn from the file, as in most of a large submission."""
        told = self.found or self.marked or self.line_starts or self.unread or self.script or self.remarks
        return not told and self.facts is None


def remarks_of(source: Source, config: Config) -> tuple[PlacedRemark, ...]:
    """What to know about the places of a configuration file: keys that are repeated, and what readers differ about."""
    repeated = [
        (span, f"the key `{source.text[span.start : span.end][:_SHOWN]}` is repeated, and its last value counts here")
        for span in config.repeated[:_MOST_REMARKS]
    ]
    placed = ((source.place(span), message) for span, message in sorted([*repeated, *config.remarks])[:_MOST_REMARKS])
    return tuple(
        PlacedRemark(place.line, place.column, place.end_line, place.end_column, message) for place, message in placed
    )


def searched_text(value: Json) -> str:
    """Return the text of a bound value in which `text`, `code` and `pattern` look: of what is no string, its JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def line_starts_of(source: Source) -> tuple[int, ...]:
    """Return the offset at which each line of a file begins; of one that can't be read, that of its first."""
    try:
        return tuple(source.line_starts)
    except Unreadable:
        return (0,)


def readable(source: Source) -> str:
    """Return the text of a file, as far as it can be read: the one that `text` searches."""
    try:
        return source.text
    except Unreadable:
        return source.data.decode("utf-8", "replace")


def whole(found: SearchResult, probe: Probe, source: Source) -> SearchResult:
    """`found`, each hit with the text of the whole match where the probe is asked for it."""
    if not probe.whole:
        return found
    text = readable(source)
    if isinstance(found.hits, MatchTable):
        spans = found.hits.spans
        texts = [text[start:end] for start, end in zip(spans.starts, spans.ends, strict=True)]
        return replace(found, hits=found.hits.bound(WHOLE, texts))
    hits = [
        hit._replace(bindings=(*hit.bindings, (WHOLE, Bound(text[hit.span.start : hit.span.end], hit.span))))
        for hit in found.hits
        if hit.span is not None
    ]
    return replace(found, hits=tuple(hits))


def bindings_of(row: Json, expression: Expression) -> tuple[tuple[str, Bound], ...]:
    """Return the names that a row of an expression binds."""
    if expression.binds is not None and isinstance(row, dict):
        return tuple((key, Bound(value)) for key, value in row.items())
    return ((VALUE, Bound(row)),)


def placed(config: Config, index: int, row: Traced, expression: Expression) -> Match:
    """Return a traced row of a document as a hit with the places of its parts."""
    span = _span(config, index, row.origin)
    if expression.binds is not None and isinstance(row.value, dict):
        parts = tuple(
            (key, Bound(value, _span(config, index, row.parts.get(key, ())))) for key, value in row.value.items()
        )
        return Match(span or next((bound.span for _, bound in parts if bound.span), None), parts)
    return Match(span, ((VALUE, Bound(row.value, span)),))


def _span(config: Config, index: int, origins: Iterable[Origin]) -> Span | None:
    """Return the place of the first origin that has one."""
    for origin in origins:
        try:
            where = config.locate(index, origin.pointer)
        except KeyError:
            continue
        return where.key if origin.key and where.key else where.value
    return None
