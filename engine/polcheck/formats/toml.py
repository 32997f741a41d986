"""TOML 1.1 documents: values from tomli, places from a scan of the text when one is asked for."""

from __future__ import annotations

import math
import re
from ast import literal_eval
from datetime import date, datetime, time
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits, integer_in_bounds
from polcheck.formats.values import Config, LimitExceeded, Pointer, Unparsable, Where

_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one table of a TOML text; dates and times are strings as they are written, so are infinities and
    NaN.

    Raises Unparsable for what isn't TOML 1.1, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    values = _load(source, limits)
    limits.measure(values)
    places = _Places(source, values)
    _plain(values, places)
    return Config((values,), places.locate)


def _named_key(message: str) -> str:
    """Return a message of the library with a key as it is written, not as the tuple of its parts."""
    begin, end = message.find("("), message.rfind(")") + 1
    try:
        parts = literal_eval(message[begin:end]) if 0 <= begin < end else ()
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return message
    key = ".".join(map(str, parts)) if isinstance(parts, tuple) else ""
    return f"{message[:begin]}`{key}`{message[end:]}" if key else message


def _load(source: Source, limits: DocumentLimits) -> dict[str, Any]:
    import tomli

    text = source.text
    if source.data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        raise Unparsable("TOML is in UTF-8, and this is in UTF-16 or UTF-32", Span(0, 0))
    # NOTE: the library keeps every prefix of a dotted key: 100,000 segments would take it tens of gigabytes.
    if text.count(".") >= limits.depth:
        _check_keys(text, limits)
    try:
        return tomli.loads(text, parse_float=_finite)
    except tomli.TOMLDecodeError as error:
        at = min(source.line_starts[error.lineno - 1] + error.colno - 1, len(text))
        reason = _named_key(error.msg[0].lower() + error.msg[1:]).replace("'", "`")
        raise Unparsable(reason, Span(at, min(at + 1, len(text)))) from error
    except RecursionError:
        limits.too_deep()
    except ValueError as error:  # int() refuses more than 4,300 digits
        raise LimitExceeded("an integer of more than 4200 digits") from error


def _check_keys(text: str, limits: DocumentLimits) -> None:
    """Raise LimitExceeded for a dotted key of too many segments.

    NOTE: in time that grows with the text alone: a quoted segment without an end is passed over at once.
    """
    start = 0
    for line in text.split("\n"):
        if line.count(".") >= limits.depth:
            first, segments, named = 0, 0, False
            for token in _segments().finditer(line):
                if token.lastgroup == "name":
                    first, segments = (first, segments) if not named and segments else (token.start(), 0)
                    named = True
                elif token.lastgroup == "dot" and named:
                    segments, named = segments + 1, False
                    if segments >= limits.depth:
                        limits.too_deep(Span(start + first, start + token.end()))
                elif token.lastgroup != "blank":
                    segments, named = 0, False
        start += len(line) + 1


@cache
def _segments() -> re.Pattern[str]:
    """Return what matches a segment of a key, a dot, blanks, and any other character."""
    name = r"[A-Za-z0-9_-]++|\"(?:[^\"\\]++|\\.)*+\"?+|'[^']*+'?+"
    return re.compile(rf"(?P<name>{name})|(?P<dot>\.)|(?P<blank>[ \t]++)|(?P<other>.)", re.DOTALL)


def _finite(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else text


def _plain(values: dict[str, Any], places: _Places) -> None:
    """Puts JSON values in the place of those that only TOML has, and bounds the integers."""
    pending: list[tuple[Any, Pointer]] = [(values, ())]
    while pending:
        container, pointer = pending.pop()
        for step, item in container.items() if isinstance(container, dict) else enumerate(container):
            if isinstance(item, dict | list):
                pending.append((item, (*pointer, step)))
            elif isinstance(item, datetime | date | time):
                span = places.locate(0, (*pointer, step)).value
                container[step] = places.source.text[span.start : span.end]
            elif isinstance(item, int):
                integer_in_bounds(item)


class _Spot(Struct):
    """Where a value stands: its key's place, its own, and its members; `implied` is that of `Where`."""

    key: Span | None
    start: int
    end: int
    members: dict[str, _Spot] | list[_Spot] | None = None
    implied: bool = False

    def member(self, step: str | int) -> _Spot:
        """Return the spot of one member. Raises KeyError where there is none."""
        if isinstance(self.members, dict) and isinstance(step, str):
            return self.members[step]
        if isinstance(self.members, list) and isinstance(step, int) and 0 <= step < len(self.members):
            return self.members[step]
        raise KeyError(step)


class Segment(NamedTuple):
    """One part of a dotted key."""

    name: str
    key: Span


class Statement(NamedTuple):
    """A header or a pair on its own line: from where to where it goes, its key, and the pointer to what it defines.

    `array` is that of a header in double brackets, whose pointer ends in the number of its element.
    """

    start: int
    end: int
    segments: tuple[Segment, ...]
    pointer: Pointer
    header: bool = False
    array: bool = False


@cache
def _tokens() -> tuple[re.Pattern[str], ...]:
    """Return what matches the space between statements, blanks, a segment of a key, and a scalar."""
    strings = (
        r'"""(?:[^"\\]++|\\.|"(?!""))*+"""(?:"{0,2})',
        r"'''(?:[^']++|'(?!''))*+'''(?:'{0,2})",
        r'"(?:[^"\\]++|\\.)*+"',
        r"'[^']*+'",
    )
    date = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^\s,\]}#]*+"
    return (
        re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+"),
        re.compile(r"[ \t]*+"),
        re.compile(_KEY),
        re.compile("|".join((*strings, date, r"[^\s,\]}#]++")), re.DOTALL),
    )


class _Scan:
    """Finds where the values of a text stand. INVARIANT: the text is TOML, as tomli has found."""

    def __init__(self, text: str, records: bool = False) -> None:
        self.text = text
        self._records = records  # whether `statements` are made
        self._between, self._blank, self._segment, self._scalar = _tokens()
        self.root = _Spot(None, 0, len(text.rstrip()), {})
        self.statements: list[Statement] = []

    def run(self) -> _Spot:
        """Return the spot of the whole document, with those of all that is in it."""
        table = self.root
        outer = self.root
        pointer: Pointer = ()
        at = self._skip(0)
        while at < len(self.text):
            if self.text[at] == "[":
                start = at
                outer, table, at = self._header(at)
                if self._records:
                    self.statements.append(self._header_statement(start, at))
                    pointer = self.statements[-1].pointer
            else:
                start = at
                at = self._pair(_object(table), at)
                if self._records:
                    segments = tuple(self._key(start)[0])
                    path = (*pointer, *(segment.name for segment in segments))
                    self.statements.append(Statement(start, at, segments, path))
                if table is not self.root:
                    outer.end = table.end = at
            at = self._skip(at)
        return self.root

    def _skip(self, at: int) -> int:
        return _end(self._between.match(self.text, at), at)

    def _key(self, at: int) -> tuple[list[Segment], int]:
        """Return the segments of a dotted key, and where it ends."""
        segments: list[Segment] = []
        while True:
            at = _end(self._blank.match(self.text, at), at)
            end = _end(self._segment.match(self.text, at), at)
            segments.append(Segment(_name(self.text[at:end]), Span(at, end)))
            at = _end(self._blank.match(self.text, end), end)
            if self.text[at] != ".":
                return segments, end
            at += 1

    def _header(self, start: int) -> tuple[_Spot, _Spot, int]:
        """Return a header `[a.b]` or `[[a.b]]`: the spot of its name, the one that the pairs below it go to, and
        its end.
        """
        array = self.text.startswith("[[", start)
        (*parents, last), end = self._key(start + 1 + array)
        end = self.text.index("]", end) + 1 + array
        members = _object(self.root)
        for parent in parents:
            members = _enter(members, parent, start, end)
        spot = members.setdefault(last.name, _Spot(last.key, start, end))
        if array:
            own = _Spot(None, start, end, {})
            if not isinstance(spot.members, list):
                spot.members = []
            spot.members.append(own)
        else:
            spot.key, spot.start, spot.implied, own = last.key, start, False, spot
        spot.end = own.end = end
        return spot, own, end

    def _header_statement(self, start: int, end: int) -> Statement:
        """Return a header that was read."""
        array = self.text.startswith("[[", start)
        segments = tuple(self._key(start + 1 + array)[0])
        spot, pointer = self.root, list[str | int]()
        for segment in segments:
            pointer.append(segment.name)
            spot = spot.member(segment.name)
            if isinstance(spot.members, list) and spot.members:
                pointer.append(len(spot.members) - 1)
                spot = spot.members[-1]
        return Statement(start, end, segments, tuple(pointer), True, array)

    def _pair(self, members: dict[str, _Spot], start: int) -> int:
        """Adds the spots of a pair `key = value`; returns where its value ends."""
        (*parents, last), end = self._key(start)
        value = self._value(self._skip(self.text.index("=", end) + 1))
        for parent in parents:
            members = _enter(members, parent, start, value.end)
        value.key = last.key
        members[last.name] = value
        return value.end

    def _value(self, at: int) -> _Spot:
        opening = self.text[at]
        if opening not in "[{":
            return _Spot(None, at, _end(self._scalar.match(self.text, at), at))
        spot = _Spot(None, at, at, [] if opening == "[" else {})
        at = self._skip(at + 1)
        while self.text[at] not in "]}":
            if isinstance(spot.members, list):
                item = self._value(at)
                spot.members.append(item)
                at = item.end
            else:
                at = self._pair(_object(spot), at)
            at = self._skip(at)
            if self.text[at] == ",":
                at = self._skip(at + 1)
        spot.end = at + 1
        return spot


def _end(match: re.Match[str] | None, at: int) -> int:
    if match is None:
        raise AssertionError(f"no TOML at {at}, though it was parsed")
    return match.end()


def _object(spot: _Spot) -> dict[str, _Spot]:
    """Return the members of a table, which has none as long as only its name has been seen."""
    if not isinstance(spot.members, dict):
        spot.members = {}
    return spot.members


def _enter(members: dict[str, _Spot], segment: Segment, start: int, end: int) -> dict[str, _Spot]:
    """Return the members of the table that `segment` names: of the last element where it is an array of tables."""
    spot = members.setdefault(segment.name, _Spot(segment.key, start, end, {}, implied=True))
    if isinstance(spot.members, list) and spot.members:
        spot = spot.members[-1]
    return _object(spot)


def _name(written: str) -> str:
    """Return the key that a segment stands for."""
    if written[:1] == "'":
        return written[1:-1]
    if written[:1] != '"':
        return written
    if "\\" not in written:
        return written[1:-1]
    import tomli

    return next(iter(tomli.loads(f"{written}=0")))


class _Places(Struct, frozen=True, dict=True):
    """Where the values of a source stand."""

    source: Source
    values: dict[str, Any]

    @cached_property
    def _root(self) -> _Spot:
        return _Scan(self.source.text).run()

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        if index != 0:
            raise KeyError(index)
        spot = self._root
        for step in pointer:
            spot = spot.member(step)
        return Where(Span(spot.start, spot.end), spot.key, spot.implied)


def statements(text: str) -> list[Statement]:
    """Return the headers and pairs of a TOML text, in order. INVARIANT: the text is TOML, as `parse` has found."""
    scan = _Scan(text, records=True)
    scan.run()
    return scan.statements


def escapes(data: bytes) -> bool:
    """Return whether keys of a TOML file may be written with escapes."""
    return b"\\" in data


FORMAT = Format(
    name="toml",
    title="TOML",
    parse=parse,
    suffixes=(".toml",),
    names=("Pipfile", "poetry.lock", "uv.lock", "pdm.lock", "Cargo.lock"),
    scattered=True,
    root="object",
    escapes=escapes,
)
