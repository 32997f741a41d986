"""JSON Lines: a document of JSON on each line that isn't blank."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.json import escapes, parse_text
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, Where

_BLANK = " \t\r"


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the values of a file, one document a line.

    Raises Unparsable for a line that isn't strict JSON, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    text = source.text
    values, starts, repeated = list[Json](), list[int](), list[Span]()
    left = limits.values
    start = 0
    for line in text.split("\n"):
        if line.strip(_BLANK):
            config = _line(line, start, DocumentLimits(limits.depth, left, limits.expanded))
            left -= 1 + line.count(",")
            if left <= 0:
                limits.too_many(Span(start, start + len(line)))
            values += config.values
            starts.append(start)
            repeated += [_moved(span, start) for span in config.repeated]
        start += len(line) + 1
    return Config(tuple(values), _Places(text, starts).locate, tuple(repeated))


def _line(line: str, start: int, limits: DocumentLimits) -> Config:
    """Return the configuration on a line, with places within the line. Raises Unparsable with the place in the file."""
    try:
        return parse_text(line, limits)
    except Unparsable as error:
        kind = LimitExceeded if isinstance(error, LimitExceeded) else Unparsable
        span = _moved(error.span, start) if error.span else Span(start, start + len(line))
        raise kind(error.reason, span) from error


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


class _Places(Struct, frozen=True):
    """Where values stand: those of the lines that were asked for are kept."""

    text: str
    starts: Sequence[int]
    _lines: dict[int, Config] = field(default_factory=dict)

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`. Raises KeyError where it doesn't resolve."""
        if not 0 <= index < len(self.starts):
            raise KeyError(index)
        start = self.starts[index]
        if index not in self._lines:
            end = self.text.find("\n", start)
            line = self.text[start : end if end >= 0 else len(self.text)]
            self._lines[index] = parse_text(line)
        where = self._lines[index].locate(0, pointer)
        return Where(_moved(where.value, start), _moved(where.key, start) if where.key else None)


FORMAT = Format(
    name="jsonl",
    title="JSON Lines",
    parse=parse,
    suffixes=(".jsonl", ".ndjson"),
    escapes=escapes,
)
