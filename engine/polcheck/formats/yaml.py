"""YAML documents: libyaml's events, the scalars of YAML 1.2's core schema, and the place of every value.

NOTE: a builder of our own, because the library's loaders know no places, take `on` and `no` for booleans,
and recurse; and nothing in them bounds what aliases expand to. libyaml reads YAML 1.1: where that differs from 1.2, the
text is translated first, the file is refused, or what it says is remarked upon; the YAML test suite holds it to that.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits, integer_in_bounds
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Remark, Unparsable, Where

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_TAGGED_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}


# what the core schema and YAML's own types say of a node; any other tag is its author's own, and changes what is meant
_KNOWN_TAGS = frozenset(
    _CORE + name
    for name in (*_TAGGED_TYPES, "str", "seq", "map", "binary", "merge", "omap", "pairs", "set", "timestamp", "value")
)
_MERGE_TAG = _CORE + "merge"
_MOST_REMARKS = 20
_SHORT = 1_000  # digits
_SHALLOW = "YAML wants this line indented by more spaces: other readers refuse the file"
_MARK = "YAML has no byte-order mark here: other readers refuse the file, or take it for a character"
_DASH = "a `-` alone is not a value of YAML inside brackets: other readers refuse the file"
_SPACES = "a block of text that ends in spaces without an end of line: other readers take them for no line"
_MOST_SHOWN = 40
_GLUED = "YAML wants white space before this comment: other readers refuse the file"


@cache
def _numbers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what integers look like, and what floats do."""
    return (
        re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
        re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
    )


def plain(text: str) -> Json:
    """What a plain scalar means in the core schema; infinities, NaN and floats too large stay texts.

    Raises LimitExceeded for an integer of too many digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Json:
    if text.isascii() and text.isdigit() and len(text) < _SHORT:  # as most are
        return int(text)
    integer, floating = _numbers()
    if integer.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        try:
            return integer_in_bounds(int(text, base))
        except ValueError as error:  # int() refuses more than 4,300 digits
            raise LimitExceeded("an integer of more than 4200 digits") from error
    if floating.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def tagged(tag: str, text: str, style: str, span: Span) -> Json:
    """What a scalar with a tag means (`style` is empty for a plain one), beside what an author's own tag says.

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


Shorthand = Callable[[str, Json, str | None], tuple[str, Json]]


def own_tag(tag: str, value: Json, text: str | None) -> tuple[str, Json]:
    """Return the key under which a value with an author's own tag stands, `!secret` for `!secret x`, and that value.

    `text` is what a scalar says as it stands, None for a collection.
    """
    return tag, value


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS, shorthand: Shorthand = own_tag) -> Config:
    """Return one value for each document of a YAML stream; none for an empty one.

    A value with a tag of its author's own is a mapping of that tag to the value, as `shorthand` spells them. What
    aliases stand for is shared, not copied: don't change it. Raises Unparsable for what isn't YAML, LimitExceeded, and
    Unreadable when the bytes aren't text.
    """
    builder = _Builder(source, limits, shorthand)
    builder.build()
    return Config(tuple(builder.places.values), builder.places.locate, tuple(builder.repeated), tuple(builder.remarks))


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
        """Return the place of the value at `pointer` in document `index`; raises KeyError where it doesn't resolve.

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

    __slots__ = (
        *("anchor", "before", "entries", "flow", "height", "indent", "key", "key_span", "merges", "start", "value"),
        "wraps",
    )

    def __init__(self, value: _Container, start: int, anchor: str | None, before: int) -> None:
        self.value = value
        self.entries: Any = {} if isinstance(value, dict) else []
        self.start = start
        self.anchor = anchor
        self.before = before  # what was counted before it
        self.height = 0  # of the highest member
        self.key: str | None = None
        self.key_span = (-1, -1)
        self.merges: list[tuple[Json, Span, bool]] = []  # what is merged, where, and whether by an alias
        self.indent = -1  # the column of the block collection that this is or stands in; -1 at the top
        self.flow = False
        self.wraps = False  # whether it is the mapping that an own tag makes


class _Anchored(Struct, frozen=True):
    """What an anchor names: how many values it stands for, and how many levels of containers."""

    value: Json
    size: int
    height: int


_MERGE = "<<"  # compared by identity: a key that merges is this object


class _Builder:
    """Turns events into values and places; `build` is called once."""

    def __init__(self, source: Source, limits: DocumentLimits, shorthand: Shorthand) -> None:
        self.places = _Places()
        self.repeated: list[Span] = []
        self.remarks: list[Remark] = []
        self._source = source
        self._shorthand = shorthand
        # NOTE: of the same length as the source's: a line may end in a carriage return alone
        self.text = re.sub("\r(?!\n)", "\n", source.text) if "\r" in source.text else source.text
        self._size = len(self.text)
        self._questions = "?" in self.text
        self._rare = True  # whether a scalar has to be checked or translated for what few files have
        self._limits = limits
        self._stack: list[_Open] = []
        self._top: _Open | None = None
        self._anchors: dict[str, _Anchored | _Open] = {}
        self._content_end = 0
        self._count = 0
        self._expanded = 0
        self._closed = True  # whether the last document ended in `...`
        self._back: dict[int, str] = {}
        self._line_added = False  # whether the text ends in spaces, and was given an end of line
        hashes = "#" in source.text and re.search(r"[^\s#]#", source.text) is not None
        self._tokens: array[int] | None = array("q") if hashes else None  # where scalars and properties begin and end

    def build(self) -> None:
        """Reads the stream to its end; raises Unparsable and LimitExceeded."""
        from yaml import events
        from yaml._yaml import CParser
        from yaml.error import YAMLError

        if self._source.text.startswith("\ufeff"):  # the library would skip it and be off by one
            raise Unparsable("a second byte-order mark", Span(0, 1))
        take = {
            events.ScalarEvent: self._scalar,
            events.AliasEvent: self._alias,
            events.MappingStartEvent: self._start_mapping,
            events.SequenceStartEvent: self._start_sequence,
            events.MappingEndEvent: self._end_mapping,
            events.SequenceEndEvent: self._end,
            events.DocumentStartEvent: self._start_document,
            events.DocumentEndEvent: self._end_document,
        }
        parser = CParser(self.encoded())
        self._rare = self._questions or self._tokens is not None or bool(self._back)
        try:
            while not isinstance(event := parser.get_event(), events.StreamEndEvent):
                if step := take.get(type(event)):
                    step(event)
        except YAMLError as error:
            raise self._unparsable(error) from error
        if self._tokens is not None:
            self._check_comments(self._tokens)
        if (mark := self.text.find("\ufeff")) >= 0:
            self._remark(mark, mark + 1, _MARK)

    def encoded(self) -> bytes:
        """Return the text as libyaml reads what YAML 1.2 says, character for character.

        NOTE: what ended a line in YAML 1.1 (U+0085, U+2028, U+2029) is a character like any other in 1.2: it is
        exchanged for one that the text doesn't have. Spaces at the end of a text are a line, as if it had an end.
        """
        text = self._source.text
        ends = [mark for mark in "\x85\u2028\u2029" if mark in text]
        last = text[text.rfind("\n") + 1 :]
        spaces = bool(last) and last.strip(" ") == ""
        self._line_added = spaces
        if not ends and not spaces:
            return self._source.utf8
        used = set(text) if ends else set[str]()
        free = (code for code in range(0xE000, 0xF900) if chr(code) not in used)
        forth: dict[int, int] = {}
        for mark in ends:
            code = next(free, None)
            if code is None:
                raise Unparsable("a line separator of Unicode beside every character for private use")
            forth[ord(mark)] = code
            self._back[code] = mark
        return (text.translate(forth) + ("\n" if spaces else "")).encode("utf-8", "surrogatepass")

    def _remark(self, start: int, end: int, message: str) -> None:
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(Remark(Span(start, end), message))

    def _check_comments(self, tokens: array[int]) -> None:
        """Remarks upon comments that no white space sets off from what is before them, which are none in YAML."""
        text = self.text
        glued = re.compile(r"[^\s#]#")
        starts = tokens[::2]
        at = 0
        while match := glued.search(text, at):
            mark = match.start() + 1
            number = bisect_right(starts, mark) - 1
            end = tokens[2 * number + 1] if number >= 0 else 0
            if mark < end:
                at = end - 1  # a comment may begin at once behind the token, whose last character comes before it
                continue
            line = max(text.rfind("\n", 0, mark) + 1, end)
            before = text[line:mark]
            if not re.search(r"(?:^|\s)#" if line > end or line == 0 else r"\s#", before):
                self._remark(mark, mark + 1, _GLUED)
            at = text.find("\n", mark)
            if at < 0:
                break

    def _unparsable(self, error: Exception) -> Unparsable:
        from yaml.error import MarkedYAMLError
        from yaml.reader import ReaderError

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

    def _start_document(self, event: Any) -> None:
        self._anchors = {}
        start = min(event.start_mark.index, len(self.text))
        if event.explicit and (event.version or event.tags) and not self._closed:
            reason = "a directive takes a line `...` before it where a document is open"
            raise Unparsable(reason, Span(start, min(start + 1, len(self.text))))
        if event.version == (1, 1):
            message = "this says YAML 1.1, and is read as YAML 1.2: `yes`, `no`, `on` and `off` are strings"
            self._remark(start, min(event.end_mark.index, len(self.text)), message)

    def _end_document(self, event: Any) -> None:
        self._closed = event.explicit

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        style: str = event.style
        tag: str | None = event.tag
        anchor: str | None = event.anchor
        start: int = event.start_mark.index
        end: int = event.end_mark.index
        if end > self._size:  # NOTE: a line end may have been added
            start, end = min(start, self._size), self._size
        begin = start
        if start == end:
            begin = start = end = self._empty(start)
        elif style or tag or anchor or text == "-":
            begin, end = self._checked(event, start, end)
        if self._rare:
            if self._questions:
                self._check_question(start)
            if self._tokens is not None:
                self._tokens.extend((start, end))
            if self._back:
                text = text.translate(self._back)
        value: Json = text
        if tag is None:
            if not style:
                value = _MERGE if text == _MERGE else self._plain(text, start, end)
        elif tag != "!" and tag not in _KNOWN_TAGS:
            value = self._open_tag(tag, text if style else plain(text), start, begin, anchor, text)
            self._put_tagged(value, begin, end)
            return
        else:
            value = _MERGE if tag == _MERGE_TAG and self._is_key() else tagged(tag, text, style, Span(start, end))
        if anchor:
            self._anchors[anchor] = _Anchored(value, 1, 0)
        self._put(value, start, end)

    def _plain(self, text: str, start: int, end: int) -> Json:
        """Return what a plain scalar means; remark upon an integer that YAML 1.1 takes for an octal one."""
        value = plain(text)
        digits = text.lstrip("+-") if text[:1] in ("0", "+", "-") else ""
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit() and isinstance(value, int) and value:
            octal = len(digits) < _SHORT and digits.isascii() and not {"8", "9"}.intersection(digits)
            other = str(int(digits, 8) * (-1 if text[0] == "-" else 1)) if octal else "not an integer"
            if other != str(value) and len(text) < _MOST_SHOWN:
                self._remark(
                    start,
                    end,
                    f"`{text}` is {value} in YAML 1.2, and {other} "
                    "in YAML 1.1, which Kubernetes, Ansible and Docker Compose read: write it in decimal, or in quotes",
                )
        return value

    def _checked(self, event: Any, start: int, end: int) -> tuple[int, int]:
        """Where a scalar begins behind its anchor and tag, and where its content ends; checked on the way."""
        style: str = event.style
        begin = start
        if event.anchor or event.tag:
            begin, _ = self._properties(start, end)
        if style in ("|", ">"):
            self._check_block(begin, end, event.value)
            end = self._block_end(begin, end)
        elif style and event.end_mark.line > event.start_mark.line and not self._in_flow():
            self._check_indent(begin, end)
        elif event.value == "-" and not style and self._in_flow():
            self._remark(start, end, _DASH)
        return begin, end

    def _is_key(self) -> bool:
        """Return whether the next value is a key."""
        return self._top is not None and isinstance(self._top.value, dict) and self._top.key is None

    def _in_flow(self) -> bool:
        return self._top is not None and self._top.flow

    def _check_question(self, start: int) -> None:
        """Refuses a `?` that libyaml takes for the sign of a key, and YAML 1.2 for the first character of a value."""
        text = self.text
        if start and text[start - 1] == "?" and start < len(text) and text[start] not in " \t\r\n,[]{}":
            reason = "a `?` without a space behind it: readers of YAML 1.1 and 1.2 differ"
            raise Unparsable(reason, Span(start - 1, start))

    def _check_indent(self, start: int, end: int) -> None:
        """Remarks upon lines of a value that are indented no further than the collection that holds the value."""
        indent = self._top.indent if self._top is not None else -1
        at = self.text.find("\n", start, end)
        while indent >= 0 and at >= 0:
            line_end = self.text.find("\n", at + 1, end)
            line = self.text[at + 1 : line_end if line_end >= 0 else end]
            content = line.lstrip(" ")
            closes = content.startswith(("]", "}")) and not content.strip().rstrip(",").rstrip("]} \t")
            if len(line) - len(content) <= indent and not closes and not content.startswith("#"):
                self._remark(at + 1, at + 1 + len(line.rstrip()), _SHALLOW)
                break
            at = line_end

    def _check_block(self, start: int, end: int, value: str) -> None:
        """Remarks upon a glued comment in the header of a block scalar; refuses blank lines that hide its content."""
        line_end = self.text.find("\n", start, end)
        header = self.text[start : line_end if line_end >= 0 else end]
        if "#" in header and not header.partition("#")[0][-1:].isspace():
            mark = start + header.index("#")
            self._remark(mark, mark + 1, _GLUED)
        top = self._top
        if top is not None and start - self.text.rfind("\n", 0, start) - 1 <= top.indent:
            self._remark(start, start + 1, _SHALLOW)
        if self._line_added and end == self._size and re.search("[+1-9]", header.partition("#")[0]):
            self._remark(self.text.rfind("\n") + 1, self._size, _SPACES)
        if value.strip("\n") or line_end < 0 or any(character.isdigit() for character in header.partition("#")[0]):
            return
        blank, at = 0, line_end + 1
        while at < len(self.text):
            line_end = self.text.find("\n", at)
            line = self.text[at : line_end if line_end >= 0 else len(self.text)].rstrip("\r")
            content = line.lstrip(" ")
            if content:
                indent = len(line) - len(content)
                # NOTE: libyaml wants content to be indented where nothing is around it
                at_the_start = self._top is None and indent == 0 and content.startswith("#")
                if blank > indent > (self._top.indent if self._top is not None else -1) or at_the_start:
                    raise Unparsable("a block of text whose first line has too few spaces", Span(at, at + 1))
                return
            blank, at = max(blank, len(line)), at + len(line) + 1
            if line_end < 0:
                return

    def _properties(self, start: int, end: int) -> tuple[int, tuple[int, int]]:
        """Where a node begins behind its anchor and tag, and the place of the tag (as wide as nothing without one).

        Raises Unparsable for an anchor whose name libyaml ends before YAML 1.2 does.
        """
        text, tag = self.text, (start, start)
        at = start
        while at < end and text[at] in "&!":
            stop = at + 1
            if text[at] == "&":
                while stop < end and (text[stop].isalnum() or text[stop] in "_-"):
                    stop += 1
                if stop < len(text) and text[stop] not in " \t\r\n,[]{}":
                    reason = "a name with such a character: readers of YAML 1.1 and 1.2 differ about where it ends"
                    raise Unparsable(reason, Span(stop, stop + 1))
            else:
                verbatim = text.startswith("!<", at)
                while stop < end and text[stop] not in (">" if verbatim else " \t\r\n,[]{}"):
                    stop += 1
                stop += verbatim
                tag = (at, stop)
            if self._tokens is not None:
                self._tokens.extend((at, stop))
            at = self._skip(stop, end)
        return at, tag

    def _skip(self, at: int, end: int) -> int:
        """Return the offset of what follows white space and comments."""
        text = self.text
        while at < end and text[at] in " \t\r\n#":
            if text[at] == "#":
                at = text.find("\n", at, end)
                if at < 0:
                    return end
            at += 1
        return min(at, end)

    def _open_tag(
        self, tag: str, value: Json, start: int, begin: int, anchor: str | None, text: str | None = None
    ) -> Json:
        """Opens the mapping that a value with an own tag is, and returns that value; `begin` is where it begins."""
        key, value = self._shorthand(_shown_tag(tag), value, text)
        _, (tag_start, tag_end) = self._properties(start, begin)
        opened = self._push({}, start, anchor)
        opened.wraps = True
        opened.key, opened.key_span = key, (tag_start, tag_end)
        self._count += 1
        return value

    def _put_tagged(self, value: Json, start: int, end: int) -> None:
        """Puts a scalar into the mapping of its tag, and ends that."""
        top = self._top
        assert top is not None
        if isinstance(value, list):
            self.places.entries[id(value)] = [(len(self.places.spans) >> 2) + number for number in range(len(value))]
            for _ in value:
                self.places.spans.extend((-1, -1, start, end))
            self._count += len(value)
            top.height = 1
        self._put(value, start, end)
        self._close(end)

    def _empty(self, at: int) -> int:
        """Where an empty value stands: before the line break, where the library puts it behind one."""
        text = self.text
        line = text.rfind("\n", self._content_end, at)
        return self._content_end if line >= 0 and not text[line:at].strip() else at

    def _block_end(self, start: int, end: int) -> int:
        """Return the end of the last line with content of a block scalar; with `+`, of its last line."""
        block = self.text[start:end]
        header, _, _ = block.partition("\n")
        if "+" in header.partition("#")[0]:
            return start + len(block.removesuffix("\n").removesuffix("\r"))
        content = len(block.rstrip())
        line_end = block.find("\n", content)
        return start + (len(block[:line_end].removesuffix("\r")) if line_end >= 0 else len(block))

    def _put(self, value: Json, start: int, end: int, aliased: bool = False) -> None:
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
            top.merges.append((value, Span(start, end), aliased))
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
        """Return a key that isn't a text, as JSON would write it; what aliases in it repeat counts as expansion."""
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
        self._check_question(span.start)
        if span.end < len(self.text) and self.text[span.end] not in " \t\r\n,[]{}":
            reason = "a name with such a character: readers of YAML 1.1 and 1.2 differ about where it ends"
            raise Unparsable(reason, Span(span.end, span.end + 1))
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
        self._put(target.value, *span, aliased=True)
        if len(self.places.spans) >> 2 > number:
            self.places.aliases.add(number)

    def _start_mapping(self, event: Any) -> None:
        self._start({}, event)

    def _start_sequence(self, event: Any) -> None:
        self._start([], event)

    def _start(self, value: _Container, event: Any) -> None:
        start = min(event.start_mark.index, self._size)  # NOTE: a line end may have been added
        anchor: str | None = event.anchor
        tag: str | None = event.tag
        begin = start
        if self._questions:
            self._check_question(start)
        if anchor or tag:
            begin, _ = self._properties(start, self._size)
        if tag is not None and tag != "!":
            if tag not in _KNOWN_TAGS:
                self._open_tag(tag, value, start, begin, anchor)
                start, anchor = begin, None
            elif tag.removeprefix(_CORE) in (*_TAGGED_TYPES, "str"):
                name = tag.removeprefix(_CORE)
                raise Unparsable(f"a collection is not what the tag `!!{name}` says", Span(start, begin))
        opened = self._push(value, start, anchor)
        if event.flow_style:
            opened.flow = True
        elif event.anchor or tag:
            opened.indent = begin - self.text.rfind("\n", 0, begin) - 1
        else:
            opened.indent = event.start_mark.column

    def _push(self, value: _Container, start: int, anchor: str | None) -> _Open:
        """Opens a container."""
        stack, top = self._stack, self._top
        if len(stack) >= self._limits.depth:
            self._limits.too_deep(Span(start, start + 1))
        opened = _Open(value, start, anchor, self._count + self._expanded)
        if top is not None:
            opened.indent, opened.flow = top.indent, top.flow
        stack.append(opened)
        self._top = opened
        self.places.entries[id(value)] = opened.entries
        if anchor:
            self._anchors[anchor] = opened
        return opened

    def _end_mapping(self, event: Any) -> None:
        if self._top is not None and self._top.merges:
            self._merge(self._top)
        self._end(event)

    def _end(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        # NOTE: a block's end is a mark without width, where the next token begins.
        if end <= start:
            end = max(self._content_end, self._stack[-1].start)
        closed = self._close(end)
        top = self._top
        if closed.flow and (top is None or not top.flow):
            self._check_indent(closed.start, end)
        if top is not None and top.wraps:
            self._close(end)

    def _close(self, end: int) -> _Open:
        """Ends the innermost container at `end`."""
        stack = self._stack
        closed = stack.pop()
        self._top = top = stack[-1] if stack else None
        self._put(closed.value, closed.start, end)
        if top is not None and top.height <= closed.height:
            top.height = closed.height + 1
        # INVARIANT: an anchor means the last node that bears it, in the order of their beginnings.
        if closed.anchor and self._anchors[closed.anchor] is closed:
            size = self._count + self._expanded - closed.before
            self._anchors[closed.anchor] = _Anchored(closed.value, size, closed.height + 1)
        return closed

    def _merge(self, top: _Open) -> None:
        """Adds what `<<` gives: own keys win, then the later `<<`, in a list the earlier mapping.

        What an alias gives stands where the alias is used, as any value does that is reached through one.
        """
        for value, span, aliased in reversed(top.merges):
            for mapping, place in self._mappings(value, span, aliased):
                entries: Any = self.places.entries[id(mapping)]
                used = -1 if place is None else self._used_at(place)
                for key, item in mapping.items():
                    if key not in top.entries:
                        top.entries[key] = entries[key] if used < 0 else used
                        top.value[key] = item  # type: ignore[call-overload]  # a mapping's keys are strings

    def _used_at(self, span: Span) -> int:
        """Return a new entry for what is reached through the alias at `span`."""
        number = len(self.places.spans) >> 2
        self.places.spans.extend((-1, -1, *span))
        self.places.aliases.add(number)
        return number

    def _mappings(self, value: Json, span: Span, aliased: bool) -> Iterator[tuple[dict[str, Json], Span | None]]:
        """Yield the mappings that are merged, each with the place of the alias that it is reached through."""
        items: list[tuple[Json, Span | None]] = [(value, span if aliased else None)]
        if isinstance(value, list):
            numbers: Any = self.places.entries[id(value)]
            items = []
            for number, item in zip(numbers, value, strict=True):
                used = Span(*self.places.spans[4 * number + 2 : 4 * number + 4])
                items.append((item, span if aliased else used if number in self.places.aliases else None))
        for item, place in items:
            if not isinstance(item, dict):
                raise Unparsable("a merge key takes a mapping or a list of mappings", span)
            yield item, place


def scalars(source: Source) -> Iterator[Span]:
    """Yield the scalars of a YAML file, as far as it can be read; of a block scalar what comes after its header."""
    from yaml import events
    from yaml._yaml import CParser
    from yaml.error import YAMLError

    builder = _Builder(source, DEFAULT_DOCUMENT_LIMITS, own_tag)
    try:
        parser = CParser(builder.encoded())
        while not isinstance(event := parser.get_event(), events.StreamEndEvent):
            if isinstance(event, events.ScalarEvent) and event.start_mark and event.end_mark:
                start, end = event.start_mark.index, min(event.end_mark.index, len(builder.text))
                if event.style in ("|", ">"):
                    line_end = builder.text.find("\n", start)
                    start = end if line_end < 0 else min(line_end, end)
                if start < end:
                    yield Span(start, end)
    except (YAMLError, Unparsable):
        return  # NOTE: what follows the fault is read as having no scalars; the file's policies are undecided anyway


def _shown_tag(tag: str) -> str:
    """Return a tag as people write it: `!secret`, `!!python/name:x`, and in full where it is of another kind."""
    if tag.startswith(_CORE):
        return "!!" + tag.removeprefix(_CORE)
    return tag if tag.startswith("!") else f"!<{tag}>"


def escapes(data: bytes) -> bool:
    """Return whether keys of a YAML file may be written with escapes."""
    return b"\\" in data


def respells(key: str) -> bool:
    """Return whether a key may stand in a YAML file in other characters: one that isn't a string there, or a tag."""
    return key in ("", "null", "true", "false") or key[0] in "[{!" or type(_lenient(key)) in (int, float)


def _lenient(key: str) -> Json:
    try:
        return plain(key)
    except LimitExceeded:
        return 0


def body(text: str) -> int:
    """Return the offset of the content in a scalar as it is written: behind the header of a block scalar."""
    match = re.match(r"(?:[&!]\S*+\s++)*+[|>][^\n]*+\n", text)
    return match.end() if match else 0


FORMAT = Format(
    name="yaml",
    title="YAML",
    parse=parse,
    suffixes=(".yaml", ".yml"),
    names=(".clang-format", "CITATION.cff"),
    escapes=escapes,
    respells=respells,
    body=body,
    scalars=scalars,
)
