"""Places for findings: from what evaluation points at to lines and columns. Only findings pay for it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.limits import DEFAULT_RUN_LIMITS, Clock, RunLimits
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.evaluate.rows import NOT_GIVEN, BoundValue, GivenNames, Inner, SourceRef
from polcheck.findings.alignment import Alignment, align
from polcheck.findings.finding import Excerpt, Location
from polcheck.findings.report import Notice
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Config, Json, Pointer, Pointers, Unparsable
from polcheck.scan.extractor import Extractor
from polcheck.scan.rows import searched_text
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.tracing import TracedValue
from polcheck.selectors.jmespath.values import EvaluationError
from polcheck.selectors.text import encodable
from polcheck.sources.submission import Submission
from polcheck.sources.trees import is_base

_AROUND = 1  # lines of context before and after
_MOST_LINES = 12
_MOST_CHARACTERS = 4_000  # of an excerpt
_FORMERLY_PLACED = 4_000_000  # bytes of a config document in which places were known to version 1 of baselines
_LISTED_FILES = 20  # of which a notice says that places in them are missing

_ToFile = Callable[[Span], Span]


class _Document(NamedTuple):
    """Configuration in a file, or in a string of one: its values with places, its text, and the way to the file."""

    config: Config
    text: str
    body_of: Callable[[str], int]  # a string as it is written -> where its content begins
    to_file: _ToFile

    def span(self, index: int, cell: TracedValue) -> Span | None:
        """Return the place, in the document's own text, of the first origin of a traced value that has one."""
        for origin in cell.origin:
            try:
                where = self.config.locate(index, origin.pointer)
            except KeyError:
                continue
            return where.key if origin.key and where.key else where.value
        return None


class Entry(NamedTuple):
    """A value of a configuration file, or with `is_key` its key: the file, its format, and where it is in it.

    `value` is what stands at `pointer` in the document `number` of the file.
    """

    source: Source
    format: str
    number: int
    pointer: Pointer
    value: Json
    is_key: bool = False


class _Traced(NamedTuple):
    """A value in a document, with its origins."""

    document: _Document
    number: int  # of the value in the document, of which YAML may hold several
    cell: TracedValue


class _Written(NamedTuple):
    """How a string is written: where its characters stand in a text, from `offset`, and the way on to the file."""

    alignment: Alignment
    offset: int
    to_file: _ToFile

    def span(self, start: int, end: int) -> Span:
        """Return the place in the file of a stretch of the string."""
        return self.to_file(self.alignment.written(start, end, self.offset))


class Locator(Struct, dict=True):
    """Works out places in one submission; what was worked out once is kept."""

    submission: Submission
    extractor: Extractor
    limits: RunLimits = DEFAULT_RUN_LIMITS
    missing: dict[str, str] = field(default_factory=dict)  # files in which a place could not be worked out, and why
    _starts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _documents: dict[tuple[str, str], _Document | None] = field(default_factory=dict)
    _rows: dict[tuple[str, int], list[_Traced]] = field(default_factory=dict)
    # INVARIANT: what is known by the `id` of a bound value keeps that alive
    _inner: dict[tuple[int, int, str], tuple[BoundValue, list[_Traced] | None]] = field(default_factory=dict)
    _aligned: dict[int, tuple[BoundValue, _Written | None]] = field(default_factory=dict)
    _configs: dict[str, Pointers | None] = field(default_factory=dict)

    @cached_property
    def clock(self) -> Clock:
        """Return the clock for working out places, which begins with the first; after it, files as a whole must do."""
        return self.limits.of_run(len(self.submission.paths))

    def span(self, place: SourceRef, exact: bool = False, literal: bool = False) -> Span | None:
        """Return the place of a match in its file; with `exact` None where only that of its value is known.

        With `literal`, too, None where what is found in a value was computed from it.
        """
        source = self._source(place.path)
        if source is None or self._is_late(place.path):
            return None
        if exact and place.inner is not None:
            return self._exact(place.inner, source, literal)
        return self._span(place, source)

    def entry(self, bound: BoundValue) -> Entry | None:
        """Return the entry of a configuration file that a bound value is: the value as it stands there, or its key.

        None for what isn't of such a file, was computed from what is, or stands in a string of it.
        """
        source = self._source(bound.path) if bound.path and not is_base(bound.path) else None
        if source is None or self._is_late(bound.path):
            return None
        traced = self._cell(bound, source)
        if traced is None or traced.document.to_file is not _as_it_is or not _stands_as_it_is(traced):
            return None
        pointer, is_key = traced.cell.origin[0]
        value = _value_at(traced.document.config, traced.number, pointer)
        return Entry(source, self._format(bound, source), traced.number, pointer, value, is_key)

    def _format(self, bound: BoundValue, source: Source) -> str:
        """Return the format in which the file of a value of a configuration was read."""
        while bound.inner is not None:
            bound = bound.inner.holder
        probe = bound.search_ref.probe if bound.search_ref is not None else None
        return (self.extractor.probes[probe].language if probe is not None else "") or format_of(source.path) or ""

    def _exact(self, inner: Inner, source: Source, literal: bool) -> Span | None:
        """Return the place in the file of a match inside a bound value; None where its own isn't known."""
        if inner.stretch is not None:
            written = self._written(inner.holder, source)
            return written.span(*inner.stretch) if written is not None else None
        rows = self._rows_inside(inner, source)
        if rows is None or inner.match >= len(rows):
            return None
        row = rows[inner.match]
        part = self._parts(inner.probe, row.cell).get(inner.key, row.cell)
        if literal and not _stands_as_it_is(row._replace(cell=part)):
            return None
        return self._row_span(row, inner.probe, inner.key)

    def location(self, spot: SourceRef) -> Location:
        """Return the location of a match: its place where it has one, else the file as a whole."""
        source = self._source(spot.path)
        if source is None or not (spot.span or spot.point or spot.ref or spot.inner):
            return Location.of_file(spot.path)
        span = None if is_base(spot.path) or self._is_late(spot.path) else self._span(spot, source)
        return at(source, span) if span is not None else Location.of_file(spot.path)

    def notices(self) -> tuple[Notice, ...]:
        """Return one notice for each reason why findings point at files as a whole where they have a place."""
        reasons: dict[str, list[str]] = {}
        for path, reason in sorted(self.missing.items()):
            reasons.setdefault(reason, []).append(path)
        return tuple(
            Notice(
                "unplaced",
                f"findings point at {_listed(paths)} as a whole: {reason}",
                Location(paths[0]) if len(paths) == 1 else None,
            )
            for reason, paths in sorted(reasons.items())
        )

    def _is_late(self, path: str) -> bool:
        if self.clock.over:
            self.missing.setdefault(path, "there was no time left to work out places (the limit `run_seconds`)")
        return self.clock.over

    def shape(self, spot: SourceRef) -> str:
        """Return what a match looks like wherever it stands: the keys that lead to it, and how it begins.

        Empty where the file as a whole is meant or can't be read.
        """
        source = None if self.clock.over else self._source(spot.path)
        span = self._span(spot, source) if source is not None else None
        return self._shape(source, span) if source is not None and span is not None else ""

    def former_shape(self, spot: SourceRef) -> str:
        """Return the same by the rules of version 1 of baselines, which placed what is in a value less exactly."""
        source = None if self.clock.over else self._source(spot.path)
        if source is None or (len(source.data) > _FORMERLY_PLACED and spot.span is None):
            return ""
        stretch: tuple[str, int, int] | None = None
        while spot.inner is not None:
            inner = spot.inner
            if stretch is None and inner.stretch is not None:
                stretch = (inner.holder.text, *inner.stretch)
            spot = SourceRef(inner.holder.path, inner.holder.span, None, inner.holder.ref, inner.holder.inner)
        span = self._span(spot, source)
        if span is not None and stretch is not None:
            span = self._counted(source, span, *stretch)
        return self._shape(source, span) if span is not None else ""

    def _shape(self, source: Source, span: Span) -> str:
        pointers = self._pointers(source)
        around = pointers.around(span) if pointers is not None else None
        keys = "/".join("*" if isinstance(step, int) else step for step in around[0]) + "/" if around else ""
        return keys if around and around[1] else keys + outline(source.text[span.start : span.end])

    def _pointers(self, source: Source) -> Pointers | None:
        """Return the pointers of a config file; None for what is none, or can't be parsed."""
        if source.path not in self._configs:
            name = format_of(source.path)
            document = self._document(source, name) if name else None
            self._configs[source.path] = (
                Pointers(document.config, formats()[name].scattered) if document and name else None
            )
        return self._configs[source.path]

    def _source(self, path: str) -> Source | None:
        try:
            source = self.submission.source(path)
            _ = source.text
        except (KeyError, OSError, Unreadable):
            return None
        return source

    def _span(self, spot: SourceRef, source: Source) -> Span | None:
        """Return the place of a match in its file."""
        if spot.inner is not None:
            return self._inside(spot.inner, source)
        span = spot.point or spot.span
        if span is None and spot.ref is not None:
            rows = self._rows_of(source, spot.ref.probe)
            traced = rows[spot.ref.match] if spot.ref.match < len(rows) else None
            span = self._row_span(traced, spot.ref.probe, spot.ref.key) if traced is not None else None
            if span is None:
                self.missing.setdefault(source.path, "the places of its values could not be worked out")
        return span

    def _row_span(self, traced: _Traced, probe: int, key: str) -> Span | None:
        """Return the place in the file of a row of an expression, or of what it binds to `key`."""
        document, index, cell = traced
        parts = self._parts(probe, cell)
        span = document.span(index, parts[key]) if key in parts else None
        if span is None:
            places = (document.span(index, each) for each in (cell, *parts.values()))
            span = next(filter(None, places), None)
        return document.to_file(span) if span is not None else None

    def _parts(self, probe: int, cell: TracedValue) -> dict[str, TracedValue]:
        """Return what a row of an expression binds, by key; none where it is one value."""
        what = self.extractor.probes[probe].what
        if isinstance(what, Expression) and what.binds is not None and isinstance(cell.value, dict):
            return {key: cell.child(key) for key in cell.value}
        return {}

    def _document(self, source: Source, name: str) -> _Document | None:
        """Return a file as configuration in a format; None where it is none."""
        key = (source.path, name)
        if key not in self._documents:
            try:
                config = parse_config(source, name)
                self._documents[key] = _Document(config, source.text, formats()[name].body, _as_it_is)
            except (Unparsable, Unreadable):
                self._documents[key] = None
        return self._documents[key]

    def _rows_of(self, source: Source, probe: int) -> list[_Traced]:
        """Return the matches of an expression in a file, in the order of the document."""
        key = (source.path, probe)
        if key not in self._rows:
            name = self.extractor.probes[probe].language or format_of(source.path) or ""
            document = self._document(source, name)
            self._rows[key] = self._traced(document, probe) if document is not None else []
        return self._rows[key]

    def _traced(self, document: _Document, probe: int, given: GivenNames = NOT_GIVEN) -> list[_Traced]:
        config, rows = self.extractor.trace(document.config, probe, given.values)
        document = document._replace(config=config)
        return [_Traced(document, number, row) for number, row in rows]

    def _inside(self, inner: Inner, source: Source) -> Span | None:
        """Return the place in the file of a match inside a bound value; that of the whole value where its own isn't
        known.
        """
        if inner.stretch is not None:
            return self._stretch(inner, source)
        rows = self._rows_inside(inner, source)
        if rows is not None and inner.match < len(rows):
            span = self._row_span(rows[inner.match], inner.probe, inner.key)
            if span is not None:
                return span
        return self._whole(inner.holder, source)

    def _rows_inside(self, inner: Inner, source: Source) -> list[_Traced] | None:
        """Return the hits of an expression in a bound value, with their origins; None where the value has none."""
        key = (id(inner.holder), inner.probe, inner.given.key)
        if key not in self._inner:
            self._inner[key] = (inner.holder, self._trace_inside(inner, source))
        return self._inner[key][1]

    def _trace_inside(self, inner: Inner, source: Source) -> list[_Traced] | None:
        probe, value = self.extractor.probes[inner.probe], inner.holder.value
        what = probe.what
        if not isinstance(what, Expression):
            return None
        if probe.language and isinstance(value, str):
            written = self._written(inner.holder, source)
            if written is None:
                return None
            text = Source("", encodable(value).encode())
            try:
                config = parse_config(text, probe.language)
            except (Unparsable, Unreadable):
                return None
            return self._traced(
                _Document(
                    config,
                    value,
                    formats()[probe.language].body,
                    lambda span: written.span(*span),
                ),
                inner.probe,
                inner.given,
            )
        holder = self._cell(inner.holder, source)
        if holder is None:
            return None
        try:
            return [holder._replace(cell=row) for row in what.traced_rows(holder.cell, inner.given.values)]
        except EvaluationError:
            return None

    def _cell(self, bound: BoundValue, source: Source) -> _Traced | None:
        """Return a bound value as a part of the document that it was found in."""
        if bound.inner is not None:
            inner = bound.inner
            rows = self._rows_inside(inner, source) if inner.stretch is None else None
            hit, probe, key = inner.match, inner.probe, inner.key
        elif bound.search_ref is not None:
            is_data = isinstance(self.extractor.probes[bound.search_ref.probe].what, Expression)
            rows = self._rows_of(source, bound.search_ref.probe) if is_data else None
            hit, probe, key = bound.search_ref.match, bound.search_ref.probe, bound.search_ref.key
        else:
            return None
        if rows is None or hit >= len(rows):
            return None
        parts = self._parts(probe, rows[hit].cell)
        return rows[hit]._replace(cell=parts[key]) if key in parts else rows[hit]

    def _whole(self, bound: BoundValue, source: Source) -> Span | None:
        """Return the place of a bound value."""
        return self._span(SourceRef(bound.path, bound.span, None, bound.ref, bound.inner), source)

    def _stretch(self, inner: Inner, source: Source) -> Span | None:
        """Return the place in the file of a stretch of a bound value's text.

        NOTE: where the text isn't written as it is (it was computed, or is JSON made of a list), the stretch is looked
        for where the value stands, by counting how often it occurs before; where it doesn't, the whole value is meant.
        """
        start, end = inner.stretch or (0, 0)
        written = self._written(inner.holder, source)
        if written is not None:
            return written.span(start, end)
        whole, text = self._whole(inner.holder, source), searched_text(inner.holder.value)
        return self._counted(source, whole, text, start, end) if whole is not None else None

    def _counted(self, source: Source, whole: Span, text: str, start: int, end: int) -> Span:
        """Return where a stretch of a text is written in a part of a file, by counting how often it occurs before."""
        part = text[start:end]
        if not part:
            return whole
        before = bisect_left(self._occurrences(text, part), start)
        positions = self._occurrences(source.text[whole.start : whole.end], part)
        if before >= len(positions):
            return whole
        return Span(whole.start + positions[before], whole.start + positions[before] + len(part))

    def _written(self, bound: BoundValue, source: Source) -> _Written | None:
        """Return how a bound string is written; None for what is no string, or isn't written as it is."""
        key = id(bound)
        if key not in self._aligned:
            self._aligned[key] = (bound, self._align(bound, source) if isinstance(bound.value, str) else None)
        return self._aligned[key][1]

    def _align(self, bound: BoundValue, source: Source) -> _Written | None:
        traced = self._cell(bound, source)
        to_file: _ToFile = _as_it_is
        outer = bound.inner.holder if bound.inner is not None and bound.inner.stretch is not None else None
        body = 0
        if traced is not None:
            document = traced.document
            text, span, to_file = document.text, document.span(traced.number, traced.cell), document.to_file
            body = document.body_of(text[span.start : span.end]) if span else 0
        elif outer is not None and bound.inner is not None:
            around = self._written(outer, source)
            if around is None:
                return None
            text, span = searched_text(outer.value), Span(*(bound.inner.stretch or (0, 0)))
            to_file = lambda span: around.span(*span)  # noqa: E731
        else:
            text, span = source.text, self._whole(bound, source)
        alignment = align(text[span.start : span.end], str(bound.value), body) if span is not None else None
        return _Written(alignment, span.start, to_file) if alignment is not None and span is not None else None

    def _occurrences(self, text: str, part: str) -> list[int]:
        """Return where `part` begins in `text`; occurrences may overlap. Worked out once a text."""
        key = (text, part)
        if key not in self._starts:
            positions: list[int] = []
            index = text.find(part)
            while index >= 0:
                positions.append(index)
                index = text.find(part, index + 1)
            self._starts[key] = positions
        return self._starts[key]


def _as_it_is(span: Span) -> Span:
    return span


def _stands_as_it_is(traced: _Traced) -> bool:
    """Return whether a value is one that its document holds, or a key of it, and not computed from such."""
    if len(traced.cell.origin) != 1:
        return False
    pointer, is_key = traced.cell.origin[0]
    if is_key:
        return pointer[-1:] == (traced.cell.value,)
    value = _value_at(traced.document.config, traced.number, pointer)
    return value == traced.cell.value and type(value) is type(traced.cell.value)


def _value_at(config: Config, index: int, pointer: Pointer) -> Json:
    """Return the value at a pointer of a document; None where there is none."""
    value: Json = config.values[index] if index < len(config.values) else None
    for step in pointer:
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _listed(paths: list[str]) -> str:
    """Return the first paths, and how many there are beside them."""
    shown = ", ".join(f"`{path}`" for path in paths[:_LISTED_FILES])
    return shown + (f" and {len(paths) - _LISTED_FILES:,} more" if len(paths) > _LISTED_FILES else "")


def at(source: Source, span: Span) -> Location:
    """Return the location of a span, with the source around it as far as people can read it."""
    place = source.place(span)
    first, last = place.line, min(place.end_line, place.line + _MOST_LINES, len(source.line_starts))
    lines = source.lines(first, last)
    room = _MOST_CHARACTERS - sum(map(len, lines))
    if room < 0:
        return Location(source.path, place)  # NOTE: a line of megabytes would be shown as often as something is in it
    for number in range(first - 1, max(first - 1 - _AROUND, 0), -1):
        if len(source.line(number)) > room:
            break
        first, lines = number, [source.line(number), *lines]
    for number in range(last + 1, min(place.end_line + _AROUND, place.line + _MOST_LINES, len(source.line_starts)) + 1):
        if len(source.line(number)) > room:
            break
        lines.append(source.line(number))
    return Location(source.path, place, Excerpt(first, tuple(lines)))


def outline(text: str) -> str:
    """Return the first line of a text, without its white space: neither layout nor what follows counts."""
    return "".join(text.strip().partition("\n")[0].split())
