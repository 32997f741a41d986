"""Places for findings: from what judge points at to lines and columns. Only findings pay for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from polcheck.documents import format_of, parse_config
from polcheck.documents.config import Unparsable
from polcheck.documents.pointers import Pointers
from polcheck.extract import Extractor
from polcheck.judge import Inner, Spot
from polcheck.report import Excerpt, Location
from polcheck.selectors.found import Hit
from polcheck.source import Source, Span, Unreadable
from polcheck.submission import Submission

_AROUND = 1  # lines of context before and after
_MOST_LINES = 12


@dataclass
class Locator:
    """Works out places in one submission; what was worked out once is kept."""

    submission: Submission
    extractor: Extractor
    _hits: dict[tuple[str, int], list[Hit]] = field(default_factory=dict)
    _configs: dict[str, Pointers | None] = field(default_factory=dict)

    def location(self, spot: Spot) -> Location:
        """The location of a match: its place where it has one, else the file as a whole."""
        source = self._source(spot.path)
        if source is None:
            return Location(spot.path)
        span = self._span(spot, source)
        return at(source, span) if span is not None else Location(spot.path)

    def shape(self, spot: Spot) -> str:
        """What a match looks like wherever it stands: the keys that lead to it in configuration, and how it begins.

        Empty where the file as a whole is meant or can't be read.
        """
        source = self._source(spot.path)
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
                    self._configs[source.path] = Pointers(parse_config(source, name), name in ("toml", "ini"))
        return self._configs[source.path]

    def _source(self, path: str) -> Source | None:
        try:
            source = self.submission.source(path)
            _ = source.text
        except (KeyError, OSError, Unreadable):
            return None
        return source

    def _span(self, spot: Spot, source: Source) -> Span | None:
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
            return _inside(source, span, spot.inner)
        return span


def at(source: Source, span: Span) -> Location:
    """The location of a span, with the source around it."""
    place = source.place(span)
    first = max(place.line - _AROUND, 1)
    last = min(place.end_line + _AROUND, place.line + _MOST_LINES, len(source.line_starts))
    lines = tuple(source.line(number) for number in range(first, last + 1))
    return Location(source.path, place, Excerpt(first, lines))


def outline(text: str) -> str:
    """The first line of a text, without its white space: neither layout nor what follows counts."""
    return "".join(text.strip().partition("\n")[0].split())


def _inside(source: Source, span: Span, inner: Inner) -> Span:
    """The place of a stretch of a value's text, found again in the source by counting its occurrences.

    NOTE: a value can be written with escapes or folded; where the stretch does not occur as it is, the whole value
    is meant.
    """
    wanted = inner.text[inner.start : inner.end]
    if not wanted:
        return span
    before = sum(1 for _ in _occurrences(inner.text, wanted, inner.start))
    written = source.text[span.start : span.end]
    for number, index in enumerate(_occurrences(written, wanted, len(written))):
        if number == before:
            return Span(span.start + index, span.start + index + len(wanted))
    return span


def _occurrences(text: str, wanted: str, end: int) -> Iterator[int]:
    """Where `wanted` begins in `text`, before `end`; occurrences may overlap."""
    index = text.find(wanted)
    while 0 <= index < end:
        yield index
        index = text.find(wanted, index + 1)
