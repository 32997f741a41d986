"""The result of a scan: the matches of one file as plain data, and how they are made from the results of searches."""

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
from polcheck.sources.trees import path_below, plain_path

WHOLE = ""  # the name that binds the text of the whole match
_MOST_REMARKS = 20  # in one file
_SHOWN = 60  # characters of a key in a message
VALUE = "value"  # the name of a row that is a single value


class Facts(Struct, frozen=True):
    """The facts of a file that policies read as `file.…`.

    `size` is in bytes; `parsed`, `error` and `line` are the result of the language's own parser. `repeated_keys` are
    the keys that a mapping of a configuration file has more than once, as they are written.
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
    """A remark about a place of a configuration file; lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    message: str


class FileRows(Struct, frozen=True):
    """The result of scanning one file.

    `results` has those of probes that matched or could not search to the end; the other probes have no match.
    `facts` and `line_starts` (offsets) are there on demand. `parsed` counts the parses that were needed. `digest` is
    the SHA-256 of the bytes where the rows go into the scan cache. `marked`: the file may hold a waiver. `unread` says
    why the search was cut off. `script` is the language of the first line where the file's name has none. `spent` are
    the seconds that each probe took (and `timings.PARSING`), where they are measured. `remarks` say where other
    readers of the format refuse the file or read it differently.
    """

    path: str
    results: Mapping[int, SearchResult]
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
    def is_cut_off(self) -> bool:
        """Whether the search of some probe did not come to its end."""
        return bool(self.unread) or any(result.incomplete for result in self.results.values())

    def seen_from(self, folder: str) -> FileRows:
        """Return the rows with the file's path as it is seen from a folder above it."""
        path = path_below(folder, self.path)
        assert path is not None  # INVARIANT: the folder is above the file
        facts = self.facts and replace(self.facts, dir=plain_path(path).rpartition("/")[0])
        return replace(self, path=path, facts=facts)

    @property
    def is_empty(self) -> bool:
        """Whether the rows tell no policy anything, as those of most files of a large submission."""
        content = self.results or self.marked or self.line_starts or self.unread or self.script or self.remarks
        return not content and self.facts is None


def remarks_of(source: Source, config: Config) -> tuple[PlacedRemark, ...]:
    """Return the remarks about a configuration file: repeated keys, and what readers of its format differ about."""
    repeated = [
        (span, f"the key `{source.text[span.start : span.end][:_SHOWN]}` is repeated, and its last value counts here")
        for span in config.repeated[:_MOST_REMARKS]
    ]
    placed = ((source.place(span), message) for span, message in sorted([*repeated, *config.remarks])[:_MOST_REMARKS])
    return tuple(
        PlacedRemark(place.line, place.column, place.end_line, place.end_column, message) for place, message in placed
    )


def searched_text(value: Json) -> str:
    """Return the text of a bound value that `text`, `code` and `pattern` search: its JSON unless it is a string."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def line_starts_of(source: Source) -> tuple[int, ...]:
    """Return the offset at which each line of a file begins; `(0,)` for a file that can't be read."""
    try:
        return tuple(source.line_starts)
    except Unreadable:
        return (0,)


def readable(source: Source) -> str:
    """Return the text of a file that `text` searches, with replacement characters where it can't be decoded."""
    try:
        return source.text
    except Unreadable:
        return source.data.decode("utf-8", "replace")


def with_match_text(result: SearchResult, probe: Probe, source: Source) -> SearchResult:
    """Return the result with the text of each whole match bound, where the probe wants it."""
    if not probe.whole:
        return result
    text = readable(source)
    if isinstance(result.matches, MatchTable):
        spans = result.matches.spans
        texts = [text[start:end] for start, end in zip(spans.starts, spans.ends, strict=True)]
        return replace(result, matches=result.matches.bound(WHOLE, texts))
    matches = [
        match._replace(bindings=(*match.bindings, (WHOLE, Bound(text[match.span.start : match.span.end], match.span))))
        for match in result.matches
        if match.span is not None
    ]
    return replace(result, matches=tuple(matches))


def bindings_of(row: Json, expression: Expression) -> tuple[tuple[str, Bound], ...]:
    """Return the names and values that a row of an expression binds."""
    if expression.binds is not None and isinstance(row, dict):
        return tuple((key, Bound(value)) for key, value in row.items())
    return ((VALUE, Bound(row)),)


def placed_match(config: Config, index: int, row: Traced, expression: Expression) -> Match:
    """Return a traced row of a document as a match with the places of its parts."""
    span = _span(config, index, row.origin)
    if expression.binds is not None and isinstance(row.value, dict):
        parts = tuple(
            (key, Bound(value, _span(config, index, row.parts.get(key, ())))) for key, value in row.value.items()
        )
        return Match(span or next((bound.span for _, bound in parts if bound.span), None), parts)
    return Match(span, ((VALUE, Bound(row.value, span)),))


def _span(config: Config, index: int, origins: Iterable[Origin]) -> Span | None:
    """Return the place of the first origin that has one, or None."""
    for origin in origins:
        try:
            where = config.locate(index, origin.pointer)
        except KeyError:
            continue
        return where.key if origin.key and where.key else where.value
    return None
