"""YAML documents: PyYAML's C events, the scalars of YAML 1.2's core schema, and the place of every value.

NOTE: a builder of our own, because the library's loaders know no places, take `on` and `no` for booleans,
and recurse; and nothing in them bounds what aliases expand to.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field
from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from polcheck.base.spans import Source, Span
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits, integer_in_bounds
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, Where

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TAGGED_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}


def plain(text: str) -> Json:
    """What a plain scalar means in the core schema; infinities, NaN and floats too large stay texts.

    Raises LimitExceeded for an integer of too many digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Json:
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        try:
            return integer_in_bounds(int(text, base))
        except ValueError as error:  # int() refuses more than 4,300 digits
            raise LimitExceeded("an integer of more than 4200 digits") from error
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def tagged(tag: str, text: str, style: str, span: Span) -> Json:
    """What a scalar with a tag means (`style` is empty for a plain one); an unknown tag changes nothing.

    Raises Unparsable, at `span`, when the text isn't what a core tag says, and LimitExceeded as `plain` does.
    """
    name = tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
    if name in _TAGGED_TYPES:
        value = plain(text)
        if type(value) in _TAGGED_TYPES[name]:
            return _float(value, text) if name == "float" and isinstance(value, int) else value
        if name == "float" and text.lstrip("+-").lower() in (".inf", ".nan"):
            return text
        raise Unparsable(f"`{text[:40]}` is not what the tag `!!{name}` says", span)
    if style or tag == "!" or tag.startswith(_CORE):
        return text
    return plain(text)


def _float(number: int, text: str) -> float | str:
    return float(number) if number.bit_length() < 1000 else text


# NOTE: libyaml since PyYAML 6.0.4 ends at 1,000 levels by itself, as it scans ahead of the events that it gives
_TOO_NESTED = "exceeded maximum nesting depth"
_SHOWN = 40  # characters of a name in an error's text
_CHARACTERS_A_VALUE = 64  # how much of a key made from another value weighs as much as one aliased value


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """One value for each document of a YAML stream; none for an empty one.

    What aliases stand for is shared, not copied: don't change it. Raises Unparsable for what isn't YAML,
    LimitExceeded, and Unreadable when the bytes aren't text.
    """
    builder = _Builder(source, limits)
    builder.build()
    return Config(tuple(builder.places.values), builder.places.locate, tuple(builder.repeated))


class _Places(Struct):
    """Where the values of all documents stand.

    `entries` has, for each container (by its id), the numbers of its members' entries; entry `n` is the four
    numbers from 4n in `spans`: start and end of the key (-1 without one) and of the value. INVARIANT: a
    container that is part of `values` has its own entries: it lives as long as they do, and registers when
    it is made.
    """

    values: list[Json] = field(default_factory=list)
    roots: list[Span] = field(default_factory=list)
    spans: array[int] = field(default_factory=lambda: array("q"))
    entries: dict[int, dict[str, int] | list[int]] = field(default_factory=dict)
    aliases: set[int] = field(default_factory=set)

    def locate(self, index: int, pointer: Pointer) -> Where:
        """The place of the value at `pointer` in document `index`; raises KeyError where it doesn't resolve.

        Whatever is reached through an alias stands where the alias is used.
        """
        if not 0 <= index < len(self.values):
            raise KeyError(index)
        value, where, aliased = self.values[index], Where(self.roots[index]), False
        for step in pointer:
            number, value = self._member(value, step)
            if aliased:
                where = Where(where.value)
                continue
            key, key_end, start, end = self.spans[4 * number : 4 * number + 4]
            where = Where(Span(start, end), None if key < 0 else Span(key, key_end))
            aliased = number in self.aliases
        return where

    def _member(self, value: Json, step: str | int) -> tuple[int, Json]:
        entries = self.entries[id(value)] if isinstance(value, dict | list) else {}
        if isinstance(value, dict) and isinstance(entries, dict) and isinstance(step, str):
            return entries[step], value[step]
        if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            return entries[step], value[step]  # type: ignore[index]  # a list's entries are a list
        raise KeyError(step)


_Container = dict[str, Json] | list[Json]


class _Open:
    """A container whose end hasn't come yet."""

    __slots__ = ("anchor", "before", "entries", "height", "key", "key_span", "merges", "start", "value")

    def __init__(self, value: _Container, start: int, anchor: str | None, before: int) -> None:
        self.value = value
        self.entries: Any = {} if isinstance(value, dict) else []
        self.start = start
        self.anchor = anchor
        self.before = before  # what was counted before it
        self.height = 0  # of the highest member
        self.key: str | None = None
        self.key_span = (-1, -1)
        self.merges: list[tuple[Json, Span]] = []


class _Anchored(Struct, frozen=True):
    """What an anchor names: how many values it stands for, and how many levels of containers."""

    value: Json
    size: int
    height: int


_MERGE = "<<"  # compared by identity: a key that merges is this object


class _Builder:
    """Turns events into values and places; `build` is called once."""

    def __init__(self, source: Source, limits: DocumentLimits) -> None:
        self.places = _Places()
        self.repeated: list[Span] = []
        self._source = source
        self._limits = limits
        self._stack: list[_Open] = []
        self._top: _Open | None = None
        self._anchors: dict[str, _Anchored | _Open] = {}
        self._content_end = 0
        self._count = 0
        self._expanded = 0

    def build(self) -> None:
        """Reads the stream to its end; raises Unparsable and LimitExceeded."""
        if self._source.text.startswith("\ufeff"):  # the library would skip it and be off by one
            raise Unparsable("a second byte-order mark", Span(0, 1))
        take = {
            ScalarEvent: self._scalar,
            AliasEvent: self._alias,
            MappingStartEvent: self._start_mapping,
            SequenceStartEvent: self._start_sequence,
            MappingEndEvent: self._end_mapping,
            SequenceEndEvent: self._end,
            DocumentStartEvent: self._start_document,
        }
        parser = CParser(self._source.utf8)
        try:
            while not isinstance(event := parser.get_event(), StreamEndEvent):
                if step := take.get(type(event)):
                    step(event)
        except YAMLError as error:
            raise self._unparsable(error) from error

    def _unparsable(self, error: YAMLError) -> Unparsable:
        if isinstance(error, ReaderError):
            start = self._source.span_of_bytes(error.position, error.position).start
            return Unparsable(error.reason, Span(start, start + 1))
        if not isinstance(error, MarkedYAMLError):
            return Unparsable(str(error))
        reason = " ".join(part for part in (error.problem, error.context) if part).replace("'", "`")
        mark = error.problem_mark or error.context_mark
        end = len(self._source.text)
        span = Span(min(mark.index, end), min(mark.index + 1, end)) if mark else None
        if error.problem == _TOO_NESTED:
            self._limits.too_deep(span or Span(0, 0))
        return Unparsable(reason, span)

    def _start_document(self, _: Any) -> None:
        self._anchors = {}

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        style: str = event.style
        start: int = event.start_mark.index
        end: int = event.end_mark.index
        if start == end:
            start = end = self._empty(start)
        elif style in ("|", ">"):
            end = self._block_end(start, end)
        tag: str | None = event.tag
        value: Json = text
        if tag is not None:
            value = tagged(tag, text, style, Span(start, end))
        elif not style:
            value = _MERGE if text == _MERGE else plain(text)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        self._put(value, start, end)

    def _empty(self, at: int) -> int:
        """Where an empty value stands: before the line break, where the library puts it behind one."""
        text = self._source.text
        line = text.rfind("\n", self._content_end, at)
        return self._content_end if line >= 0 and not text[line:at].strip() else at

    def _block_end(self, start: int, end: int) -> int:
        """The end of the last line with content of a block scalar; with `+`, of its last line."""
        block = self._source.text[start:end]
        header, _, _ = block.partition("\n")
        if "+" in header.partition("#")[0]:
            return start + len(block.removesuffix("\n").removesuffix("\r"))
        content = len(block.rstrip())
        line_end = block.find("\n", content)
        return start + (len(block[:line_end].removesuffix("\r")) if line_end >= 0 else len(block))

    def _put(self, value: Json, start: int, end: int) -> None:
        """Hangs a value into the container that is open, or takes it as the key of the next one."""
        self._content_end = end
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(Span(start, end))
        top = self._top
        if top is None:
            self.places.values.append(value)
            self.places.roots.append(Span(start, end))
        elif type(top.value) is list:
            top.entries.append(len(self.places.spans) >> 2)
            top.value.append(value)
            self.places.spans.extend((-1, -1, start, end))
        elif top.key is None:
            self._take_key(top, value, start, end)
        elif top.key is _MERGE:
            top.merges.append((value, Span(start, end)))
            top.key = None
        else:
            top.entries[top.key] = len(self.places.spans) >> 2
            top.value[top.key] = value  # type: ignore[call-overload]  # a mapping: lists were above
            self.places.spans.extend((*top.key_span, start, end))
            top.key = None

    def _take_key(self, top: _Open, value: Json, start: int, end: int) -> None:
        key = value if isinstance(value, str) else self._key_text(value, Span(start, end))
        if key in top.entries or (key is _MERGE and top.merges):
            self.repeated.append(Span(start, end))
        top.key = key
        top.key_span = (start, end)

    def _key_text(self, value: Json, span: Span) -> str:
        """A key that isn't a text, as JSON would write it; what aliases in it repeat counts as expansion."""
        room = (self._limits.expanded - self._expanded) * _CHARACTERS_A_VALUE
        chunks: list[str] = []
        try:
            for chunk in json.JSONEncoder(ensure_ascii=False).iterencode(value):
                chunks.append(chunk)
                room -= len(chunk)
                if room < 0:
                    self._expand(self._limits.expanded, span)
        except RecursionError:
            self._limits.too_deep(span)
        text = "".join(chunks)
        self._expand(len(text) // _CHARACTERS_A_VALUE, span)
        return text

    def _expand(self, size: int, span: Span) -> None:
        self._expanded += size
        if self._expanded > self._limits.expanded:
            raise LimitExceeded(f"aliases expand to more than {self._limits.expanded} values", span)

    def _alias(self, event: Any) -> None:
        span = Span(event.start_mark.index, event.end_mark.index)
        target = self._anchors.get(event.anchor)
        name = event.anchor[:_SHOWN]
        if target is None:
            raise Unparsable(f"no anchor `&{name}` before `*{name}`", span)
        if isinstance(target, _Open):
            raise Unparsable(f"`*{name}` stands inside the value that it names", span)
        if len(self._stack) + target.height > self._limits.depth:
            self._limits.too_deep(span)
        self._expand(target.size, span)
        if self._top is not None:
            self._top.height = max(self._top.height, target.height)
        number = len(self.places.spans) >> 2
        self._put(target.value, *span)
        if len(self.places.spans) >> 2 > number:
            self.places.aliases.add(number)

    def _start_mapping(self, event: Any) -> None:
        self._start({}, event)

    def _start_sequence(self, event: Any) -> None:
        self._start([], event)

    def _start(self, value: _Container, event: Any) -> None:
        start: int = event.start_mark.index
        if len(self._stack) >= self._limits.depth:
            self._limits.too_deep(Span(start, start + 1))
        opened = _Open(value, start, event.anchor, self._count + self._expanded)
        self._stack.append(opened)
        self._top = opened
        self.places.entries[id(value)] = opened.entries
        if event.anchor:
            self._anchors[event.anchor] = opened

    def _end_mapping(self, event: Any) -> None:
        if self._top is not None and self._top.merges:
            self._merge(self._top)
        self._end(event)

    def _end(self, event: Any) -> None:
        closed = self._stack.pop()
        self._top = self._stack[-1] if self._stack else None
        start, end = event.start_mark.index, event.end_mark.index
        # NOTE: a block's end is a mark without width, where the next token begins.
        self._put(closed.value, closed.start, end if end > start else max(self._content_end, closed.start))
        if self._top is not None:
            self._top.height = max(self._top.height, closed.height + 1)
        # INVARIANT: an anchor means the last node that bears it, in the order of their beginnings.
        if closed.anchor and self._anchors[closed.anchor] is closed:
            size = self._count + self._expanded - closed.before
            self._anchors[closed.anchor] = _Anchored(closed.value, size, closed.height + 1)

    def _merge(self, top: _Open) -> None:
        """Adds what `<<` gives: own keys win, then the later `<<`, in a list the earlier mapping."""
        for value, span in reversed(top.merges):
            for mapping in _mappings(value, span):
                entries = self.places.entries[id(mapping)]
                for key, item in mapping.items():
                    if key not in top.entries:
                        top.entries[key] = entries[key]  # type: ignore[call-overload]  # a mapping's are a dict
                        top.value[key] = item  # type: ignore[call-overload]  # likewise


def _mappings(value: Json, span: Span) -> Iterator[dict[str, Json]]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise Unparsable("a merge key takes a mapping or a list of mappings", span)
        yield item
