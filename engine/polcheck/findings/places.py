"""Places for findings: from what judge points at to lines and columns. Only findings pay for it."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import suppress
from functools import cached_property

from msgspec import Struct, field

from polcheck.base.limits import DEFAULT_RUN_LIMITS, Clock, RunLimits
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.evaluate.rows import Inner, SourceRef
from polcheck.findings.finding import Excerpt, Location
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Pointers, Unparsable
from polcheck.scan.extractor import Extractor
from polcheck.selectors.results import Match
from polcheck.sources.submission import Submission

_AROUND = 1  # lines of context before and after
_MOST_LINES = 12
_MOST_CHARACTERS = 4_000  # of an excerpt


class Locator(Struct, dict=True):
    """Works out places in one submission; what was worked out once is kept."""

    submission: Submission
    extractor: Extractor
    limits: RunLimits = DEFAULT_RUN_LIMITS
    _starts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _hits: dict[tuple[str, int], list[Match]] = field(default_factory=dict)
    _configs: dict[str, Pointers | None] = field(default_factory=dict)

    @cached_property
    def clock(self) -> Clock:
        """The time for working out places, which begins with the first; after it, files as a whole must do."""
        return self.limits.of_run(len(self.submission.paths))

    def location(self, spot: SourceRef) -> Location:
        """The location of a match: its place where it has one, else the file as a whole."""
        source = None if self.clock.over else self._source(spot.path)
        if source is None:
            return Location(spot.path)
        span = self._span(spot, source)
        return at(source, span) if span is not None else Location(spot.path)

    def shape(self, spot: SourceRef) -> str:
        """What a match looks like wherever it stands: the keys that lead to it in configuration, and how it begins.

        Empty where the file as a whole is meant or can't be read.
        """
        source = None if self.clock.over else self._source(spot.path)
        span = self._span(spot, source) if source is not None else None
        if source is None or span is None:
            return ""
        found = self._pointers(source)
        around = found.around(span) if found is not None else None
        keys = "/".join("*" if isinstance(step, int) else step for step in around[0]) + "/" if around else ""
        return keys if around and around[1] else keys + outline(source.text[span.start : span.end])

    def _pointers(self, source: Source) -> Pointers | None:
        """The pointers of a config file; None for what is none, or can't be parsed."""
        if source.path not in self._configs:
            self._configs[source.path] = None
            name = format_of(source.path)
            if name is not None:
                with suppress(Unparsable):
                    self._configs[source.path] = Pointers(parse_config(source, name), formats()[name].scattered)
        return self._configs[source.path]

    def _source(self, path: str) -> Source | None:
        try:
            source = self.submission.source(path)
            _ = source.text
        except (KeyError, OSError, Unreadable):
            return None
        return source

    def _span(self, spot: SourceRef, source: Source) -> Span | None:
        span = spot.point or spot.span
        if span is None and spot.ref is not None:
            key = (spot.ref.path, spot.ref.probe)
            if key not in self._hits:
                self._hits[key] = self.extractor.locate(source, spot.ref.probe)
            hits = self._hits[key]
            if spot.ref.hit < len(hits):
                hit = hits[spot.ref.hit]
                parts = {name: bound.span for name, bound in hit.bindings}
                span = parts.get(spot.ref.key) or hit.span
        if span is not None and spot.inner is not None:
            return self._inside(source, span, spot.inner)
        return span

    def _inside(self, source: Source, span: Span, inner: Inner) -> Span:
        """The place of a stretch of a value's text, found again in the source by counting its occurrences.

        NOTE: a value can be written with escapes or folded; where the stretch does not occur as it is, the whole value
        is meant.
        """
        wanted = inner.text[inner.start : inner.end]
        if not wanted:
            return span
        text = source.text[span.start : span.end]
        name = format_of(source.path)
        body = formats()[name].body(text) if name else 0
        before = bisect_left(self._occurrences(inner.text, wanted), inner.start)
        written = self._occurrences(text[body:], wanted)
        if before >= len(written):
            return span
        start = span.start + body + written[before]
        return Span(start, start + len(wanted))

    def _occurrences(self, text: str, wanted: str) -> list[int]:
        """Where `wanted` begins in `text`; occurrences may overlap. Looked up once for all that stand in one text."""
        key = (text, wanted)
        if key not in self._starts:
            found: list[int] = []
            index = text.find(wanted)
            while index >= 0:
                found.append(index)
                index = text.find(wanted, index + 1)
            self._starts[key] = found
        return self._starts[key]


def at(source: Source, span: Span) -> Location:
    """The location of a span, with the source around it as far as people can read it."""
    place = source.place(span)
    first, last = place.line, min(place.end_line, place.line + _MOST_LINES, len(source.line_starts))
    lines = [source.line(number) for number in range(first, last + 1)]
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
    """The first line of a text, without its white space: neither layout nor what follows counts."""
    return "".join(text.strip().partition("\n")[0].split())
