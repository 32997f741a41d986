"""JSON documents: values from the standard library, places from a second look along the pointer."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import Any, NoReturn

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, Where

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


@cache
def _expressions() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what white space looks like, strings (keys with their colon) and brackets, and what is no number."""
    return (
        re.compile(r"[ \t\n\r]*"),
        re.compile(rf"({_STRING})[ \t\n\r]*+(:?)|[{{}}\[\]]"),
        re.compile(rf"{_STRING}|(-?Infinity|NaN)"),
    )


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one value of a JSON text.

    Raises Unparsable for what isn't strict JSON, LimitExceeded, and Unreadable when the bytes aren't text.
    A number too large for a float is kept as its text.
    """
    try:
        return parse_text(source.text, limits)
    except LimitExceeded:
        raise
    except Unparsable as error:
        if not _has_comments(source, limits):
            raise
        reason = f"{error.reason}; with its comments or trailing commas it can be read as `language: jsonc`"
        raise Unparsable(reason, error.span) from error


def _has_comments(source: Source, limits: DocumentLimits) -> bool:
    """Return whether a file that isn't JSON is JSON with comments or trailing commas."""
    from polcheck.formats import jsonc

    try:
        jsonc.parse(source, limits)
    except Unparsable:
        return False
    return True


def parse_text(text: str, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one value of a JSON text. Raises Unparsable and LimitExceeded."""
    members = _Members()
    decoder = json.JSONDecoder(object_pairs_hook=members, parse_constant=_refuse_constant, parse_float=_finite)
    value = _decode(decoder, text, limits)
    opened = text.count("[") + text.count("{")
    if opened > limits.depth or opened + text.count(",") >= limits.values:
        limits.measure(value)
    repeated = _repeated(text) if members.repeat else ()
    return Config((value,), _Places(text).locate, repeated)


class _Members:
    """Makes an object of its members, and remembers whether any key came twice."""

    repeat = False

    def __call__(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self.repeat = True
        return members


class _ConstantError(Exception):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _decode(decoder: json.JSONDecoder, text: str, limits: DocumentLimits) -> Json:
    try:
        value: Json = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise Unparsable(_reason(error.msg), Span(error.pos, min(error.pos + 1, len(text)))) from error
    except _ConstantError as error:
        raise Unparsable(f"`{error}` is not JSON", _constant(text)) from error
    except RecursionError:
        limits.too_deep()
    except ValueError as error:  # int() refuses more than 4,300 digits
        raise LimitExceeded("an integer of more than 4200 digits") from error
    return value


def _reason(message: str) -> str:
    return (message[0].lower() + message[1:]).removesuffix(" at").replace("'", "`")


def _constant(text: str) -> Span | None:
    return next((Span(*match.span(1)) for match in _expressions()[2].finditer(text) if match[1]), None)


def _repeated(text: str) -> tuple[Span, ...]:
    """Return the spans of keys that their object held already, in the order of the text."""
    spans: list[Span] = []
    visited: list[set[str]] = []
    for match in _expressions()[1].finditer(text):
        mark = match[0]
        if mark in ("{", "["):
            visited.append(set())
        elif mark in ("}", "]"):
            visited.pop()
        elif match[2]:
            key = json.loads(match[1])
            if key in visited[-1]:
                spans.append(Span(*match.span(1)))
            visited[-1].add(key)
    return tuple(spans)


class _Places(Struct, frozen=True):
    """Where the values of a text stand; of each container on the way to one, the members are cached.

    NOTE: not from a syntax tree: the standard decoder skips over siblings as fast, and agrees with itself
    about what JSON is; tree-sitter-json takes the `E+5` of `1E+5` for an error.
    """

    text: str
    _known: dict[int, dict[str | int, Where]] = field(default_factory=dict)
    _decoder: Any = field(default_factory=json.JSONDecoder)

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        if index != 0:
            raise KeyError(index)
        start = self._skip(0)
        where = Where(Span(start, len(self.text.rstrip(" \t\n\r"))))
        for step in pointer:
            where = self._members(where.value.start)[step]
        return where

    def _members(self, start: int) -> dict[str | int, Where]:
        if start not in self._known:
            opening = self.text[start]
            if opening == "{":
                self._known[start] = self._of_object(start)
            elif opening == "[":
                self._known[start] = self._of_array(start)
            else:
                return {}
        return self._known[start]

    def _of_object(self, start: int) -> dict[str | int, Where]:
        members: dict[str | int, Where] = {}
        at = self._skip(start + 1)
        while self.text[at] != "}":
            key, key_end = self._decoder.raw_decode(self.text, at)
            value = self._value(self._skip(key_end) + 1)
            members[key] = Where(value, Span(at, key_end))
            at = self._next(value.end)
        return members

    def _of_array(self, start: int) -> dict[str | int, Where]:
        items: dict[str | int, Where] = {}
        at = self._skip(start + 1)
        while self.text[at] != "]":
            value = self._value(at)
            items[len(items)] = Where(value)
            at = self._next(value.end)
        return items

    def _value(self, at: int) -> Span:
        start = self._skip(at)
        return Span(start, self._decoder.raw_decode(self.text, start)[1])

    def _next(self, end: int) -> int:
        """Where the next member begins, or the closing bracket stands, after a value that ends at `end`."""
        at = self._skip(end)
        return self._skip(at + 1) if self.text[at] == "," else at

    def _skip(self, at: int) -> int:
        match = _expressions()[0].match(self.text, at)
        return match.end() if match else at


def escapes(data: bytes) -> bool:
    """Return whether keys of a JSON file may be written with escapes."""
    return b"\\" in data


FORMAT = Format(
    name="json",
    title="JSON",
    parse=parse,
    suffixes=(".json",),
    names=("Pipfile.lock", "composer.lock", "flake.lock"),
    escapes=escapes,
)
